/** Alarms as the API has them, and the drafts that the form works on. */

import type { components } from "@/api/schema";
import type { Aligned } from "@/charts/aligned";
import { metricQuery } from "@/charts/metricQuery";
import type { Annotation, Overlays, Threshold } from "@/charts/overlays";
import type { Plan } from "@/pages/metrics/plan";
import { Invalid } from "@/url/params";

type Schemas = components["schemas"];
export type Alarm = Schemas["AlarmView"];
export type AlarmSpec = Schemas["AlarmSpec"];
export type Source = AlarmSpec["source"];
export type MetricSource = Extract<Source, { type: "metric" }>;
export type EventSource = Extract<Source, { type: "logs" | "traces" }>;
export type AbsenceSource = Extract<Source, { type: "absence" }>;
export type CompositeSource = Extract<Source, { type: "composite" }>;
export type PipeSource = Extract<Source, { type: "pipe" }>;
export type SqlSource = Extract<Source, { type: "sql" }>;
export type State = Schemas["State"];
export type Chart = Schemas["Chart"];
export type Event = Schemas["AlarmEventView"];
export type Contributor = Schemas["ContributorView"];

export const STATES: readonly State[] = ["ALARM", "INSUFFICIENT_DATA", "OK"];
export const STATE_NAMES: Record<State, string> = {
  ALARM: "In alarm",
  INSUFFICIENT_DATA: "Insufficient data",
  OK: "OK",
};
export const SEVERITIES = ["critical", "error", "warning", "info"] as const;
export const MOST_LINES = 20;

export interface Draft {
  name: string;
  labels: Record<string, string>;
  spec: AlarmSpec;
}

export const KINDS = [
  { value: "metric", label: "Metrics" },
  { value: "logs", label: "Logs" },
  { value: "traces", label: "Traces" },
  { value: "pipe", label: "Query" },
  { value: "sql", label: "SQL" },
  { value: "absence", label: "Absence" },
  { value: "composite", label: "Composite" },
] as const;
export type Kind = (typeof KINDS)[number]["value"];

const SQL = `SELECT toStartOfInterval(Timestamp, toIntervalSecond($period)) AS time,
       ServiceName AS service, count() AS value
FROM otel_logs
WHERE Timestamp >= $start AND Timestamp < $end AND SeverityNumber >= 17
GROUP BY time, service`;

const PIPE = "filter level = 'error' | stats count(*) as errors by service, bin($period)";

/** A new source of a kind. */
export function newSource(kind: Kind): Source {
  switch (kind) {
    case "metric":
      return { type: "metric", queries: [] };
    case "sql":
      return { type: "sql", sql: SQL };
    case "pipe":
      return { type: "pipe", query: PIPE };
    case "absence":
      return { type: "absence", signal: "logs", query: "" };
    case "composite":
      return { type: "composite", rule: "" };
    default:
      return { type: kind, query: "", statistic: "count", group_by: [] };
  }
}

/** Whether a kind is compared with a threshold or a band. */
export const isCompared = (kind: string): boolean => kind !== "absence" && kind !== "composite";

export function newDraft(source: Source = { type: "metric", queries: [] }): Draft {
  const condition = { threshold: { comparison: ">" as const, threshold: 1 } };
  return {
    name: "",
    labels: {},
    spec: {
      source,
      severity: "warning",
      period: 60,
      periods: 3,
      to_alarm: 2,
      ...(isCompared(source.type) ? { condition } : {}),
    },
  };
}

/** A draft of the address; the server judges what is in it. */
export function checkDraft(value: unknown): Draft | null | Invalid {
  if (value === null) return null;
  const draft = value as Partial<Draft>;
  const source = draft?.spec?.source as { type?: unknown } | undefined;
  if (typeof source?.type !== "string" || !KINDS.some(({ value: kind }) => kind === source.type)) {
    return new Invalid("it is no draft of an alarm");
  }
  const labels = Object.entries(draft.labels ?? {}).filter(([, text]) => typeof text === "string");
  return {
    name: typeof draft.name === "string" ? draft.name : "",
    labels: Object.fromEntries(labels),
    spec: draft.spec as AlarmSpec,
  };
}

/** Whether there is enough to ask what it would have done. */
export function isReady({ source }: AlarmSpec): boolean {
  if (source.type === "metric") {
    return source.queries.length > 0 && source.queries.every((one) => watches(one) !== "");
  }
  if (source.type === "pipe") return source.query.trim() !== "";
  if (source.type === "sql") return source.sql.trim() !== "";
  if (source.type === "composite") return source.rule.trim() !== "";
  if (source.type === "absence") return source.signal !== "metric" || Boolean(source.metric);
  return true;
}

const watches = (query: MetricSource["queries"][number]): string =>
  "expression" in query ? query.expression.trim() : query.metric;

