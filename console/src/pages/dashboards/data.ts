/** What a panel asks, and its answer in the one form that panels draw. */

import { client, unwrap } from "@/api/client";
import type { components } from "@/api/schema";
import type { Aligned, Series } from "@/charts/aligned";
import type { Bin, Counts } from "@/charts/Histogram";
import type { Band, Cells } from "@/charts/overlays";
import { statisticUnit } from "@/charts/units";
import { chartOf } from "@/components/result/ResultChart";
import type { Result } from "@/components/result/result";
import { labelsText } from "@/pages/metrics/shape";
import { durationHistogram } from "@/pages/traces/latency";
import { LEVELS, levelColor, levelOf } from "@/theme/colors";
import type { Panel, PanelType, Source } from "./model";

type S = components["schemas"];
type Batch = S["BatchView"];

export interface PanelData {
  /** Series over time; for bars and figures each becomes one number. */
  series?: Aligned;
  /** Rows as a query gave them. */
  table?: Result;
  bands?: Band[];
  cells?: Cells;
  bins?: { bins: Bin[]; counts: Counts[] };
  unit: string;
  notes: string[];
}

export interface Asked {
  range: { start: string; end: string };
  points: number;
  signal: AbortSignal;
}

/** Ask what a panel shows; `source` has no variables any more. */
export async function ask(panel: Panel, source: Source, asked: Asked): Promise<PanelData> {
  const { range, points, signal } = asked;
  switch (source.type) {
    case "metric": {
      const body = {
        queries: source.queries,
        ...range,
        period: null,
        max_points: points,
        resolution: "auto" as const,
      };
      return ofMetrics(
        source,
        await unwrap(client.POST("/api/v1/metrics/query", { body, signal })),
      );
    }
    case "band":
      return ofBand(source, await askBand(source, range, signal));
    case "logs":
      return askLogs(panel, source.q ?? "", asked);
    case "spans":
      return askSpans(panel.type, source as Spans, asked);
    case "pipe": {
      const body = { query: source.query, source: source.source ?? "logs", ...range };
      return ofResult(await unwrap(client.POST("/api/v1/query", { body, signal })));
    }
    case "sql":
      return ofSql(await unwrap(client.POST("/api/v1/sql", { body: { sql: source.sql }, signal })));
  }
}

type Metric = Extract<Source, { type: "metric" | "band" }>;

/** `{{label}}` in a template is the label's value; without one a series is named by its labels. */
export function seriesName(template: string, labels: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{\s*([^{}]+?)\s*\}\}/g, (_, name) =>
    Object.hasOwn(labels, name) ? (labels[name] as string) : "",
  );
}

export function ofMetrics(source: Metric, batch: Batch): PanelData {
  const several = batch.results.length > 1;
  const asked = new Map(source.queries.map((one) => [one.id, one]));
  let unit = "";
  const notes: string[] = [];
  const series = batch.results.flatMap((result): Series[] => {
    const query = asked.get(result.id);
    const metric = query && "metric" in query ? query : undefined;
    const own = metric
      ? statisticUnit(result.unit, metric.statistic ?? "Average", metric.metric)
      : result.unit;
    unit ||= own;
    notes.push(...result.warnings);
    if (result.hidden) notes.push(`${result.hidden} more series are left out`);
    const template = query?.label ?? "";
    return result.series.map((one) => {
      const labels = one.labels as Record<string, string>;
      const plain = labelsText(labels) || metric?.metric || one.label;
      const named = template.includes("{{")
        ? seriesName(template, labels) || plain
        : template && several && labelsText(labels)
          ? `${template} ${labelsText(labels)}`
          : template || plain;
      const colored = metric?.group_by?.length === 1 && metric.group_by[0] === "service";
      return {
        key: `${result.id} ${plain}`,
        label: named,
        values: one.values,
        labels,
        ...(colored ? { colorKey: labels.service ?? plain } : {}),
      };
    });
  });
  return {
    series: { times: batch.timestamps, series: distinct(series) },
    unit,
    notes: [...new Set(notes)],
  };
}

/** Keys that are there twice get a number. */
function distinct(series: Series[]): Series[] {
  const seen = new Map<string, number>();
  return series.map((one) => {
    const count = (seen.get(one.key) ?? 0) + 1;
    seen.set(one.key, count);
    return count > 1 ? { ...one, key: `${one.key} ${count}` } : one;
  });
}

