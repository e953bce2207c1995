import type uPlot from "uplot";

/**
 * Makes a plot once its element's width is known, and keeps it as wide; returns what takes it away.
 *
 * The observer is told after the page's one layout of a frame; asking the element itself would make the
 * browser lay the page out again for every plot of a dashboard.
 */
export function fitWidth(element: HTMLElement, make: (width: number) => uPlot): () => void {
  let plot: uPlot | null = null;
  const watch = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width <= 0) return;
    plot ??= make(width);
    if (width !== plot.width) plot.setSize({ width, height: plot.height });
  });
  watch.observe(element);
  return () => {
    watch.disconnect();
    plot?.destroy();
  };
}
