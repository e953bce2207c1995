import type { UseQueryResult } from "@tanstack/react-query";
import { useMemo } from "react";
import type { ApiError } from "@/api/errors";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Sparkline } from "@/charts/Sparkline";
import { short } from "@/components/Facets";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { writeTerm } from "@/search/terms";
import { serviceColor } from "@/theme/colors";
import { formatAgo } from "@/time/format";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./HomePage.module.css";
import { rowsOf, type ServiceRow } from "./services";

const SHOWN = 15;

/** Every service with rate, errors and duration, the worst first. */
export function ServicesPanel({
  services,
}: {
  services: UseQueryResult<components["schemas"]["ServicesView"], ApiError>;
}) {
  const time = useTimeRange();
  const red = useGet("/api/v1/spans/red", {
    params: { query: { ...time.query, group_by: "service", points: 30 } },
  });
  const errors = useGet("/api/v1/logs/facets", {
    params: { query: { ...time.query, q: "level:>=error", key: ["service"], values: 100 } },
  });
  const rows = useMemo(
    () => services.data && red.data && rowsOf(services.data.services, red.data, errors.data),
    [services.data, red.data, errors.data],
  );
  return (
    <Panel
      title="Services"
      aside={
        rows && rows.length > SHOWN ? (
          <PageLink to="/services">All {rows.length}</PageLink>
        ) : undefined
      }
    >
      <QueryState
        query={{ ...red, data: rows } as never}
        isEmpty={(found: ServiceRow[]) => !found.length}
        empty={<Empty title="No service sent anything" />}
        height={200}
      >
        {(found: ServiceRow[]) => (
          <div className={classes.scroll}>
            <table className={classes.table}>
              <thead>
                <tr>
                  <th scope="col">Service</th>
                  <th scope="col">Calls</th>
                  <th scope="col" className={classes.number}>
                    a second
                  </th>
                  <th scope="col" className={classes.number}>
                    errors
                  </th>
                  <th scope="col" className={classes.number}>
                    p95
                  </th>
                  <th scope="col" className={classes.number}>
                    error logs
                  </th>
                  <th scope="col" className={classes.number}>
                    last seen
                  </th>
                </tr>
              </thead>
              <tbody>
                {found.slice(0, SHOWN).map((row) => (
                  <Row key={row.service} row={row} end={time.end} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </QueryState>
    </Panel>
  );
}

function Row({ row, end }: { row: ServiceRow; end: number }) {
  const term = writeTerm("service", row.service);
  const share = row.calls ? row.errors / row.calls : 0;
  return (
    <tr>
      <td>
        <PageLink
          to={row.calls ? "/traces" : "/logs"}
          search={{ q: term }}
          className={classes.name}
        >
          <span className={classes.dot} style={{ background: serviceColor(row.service) }} />
          <span className="one-line">{row.service}</span>
        </PageLink>
      </td>
      <td>
        {row.calls > 0 && (
          <Sparkline
            values={row.rates}
            label={`Calls a second of ${row.service}`}
            color={serviceColor(row.service)}
            width={64}
            height={20}
          />
        )}
      </td>
      <td className={classes.number}>{row.calls ? rate(row.rate) : ""}</td>
      <td
        className={classes.number}
        style={share >= 0.01 ? { color: "var(--v-critical)", fontWeight: 600 } : undefined}
      >
        {row.calls ? `${(share * 100).toFixed(share && share < 0.1 ? 1 : 0)}%` : ""}
      </td>
      <td className={classes.number}>{row.p95 === null ? "" : duration(row.p95)}</td>
      <td className={classes.number}>
        {row.errorLogs > 0 && (
          <PageLink to="/logs" search={{ q: `level:>=error ${term}` }}>
            {short(row.errorLogs)}
          </PageLink>
        )}
      </td>
      <td className={classes.number}>{formatAgo(Date.parse(row.lastSeen), end)}</td>
    </tr>
  );
}

const rate = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2);

export function duration(ns: number): string {
  if (ns >= 1e9) return `${(ns / 1e9).toFixed(2)} s`;
  return ns >= 1e6 ? `${(ns / 1e6).toFixed(ns >= 1e7 ? 0 : 1)} ms` : `${(ns / 1e3).toFixed(0)} µs`;
}
