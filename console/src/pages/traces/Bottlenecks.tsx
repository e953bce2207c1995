import { Table, Text } from "@mantine/core";
import { useGet } from "@/api/query";
import { formatCount, formatNanos, formatPercent } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import { Value } from "@/components/ValueMenu";
import { writeTerm } from "@/search/terms";
import { serviceColor } from "@/theme/colors";
import { type SearchState, useFilter } from "./TracesPage";
import classes from "./trace.module.css";

const ROWS = 50;

/** Where the matching traces spend their time: self time, and part of critical paths. */
export function Bottlenecks({ state }: { state: SearchState }) {
  const filter = useFilter(state);
  const selfTime = useGet("/api/v1/spans/self-time", {
    params: { query: { ...filter, limit: ROWS } },
  });
  const paths = useGet("/api/v1/spans/critical-path", { params: { query: filter } });
  const pathOf = new Map(
    paths.data?.shares.map((one) => [
      JSON.stringify([one.service, one.operation, one.kind]),
      one.share,
    ]),
  );
  return (
    <QueryState
      query={selfTime}
      isEmpty={(data) => data.rows.length === 0}
      empty={<Empty title="No span matches in this time range" />}
      height={300}
    >
      {(data) => (
        <>
          <Text size="xs" c="dimmed" p={8}>
            Self time is a span's duration without the time in which its children ran, over all
            spans of the matching traces. What is large here and on the critical path is what to
            make faster.
          </Text>
          {data.sampled_every > 1 && (
            <Partial>
              One trace in {data.sampled_every} was looked at, {formatCount(data.spans)} spans.
            </Partial>
          )}
          <Listing
            minWidth={760}
            highlightOnHover
            columns={[
              "Operation",
              "Share of self time",
              numeric("On critical paths"),
              numeric("Self time"),
              numeric("Median"),
              numeric("p95"),
              numeric("Spans"),
              numeric("Errors"),
            ]}
          >
            {data.rows.map((row) => {
              const key = JSON.stringify([row.service, row.operation, row.kind]);
              const term = `${writeTerm("service", row.service)} ${writeTerm("name", row.operation)}`;
              return (
                <Table.Tr key={key}>
                  <Table.Td className="telemetry">
                    <Value field="service" value={row.service} />{" "}
                    <PageLink
                      to="/traces"
                      search={{ q: term, tab: "spans", sort: "duration" }}
                      className={classes.link}
                    >
                      {row.operation}
                    </PageLink>{" "}
                    <span className={classes.service}>{row.kind}</span>
                  </Table.Td>
                  <Table.Td>
                    <div className={classes.durationCell}>
                      <span>{formatPercent(row.share)}</span>
                      <i
                        style={{
                          width: `${row.share * 100}%`,
                          background: serviceColor(row.service),
                        }}
                      />
                    </div>
                  </Table.Td>
                  <Table.Td className="number">
                    {paths.data ? formatPercent(pathOf.get(key) ?? 0) : "…"}
                  </Table.Td>
                  <Table.Td className="number">{formatNanos(row.self_ns)}</Table.Td>
                  <Table.Td className="number">{formatNanos(row.p50_self_ns)}</Table.Td>
                  <Table.Td className="number">{formatNanos(row.p95_self_ns)}</Table.Td>
                  <Table.Td className="number">{formatCount(row.count)}</Table.Td>
                  <Table.Td className="number">
                    {row.errors > 0 ? (
                      <span className={classes.bad}>✖ {formatCount(row.errors)}</span>
                    ) : (
                      "0"
                    )}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Listing>
        </>
      )}
    </QueryState>
  );
}
