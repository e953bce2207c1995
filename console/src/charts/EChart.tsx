import { useComputedColorScheme } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import { resolveColor } from "@/theme/colors";
import classes from "./charts.module.css";
import type { EChartsCoreOption, EChartsType } from "./echarts";
import { aroundPaper } from "./paper";

export interface Inks {
  text: string;
  dimmed: string;
  grid: string;
  surface: string;
  accent: string;
}

interface Props {
  label: string;
  height: number;
  /** The chart; called again when what it closes over or the colours change. Memoise it. */
  option: (inks: Inks) => EChartsCoreOption;
  /** Called once for each chart made; what it returns is called when the chart goes. */
  onReady?: (chart: EChartsType) => void;
  children?: ReactNode;
  onKeyDown?: (event: React.KeyboardEvent<HTMLElement>) => void;
}

/** A chart of ECharts, for axes that are not time; the library comes when it is first needed. */
export function EChart({ label, height, option, onReady, children, onKeyDown }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const scheme = useComputedColorScheme("light");
  const latest = useRef({ option, onReady });
  latest.current = { option, onReady };

  useEffect(() => {
    const element = host.current;
    if (!element) return;
    let gone = false;
    const fit = () => chart.current?.resize();
    const watch = new ResizeObserver(fit);
    const forget = aroundPaper(fit);
    void import("./echarts").then(({ init }) => {
      if (gone) return;
      const made = init(element, null, { renderer: "canvas" });
      chart.current = made;
      made.setOption(latest.current.option(inks()));
      latest.current.onReady?.(made);
      watch.observe(element);
    });
    return () => {
      gone = true;
      watch.disconnect();
      forget();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `scheme` stands for the colours
  useEffect(() => {
    chart.current?.setOption(option(inks()), { notMerge: true });
  }, [option, scheme]);

  return (
    <div
      role="group"
      aria-label={label}
      tabIndex={0}
      className={classes.plot}
      onKeyDown={onKeyDown}
    >
      <div ref={host} style={{ height }} aria-hidden="true" />
      {children}
    </div>
  );
}

function inks(): Inks {
  const color = (name: string): string => resolveColor(`var(--v-${name})`);
  return {
    text: color("text"),
    dimmed: color("dimmed"),
    grid: color("grid"),
    surface: color("raised"),
    accent: color("link"),
  };
}