function askBand(
  source: Extract<Source, { type: "band" }>,
  range: { start: string; end: string },
  signal: AbortSignal,
) {
  const body = {
    queries: source.queries,
    ...range,
    of: source.of ?? "",
    period: source.period ?? 300,
    direction: source.direction ?? "outside",
    threshold: 10,
    exclusions: [],
    history: "",
    minimum: null,
    maximum: null,
    min_sigma: 0,
    miss_rate: 0.01,
  } as S["BandBody"];
  return unwrap(client.POST("/api/v1/metrics/band", { body, signal }));
}

const MOST_BANDS = 5;

function ofBand(source: Metric, answer: Awaited<ReturnType<typeof askBand>>): PanelData {
  const shown = answer.series.slice(0, MOST_BANDS);
  const series = shown.map((one, at) => {
    const label = labelsText(one.labels as Record<string, string>) || one.label;
    return { key: `${at} ${label}`, label, values: one.values };
  });
  const bands = shown.map((one, at) => ({
    label: `usual for ${series[at]?.label}`,
    lower: one.lower,
    upper: one.upper,
  }));
  const left = answer.series.length - shown.length;
  const query = source.queries[0];
  const unit =
    query && "metric" in query
      ? statisticUnit(answer.unit, query.statistic ?? "Average", query.metric)
      : answer.unit;
  return {
    series: { times: answer.timestamps, series },
    bands,
    unit,
    notes: [...answer.warnings, ...(left > 0 ? [`${left} more series are left out`] : [])],
  };
}

async function askLogs(
  panel: Panel,
  q: string,
  { range, points, signal }: Asked,
): Promise<PanelData> {
  if (panel.type === "table") {
    const query = { ...range, q, limit: Math.min(panel.look.rows, 500) };
    return ofRecords(await unwrap(client.GET("/api/v1/logs", { params: { query }, signal })));
  }
  const query = { ...range, q, points: Math.min(points, 120) };
  const counts = await unwrap(client.GET("/api/v1/logs/histogram", { params: { query }, signal }));
  const series = LEVELS.filter((level) => counts.series[level]).map((level) => ({
    key: level,
    label: level,
    color: levelColor(level),
    values: counts.series[level] ?? [],
  }));
  return { series: { times: counts.times, series }, unit: "{record}", notes: [] };
}

function ofRecords({ records }: S["LogPageView"]): PanelData {
  const column = (pick: (record: (typeof records)[number]) => unknown) => records.map(pick);
  return {
    table: {
      columns: [
        { name: "time", kind: "time" },
        { name: "level", kind: "level" },
        { name: "service", kind: "text" },
        { name: "message", kind: "text" },
      ],
      data: [
        column((one) => one.timestamp),
        column((one) => one.severity_text || levelOf(one.severity_number)),
        column((one) => one.service_name),
        column((one) => one.body),
      ],
      rows: records.length,
    },
    unit: "",
    notes: [],
  };
}

type Spans = Required<Extract<Source, { type: "spans" }>>;
const QUANTILES = { p50: "p50_ns", p90: "p90_ns", p95: "p95_ns", p99: "p99_ns" } as const;
const SPAN_SERIES = 40;

async function askSpans(type: PanelType, source: Spans, asked: Asked): Promise<PanelData> {
  const { range, points, signal } = asked;
  const common = { ...range, q: source.q };
  if (type === "heatmap" || type === "histogram") {
    const query = { ...common, view: "heatmap" as const, points: 60 };
    const found = await unwrap(client.GET("/api/v1/spans/latency", { params: { query }, signal }));
    return ofLatency(found as S["LatencyHeatmap"], type);
  }
  if (type === "table") {
    const query = { ...common, limit: 200 };
    const found = await unwrap(
      client.GET("/api/v1/spans/red/summary", { params: { query }, signal }),
    );
    return { table: summaryTable(found.rows), unit: "", notes: [] };
  }
  const query = { ...common, group_by: source.group_by, points: Math.min(points, 200) };
  const red = await unwrap(client.GET("/api/v1/spans/red", { params: { query }, signal }));
  return ofRed(red, source);
}

