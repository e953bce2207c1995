import { fitWidth } from "@/charts/fitWidth";
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import chartClasses from "@/charts/charts.module.css";
import { formatSeconds } from "@/charts/units";
import { timeAxis, valueAxis, valueBounds, zoned } from "@/charts/uplot/axes";
import { Tooltip } from "@/charts/uplot/tooltip";
import { resolveColor } from "@/theme/colors";
import { formatMoment } from "@/time/format";
import { useTimeRange } from "@/time/TimeProvider";
import { formatMetric } from "./run";
import classes from "./training.module.css";

export type CurveAxis = "step" | "time" | "relative";

export interface CurveSeries {
  key: string;
  label: string;
  color: string;
  values: readonly (number | null)[];
  /** What was logged, drawn pale behind smoothed values. */
  raw?: readonly (number | null)[];
}

interface Props {
  label: string;
  axis: CurveAxis;
  /** Steps or milliseconds, ascending. */
  x: readonly number[];
  series: readonly CurveSeries[];
  log: boolean;
  height?: number;
  /** Charts of one key share their crosshair. */
  sync: string;
}

const MAX_ROWS = 12;

/** Curves of training: over steps, time, or time since the start. Drag zooms, a double click resets. */
export function CurveChart({ label, axis, x, series, log, height = 210, sync }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const scheme = useComputedColorScheme("light");
  const { timezone } = useTimeRange();
  const [said, setSaid] = useState("");
  const place = useRef(-1);
  const where = (value: number): string => placeText(axis, value, timezone);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `scheme` stands for the colours
  useEffect(() => {
    const element = host.current;
    if (!element || x.length === 0) return;
    const drawn = series.flatMap((one) =>
      one.raw
        ? [
            { ...one, values: one.raw, faint: true },
            { ...one, faint: false },
          ]
        : [{ ...one, faint: false }],
    );
    const scale = axis === "step" ? 1 : 1000;
    const text = (value: number) => placeText(axis, value * scale, timezone);
    const options: Omit<uPlot.Options, "width"> = {
      height,
      tzDate: zoned(timezone),
      padding: [8, 8, 0, 0],
      legend: { show: false },
      scales: {
        x: { time: axis === "time" },
        y: log ? { distr: 3, log: 10 } : { range: (_, low, high) => valueBounds(low, high, {}) },
      },
      axes: [axisOf(axis), valueAxis("", log)],
      series: [
        {},
        ...drawn.map((one) => ({
          label: one.label,
          stroke: resolveColor(one.color),
          width: one.faint ? 1 : 1.7,
          alpha: one.faint ? 0.3 : 1,
          spanGaps: true,
          points: { show: x.length < 3, size: 5 },
        })),
      ],
      focus: { alpha: 0.3 },
      cursor: {
        focus: { prox: 24 },
        drag: { x: true, y: false, setScale: true },
        sync: { key: sync, setSeries: false, scales: ["x", null] },
      },
      hooks: {
        ready: [(self) => watchTooltip(self, series, text)],
      },
    };
    const values = [
      axis === "step" ? [...x] : x.map((value) => value / 1000),
      ...drawn.map((one) =>
        one.values.map((value) => (log && value !== null && value <= 0 ? null : value)),
      ),
    ] as uPlot.AlignedData;
    const remove = fitWidth(element, (width) => {
      plot.current = new uPlot({ ...options, width }, values, element);
      return plot.current;
    });
    return () => {
      remove();
      plot.current = null;
    };
  }, [axis, x, series, log, height, sync, timezone, scheme]);

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (step === undefined || !plot.current) return;
    event.preventDefault();
    place.current = Math.max(0, Math.min(x.length - 1, place.current + step));
    const at = x[place.current] as number;
    const self = plot.current;
    const values = series
      .filter((one) => one.values[place.current] != null)
      .slice(0, MAX_ROWS)
      .map((one) => `${one.label} ${formatMetric(one.values[place.current])}`);
    self.setCursor({ left: self.valToPos(axis === "step" ? at : at / 1000, "x"), top: 10 });
    setSaid(`${where(at)}: ${values.join(", ") || "no value"}`);
  };
  return (
    <div
      role="group"
      aria-label={`${label}. Arrow keys read values.`}
      tabIndex={0}
      className={`${classes.plot} ${chartClasses.plot}`}
      style={{ height }}
      onKeyDown={onKeyDown}
    >
      <div ref={host} />
      <span className={chartClasses.visuallyHidden} aria-live="polite">
        {said}
      </span>
    </div>
  );
}

/** A place on the axis for people; milliseconds where it is of time. */
export function placeText(axis: CurveAxis, value: number, timezone: string): string {
  if (axis === "step") return `step ${value}`;
  return axis === "time" ? formatMoment(value, timezone) : `after ${formatSeconds(value / 1000)}`;
}

function axisOf(axis: CurveAxis): uPlot.Axis {
  if (axis === "time") return timeAxis();
  const base = valueAxis("", false);
  return {
    ...base,
    size: 26,
    space: 60,
    incrs: undefined,
    values: (_plot, ticks) =>
      ticks.map((tick) => (axis === "step" ? formatMetric(tick) : formatSeconds(tick))),
  };
}

function watchTooltip(
  self: uPlot,
  series: readonly CurveSeries[],
  text: (value: number) => string,
): void {
  const tooltip = new Tooltip(self.over);
  self.over.addEventListener("mousemove", () => {
    const { left = -1, top = -1, idx } = self.cursor;
    if (idx == null || left < 0) return tooltip.hide();
    const rows = series
      .map((one) => ({ one, value: nearby(one.values, idx) }))
      .filter((row) => row.value !== null)
      .sort((a, b) => (b.value as number) - (a.value as number));
    const shown = rows.slice(0, MAX_ROWS).map(({ one, value }) => ({
      color: resolveColor(one.color),
      label: one.label,
      value: formatMetric(value),
    }));
    const more = rows.length - shown.length;
    const { width, height } = self.over.getBoundingClientRect();
    const at = (self.data[0] as number[])[idx] as number;
    tooltip.show(
      { title: text(at), rows: shown, note: more > 0 ? `and ${more} more` : undefined },
      left,
      top,
      width,
      height,
    );
  });
  self.over.addEventListener("mouseleave", () => tooltip.hide());
}

/** The value at a place, or the last one before it: curves are drawn across gaps. */
function nearby(values: readonly (number | null)[], index: number): number | null {
  for (let at = index; at >= 0; at--) {
    const value = values[at];
    if (value != null) return values.slice(index).some((one) => one != null) ? value : null;
  }
  return null;
}
