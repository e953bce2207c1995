/** What the pages of datasets make of the API's answers. */

import type { Bin } from "@/charts/Histogram";
import { formatNumber } from "@/charts/units";
import { parseSearch, type RawSearch } from "@/url/search";

export const MINUTE = 60;
export const HOUR = 3600;
export const DAY = 86_400;
const PERIODS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY];
/** Windows that one picture shows. */
export const SHOWN_WINDOWS = 60;

/** The length of a window that gives a range at most 60, and that no profile is longer than. */
export function periodFor(rangeSeconds: number, windowSeconds = 0): number {
  const least = Math.max(rangeSeconds / SHOWN_WINDOWS, Math.min(windowSeconds, rangeSeconds));
  return PERIODS.find((one) => one >= least - 1) ?? (PERIODS.at(-1) as number);
}

/** The longest of some windows, in seconds; they tell how often a dataset is profiled. */
export function longestWindow(windows: readonly { start: string; end: string }[]): number {
  return windows.reduce(
    (most, one) => Math.max(most, (Date.parse(one.end) - Date.parse(one.start)) / 1000),
    0,
  );
}

/** Windows of data are days; where nobody has chosen a range, links of data lead to a month. */
export function dataTime(): RawSearch {
  const chosen = parseSearch(location.search).from !== undefined;
  return chosen ? {} : { from: "-30d" };
}

/** The bins of edges. */
export function binsOf(edges: readonly number[]): Bin[] {
  return edges.slice(1).map((to, at) => ({ from: edges[at] as number, to }));
}

/** Seconds as people say them: "1 day", "6 h". */
export function periodText(seconds: number): string {
  if (seconds % DAY === 0) return seconds === DAY ? "1 day" : `${seconds / DAY} days`;
  if (seconds % HOUR === 0) return `${seconds / HOUR} h`;
  return `${Math.round(seconds / MINUTE)} min`;
}

/** The name of a measure: "jensen_shannon" is "jensen shannon". */
export const measureText = (measure: string): string => measure.replaceAll("_", " ");

/** A value of a statistic; a moment where the column holds moments. */
export function valueText(
  value: number | null | undefined,
  kind: string,
  format: (moment: number) => string,
): string {
  if (value == null) return "–";
  return kind === "time" ? format(value * 1000) : formatNumber(value);
}

/** One line of a difference between two texts. */
export interface DiffLine {
  sign: " " | "+" | "-";
  text: string;
}

/** Lines that two lists do not have in common, in place; the longest common subsequence stays. */
export function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  const [n, m] = [before.length, after.length];
  const width = m + 1;
  const common = new Uint32Array((n + 1) * width);
  for (let i = n - 1; i >= 0; i -= 1) {
    for (let j = m - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        before[i] === after[j]
          ? (common[(i + 1) * width + j + 1] as number) + 1
          : Math.max(common[(i + 1) * width + j] as number, common[i * width + j + 1] as number);
    }
  }
  const lines: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < n || j < m) {
    if (i < n && j < m && before[i] === after[j]) {
      lines.push({ sign: " ", text: before[i] as string });
      i += 1;
      j += 1;
    } else if (
      j < m &&
      (i >= n || (common[i * width + j + 1] as number) >= (common[(i + 1) * width + j] as number))
    ) {
      lines.push({ sign: "+", text: after[j] as string });
      j += 1;
    } else {
      lines.push({ sign: "-", text: before[i] as string });
      i += 1;
    }
  }
  return lines;
}

/** Checks as they are edited: one on a line. */
export function checksText(checks: readonly unknown[]): string {
  return checks.length
    ? `[\n${checks.map((one) => `  ${JSON.stringify(one)}`).join(",\n")}\n]`
    : "[]";
}

/** A segment as the API takes it in an address. */
export function segmentList(segment: Record<string, string>): string[] {
  return Object.entries(segment).map(([name, value]) => `${name}=${value}`);
}
