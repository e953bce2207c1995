import type uPlot from "uplot";

/** Keeps a plot as wide as its element; returns what takes the plot away. */
export function fitWidth(plot: uPlot, element: HTMLElement): () => void {
  const watch = new ResizeObserver(([entry]) => {
    const width = Math.floor(entry?.contentRect.width ?? 0);
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: plot.height });
  });
  watch.observe(element);
  return () => {
    watch.disconnect();
    plot.destroy();
  };
}
