// biome-ignore-all lint/style/noNonNullAssertion: indexes of typed arrays and parallel columns are in bounds by construction
/** Series on shared timestamps: what charts, their legends and their tables are made of. */

export type Values = readonly (number | null)[];

export interface Series {
  /** Tells the series of a chart apart; its colour follows from `colorKey` or this. */
  key: string;
  label: string;
  values: Values;
  /** Whose colour it has, where that is not its key: a service's name. */
  colorKey?: string;
  /** A fixed colour with a meaning, such as that of errors. */
  color?: string;
  dash?: readonly number[];
  /** How its points look in a chart of points. */
  shape?: "circle" | "cross";
  /** Drawn thinner and paler: the period before. */
  faint?: boolean;
  labels?: Readonly<Record<string, string>>;
}

export interface Aligned {
  /** Unix seconds, ascending. */
  times: readonly number[];
  series: readonly Series[];
}

export interface Summary {
  last: number | null;
  min: number | null;
  max: number | null;
  mean: number | null;
  sum: number | null;
  count: number;
}

/** The statistics that a legend shows; gaps do not count. */
export function summarise(values: Values): Summary {
  let last: number | null = null;
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (value === null || Number.isNaN(value)) continue;
    last = value;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    count += 1;
  }
  if (count === 0) return { last: null, min: null, max: null, mean: null, sum: null, count };
  return { last, min, max, mean: sum / count, sum, count };
}

/** Whether there is anything to draw. */
export function isEmpty(data: Aligned | undefined): boolean {
  return !data?.series.some((one) => one.values.some((value) => value !== null));
}

/**
 * Cumulated values for a stacked chart, the first series at the bottom; hidden series add nothing.
 *
 * Where a series has a gap and another has a value it adds nothing either: it lies flat on those
 * below, so that the areas above it stay whole. Where none has a value there is a gap.
 */
export function stack(series: readonly Series[], hidden: ReadonlySet<string>): Values[] {
  const length = series[0]?.values.length ?? 0;
  const shown = series.filter((one) => !hidden.has(one.key));
  const level = new Float64Array(length);
  const any = Array.from({ length }, (_, at) =>
    shown.some((one) => (one.values[at] ?? null) !== null),
  );
  return series.map((one) => {
    const out: (number | null)[] = new Array(length).fill(null);
    if (hidden.has(one.key)) return out;
    for (let at = 0; at < length; at += 1) {
      if (!any[at]) continue;
      level[at]! += one.values[at] ?? 0;
      out[at] = level[at]!;
    }
    return out;
  });
}

/** The index of the timestamp nearest to a moment; -1 where there is none. */
export function nearest(times: readonly number[], moment: number): number {
  if (times.length === 0) return -1;
  let low = 0;
  let high = times.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! < moment) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && moment - times[low - 1]! <= times[low]! - moment) return low - 1;
  return low;
}

/** Several answers on one axis of time: the union of their timestamps, gaps where one has none. */
export function joined(parts: readonly Aligned[]): Aligned {
  const filled = parts.filter((part) => part.times.length > 0);
  if (filled.length <= 1) {
    return { times: filled[0]?.times ?? [], series: parts.flatMap((part) => [...part.series]) };
  }
  const times = [...new Set(filled.flatMap((part) => [...part.times]))].sort((a, b) => a - b);
  const place = new Map(times.map((time, index) => [time, index]));
  const series = parts.flatMap((part) =>
    part.series.map((one) => {
      const values: (number | null)[] = new Array(times.length).fill(null);
      part.times.forEach((time, index) => {
        values[place.get(time)!] = one.values[index] ?? null;
      });
      return { ...one, values };
    }),
  );
  return { times, series };
}

/** What assistive technology and the keyboard cursor read of one moment: label and value pairs. */
export function at(data: Aligned, index: number): { label: string; value: number | null }[] {
  return data.series.map((one) => ({ label: one.label, value: one.values[index] ?? null }));
}

/** A CSV file of the data; times are RFC 3339 in UTC, gaps are empty. */
export function toCsv(data: Aligned): string {
  const head = ["time", ...data.series.map((one) => one.label)].map(csvField).join(",");
  const rows = data.times.map((time, index) => {
    const moment = new Date(time * 1000).toISOString();
    return [moment, ...data.series.map((one) => one.values[index] ?? "")].join(",");
  });
  return `${[head, ...rows].join("\r\n")}\r\n`;
}

/** A CSV field; what a spreadsheet would take for a formula is marked as text. */
function csvField(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
