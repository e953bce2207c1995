import { Table } from "@mantine/core";
import { useMemo } from "react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatCount } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { Pivot } from "@/components/Pivot";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import { writeTerm } from "@/search/terms";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./services.module.css";

type SpanRow = components["schemas"]["SpanRow"];
const NEWEST = 500;
const COLUMNS = ["exception.type", "error.type", "http.response.status_code"];

export interface ErrorGroup {
  key: string;
  operation: string;
  type: string;
  message: string;
  count: number;
  newest: SpanRow;
}

/** Failed spans that look alike, the most frequent first; spans come newest first. */
export function groupErrors(spans: readonly SpanRow[]): ErrorGroup[] {
  const groups = new Map<string, ErrorGroup>();
  for (const span of spans) {
    const type = span.columns.find((value) => value !== "") ?? "";
    // Numbers and ids differ from failure to failure.
    const alike = span.status_message.slice(0, 300).replace(/[0-9a-f]{8,}|\d+/gi, "…");
    const key = JSON.stringify([span.name, type, alike]);
    const group = groups.get(key);
    if (group) group.count += 1;
    else {
      const message = span.status_message;
      groups.set(key, { key, operation: span.name, type, message, count: 1, newest: span });
    }
  }
  return [...groups.values()].sort((a, b) => b.count - a.count);
}

/** What goes wrong in a service, alike failures together. */
export function Errors({ service }: { service: string }) {
  const { query, format } = useTimeRange();
  const term = `${writeTerm("service", service)} ${writeTerm("status", "error")}`;
  const spans = useGet("/api/v1/spans", {
    params: { query: { ...query, q: term, limit: NEWEST, column: COLUMNS } },
  });
  const groups = useMemo(() => groupErrors(spans.data?.spans ?? []), [spans.data]);
  return (
    <QueryState
      query={spans}
      isEmpty={(data) => data.spans.length === 0}
      empty={<Empty title="No span of this service failed in this time range" />}
    >
      {(data) => (
        <>
          <div className={classes.tools}>
            <Pivot to="/traces" search={{ q: term }}>
              All failed spans
            </Pivot>
            <Pivot
              to="/traces"
              search={{ q: writeTerm("service", service), tab: "compare", cmp: "errors" }}
            >
              What sets them apart
            </Pivot>
            <Pivot to="/logs" search={{ q: `${writeTerm("service", service)} level:>=error` }}>
              Logged errors
            </Pivot>
          </div>
          {data.cursor && <Partial>The newest {NEWEST} failed spans are grouped.</Partial>}
          <Listing
            minWidth={640}
            highlightOnHover
            columns={[numeric("Spans"), "Operation", "Type", "Message", "Newest"]}
          >
            {groups.map((group) => (
              <Table.Tr key={group.key}>
                <Table.Td className="number">{formatCount(group.count)}</Table.Td>
                <Table.Td className="telemetry">{group.operation}</Table.Td>
                <Table.Td className="telemetry">{group.type}</Table.Td>
                <Table.Td className="telemetry">{group.message.slice(0, 400)}</Table.Td>
                <Table.Td>
                  <PageLink
                    to="/traces/$traceId"
                    params={{ traceId: group.newest.trace_id }}
                    search={{ span: group.newest.span_id }}
                    className="link"
                  >
                    {format(Date.parse(group.newest.timestamp))}
                  </PageLink>
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        </>
      )}
    </QueryState>
  );
}
