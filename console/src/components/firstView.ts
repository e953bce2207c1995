/** Where a graph is first looked at. */

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Text of a node is read down to this scale. */
export const READABLE = 0.7;
const MARGIN = 24;

/**
 * The first view of a graph that is too large to be read as a whole: at a scale that can be read,
 * with its subject as near to the middle as the graph's edges allow. None where the whole fits.
 */
export function firstView(
  graph: Box,
  screen: { width: number; height: number },
  subject: { x: number; y: number },
): { x: number; y: number; zoom: number } | null {
  const fits = (size: number, length: number) => length * READABLE + 2 * MARGIN <= size;
  if (fits(screen.width, graph.width) && fits(screen.height, graph.height)) return null;
  const along = (size: number, from: number, length: number, middle: number): number => {
    if (fits(size, length)) return size / 2 - (from + length / 2) * READABLE;
    const first = MARGIN - from * READABLE;
    const last = size - MARGIN - (from + length) * READABLE;
    return Math.min(first, Math.max(last, size / 2 - middle * READABLE));
  };
  return {
    x: along(screen.width, graph.x, graph.width, subject.x),
    y: along(screen.height, graph.y, graph.height, subject.y),
    zoom: READABLE,
  };
}
