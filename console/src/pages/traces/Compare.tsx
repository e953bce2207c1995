import { Group, Select, Table, Text, TextInput } from "@mantine/core";
import { useMemo } from "react";
import { client, unwrap } from "@/api/client";
import { useAsk, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatCount, formatNanos, formatNumber, formatPercent } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import { Value } from "@/components/ValueMenu";
import { parseDuration } from "@/time/range";
import { useTimeRange } from "@/time/TimeProvider";
import { type ComparisonKind, type Finding, findings, type Sides, sidesOf } from "./compare";
import { durationHistogram, slowFrom } from "./latency";
import type { SearchState } from "./TracesPage";
import classes from "./trace.module.css";

const KINDS: { value: ComparisonKind; label: string }[] = [
  { value: "slow", label: "Slow against fast" },
  { value: "errors", label: "With error against without" },
  { value: "before", label: "This period against the one before" },
  { value: "query", label: "What matches a search against the rest" },
];
/** Without a limit of the user's, the slowest tenth counts as slow. */
const SLOW_SHARE = 0.1;

/** Which attributes tell two sets of spans apart. */
export function Compare({ state }: { state: SearchState }) {
  const [url, setUrl] = state;
  const { query, start, end } = useTimeRange();
  const heatmap = useGet("/api/v1/spans/latency", {
    params: { query: { ...query, q: url.q || undefined, view: "heatmap", points: 1 } },
  });
  const usual = useMemo(() => {
    if (!heatmap.data || !("cells" in heatmap.data)) return 0;
    return Math.round((slowFrom(durationHistogram(heatmap.data), SLOW_SHARE) ?? 0) * 1e9);
  }, [heatmap.data]);
  // What was dragged over in the histogram says best what is slow.
  const slowNs = url.slow || url.min || usual;
  const sides = useMemo(
    () => sidesOf({ kind: url.cmp, q: url.q, start, end, slowNs, other: url.other }),
    [url.cmp, url.q, start, end, slowNs, url.other],
  );
  return (
    <>
      <Group p={8} gap="sm" align="flex-end">
        <Select
          label="Compare"
          w={270}
          data={KINDS}
          value={url.cmp}
          allowDeselect={false}
          onChange={(kind) => kind && setUrl({ cmp: kind as ComparisonKind })}
        />
        {url.cmp === "slow" && (
          <TextInput
            label="Slow from"
            w={120}
            key={slowNs}
            defaultValue={slowNs ? formatNanos(slowNs).replaceAll(" ", "") : ""}
            description={url.slow || url.min ? undefined : "slowest tenth"}
            onBlur={(event) => setUrl({ slow: nanosOf(event.currentTarget.value) })}
            onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
          />
        )}
        {url.cmp === "query" && (
          <TextInput
            label="Spans that match"
            w={320}
            placeholder="http.response.status_code:>=500"
            defaultValue={url.other}
            onBlur={(event) => setUrl({ other: event.currentTarget.value })}
            onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
          />
        )}
      </Group>
      {sides ? (
        <Differences kind={url.cmp} sides={sides} />
      ) : (
        <Empty
          title={url.cmp === "query" ? "Write what to compare with the rest" : "No span to compare"}
        />
      )}
    </>
  );
}

/** Nanoseconds of `250ms` or `1.5s`; 0 for anything else, which means the usual limit. */
export function nanosOf(text: string): number {
  const short = text.replaceAll(" ", "").replace("min", "m");
  const micro = /^(\d+(?:\.\d+)?)(µs|us|ns)$/.exec(short);
  if (micro) return Math.round(Number(micro[1]) * (micro[2] === "ns" ? 1 : 1000));
  return Math.round((parseDuration(short) ?? 0) * 1e6);
}

function Differences({ kind, sides }: { kind: ComparisonKind; sides: Sides }) {
  const { selected, baseline, selectedName, baselineName } = sides;
  const body = { selected, baseline, limit: 50 };
  const found = useAsk<components["schemas"]["ComparisonView"]>(
    ["/api/v1/spans/compare", body],
    (signal) => unwrap(client.POST("/api/v1/spans/compare", { body, signal })),
  );
  return (
    <QueryState query={found} height={300}>
      {(data) => {
        const rows = findings(kind, data);
        return (
          <>
            <Text size="sm" px={8} pb={4}>
              {formatCount(data.selected)} spans {selectedName} against {formatCount(data.baseline)}{" "}
              {baselineName}. Values whose shares differ by more than chance explains:
            </Text>
            {(data.selected_sample < data.selected || data.baseline_sample < data.baseline) && (
              <Partial>
                {formatCount(data.selected_sample)} and {formatCount(data.baseline_sample)} of them
                were looked at.
              </Partial>
            )}
            {rows.length ? (
              <FindingTable rows={rows} selectedName={selectedName} baselineName={baselineName} />
            ) : (
              <Empty title="The two sets do not differ">
                {data.selected && data.baseline
                  ? "No value is clearly more frequent in one of them."
                  : "One of them has no span in this time range."}
              </Empty>
            )}
          </>
        );
      }}
    </QueryState>
  );
}

interface TableProps {
  rows: Finding[];
  selectedName: string;
  baselineName: string;
}

function FindingTable({ rows, selectedName, baselineName }: TableProps) {
  return (
    <Listing
      minWidth={680}
      highlightOnHover
      columns={[
        "Attribute",
        "Value",
        {
          children: (
            <>
              <span className={classes.legendSelected}>■</span> {selectedName} /{" "}
              <span className={classes.legendBaseline}>□</span> {baselineName}
            </>
          ),
        },
        numeric("Lift"),
        numeric(selectedName),
        numeric(baselineName),
      ]}
    >
      {rows.map((row) => (
        <Table.Tr key={`${row.key}=${row.value}`}>
          <Table.Td>{row.key}</Table.Td>
          <Table.Td className="telemetry">
            <Value field={row.key} value={row.value} />
          </Table.Td>
          <Table.Td>
            <div
              className={classes.shares}
              role="img"
              aria-label={`${formatPercent(row.selected_share)} ${selectedName}, ${formatPercent(row.baseline_share)} ${baselineName}`}
            >
              <i style={{ width: `${row.selected_share * 100}%` }} />
              <i style={{ width: `${row.baseline_share * 100}%` }} />
            </div>
          </Table.Td>
          <Table.Td className="number">
            {row.lift === null ? "only here" : `×${formatNumber(row.lift)}`}
          </Table.Td>
          <Table.Td className="number">
            {formatPercent(row.selected_share)} ({formatCount(row.selectedCount)})
          </Table.Td>
          <Table.Td className="number">
            {formatPercent(row.baseline_share)} ({formatCount(row.baselineCount)})
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}
