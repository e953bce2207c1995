/** From the API's answers about latency to what charts show. Durations are in seconds. */

import type { components } from "@/api/schema";
import type { Aligned } from "@/charts/aligned";
import type { Bin, Counts } from "@/charts/Histogram";
import type { Cells } from "@/charts/overlays";

type Scatter = components["schemas"]["LatencyScatter"]["points"];
type Heatmap = components["schemas"]["LatencyHeatmap"];

const OK = { key: "ok", label: "Without error", color: "var(--v-series-0)" } as const;
const FAILED = { key: "error", label: "Error", color: "var(--v-critical)" } as const;

/** Single spans as points: circles without error, crosses with. */
export function scatterSeries(points: Scatter): Aligned {
  const seconds = (wanted: boolean) =>
    points.duration_ns.map((duration, at) =>
      (points.status[at] === "Error") === wanted ? duration / 1e9 : null,
    );
  return {
    times: points.time_ns.map(unixSeconds),
    series: [
      { ...OK, values: seconds(false), shape: "circle" },
      { ...FAILED, values: seconds(true), shape: "cross" },
    ],
  };
}

/** Unix nanoseconds as text to seconds; exact to a microsecond. */
export function unixSeconds(nanoseconds: string): number {
  return Number(nanoseconds.slice(0, -3)) / 1e6;
}

export interface DurationHistogram {
  bins: Bin[];
  series: Counts[];
  total: number;
}

/** The heat map without its time: how many spans took how long. */
export function durationHistogram({
  cells,
  buckets_per_doubling: fine,
}: Heatmap): DurationHistogram {
  const counts = new Map<number, [number, number]>();
  let [low, high, total] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  cells.bucket.forEach((bucket, at) => {
    const found = counts.get(bucket) ?? [0, 0];
    const [count, errors] = [cells.count[at] ?? 0, cells.errors[at] ?? 0];
    counts.set(bucket, [found[0] + count - errors, found[1] + errors]);
    low = Math.min(low, bucket);
    high = Math.max(high, bucket);
    total += count;
  });
  const buckets = counts.size ? Array.from({ length: high - low + 1 }, (_, at) => low + at) : [];
  const pick = (which: 0 | 1) => buckets.map((bucket) => counts.get(bucket)?.[which] ?? 0);
  return {
    bins: buckets.map((bucket) => ({ from: bound(bucket, fine), to: bound(bucket + 1, fine) })),
    series: [
      { ...OK, counts: pick(0) },
      { ...FAILED, counts: pick(1) },
    ],
    total,
  };
}

/** Where a bucket begins, in seconds; see `HeatmapCells.bucket`. */
function bound(bucket: number, fine: number): number {
  return (2 ** (bucket / fine) - 1) / 1e9;
}

/** The bucket's lower bound from which on at most `share` of all spans lie, in seconds. */
export function slowFrom({ bins, series, total }: DurationHistogram, share: number): number | null {
  let above = 0;
  for (let at = bins.length - 1; at > 0; at--) {
    above += series.reduce((sum, one) => sum + (one.counts[at] ?? 0), 0);
    if (above >= share * total) return bins[at]?.from ?? null;
  }
  return null;
}

export interface Density {
  /** Median and 95th percentile over time, to within a bucket. */
  data: Aligned;
  cells: Cells;
  /** Bounds of the axis. */
  min: number;
  max: number;
}

/** The heat map with its time: where durations crowd. */
export function densityOf({ step, cells, buckets_per_doubling: fine }: Heatmap): Density {
  const columns = new Map<number, { bucket: number; count: number }[]>();
  cells.time.forEach((time, at) => {
    const column = columns.get(time) ?? [];
    column.push({ bucket: cells.bucket[at] ?? 0, count: cells.count[at] ?? 0 });
    columns.set(time, column);
  });
  const most = Math.log1p(cells.count.reduce((max, count) => Math.max(max, count), 1));
  const from = cells.bucket.map((bucket) => Math.max(bound(bucket, fine), 1e-9));
  const to = cells.bucket.map((bucket) => bound(bucket + 1, fine));
  const quantile = (q: number) =>
    [...columns.values()].map((column) => quantileOf(column, q, fine));
  return {
    data: {
      times: [...columns.keys()],
      series: [
        { key: "p50", label: "p50", color: "var(--v-text)", values: quantile(0.5) },
        { key: "p95", label: "p95", color: "var(--v-text)", dash: [4, 3], values: quantile(0.95) },
      ],
    },
    cells: {
      step,
      time: cells.time,
      from,
      to,
      shade: cells.count.map((count) => Math.log1p(count) / most),
    },
    min: from.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY),
    max: to.reduce((largest, value) => Math.max(largest, value), 0),
  };
}

function quantileOf(column: { bucket: number; count: number }[], q: number, fine: number): number {
  const ordered = [...column].sort((a, b) => a.bucket - b.bucket);
  const wanted = q * ordered.reduce((sum, one) => sum + one.count, 0);
  let seen = 0;
  for (const { bucket, count } of ordered) {
    seen += count;
    if (seen >= wanted) return bound(bucket + 0.5, fine);
  }
  return 0;
}
