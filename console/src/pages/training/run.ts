import type { components } from "@/api/schema";
import { formatNumber, formatSeconds } from "@/charts/units";

export type RunInfo = components["schemas"]["RunInfoView"];
export type MetricValue = number | string | null | undefined;
export type Compared = components["schemas"]["ComparedRunView"];

/** A metric for people; what JSON has no number for comes as a text. */
export function formatMetric(value: MetricValue): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "string") return value;
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(3);
  return size < 1e4 ? String(Number(value.toPrecision(5))) : formatNumber(value);
}

/** How long a run took, or has taken so far. */
export function durationOf(run: RunInfo, now: number): string {
  if (run.start_ms === null) return "–";
  const end = run.end_ms ?? (run.status === "RUNNING" ? now : null);
  return end === null ? "–" : formatSeconds(Math.max(0, end - run.start_ms) / 1000);
}

/**
 * Exponential moving average without the pull towards its first value: weights of past values are
 * divided by their sum, as TensorBoard does. Gaps stay gaps and do not weigh.
 */
export function smoothed(
  values: readonly (number | null)[],
  weight: number,
): readonly (number | null)[] {
  if (weight <= 0) return values;
  let last = 0;
  let seen = 0;
  return values.map((value) => {
    if (value === null) return null;
    last = last * weight + (1 - weight) * value;
    seen += 1;
    return last / (1 - weight ** seen);
  });
}

/** Whether each series has one value at most, so that there is no curve to draw. */
export const isLoggedOnce = (series: readonly { values: readonly (number | null)[] }[]): boolean =>
  series.every((one) => one.values.filter((value) => value !== null).length <= 1);

/** Metrics of training: those that have steps before those that were logged once. */
export function curvesFirst(
  names: readonly string[],
  runs: readonly Pick<Compared, "metrics">[],
): string[] {
  const stepped = new Set(
    runs.flatMap((run) => run.metrics.filter((one) => one.step > 0).map((one) => one.key)),
  );
  const own = names.filter((name) => !name.startsWith("system/"));
  return [...own.filter((name) => stepped.has(name)), ...own.filter((name) => !stepped.has(name))];
}

/** Which of the values is best, where more or less is better; -1 where nothing tells. */
export function bestOf(values: readonly MetricValue[], higher: boolean): number {
  let best = -1;
  values.forEach((value, index) => {
    if (typeof value !== "number") return;
    const held = values[best] as number | undefined;
    if (best < 0 || held === undefined || (higher ? value > held : value < held)) best = index;
  });
  return best;
}

const LESS_IS_BETTER =
  /loss|error|err\b|rmse|mse|mae|mape|perplexity|logloss|brier|time|duration|latency/i;

/** Whether a metric's name says that less of it is better. */
export const lessIsBetter = (metric: string): boolean => LESS_IS_BETTER.test(metric);

/** A key in MLflow's filter, quoted where it needs to be. */
export function quoted(key: string): string {
  return /^[A-Za-z_][\w]*$/.test(key) ? key : `\`${key.replaceAll("`", "``")}\``;
}

/** `metrics.val/loss` as an order: ``metrics.`val/loss` DESC``. */
export function orderOf(column: string, descending: boolean): string {
  const [kind, ...rest] = column.split(".");
  const key = rest.join(".");
  return `${key ? `${kind}.${quoted(key)}` : kind} ${descending ? "DESC" : "ASC"}`;
}

export interface Axis {
  name: string;
  /** The axis from 0 to 1, and the text of a place on it. */
  place: (run: Compared) => number | null;
  ticks: readonly { at: number; text: string }[];
}

/** An axis of parallel coordinates: numbers from least to most, other texts side by side. */
export function axisOf(column: string, runs: readonly Compared[]): Axis {
  const raw = runs.map((run) => columnValue(column, run));
  const numbers = raw.map((value) => (value === null ? null : Number(value)));
  const known = numbers.filter((value): value is number => value !== null);
  const numeric = known.length > 0 && known.every(Number.isFinite);
  if (numeric) {
    const low = Math.min(...known);
    const high = Math.max(...known);
    const span = high - low;
    const steps = span === 0 ? [0.5] : [0, 0.25, 0.5, 0.75, 1];
    return {
      name: column,
      place: (run) => {
        const value = columnValue(column, run);
        return value === null ? null : span === 0 ? 0.5 : (Number(value) - low) / span;
      },
      ticks: steps.map((at) => ({ at, text: formatMetric(span === 0 ? low : low + span * at) })),
    };
  }
  const texts = [...new Set(raw.filter((value) => value !== null).map(String))].sort();
  const at = (text: string): number =>
    texts.length === 1 ? 0.5 : texts.indexOf(text) / (texts.length - 1);
  return {
    name: column,
    place: (run) => {
      const value = columnValue(column, run);
      return value === null ? null : at(String(value));
    },
    ticks: texts.slice(0, 30).map((text) => ({ at: at(text), text })),
  };
}

/** The value of `metrics.…`, `params.…` or `tags.…` of a run; NaN and infinities are none. */
export function columnValue(column: string, run: Compared): string | number | null {
  const dot = column.indexOf(".");
  const key = column.slice(dot + 1);
  if (column.startsWith("metrics.")) {
    const value = run.metrics.find((one) => one.key === key)?.value;
    return typeof value === "number" ? value : null;
  }
  return (column.startsWith("params.") ? run.params : run.tags)[key] ?? null;
}
