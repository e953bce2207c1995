import { Button, Group } from "@mantine/core";
import { IconDownload, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { apiUrl } from "@/api/base";
import { authHeaders } from "@/api/client";
import { saveAs } from "@/api/download";
import { useGet } from "@/api/query";
import { formatNumber, formatPercent } from "@/charts/units";
import { Fact, Facts } from "@/components/Facts";
import { notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import type { TabProps } from "./DatasetPage";
import { measureText } from "./data";
import classes from "./datasets.module.css";
import { Overlay } from "./Overlay";
import { RowTable } from "./RowTable";
import { State } from "./State";
import { type DriftView, useDrift } from "./useDrift";

type Column = DriftView["columns"][number];

interface Props extends TabProps {
  windows: readonly { start: string }[];
}

/** One column in one window: both distributions, the numbers, why, and the rows behind it. */
export function DriftCell({ dataset, period, segment, state, windows }: Props) {
  const [url, setUrl] = state;
  const { format } = useTimeRange();
  const [bin, setBin] = useState<number | null>(null);
  const at = windows.findIndex((one) => one.start === url.window);
  const current = windowRange(url.window, period, segment);
  const before = at > 0 ? windows[at - 1]?.start : undefined;
  const reference = url.baseline
    ? { baseline: url.baseline, segment, start: "-1d", end: "now" }
    : before
      ? windowRange(before, period, segment)
      : undefined;
  const body = { current, reference, only: [url.column], preset: url.preset, distributions: true };
  const drift = useDrift(dataset, body, { enabled: reference !== undefined });
  const report = () => {
    void saveReport(dataset, { ...body, only: null, distributions: false }).catch((error) =>
      notifyError("There is no report", error),
    );
  };
  return (
    <Panel
      title={`${url.column}, ${format(Date.parse(url.window))}`}
      aside={
        <Group gap={6}>
          <Button
            variant="default"
            size="compact-xs"
            leftSection={<IconDownload size={13} />}
            onClick={report}
            disabled={!reference}
          >
            Report of the window
          </Button>
          <Button
            variant="default"
            size="compact-xs"
            leftSection={<IconX size={13} />}
            onClick={() => setUrl({ window: "" })}
          >
            Close
          </Button>
        </Group>
      }
    >
      <div className={classes.pad}>
        {reference ? (
          <QueryState
            query={drift}
            isEmpty={(data) => !data.columns[0]}
            empty={<Empty title="The window does not have this column" />}
            height={320}
          >
            {(data) => {
              const one = data.columns[0] as Column;
              return (
                <>
                  <State status={one.status} />
                  <p className={classes.why} data-quiet={one.status !== "drift" || undefined}>
                    <strong>{one.status === "drift" ? "Why flagged: " : "Why not: "}</strong>
                    {one.why || "nothing could be compared"}
                  </p>
                  {one.distribution && (
                    <Overlay
                      label={`${url.column}: baseline and window`}
                      data={one.distribution}
                      chosen={bin}
                      onChoose={(place) => setBin(place === bin ? null : place)}
                    />
                  )}
                  <Numbers column={one} data={data} />
                  <RowsBehind dataset={dataset} range={current} column={one} bin={bin} />
                </>
              );
            }}
          </QueryState>
        ) : (
          <Empty title="This is the first window of the range">
            There is none before it to compare with: widen the range, or choose a frozen baseline.
          </Empty>
        )}
      </div>
    </Panel>
  );
}

function windowRange(start: string, period: number, segment: Record<string, string>) {
  const from = Date.parse(start);
  return {
    start: new Date(from).toISOString(),
    end: new Date(from + period * 1000).toISOString(),
    segment,
  };
}

function Numbers({ column, data }: { column: Column; data: DriftView }) {
  const missing = column.details.missing as { reference: number; current: number } | undefined;
  const items: [string, string][] = [
    [measureText(column.measure) || "measure", formatNumber(column.value)],
    ["threshold", formatNumber(column.threshold)],
    ["p, corrected over columns", column.adjusted == null ? "–" : pText(column.adjusted)],
    ["p", column.p_value == null ? "–" : pText(column.p_value)],
    [
      "rows, baseline and window",
      `${formatNumber(data.reference_rows)} and ${formatNumber(data.current_rows)}`,
    ],
    [
      "missing, baseline and window",
      missing ? `${formatPercent(missing.reference)} and ${formatPercent(missing.current)}` : "–",
    ],
    ...Object.entries(column.measures)
      .filter(([name]) => name !== column.measure)
      .map(([name, value]): [string, string] => [measureText(name), formatNumber(value)]),
  ];
  return (
    <Facts className={classes.numbers}>
      {items.map(([name, value]) => (
        <Fact key={name} name={name}>
          {value}
        </Fact>
      ))}
    </Facts>
  );
}

const pText = (value: number): string => (value < 1e-6 ? "< 1e-6" : value.toPrecision(3));

interface RowsProps {
  dataset: string;
  range: { start: string; end: string };
  column: Column;
  bin: number | null;
}

/** Rows of the window that were kept; those of one bar where one is chosen. */
function RowsBehind({ dataset, range, column, bin }: RowsProps) {
  const { edges, values } = column.distribution ?? { edges: [], values: [] };
  const chosen = bin === null ? {} : { column: column.name, ...bounds(edges, values, bin) };
  const rows = useGet("/api/v1/datasets/{dataset}/rows", {
    params: {
      path: { dataset },
      query: { start: range.start, end: range.end, limit: 50, ...chosen },
    },
  });
  return (
    <section aria-label="Rows behind it">
      <h3 style={{ fontSize: 13, margin: "10px 0 4px" }}>
        {bin === null ? "Rows of the window" : `Rows in ${column.distribution?.labels[bin]}`}
      </h3>
      <QueryState
        query={rows}
        isEmpty={(data) => data.rows.length === 0}
        empty={
          <Empty
            title={bin === null ? "No rows of this window are kept" : "No kept row is in this bar"}
            snippet={`vedette profile data.parquet --dataset ${dataset} --keep-rows 200`}
          >
            Profiles hold aggregates alone. To keep some rows beside them:
          </Empty>
        }
        height={120}
      >
        {(data) => <RowTable rows={data.rows.map((one) => one.row)} first={column.name} />}
      </QueryState>
    </section>
  );
}

function bounds(edges: readonly number[], values: readonly unknown[], bin: number) {
  if (edges.length) return { low: edges[bin], high: edges[bin + 1] };
  return values[bin] == null ? {} : { value: String(values[bin]) };
}

async function saveReport(dataset: string, body: unknown): Promise<void> {
  const path = `/api/v1/datasets/${encodeURIComponent(dataset)}/drift/report`;
  const answer = await fetch(apiUrl(path), {
    method: "POST",
    headers: { ...authHeaders("POST"), "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  saveAs(await answer.blob(), `drift of ${dataset}.html`);
}
