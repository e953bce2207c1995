/** The two sets of spans that a comparison tells apart, and what it finds for reading. */

import type { components } from "@/api/schema";
import { writeTerm } from "@/search/terms";

export type SpanGroup = components["schemas"]["SpanGroup"];
type Difference = components["schemas"]["DifferenceView"];

export const COMPARISONS = ["slow", "errors", "before", "query"] as const;
export type ComparisonKind = (typeof COMPARISONS)[number];

export interface Asked {
  kind: ComparisonKind;
  /** The page's search, which both sets are of. */
  q: string;
  /** Milliseconds since the epoch. */
  start: number;
  end: number;
  /** From which duration on a span is slow, in nanoseconds. */
  slowNs: number;
  /** What the selected set matches besides, for the comparison by a search. */
  other: string;
}

export interface Sides {
  selected: SpanGroup;
  baseline: SpanGroup;
  selectedName: string;
  baselineName: string;
}

/** The two sets of a comparison; null where it is not said what to compare. */
export function sidesOf({ kind, q, start, end, slowNs, other }: Asked): Sides | null {
  const group = (more: Partial<SpanGroup>, from = start, to = end) =>
    ({
      q,
      start: new Date(from).toISOString(),
      end: new Date(to).toISOString(),
      ...more,
    }) as SpanGroup;
  switch (kind) {
    case "slow":
      if (slowNs <= 0) return null;
      return {
        selected: group({ min_duration_ns: slowNs }),
        baseline: group({ max_duration_ns: slowNs - 1 }),
        selectedName: "slow",
        baselineName: "fast",
      };
    case "errors": {
      const failed = writeTerm("status", "error");
      return {
        selected: group({ q: both(q, failed) }),
        baseline: group({ q: both(q, `-${failed}`) }),
        selectedName: "with error",
        baselineName: "without",
      };
    }
    case "before":
      return {
        selected: group({}),
        baseline: group({}, start - (end - start), start),
        selectedName: "now",
        baselineName: "before",
      };
    case "query":
      if (!other.trim()) return null;
      return {
        selected: group({ q: both(q, `(${other})`) }),
        baseline: group({ q: both(q, `NOT (${other})`) }),
        selectedName: "matching",
        baselineName: "others",
      };
  }
}

/** Both conditions at once; the first may hold an OR. */
function both(q: string, more: string): string {
  return q.trim() ? `(${q}) ${more}` : more;
}

/** Keys that say no more than how the sets were chosen. */
const TAUTOLOGIES: Record<ComparisonKind, readonly string[]> = {
  slow: [],
  errors: ["status"],
  before: [],
  query: [],
};

export interface Finding extends Difference {
  selectedCount: number;
  baselineCount: number;
  /** How many times as frequent among the selected; null where the baseline has none. */
  lift: number | null;
}

export function findings(
  kind: ComparisonKind,
  found: components["schemas"]["ComparisonView"],
): Finding[] {
  return found.differences
    .filter((one) => !TAUTOLOGIES[kind].includes(one.key))
    .map((one) => ({
      ...one,
      selectedCount: Math.round(one.selected_share * found.selected_sample),
      baselineCount: Math.round(one.baseline_share * found.baseline_sample),
      lift: one.baseline_share > 0 ? one.selected_share / one.baseline_share : null,
    }));
}
