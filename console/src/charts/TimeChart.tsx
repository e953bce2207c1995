import { fitWidth } from "./fitWidth";
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import uPlot from "uplot";
import { useTimeRange } from "@/time/TimeProvider";
import type { Aligned } from "./aligned";
import classes from "./charts.module.css";
import type { Overlays } from "./overlays";
import { formatValue } from "./units";
import { exemplarAt, overlayPlugin } from "./uplot/drawing";
import { type ChartKind, drawn, type Layout, optionsOf } from "./uplot/options";
import { type MovedThreshold, thresholdPlugin } from "./uplot/threshold";
import { Tooltip, type TooltipRow } from "./uplot/tooltip";

/** Charts share one crosshair; a page is all there is at a time. */
export const CROSSHAIR = "page";

const NOTHING: ReadonlySet<string> = new Set();
const NO_OVERLAYS: Overlays = {};
const MAX_TOOLTIP_ROWS = 12;
const PAGE_STEP = 10;
const MIN_BRUSH_PX = 5;
const POINT_REACH_PX = 24;

export interface TimeChartProps {
  /** What the chart shows, for those who do not see it. */
  label: string;
  data: Aligned;
  kind?: ChartKind;
  unit?: string;
  height?: number;
  log?: boolean;
  min?: number;
  max?: number;
  overlays?: Overlays;
  hidden?: ReadonlySet<string>;
  /** A click or Enter: index of the timestamp, key of the nearest series. */
  onPick?: (index: number, key: string | null) => void;
  /** What a click does, for the tooltip. */
  pickHint?: string;
  /** A threshold that is dragged over the chart, or moved by the arrow keys. */
  threshold?: MovedThreshold;
  /** Instead of zooming the page's time context; seconds. */
  onBrush?: (start: number, end: number) => void;
}

interface Live extends Required<Pick<TimeChartProps, "label" | "data" | "unit">> {
  props: TimeChartProps;
  overlays: Overlays;
  hidden: ReadonlySet<string>;
  range: [number, number];
  brush: (start: number, end: number) => void;
  moment: (seconds: number) => string;
}

/**
 * A chart over the page's time context. Drag to zoom, arrow keys to read values, Shift with arrows
 * and Enter to zoom by keyboard. Values that are shown are those of the data, also when stacked.
 */
