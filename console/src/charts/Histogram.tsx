import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from "react";
import { resolveColor } from "@/theme/colors";
import classes from "./charts.module.css";
import { EChart, type Inks } from "./EChart";
import type { EChartsCoreOption, EChartsType } from "./echarts";
import { strokesOf } from "./strokes";
import { formatCount, formatValue } from "./units";

export interface Bin {
  from: number;
  to: number;
}

export interface Counts {
  key: string;
  label: string;
  color?: string;
  /** By bin. */
  counts: readonly number[];
}

interface Props {
  label: string;
  /** Neighbours, in ascending order. */
  bins: readonly Bin[];
  series: readonly Counts[];
  unit?: string;
  height?: number;
  /** Bars above each other (parts of a whole) or beside each other (two distributions). */
  stacked?: boolean;
  /** What is selected, in the unit of the bins. */
  selected?: Bin | null;
  /** A bar was clicked, or several dragged over. */
  onSelect?: (range: Bin) => void;
}

/** How many there are by value. Drag over bars to select their values; arrow keys and Enter too. */
export function Histogram(props: Props) {
  const {
    label,
    bins,
    series,
    unit = "",
    height = 180,
    stacked = true,
    selected,
    onSelect,
  } = props;
  const [marked, setMarked] = useState<[number, number] | null>(null);
  const [said, setSaid] = useState("");
  const live = useRef({ bins, onSelect });
  live.current = { bins, onSelect };
  const shown = marked ?? indexes(bins, selected);
  const option = useCallback(
    (inks: Inks) => optionOf(inks, { bins, series, unit, stacked, shown }),
    [bins, series, unit, stacked, shown],
  );
  const select = useCallback((from: number, to: number) => {
    const [first, last] = [
      live.current.bins[Math.min(from, to)],
      live.current.bins[Math.max(from, to)],
    ];
    if (first && last) live.current.onSelect?.({ from: first.from, to: last.to });
  }, []);
  const onReady = useCallback(
    (chart: EChartsType) => listenForDrags(chart, live, setMarked, select),
    [select],
  );
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (event.key === "Enter" && marked) {
      select(...marked);
      setMarked(null);
    } else if (event.key === "Escape") setMarked(null);
    if (!step) return;
    event.preventDefault();
    const at = Math.max(
      0,
      Math.min(bins.length - 1, marked ? marked[1] + step : step > 0 ? 0 : bins.length - 1),
    );
    setMarked([event.shiftKey && marked ? marked[0] : at, at]);
    setSaid(`${binLabel(bins[at], unit)}: ${countsAt(series, at)}`);
  };
  return (
    <EChart label={label} height={height} option={option} onReady={onReady} onKeyDown={onKeyDown}>
      <span className={classes.visuallyHidden} aria-live="polite">
        {said}
      </span>
    </EChart>
  );
}

/** The bins that a range covers; null where it covers none or all is selected. */
function indexes(bins: readonly Bin[], range: Bin | null | undefined): [number, number] | null {
  if (!range) return null;
  const inside = bins.flatMap((bin, at) =>
    bin.to > range.from && bin.from < range.to ? [at] : [],
  );
  return inside.length ? [inside[0] as number, inside.at(-1) as number] : null;
}

export function binLabel(bin: Bin | undefined, unit: string): string {
  return bin ? `${formatValue(bin.from, unit)} to ${formatValue(bin.to, unit)}` : "";
}

function countsAt(series: readonly Counts[], at: number): string {
  return series.map((one) => `${one.label} ${formatCount(one.counts[at] ?? 0)}`).join(", ");
}

interface Drawn {
  bins: readonly Bin[];
  series: readonly Counts[];
  unit: string;
  stacked: boolean;
  shown: [number, number] | null;
}

function optionOf(inks: Inks, { bins, series, unit, stacked, shown }: Drawn): EChartsCoreOption {
  const strokes = strokesOf(series.map((one) => ({ ...one, values: [] })));
  const label = { color: inks.dimmed, fontSize: 11 };
  return {
    animation: false,
    grid: { left: 4, right: 8, top: 8, bottom: 2, containLabel: true },
    tooltip: {
      trigger: "axis",
      axisPointer: { type: "shadow" },
      backgroundColor: inks.surface,
      borderColor: inks.grid,
      textStyle: { color: inks.text, fontSize: 12 },
      renderMode: "richText",
      formatter: (found: { dataIndex: number }[]) => {
        const at = found[0]?.dataIndex ?? 0;
        const lines = series.map((one) => `${one.label}: ${formatCount(one.counts[at] ?? 0)}`);
        return [binLabel(bins[at], unit), ...lines].join("\n");
      },
    },
    xAxis: {
      type: "category",
      data: bins.map((bin) => formatValue(bin.from, unit)),
      axisLabel: { ...label, hideOverlap: true },
      axisLine: { lineStyle: { color: inks.grid } },
      axisTick: { show: false },
    },
    yAxis: {
      type: "value",
      minInterval: 1,
      splitNumber: 3,
      axisLabel: { ...label, formatter: (value: number) => formatValue(value, "") },
      splitLine: { lineStyle: { color: inks.grid } },
    },
    series: series.map((one, index) => ({
      type: "bar",
      name: one.label,
      stack: stacked ? "all" : undefined,
      data: [...one.counts],
      barCategoryGap: "12%",
      barGap: "0%",
      itemStyle: { color: resolveColor(strokes[index]?.color ?? "") },
      markArea:
        index === 0 && shown
          ? {
              silent: true,
              itemStyle: { color: inks.accent, opacity: 0.18 },
              data: [[{ xAxis: shown[0] }, { xAxis: shown[1] }]],
            }
          : undefined,
    })),
  };
}

interface Dragged {
  readonly current: { bins: readonly Bin[] };
}

function listenForDrags(
  chart: EChartsType,
  live: Dragged,
  mark: (range: [number, number] | null) => void,
  select: (from: number, to: number) => void,
): void {
  let from = -1;
  const binAt = (event: { offsetX: number; offsetY: number }): number => {
    const [at] = chart.convertFromPixel({ xAxisIndex: 0, yAxisIndex: 0 }, [
      event.offsetX,
      event.offsetY,
    ]) as number[];
    return Math.max(0, Math.min(live.current.bins.length - 1, at ?? 0));
  };
  const renderer = chart.getZr();
  renderer.on("mousedown", (event) => {
    from = binAt(event);
  });
  renderer.on("mousemove", (event) => {
    if (from >= 0) mark([Math.min(from, binAt(event)), Math.max(from, binAt(event))]);
  });
  renderer.on("mouseup", (event) => {
    if (from < 0) return;
    const to = binAt(event);
    const began = from;
    from = -1;
    mark(null);
    select(began, to);
  });
  renderer.on("globalout", () => {
    from = -1;
    mark(null);
  });
}

/** A histogram's numbers as the frame's table takes them. */
export function useHistogramTable(bins: readonly Bin[], series: readonly Counts[], unit: string) {
  return useMemo(() => {
    const head = ["From", "To", ...series.map((one) => one.label)];
    const rows = bins.map((bin, at) => [
      formatValue(bin.from, unit),
      formatValue(bin.to, unit),
      ...series.map((one) => formatCount(one.counts[at] ?? 0)),
    ]);
    const csv = () =>
      [
        head.join(","),
        ...bins.map((bin, at) =>
          [bin.from, bin.to, ...series.map((one) => one.counts[at] ?? 0)].join(","),
        ),
      ].join("\r\n");
    return { head, rows, csv };
  }, [bins, series, unit]);
}
