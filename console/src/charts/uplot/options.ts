/** From a chart's data to what uPlot draws. */

import uPlot from "uplot";
import { resolveColor } from "@/theme/colors";
import { type Aligned, stack, type Values } from "../aligned";
import { type Stroke, strokesOf } from "../strokes";
import { timeAxis, valueAxis, valueBounds, zoned } from "./axes";

export type ChartKind = "line" | "area" | "stack" | "bars" | "points";

export interface Layout {
  kind: ChartKind;
  unit: string;
  log: boolean;
  min?: number;
  max?: number;
  timezone: string;
  /** Charts of one key share their crosshair. */
  syncKey: string;
}

/** The series that are drawn, bottom first, and where each is in the data. */
export interface Drawn {
  data: uPlot.AlignedData;
  /** Index in the chart's series by plotted series. */
  source: number[];
  strokes: Stroke[];
}

export function drawn(
  chart: Aligned,
  kind: ChartKind,
  hidden: ReadonlySet<string>,
  log: boolean,
): Drawn {
  const strokes = strokesOf(chart.series);
  const stacked = kind === "stack" || kind === "bars";
  const values = stacked ? stack(chart.series, hidden) : chart.series.map((one) => one.values);
  const source: number[] = [];
  chart.series.forEach((one, index) => {
    if (!hidden.has(one.key)) source.push(index);
  });
  // Bars are painted over each other: the tallest first.
  if (kind === "bars") source.reverse();
  const columns = source.map((index) => values[index] as Values);
  const floor = log ? smallestPositive(columns) : 0;
  const shown = log ? columns.map((column) => raised(column, floor)) : columns;
  return { data: [chart.times, ...shown] as uPlot.AlignedData, source, strokes };
}

function smallestPositive(columns: readonly Values[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const column of columns) {
    for (const value of column) if (value !== null && value > 0 && value < least) least = value;
  }
  return least;
}

/** A logarithmic axis has no zero: what is not positive is shown at its lower end. */
function raised(column: Values, floor: number): Values {
  return column.map((value) => (value !== null && value <= 0 ? floor : value));
}

export function optionsOf(
  chart: Aligned,
  { source, strokes }: Drawn,
  layout: Layout,
  size: { width: number; height: number },
  range: () => [number, number],
  alsoShown: () => readonly number[],
  extra: Pick<uPlot.Options, "plugins" | "hooks">,
): uPlot.Options {
  const { kind, unit, log } = layout;
  const fromZero = kind !== "line" && kind !== "points";
  const scaleY: uPlot.Scale = log
    ? { distr: 3, log: 10, range: bounded(layout.min, layout.max) }
    : {
        range: (_plot, low, high) => {
          const values = [low, high, ...alsoShown()].filter((value) => value !== null);
          const ends = values.length ? [Math.min(...values), Math.max(...values)] : [null, null];
          const { min, max } = layout;
          return valueBounds(ends[0] ?? null, ends[1] ?? null, { fromZero, min, max });
        },
      };
  return {
    ...size,
    ...extra,
    tzDate: zoned(layout.timezone),
    padding: [8, 8, 0, 0],
    legend: { show: false },
    scales: { x: { time: true, range }, y: scaleY },
    axes: [timeAxis(), valueAxis(unit, log)],
    series: [{}, ...source.map((index) => seriesOf(chart, index, strokes, kind))],
    bands: kind === "stack" ? source.slice(1).map((_, at) => ({ series: [at + 2, at + 1] })) : [],
    focus: { alpha: 0.35 },
    cursor: {
      drag: { x: true, y: false, setScale: false },
      focus: { prox: kind === "points" ? -1 : 24 },
      points: kind === "bars" || kind === "points" ? { show: false } : { size: 7 },
      sync: {
        key: layout.syncKey,
        setSeries: false,
        scales: ["x", null],
        // A selection is made in one chart; the others only follow the crosshair.
        filters: { pub: (type) => type !== "mousedown" && type !== "mouseup" },
      },
    },
  };
}

/** Given bounds of a logarithmic scale; without both, uPlot takes whole decades round the data. */
function bounded(min?: number, max?: number): uPlot.Scale.Range | undefined {
  return min !== undefined && max !== undefined ? [min, max] : undefined;
}

function seriesOf(
  chart: Aligned,
  index: number,
  strokes: readonly Stroke[],
  kind: ChartKind,
): uPlot.Series {
  const series = chart.series[index];
  const stroke = strokes[index] as Stroke;
  const color = resolveColor(stroke.color);
  const base: uPlot.Series = {
    label: series?.label,
    stroke: color,
    width: series?.faint ? 1 : 1.6,
    alpha: series?.faint ? 0.55 : 1,
    dash: [...stroke.dash],
    points: { show: kind === "points" ? false : lonelyPoints, size: 4, fill: color },
    spanGaps: false,
  };
  if (kind === "bars") {
    const paths = uPlot.paths.bars?.({ size: [0.85, 48], align: 1, gap: 1 });
    return { ...base, paths, fill: color, width: 0, points: { show: false } };
  }
  if (kind === "points") {
    const paths = pointPaths(series?.shape ?? "circle");
    return { ...base, paths, width: 1.2, fill: translucent(color, 0.45) };
  }
  if (kind === "stack") return { ...base, fill: translucent(color, 0.5) };
  return kind === "area" ? { ...base, fill: translucent(color, 0.18) } : base;
}

/** Points are drawn where a line cannot: at values with a gap on both sides. */
function lonelyPoints(plot: uPlot, series: number, first: number, last: number): boolean {
  const values = plot.data[series] as Values;
  for (let at = first; at <= last; at++) {
    if (values[at] != null && values[at - 1] == null && values[at + 1] == null) return true;
  }
  return false;
}

function translucent(color: string, alpha: number): string {
  return `color-mix(in srgb, ${color} ${alpha * 100}%, transparent)`;
}

const POINT_PX = 3;

function pointPaths(shape: "circle" | "cross"): uPlot.Series.PathBuilder {
  return (plot, series, first, last) => {
    const path = new Path2D();
    const times = plot.data[0];
    const values = plot.data[series] as Values;
    const size = POINT_PX * devicePixelRatio;
    for (let at = first; at <= last; at++) {
      const value = values[at];
      if (value == null) continue;
      const x = plot.valToPos(times[at] as number, "x", true);
      const y = plot.valToPos(value, "y", true);
      if (shape === "circle") {
        path.moveTo(x + size, y);
        path.arc(x, y, size, 0, 2 * Math.PI);
      } else {
        path.moveTo(x - size, y - size);
        path.lineTo(x + size, y + size);
        path.moveTo(x + size, y - size);
        path.lineTo(x - size, y + size);
      }
    }
    return { stroke: path, fill: shape === "circle" ? path : null };
  };
}
