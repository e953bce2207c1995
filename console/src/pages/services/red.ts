/** Rate, errors and durations as charts take them. */

import type { components } from "@/api/schema";
import type { Aligned, Values } from "@/charts/aligned";

type Red = components["schemas"]["RedView"];
export type RedRow = components["schemas"]["RedRow"];

/** Kinds of spans that are a service's own side of a call. */
export const ENTRY_KINDS = ["Server", "Consumer"] as const;

/** Calls a second, those that failed apart. */
export function rateSeries(red: Red): Aligned {
  const all = red.series[0];
  const rate = (pick: (at: number) => number): Values =>
    red.times.map((_, at) => pick(at) / red.step);
  if (!all) return { times: red.times, series: [] };
  return {
    times: red.times,
    series: [
      {
        key: "ok",
        label: "Without error",
        color: "var(--v-series-0)",
        values: rate((at) => (all.counts[at] ?? 0) - (all.errors[at] ?? 0)),
      },
      {
        key: "error",
        label: "Error",
        color: "var(--v-critical)",
        values: rate((at) => all.errors[at] ?? 0),
      },
    ],
  };
}

/** The share of calls that failed; a gap where there was no call. */
export function errorShare(
  counts: readonly number[],
  errors: readonly number[],
): (number | null)[] {
  return counts.map((count, at) => (count > 0 ? (errors[at] ?? 0) / count : null));
}

export function errorSeries(red: Red): Aligned {
  const all = red.series[0];
  const values = all ? errorShare(all.counts, all.errors) : [];
  const series = all
    ? [{ key: "errors", label: "Errors", color: "var(--v-critical)", values }]
    : [];
  return { times: red.times, series };
}

const QUANTILES = [
  ["p50_ns", "p50", "var(--v-series-0)", []],
  ["p90_ns", "p90", "var(--v-series-7)", [8, 3]],
  ["p95_ns", "p95", "var(--v-series-1)", [4, 3]],
  ["p99_ns", "p99", "var(--v-series-3)", [2, 2]],
] as const;

/** Durations in seconds by quantile. */
export function durationSeries(red: Red): Aligned {
  const all = red.series[0];
  return {
    times: red.times,
    series: all
      ? QUANTILES.map(([name, label, color, dash]) => ({
          key: label,
          label,
          color,
          dash,
          values: all.quantiles_ns[name].map((value) => (value === null ? null : value / 1e9)),
        }))
      : [],
  };
}

/** Growth against the period before as a share; null where there was nothing before. */
export function change(now: number, before: number): number | null {
  return before > 0 ? (now - before) / before : null;
}

/** Whether a service takes calls itself; if not, all of its spans are looked at. */
export function takesCalls(rows: readonly RedRow[]): boolean {
  return rows.some((row) => row.kind === "Server" || row.kind === "Consumer");
}
