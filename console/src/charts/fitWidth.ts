import type uPlot from "uplot";
import { aroundPaper } from "./paper";

/**
 * Makes a plot once its element's width is known, and keeps it as wide; returns what takes it away.
 *
 * The observer is told after the page's one layout of a frame; asking the element itself would make the
 * browser lay the page out again for every plot of a dashboard.
 */
export function fitWidth(element: HTMLElement, make: (width: number) => uPlot): () => void {
  let plot: uPlot | null = null;
  const fit = (space: number) => {
    const width = Math.floor(space);
    if (width <= 0) return;
    plot ??= make(width);
    if (width !== plot.width) plot.setSize({ width, height: plot.height });
  };
  const watch = new ResizeObserver(([entry]) => fit(entry?.contentRect.width ?? 0));
  watch.observe(element);
  const forget = aroundPaper(() => fit(element.clientWidth));
  return () => {
    watch.disconnect();
    forget();
    plot?.destroy();
  };
}