/** The rows of the metrics explorer for a source. */
export function planOf(source: MetricSource): Plan {
  return {
    queries: source.queries.flatMap((one) =>
      "expression" in one
        ? []
        : {
            id: one.id,
            metric: one.metric,
            statistic: one.statistic ?? "Average",
            where: (one.matchers ?? []).map(
              ({ label, operator, value }) => [label, operator ?? "=", value] as const,
            ),
            by: one.group_by ?? [],
            top: one.top?.count ?? 500,
          },
    ),
    formulas: source.queries.flatMap((one) =>
      "expression" in one ? { id: one.id, expression: one.expression } : [],
    ),
  };
}

/** The source of the rows; what rows do not show (a shift, the type) stays as it was. */
export function sourceOf(plan: Plan, before: MetricSource): MetricSource {
  const known = new Map(before.queries.map((one) => [one.id, one]));
  const queries = plan.queries.map((one) => {
    const old = known.get(one.id);
    const kept = old && !("expression" in old) && old.metric === one.metric ? old : {};
    return {
      ...metricQuery(one.id, one.metric, kept),
      statistic: one.statistic,
      matchers: one.where.map(([label, operator, value]) => ({ label, operator, value })),
      group_by: [...one.by],
      top: { count: one.top, by: "avg" as const, bottom: false },
    };
  });
  const formulas = plan.formulas.map((one) => ({
    id: one.id,
    label: "",
    hidden: false,
    expression: one.expression,
  }));
  const ids = [...queries, ...formulas].map((one) => one.id);
  return {
    type: "metric",
    queries: [...queries, ...formulas],
    of: before.of && ids.includes(before.of) ? before.of : "",
  };
}

/** Labels as people read them. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");
}

/** `team=payments, tier=1` as labels; null where it is none. */
export function parseLabels(text: string): Record<string, string> | null {
  const labels: Record<string, string> = {};
  for (const part of text.split(/[\n,]/)) {
    const found = /^\s*([^=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(part);
    if (found) labels[found[1] as string] = found[2] as string;
    else if (part.trim()) return null;
  }
  return labels;
}

export const seriesName = (labels: Readonly<Record<string, string>>): string =>
  labelText(labels) || "the alarm";

/** The lines of a chart; those that fired most come first from the server. */
export function alignedOf(chart: Chart, most = MOST_LINES): Aligned {
  return {
    times: chart.timestamps,
    series: chart.series.slice(0, most).map((one) => {
      const label = labelText(one.labels) || "value";
      return { key: label, label, values: one.values, colorKey: one.labels.service ?? label };
    }),
  };
}

/** What lies over the chart: the threshold, the band of a series, and changes of state. */
export function overlaysOf(
  spec: AlarmSpec,
  chart: Chart | undefined,
  series: string,
  annotations: readonly Annotation[] = [],
): Overlays {
  const compared = spec.condition?.threshold;
  const above = (compared?.comparison ?? ">").startsWith(">");
  const lines: Threshold[] = compared
    ? [
        {
          value: compared.threshold,
          label: `${compared.comparison ?? ">"} ${compared.threshold}`,
          severity:
            spec.severity === "warning" || spec.severity === "info" ? "warning" : "critical",
          bad: above ? "above" : "below",
        },
      ]
    : [];
  if (compared?.recovery !== undefined && compared.recovery !== null) {
    lines.push({ value: compared.recovery, label: "recovery", severity: "info" });
  }
  const banded =
    chart?.series.find((one) => labelText(one.labels) === series && one.lower) ??
    chart?.series.find((one) => one.lower);
  const bands =
    banded?.lower && banded.upper
      ? [{ label: "usual", lower: banded.lower, upper: banded.upper }]
      : [];
  return { thresholds: lines, bands, annotations };
}

/** Paths of what differs between two definitions, with both values. */
export function differences(
  before: unknown,
  after: unknown,
  path = "",
): { path: string; before: string; after: string }[] {
  const plain = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  if (plain(before) && plain(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) =>
      differences(before[name], after[name], path ? `${path}.${name}` : name),
    );
  }
  const [old, next] = [written(before), written(after)];
  return old === next ? [] : [{ path, before: old, after: next }];
}

const written = (value: unknown): string =>
  value === undefined || value === null || value === "" ? "–" : JSON.stringify(value);

/** The definition as `vedette apply` takes it; JSON is YAML. */
export function asCode(draft: Draft): string {
  const metadata = Object.keys(draft.labels).length
    ? { name: draft.name, labels: draft.labels }
    : { name: draft.name };
  return JSON.stringify({ kind: "Alarm", metadata, spec: pruned(draft.spec) }, null, 2);
}

/** Without what says nothing: nulls, empty texts and lists. */
export function pruned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(pruned);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([, one]) =>
          one !== null && one !== undefined && one !== "" && !(Array.isArray(one) && !one.length),
      )
      .map(([name, one]) => [name, pruned(one)]),
  );
}
