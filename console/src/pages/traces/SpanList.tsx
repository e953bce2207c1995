import { Table } from "@mantine/core";
import { client, unwrap } from "@/api/client";
import { Listing } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { Empty, QueryState } from "@/components/QueryState";
import { Value } from "@/components/ValueMenu";
import { useTimeRange } from "@/time/TimeProvider";
import { MorePages } from "./MorePages";
import { DurationBar } from "./TraceList";
import { type SearchState, useFilter } from "./TracesPage";
import classes from "./trace.module.css";
import { usePages } from "./usePages";

/** Matching spans one by one. */
export function SpanList({ state }: { state: SearchState }) {
  const [url] = state;
  const { format } = useTimeRange();
  const query = { ...useFilter(state), sort: url.sort };
  const found = usePages(["/api/v1/spans", query], (cursor, signal) =>
    unwrap(
      client.GET("/api/v1/spans", {
        params: { query: { ...query, cursor: cursor ?? undefined } },
        signal,
      }),
    ),
  );
  return (
    <QueryState
      query={found}
      isEmpty={(pages) => pages[0]?.spans.length === 0}
      empty={<Empty title="No span matches in this time range" />}
      height={300}
    >
      {(pages) => {
        const rows = pages.flatMap((page) => page.spans);
        const longest = Math.max(1, ...rows.map((row) => row.duration_ns));
        return (
          <>
            <Listing
              minWidth={640}
              highlightOnHover
              columns={["Start", "Span", "Kind", "Duration", "Message"]}
            >
              {rows.map((row) => (
                <Table.Tr key={`${row.trace_id} ${row.span_id}`}>
                  <Table.Td className="mono">
                    <PageLink
                      to="/traces/$traceId"
                      params={{ traceId: row.trace_id }}
                      search={{ span: row.span_id }}
                      className={classes.link}
                    >
                      {format(Date.parse(row.timestamp), "millisecond")}
                    </PageLink>
                  </Table.Td>
                  <Table.Td className="telemetry">
                    {row.status === "Error" && <span className={classes.bad}>✖ </span>}
                    <Value field="service" value={row.service_name} />{" "}
                    <Value field="name" value={row.name} />
                  </Table.Td>
                  <Table.Td>{row.kind}</Table.Td>
                  <Table.Td>
                    <DurationBar
                      value={row.duration_ns}
                      most={longest}
                      service={row.service_name}
                    />
                  </Table.Td>
                  <Table.Td className="telemetry">{row.status_message.slice(0, 300)}</Table.Td>
                </Table.Tr>
              ))}
            </Listing>
            <MorePages query={found} what="spans" />
          </>
        );
      }}
    </QueryState>
  );
}
