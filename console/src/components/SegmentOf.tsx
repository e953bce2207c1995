/** Which rows a result is of, where it is not of all. */
export function SegmentOf({ segment }: { segment: Record<string, string> }) {
  const pairs = Object.entries(segment).map(([name, value]) => `${name}=${value}`);
  return pairs.length > 0 ? <span className="dimmed"> of {pairs.join(", ")}</span> : null;
}
