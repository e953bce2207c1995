/** Axes and scales that all charts share. */

import uPlot from "uplot";
import { resolveColor } from "@/theme/colors";
import { tickSteps, tickTexts } from "../units";

const FONT = "11px system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif";
const CHARACTER_PX = 6.3;

const DAY = "\n{MM}-{DD}";
const YEAR = "\n{YYYY}-{MM}-{DD}";
/** uPlot's table of formats by distance of ticks, with 24 hours and ISO order. */
const TIME_FORMATS: uPlot.Axis.Values = [
  [3600 * 24 * 365, "{YYYY}", null, null, null, null, null, null, 1],
  [3600 * 24 * 28, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [3600 * 24, "{MM}-{DD}", "\n{YYYY}", null, null, null, null, null, 1],
  [3600, "{HH}:00", YEAR, null, DAY, null, null, null, 1],
  [60, "{HH}:{mm}", YEAR, null, DAY, null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", YEAR, null, DAY, null, null, null, 1],
  [0.001, ":{ss}.{fff}", YEAR, null, DAY, null, "\n{HH}:{mm}", null, 1],
];

/** The date of a timestamp as the clocks of a time zone show it. */
export function zoned(timezone: string): (seconds: number) => Date {
  return (seconds) => uPlot.tzDate(new Date(seconds * 1000), timezone);
}

function common(): Pick<uPlot.Axis, "stroke" | "font" | "grid" | "ticks"> {
  const grid = resolveColor("var(--v-grid)");
  return {
    stroke: resolveColor("var(--v-dimmed)"),
    font: FONT,
    grid: { stroke: grid, width: 1 },
    ticks: { stroke: grid, width: 1, size: 4 },
  };
}

export function timeAxis(): uPlot.Axis {
  return { ...common(), values: TIME_FORMATS, space: 70, size: 34 };
}

export function valueAxis(unit: string, log: boolean): uPlot.Axis {
  const base = common();
  return {
    ...base,
    // Of a logarithmic axis only the powers of ten are ruled.
    grid: log ? { ...base.grid, filter: decades } : base.grid,
    ticks: log ? { ...base.ticks, filter: decades } : base.ticks,
    incrs: log ? undefined : tickSteps(unit),
    space: 32,
    values: (_plot, ticks) => tickTexts(ticks, unit),
    size: (_plot, values) => {
      const longest = Math.max(0, ...(values ?? []).map((value) => value?.length ?? 0));
      return Math.max(40, Math.ceil(longest * CHARACTER_PX) + 14);
    },
  };
}

/** Bounds of the value axis: from zero, unless all values are far from it. */
export function valueBounds(
  low: number | null,
  high: number | null,
  options: { fromZero?: boolean; min?: number; max?: number },
): [number, number] {
  let min = low ?? 0;
  let max = high ?? 1;
  if (min >= 0 && (options.fromZero || min < max * 0.6)) min = 0;
  if (max <= 0 && min < 0) max = 0;
  if (min === max) max = min === 0 ? 1 : min + Math.abs(min) * 0.5;
  const pad = (max - min) * 0.06;
  return [options.min ?? (min === 0 ? 0 : min - pad), options.max ?? (max === 0 ? 0 : max + pad)];
}

function decades(_plot: uPlot, splits: number[]): (number | null)[] {
  return splits.map((split) => {
    const power = Math.log10(split);
    return Math.abs(power - Math.round(power)) < 1e-9 ? split : null;
  });
}