export function ofRed(red: S["RedView"], source: Pick<Spans, "measure" | "group_by">): PanelData {
  const { measure, group_by } = source;
  const values = (one: S["RedSeriesView"]): (number | null)[] => {
    if (measure === "rate") return one.counts.map((count) => count / red.step);
    if (measure === "errors") return one.errors.map((count) => count / red.step);
    if (measure === "error_share") {
      return one.counts.map((count, at) => (count ? (one.errors[at] ?? 0) / count : null));
    }
    return one.quantiles_ns[QUANTILES[measure]].map((value) =>
      value === null ? null : value / 1e9,
    );
  };
  const shown = red.series.slice(0, SPAN_SERIES);
  const left = red.series.length - shown.length;
  const name = (one: S["RedSeriesView"]) =>
    group_by === "operation"
      ? `${one.service} · ${one.operation}`
      : one.service || measure.replace("_", " ");
  const unit =
    measure === "rate" || measure === "errors"
      ? "{call}/s"
      : measure === "error_share"
        ? "share"
        : "s";
  return {
    series: {
      times: red.times,
      series: distinct(
        shown.map((one) => ({
          key: name(one),
          label: name(one),
          values: values(one),
          ...(group_by === "service" ? { colorKey: one.service } : {}),
        })),
      ),
    },
    unit,
    notes: [
      ...(left > 0 ? [`${left} more are left out`] : []),
      ...(red.truncated ? ["there are more than the server gives"] : []),
    ],
  };
}

function ofLatency(found: S["LatencyHeatmap"], type: PanelType): PanelData {
  if (type === "histogram") {
    const { bins, series } = durationHistogram(found);
    return { bins: { bins, counts: series }, unit: "s", notes: [] };
  }
  const { cells, buckets_per_doubling: fine, step } = found;
  const most = Math.max(1, ...cells.count);
  const bound = (bucket: number) => (2 ** (bucket / fine) - 1) / 1e9;
  return {
    cells: {
      step,
      time: cells.time,
      from: cells.bucket.map(bound),
      to: cells.bucket.map((bucket) => bound(bucket + 1)),
      shade: cells.count.map((count) => Math.sqrt(count / most)),
    },
    unit: "s",
    notes: [],
  };
}

function summaryTable(rows: readonly S["RedRow"][]): Result {
  const column = (pick: (row: S["RedRow"]) => unknown) => rows.map(pick);
  return {
    columns: [
      { name: "service", kind: "text" },
      { name: "operation", kind: "text" },
      { name: "kind", kind: "text" },
      { name: "calls", kind: "number" },
      { name: "errors", kind: "number" },
      { name: "failed %", kind: "number" },
      { name: "mean ms", kind: "number" },
    ],
    data: [
      column((row) => row.service),
      column((row) => row.operation),
      column((row) => row.kind),
      column((row) => row.count),
      column((row) => row.errors),
      column((row) => (row.count ? (100 * row.errors) / row.count : null)),
      column((row) => (row.count ? row.total_ns / row.count / 1e6 : null)),
    ],
    rows: rows.length,
  };
}

function ofResult(answer: Pick<S["PipeResult"], "columns" | "data" | "rows">): PanelData {
  const table: Result = {
    columns: answer.columns.map(({ name, kind }) => ({ name, kind })),
    data: answer.data,
    rows: answer.rows,
  };
  const chart = chartOf(table);
  return { table, series: chart?.kind === "time" ? chart.data : undefined, unit: "", notes: [] };
}

export function ofSql(answer: S["SqlResult"]): PanelData {
  const kinds = answer.columns.map(({ type }) => kindOf(type));
  const columns = answer.columns.map(({ name }, at) => ({ name, kind: kinds[at] ?? "text" }));
  const data = answer.data.map((column, at) => (kinds[at] === "time" ? column.map(iso) : column));
  const found = ofResult({ columns: columns as never, data, rows: answer.rows });
  return {
    ...found,
    notes: answer.truncated ? ["there are more rows: these are the first"] : [],
  };
}

function kindOf(type: string): string {
  const inner = type.replace(/(Nullable|LowCardinality)\(/g, "").replace(/\)+$/, "");
  if (/^Date/.test(inner)) return "time";
  if (/^(U?Int|Float|Decimal|BFloat)/.test(inner)) return "number";
  return /^Bool/.test(inner) ? "bool" : "text";
}

/** The engine's time as RFC 3339; it is in UTC where it names no zone. */
function iso(value: unknown): unknown {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d/.test(value)) return value;
  const text = value.length === 10 ? `${value}T00:00:00` : value.replace(" ", "T");
  return /(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
}
