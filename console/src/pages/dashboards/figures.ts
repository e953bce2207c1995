/** What panels draw of an answer: figures, bins, shades and rows. */

import { type Aligned, type Summary, summarise } from "@/charts/aligned";
import type { Bin, Counts } from "@/charts/Histogram";
import type { Cells } from "@/charts/overlays";
import type { Result } from "@/components/result/result";
import type { PanelData } from "./data";

export interface Figure {
  key: string;
  label: string;
  value: number | null;
  /** The series that it comes from. */
  values?: readonly (number | null)[];
  color?: string;
}

/** One number for each series, or for each row of a table with a number in it. */
export function figuresOf({ series, table }: PanelData, reduce: keyof Summary): Figure[] {
  if (series?.series.length) {
    return series.series.map((one) => ({
      key: one.key,
      label: one.label,
      value: summarise(one.values)[reduce],
      values: one.values,
      color: one.color,
    }));
  }
  if (!table) return [];
  const numbers = table.columns.flatMap(({ kind }, at) => (kind === "number" ? [at] : []));
  const first = numbers[0];
  if (first === undefined) return [];
  const names = table.columns.flatMap(({ kind }, at) => (kind === "number" ? [] : [at]));
  const number = (value: unknown) => (value === null || value === undefined ? null : Number(value));
  if (!names.length && table.rows === 1) {
    return numbers.map((at) => ({
      key: String(at),
      label: table.columns[at]?.name ?? "",
      value: number(table.data[at]?.[0]),
    }));
  }
  return Array.from({ length: table.rows }, (_, row) => {
    const label = names.map((at) => String(table.data[at]?.[row] ?? "")).join(" · ");
    return {
      key: `${row} ${label}`,
      label: label || `row ${row + 1}`,
      value: number(table.data[first]?.[row]),
    };
  });
}

const BINS = 24;

/** A number, also where it comes as text: attributes of telemetry are texts. */
function numberOf(value: unknown): number | null {
  if (typeof value === "number") return value;
  const plain =
    typeof value === "string" && /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value);
  return plain ? Number(value) : null;
}

/** How many values of all series lie between which bounds. */
export function binsOf({ series, table }: PanelData): { bins: Bin[]; counts: Counts[] } {
  const columns = series?.series.length
    ? series.series.map((one) => one.values)
    : (table?.data ?? []).map((column) => column.map(numberOf));
  const values = columns
    .flat()
    .filter((one): one is number => one !== null && Number.isFinite(one));
  if (!values.length) return { bins: [], counts: [] };
  const [low, high] = values.reduce(
    ([least, most], one) => [Math.min(least, one), Math.max(most, one)],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ) as [number, number];
  const width = high > low ? (high - low) / BINS : Math.abs(low) / BINS || 1;
  const count = high > low ? BINS : 1;
  const counts = new Array<number>(count).fill(0);
  for (const value of values) {
    const at = Math.min(count - 1, Math.floor((value - low) / width));
    counts[at] = (counts[at] ?? 0) + 1;
  }
  const bins = counts.map((_, at) => ({ from: low + at * width, to: low + (at + 1) * width }));
  return { bins, counts: [{ key: "values", label: "Values", counts }] };
}

/** Values of all series by time and height, as shades. */
export function cellsOf({ series }: PanelData): Cells | undefined {
  if (!series || series.times.length === 0) return undefined;
  const { bins } = binsOf({ series, unit: "", notes: [] });
  const [first, last] = [bins[0], bins.at(-1)];
  if (!first || !last) return undefined;
  const width = first.to - first.from;
  const step = (series.times[1] ?? (series.times[0] as number) + 60) - (series.times[0] as number);
  const found = new Map<string, { time: number; bin: Bin; count: number }>();
  series.times.forEach((time, at) => {
    for (const one of series.series) {
      const value = one.values[at];
      if (value === null || value === undefined) continue;
      const place = Math.min(bins.length - 1, Math.floor((value - first.from) / width));
      const key = `${at} ${place}`;
      const cell = found.get(key) ?? { time, bin: bins[place] as Bin, count: 0 };
      cell.count += 1;
      found.set(key, cell);
    }
  });
  const cells = [...found.values()];
  const most = Math.max(1, ...cells.map((one) => one.count));
  return {
    step,
    time: cells.map((one) => one.time),
    from: cells.map((one) => one.bin.from),
    to: cells.map((one) => one.bin.to),
    shade: cells.map((one) => Math.sqrt(one.count / most)),
  };
}

/** Series as rows: their labels, and one number each. */
export function seriesRows(data: Aligned, reduce: keyof Summary): Result {
  const names = [...new Set(data.series.flatMap((one) => Object.keys(one.labels ?? {})))];
  const labelled = names.length > 0;
  return {
    columns: [
      ...(labelled ? names : ["series"]).map((name) => ({ name, kind: "text" })),
      { name: reduce as string, kind: "number" },
    ],
    data: [
      ...(labelled
        ? names.map((name) => data.series.map((one) => one.labels?.[name] ?? ""))
        : [data.series.map((one) => one.label)]),
      data.series.map((one) => summarise(one.values)[reduce]),
    ],
    rows: data.series.length,
  };
}

export function isNothing({ series, table, cells, bins }: PanelData): boolean {
  if (cells) return cells.time.length === 0;
  if (bins) return bins.bins.length === 0;
  if (series?.series.some((one) => one.values.some((value) => value !== null))) return false;
  return !table?.rows;
}
