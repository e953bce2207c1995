import { SegmentedControl, Table } from "@mantine/core";
import { client, unwrap } from "@/api/client";
import type { components } from "@/api/schema";
import { formatCount, formatNanos } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { Empty, QueryState } from "@/components/QueryState";
import { Value } from "@/components/ValueMenu";
import { serviceColor } from "@/theme/colors";
import { useTimeRange } from "@/time/TimeProvider";
import { MorePages } from "./MorePages";
import { type SearchState, useFilter } from "./TracesPage";
import classes from "./trace.module.css";
import { usePages } from "./usePages";

type Row = components["schemas"]["TraceRow"];
const SNIPPET = `import vedette
from opentelemetry import trace

vedette.init("my-service")
with trace.get_tracer("app").start_as_current_span("first span"):
    ...`;
const MAX_SERVICES = 4;

/** Traces with a matching span. */
export function TraceList({ state }: { state: SearchState }) {
  const [url, setUrl] = state;
  const { format } = useTimeRange();
  const filter = useFilter(state);
  const query = { ...filter, sort: url.sort };
  const found = usePages(["/api/v1/traces", query], (cursor, signal) =>
    unwrap(
      client.GET("/api/v1/traces", {
        params: { query: { ...query, cursor: cursor ?? undefined } },
        signal,
      }),
    ),
  );
  return (
    <>
      <div className={classes.listHead}>
        <SegmentedControl
          aria-label="Order"
          value={url.sort}
          onChange={(sort) => setUrl({ sort: sort as typeof url.sort })}
          data={[
            { value: "time", label: "Newest" },
            { value: "duration", label: "Longest" },
          ]}
        />
      </div>
      <QueryState
        query={found}
        isEmpty={(pages) => pages[0]?.traces.length === 0}
        empty={
          <Empty title="No trace matches in this time range" snippet={url.q ? undefined : SNIPPET}>
            {url.q
              ? "Widen the time range, or take a condition away."
              : "Send spans with any OpenTelemetry SDK:"}
          </Empty>
        }
        height={300}
      >
        {(pages) => {
          const rows = pages.flatMap((page) => page.traces);
          const matches = Object.assign({}, ...pages.map((page) => page.matches)) as Record<
            string,
            string
          >;
          const longest = Math.max(1, ...rows.map((row) => row.duration_ns));
          return (
            <>
              <Listing
                minWidth={640}
                highlightOnHover
                columns={["Start", "Root", "Duration", numeric("Spans"), "Services"]}
              >
                {rows.map((row) => (
                  <TraceRowView
                    key={row.trace_id}
                    row={row}
                    match={matches[row.trace_id]}
                    longest={longest}
                    start={format(Date.parse(row.timestamp), "millisecond")}
                  />
                ))}
              </Listing>
              <MorePages query={found} what="traces" />
            </>
          );
        }}
      </QueryState>
    </>
  );
}

interface RowProps {
  row: Row;
  match: string | undefined;
  longest: number;
  start: string;
}

function TraceRowView({ row, match, longest, start }: RowProps) {
  return (
    <Table.Tr>
      <Table.Td className="mono">
        <PageLink
          to="/traces/$traceId"
          params={{ traceId: row.trace_id }}
          search={match ? { span: match } : {}}
          className={classes.link}
        >
          {start}
        </PageLink>
      </Table.Td>
      <Table.Td className="telemetry">
        {row.errors > 0 && (
          <span className={classes.bad} title={`${row.errors} spans failed`}>
            ✖ {formatCount(row.errors)}{" "}
          </span>
        )}
        <Value field="service" value={row.root_service} />{" "}
        <Value field="name" value={row.root_name} />
        {!row.has_root && <span className={classes.service}> (root missing)</span>}
      </Table.Td>
      <Table.Td>
        <DurationBar value={row.duration_ns} most={longest} service={row.root_service} />
      </Table.Td>
      <Table.Td className="number">{formatCount(row.spans)}</Table.Td>
      <Table.Td>
        <div className={classes.services}>
          {row.services.slice(0, MAX_SERVICES).map((name) => (
            <span key={name} className={classes.tag}>
              <span className={classes.swatch} style={{ background: serviceColor(name) }} />
              {name}
            </span>
          ))}
          {row.services.length > MAX_SERVICES && <span>+{row.services.length - MAX_SERVICES}</span>}
        </div>
      </Table.Td>
    </Table.Tr>
  );
}

/** A duration with a bar that compares it with the longest of the list. */
export function DurationBar({
  value,
  most,
  service,
}: {
  value: number;
  most: number;
  service: string;
}) {
  return (
    <div className={classes.durationCell}>
      <span>{formatNanos(value)}</span>
      <i style={{ width: `${(value / most) * 100}%`, background: serviceColor(service) }} />
    </div>
  );
}
