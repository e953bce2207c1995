import { client, unwrap } from "@/api/client";
import { useAsk } from "@/api/query";
import type { components } from "@/api/schema";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./HomePage.module.css";
import { type HostRow, hostRowsOf, SATURATION } from "./hosts";

type Body = components["schemas"]["BatchBody"];

/** How full the hosts are: processor, memory and the fullest disk. */
export function HostsPanel() {
  const time = useTimeRange();
  const body = {
    ...time.query,
    max_points: 60,
    queries: SATURATION.map(({ id, metric, statistic, matchers, across }) => ({
      id,
      metric,
      statistic,
      matchers: matchers.map((matcher) => ({ ...matcher })),
      across,
      group_by: ["resource.host.name"],
    })),
  } as unknown as Body;
  const query = useAsk(["/api/v1/metrics/query", body], (signal) =>
    unwrap(client.POST("/api/v1/metrics/query", { body, signal })),
  );
  const rows = query.data && hostRowsOf(query.data.results);
  return (
    <Panel title="Hosts" aside={<PageLink to="/hosts">All hosts</PageLink>}>
      <QueryState
        query={{ ...query, data: rows } as never}
        height={120}
        isEmpty={(found: HostRow[]) => !found.length}
        empty={
          <Empty title="No host sends its metrics" snippet="vedette agent">
            The agent sends processor, memory, disks, network and GPUs of the machine that it runs
            on.
          </Empty>
        }
      >
        {(found: HostRow[]) => (
          <div className={classes.scroll}>
            <table className={classes.table}>
              <thead>
                <tr>
                  <th scope="col">Host</th>
                  {SATURATION.map(({ id, title }) => (
                    <th scope="col" key={id}>
                      {title}
                    </th>
                  ))}
                </tr>
              </thead>
              <tbody>
                {found.slice(0, 12).map((row) => (
                  <tr key={row.host}>
                    <td>
                      <PageLink to="/hosts/$host" params={{ host: row.host }}>
                        {row.host}
                      </PageLink>
                    </td>
                    {SATURATION.map(({ id }) => (
                      <td key={id}>
                        <Meter share={row.values[id] ?? null} />
                      </td>
                    ))}
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </QueryState>
    </Panel>
  );
}

function Meter({ share }: { share: number | null }) {
  if (share === null) return null;
  const color =
    share >= 0.9 ? "var(--v-critical)" : share >= 0.75 ? "var(--v-warning)" : "var(--v-good)";
  return (
    <>
      <span className={classes.meter} aria-hidden>
        <span style={{ background: color, width: `${Math.min(100, share * 100)}%` }} />
      </span>
      {Math.round(share * 100)}%{share >= 0.9 ? " full" : ""}
    </>
  );
}
