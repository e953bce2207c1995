/** How series are told apart: a fixed colour a name, and a dash where two names share a colour. */

import { hashOf, SERIES_COLORS, seriesColor } from "@/theme/colors";
import type { Series } from "./aligned";

const DASHES: readonly (readonly number[])[] = [[], [8, 4], [2, 3], [10, 3, 2, 3]];

export interface Stroke {
  /** A CSS colour, often a variable: see `resolveColor` for canvases. */
  color: string;
  /** Lengths of dashes and gaps in px; empty for a whole line. */
  dash: readonly number[];
}

/**
 * Colour and dash of each series, in order. Names outnumber colours: a series whose colour an
 * earlier one has is dashed, so that colour is never the only sign.
 */
export function strokesOf(series: readonly Series[]): Stroke[] {
  const used = new Map<string, number>();
  return series.map((one) => {
    const color = one.color ?? seriesColor(hashOf(one.colorKey ?? one.key) % SERIES_COLORS);
    const before = used.get(color) ?? 0;
    used.set(color, before + 1);
    return { color, dash: one.dash ?? DASHES[before % DASHES.length] ?? [] };
  });
}