export function TimeChart(props: TimeChartProps) {
  const { data, kind = "line", unit = "", height = 200, log = false, label } = props;
  const { hidden = NOTHING, overlays = NO_OVERLAYS, min, max } = props;
  const time = useTimeRange();
  const scheme = useComputedColorScheme("light");
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [said, setSaid] = useState("");
  const help = useId();
  const live = useRef<Live>(null as unknown as Live);
  live.current = {
    props,
    label,
    data,
    unit,
    overlays,
    hidden,
    range: [time.start / 1000, time.end / 1000],
    brush: props.onBrush ?? ((start, end) => time.zoom(start * 1000, end * 1000)),
    moment: (seconds) => time.format(seconds * 1000),
  };
  const { timezone } = time;
  const shape = shapeOf(data, hidden);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for the series, `scheme` for the colours
  useEffect(() => {
    const element = host.current;
    if (!element) return;
    const layout: Layout = { kind, unit, log, min, max, timezone, syncKey: CROSSHAIR };
    const remove = fitWidth(element, (width) => {
      plot.current = createPlot(element, layout, { width, height }, live);
      return plot.current;
    });
    return () => {
      remove();
      plot.current = null;
    };
  }, [shape, kind, unit, log, min, max, timezone, height, scheme]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: overlays and the range are read while drawing
  useEffect(() => {
    plot.current?.setData(drawn(data, kind, hidden, log).data, true);
  }, [data, overlays, kind, hidden, log, time.start, time.end, props.threshold?.value]);

  const keys = useKeyboardCursor(plot, live, setSaid);
  return (
    <div
      role="group"
      aria-label={label}
      aria-describedby={help}
      tabIndex={0}
      className={classes.plot}
      style={{ height }}
      onKeyDown={keys.onKeyDown}
      onBlur={keys.onBlur}
    >
      <div ref={host} />
      <span id={help} className={classes.visuallyHidden}>
        Chart. Arrow keys read values; with Shift they select, then Enter zooms in.
      </span>
      <span className={classes.visuallyHidden} aria-live="polite">
        {said}
      </span>
    </div>
  );
}

/** Changes with what needs a new plot: which series there are and how they look. */
function shapeOf(data: Aligned, hidden: ReadonlySet<string>): string {
  return JSON.stringify(
    data.series
      .filter((one) => !hidden.has(one.key))
      .map((one) => [one.key, one.colorKey, one.color, one.dash, one.faint, one.shape]),
  );
}

function createPlot(
  element: HTMLElement,
  layout: Layout,
  size: { width: number; height: number },
  live: { readonly current: Live },
): uPlot {
  const { data, hidden } = live.current;
  const prepared = drawn(data, layout.kind, hidden, layout.log);
  let tooltip: Tooltip | null = null;
  let inside = false;
  const hooks: uPlot.Hooks.Arrays = {
    ready: [
      (plot) => {
        tooltip = new Tooltip(plot.over);
        plot.over.addEventListener("mouseenter", () => {
          inside = true;
        });
        plot.over.addEventListener("mouseleave", () => {
          inside = false;
          tooltip?.hide();
        });
        listenForClicks(plot, prepared.source, live);
      },
    ],
    setCursor: [
      (plot) => {
        const active = inside || element.parentElement?.dataset.reading === "1";
        if (active) showValues(plot, prepared, live.current, tooltip);
        else tooltip?.hide();
      },
    ],
    setSelect: [
      (plot) => {
        const { left, width } = plot.select;
        if (width < MIN_BRUSH_PX) return;
        const start = plot.posToVal(left, "x");
        const end = plot.posToVal(left + width, "x");
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        live.current.brush(start, end);
      },
    ],
  };
  return new uPlot(
    optionsOf(
      data,
      prepared,
      layout,
      size,
      () => live.current.range,
      () => valuesOf(live.current.overlays, live.current.props.threshold),
      {
        hooks,
        plugins: [
          overlayPlugin(() => live.current.overlays),
          thresholdPlugin(() => live.current.props.threshold),
        ],
      },
    ),
    prepared.data,
    element,
  );
}

/** Values of overlays that the axis must reach. */
function valuesOf(
  { thresholds = [], exemplars = [] }: Overlays,
  threshold: MovedThreshold | undefined,
): number[] {
  const lines = threshold ? [...thresholds, threshold] : thresholds;
  return [...lines, ...exemplars].map((one) => one.value);
}

function listenForClicks(
  plot: uPlot,
  source: readonly number[],
  live: { readonly current: Live },
): void {
  let pressed = 0;
  plot.over.addEventListener("mousedown", (event) => {
    pressed = event.clientX;
  });
  plot.over.addEventListener("click", (event) => {
    if (Math.abs(event.clientX - pressed) >= MIN_BRUSH_PX) return;
    const { left = -1, top = -1, idx } = plot.cursor;
    const found = exemplarAt(plot, live.current.overlays.exemplars ?? [], left, top);
    if (found) {
      found.onOpen();
      return;
    }
    const near = closest(plot, source, live.current, left, top);
    if (near) live.current.props.onPick?.(near.index, near.key);
    else if (idx != null && live.current.props.kind !== "points") {
      live.current.props.onPick?.(idx, null);
    }
  });
}

interface Near {
  index: number;
  key: string;
  place: number;
}

/** The drawn value nearest to a point of the plotting area, in reach. */
function closest(
  plot: uPlot,
  source: readonly number[],
  { data, props }: Live,
  left: number,
  top: number,
): Near | null {
  const points = props.kind === "points";
  const middle = plot.posToIdx(left);
  const reach = points ? data.times.length : 0;
  let best: Near | null = null;
  let distance = POINT_REACH_PX;
  source.forEach((index, at) => {
    const values = plot.data[at + 1] as (number | null)[];
    for (let place = Math.max(0, middle - reach); place <= middle + reach; place++) {
      const value = values[place];
      if (value == null) continue;
      const x = plot.valToPos(data.times[place] as number, "x");
      const away = Math.hypot(points ? x - left : 0, plot.valToPos(value, "y") - top);
      const key = data.series[index]?.key;
      if (away < distance && key !== undefined) {
        distance = away;
        best = { index: place, key, place: index };
      }
    }
  });
  return best;
}

function showValues(
  plot: uPlot,
  { source, strokes }: ReturnType<typeof drawn>,
  live: Live,
  tooltip: Tooltip | null,
): void {
  const { left = -1, top = -1, idx } = plot.cursor;
  if (idx == null || left < 0) {
    tooltip?.hide();
    return;
  }
  const { data, unit, props } = live;
  const near = closest(plot, source, live, left, top);
  const points = props.kind === "points";
  if (points && !near) {
    tooltip?.hide();
    return;
  }
  const at = points && near ? near.index : idx;
  const values = source
    .map((index) => ({ index, value: data.series[index]?.values[at] ?? null }))
    .filter((one) => one.value !== null && (!points || one.index === near?.place))
    .sort((a, b) => (b.value as number) - (a.value as number));
  const rows: TooltipRow[] = values.slice(0, MAX_TOOLTIP_ROWS).map(({ index, value }) => ({
    color: strokes[index]?.color ?? "",
    label: data.series[index]?.label ?? "",
    value: formatValue(value, unit),
    strong: values.length > 1 && index === near?.place,
  }));
  const more = values.length - rows.length;
  const note = more > 0 ? `and ${more} more` : near ? props.pickHint : undefined;
  const title = live.moment(data.times[at] as number);
  const { width, height } = plot.over.getBoundingClientRect();
  tooltip?.show({ title, rows, note }, left, top, width, height);
}

/** Reading with the keyboard: a cursor that steps from timestamp to timestamp and says values. */
function useKeyboardCursor(
  plotRef: { readonly current: uPlot | null },
  live: { readonly current: Live },
  say: (text: string) => void,
) {
  const place = useRef<number | null>(null);
  const anchor = useRef<number | null>(null);

  const move = (plot: uPlot, index: number): void => {
    const { data, unit, hidden, moment } = live.current;
    const time = data.times[index] as number;
    const shown = data.series.filter((one) => !hidden.has(one.key) && one.values[index] != null);
    const value = shown[0]?.values[index] ?? 0;
    const left = plot.valToPos(time, "x");
    moveCursor(plot, left, plot.valToPos(value, "y"));
    if (anchor.current !== null) {
      const from = plot.valToPos(data.times[anchor.current] as number, "x");
      const box = { left: Math.min(from, left), width: Math.abs(from - left), top: 0 };
      plot.setSelect({ ...box, height: plot.over.clientHeight }, false);
    }
    const read = shown
      .slice(0, MAX_TOOLTIP_ROWS)
      .map((one) => `${one.label} ${formatValue(one.values[index], unit)}`);
    say(`${moment(time)}: ${read.join(", ") || "no value"}`);
  };

  const clear = (plot: uPlot): void => {
    place.current = null;
    anchor.current = null;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    moveCursor(plot, -10, -10);
  };

  const walk = (plot: uPlot, to: number, select: boolean): void => {
    if (select) anchor.current ??= place.current ?? 0;
    else {
      anchor.current = null;
      plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    }
    place.current = Math.max(0, Math.min(live.current.data.times.length - 1, to));
    move(plot, place.current);
  };

  const choose = (plot: uPlot, index: number): void => {
    const { data, brush, props } = live.current;
    if (anchor.current === null || anchor.current === index) {
      props.onPick?.(index, keyAt(data, index));
      return;
    }
    const [first, last] = [Math.min(anchor.current, index), Math.max(anchor.current, index)];
    clear(plot);
    brush(data.times[first] as number, data.times[last] as number);
  };

  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const plot = plotRef.current;
    const last = live.current.data.times.length - 1;
    if (!plot || last < 0) return;
    const here = place.current ?? (event.key === "ArrowLeft" ? last + 1 : -1);
    const target: Record<string, number> = {
      ArrowRight: here + 1,
      ArrowLeft: here - 1,
      PageDown: here + PAGE_STEP,
      PageUp: here - PAGE_STEP,
      Home: 0,
      End: last,
    };
    const wanted = target[event.key];
    event.currentTarget.dataset.reading = "1";
    if (wanted !== undefined) {
      event.preventDefault();
      walk(plot, wanted, event.shiftKey);
    } else if (event.key === "Enter" && place.current !== null) {
      event.preventDefault();
      choose(plot, place.current);
    } else if (event.key === "Escape") clear(plot);
  };

  const onBlur = (event: { currentTarget: HTMLElement }): void => {
    delete event.currentTarget.dataset.reading;
    if (plotRef.current && place.current !== null) clear(plotRef.current);
  };
  return { onKeyDown, onBlur };
}

function keyAt(data: Aligned, index: number): string | null {
  return data.series.find((one) => one.values[index] != null)?.key ?? null;
}

/** Move the crosshair of this chart and of those that follow it; uPlot's types lack the last argument. */
function moveCursor(plot: uPlot, left: number, top: number): void {
  type Publishing = (at: { left: number; top: number }, fire: boolean, publish: boolean) => void;
  (plot.setCursor as Publishing)({ left, top }, true, true);
}
