// biome-ignore-all lint/style/noNonNullAssertion: indexes of typed arrays and parallel columns are in bounds by construction
/** Which spans the waterfall shows, and how a reader moves between them. */

import type { Segment, TraceModel } from "./model";

export interface View {
  /** Spans whose subtrees are folded away. */
  collapsed: ReadonlySet<number>;
  /** Shows only where a service begins to work: its inner spans are folded into that one. */
  byService: boolean;
  /** Shows only these spans and what is above them; null for all. */
  only: Uint8Array | null;
}

export interface Rows {
  /** Spans by row. */
  spans: Int32Array;
  /** Indentation by row. */
  depth: Int32Array;
  /** Spans that a row hides below it. */
  folded: Int32Array;
}

/** What each picture of a trace's spans is given. */
export interface SpansProps {
  model: TraceModel;
  rows: Rows;
  selected: number;
  /** Marks of the search within the trace; null without a search. */
  matches: Uint8Array | null;
  /** Time that is shown, nanoseconds after the start. */
  window: Segment;
  onWindow: (window: Segment) => void;
  onSelect: (span: number) => void;
}

export const WHOLE: View = { collapsed: new Set(), byService: false, only: null };

/** The rows of a view, in one pass over the spans. */
export function visibleRows(model: TraceModel, view: View): Rows {
  const spans = new Int32Array(model.count);
  const depth = new Int32Array(model.count);
  const folded = new Int32Array(model.count);
  const kept = view.only ? withAncestors(model, view.only) : null;
  // The indentation of the nearest span above that is shown, by span.
  const shownDepth = new Int32Array(model.count).fill(-1);
  let row = 0;
  for (let at = 0; at < model.count; at += 1) {
    const span = model.order[at]!;
    const above = model.parent[span]!;
    const aboveDepth = above < 0 ? -1 : shownDepth[above]!;
    const inner =
      view.byService &&
      above >= 0 &&
      model.spans.service_name[above] === model.spans.service_name[span];
    if (inner || (kept && !kept[span])) {
      shownDepth[span] = aboveDepth;
      continue;
    }
    shownDepth[span] = aboveDepth + 1;
    spans[row] = span;
    depth[row] = aboveDepth + 1;
    if (view.collapsed.has(span)) {
      folded[row] = model.placeEnd[span]! - at - 1;
      at = model.placeEnd[span]! - 1;
    }
    row += 1;
  }
  return { spans: spans.slice(0, row), depth: depth.slice(0, row), folded: folded.slice(0, row) };
}

function withAncestors(model: TraceModel, only: Uint8Array): Uint8Array {
  const kept = only.slice();
  for (let at = model.count - 1; at >= 0; at -= 1) {
    const span = model.order[at]!;
    const above = model.parent[span]!;
    if (kept[span] && above >= 0) kept[above] = 1;
  }
  return kept;
}

/** Marks spans whose name, service, kind, status or id contains a text, in any case. */
export function matching(model: TraceModel, text: string): Uint8Array {
  const wanted = text.trim().toLowerCase();
  const found = new Uint8Array(model.count);
  if (!wanted) return found;
  const { name, service_name, kind, status, status_message, span_id } = model.spans;
  for (let index = 0; index < model.count; index += 1) {
    const has =
      name[index]!.toLowerCase().includes(wanted) ||
      service_name[index]!.toLowerCase().includes(wanted) ||
      status_message[index]!.toLowerCase().includes(wanted) ||
      kind[index]!.toLowerCase() === wanted ||
      status[index]!.toLowerCase() === wanted ||
      span_id[index] === wanted;
    if (has) found[index] = 1;
  }
  return found;
}

/** The next marked span after (or before) one in the order of reading, round the end; -1 if none. */
export function step(model: TraceModel, marks: Uint8Array, from: number, back = false): number {
  const { count, order, place } = model;
  const start = from >= 0 ? place[from]! : back ? count : -1;
  for (let passed = 1; passed <= count; passed += 1) {
    const at = (((start + (back ? -passed : passed)) % count) + count) % count;
    const span = order[at]!;
    if (marks[span]) return span;
  }
  return -1;
}

/** What must be unfolded for a span to be seen: the collapsed spans above it. */
export function foldedAbove(
  model: TraceModel,
  collapsed: ReadonlySet<number>,
  span: number,
): number[] {
  const found: number[] = [];
  for (let at = model.parent[span]!; at >= 0; at = model.parent[at]!) {
    if (collapsed.has(at)) found.push(at);
  }
  return found;
}

/** Spans to fold so that none below a depth is seen. */
export function collapseBelow(model: TraceModel, depth: number): Set<number> {
  const found = new Set<number>();
  for (let index = 0; index < model.count; index += 1) {
    if (model.depth[index] === depth && model.children[index]!.length > 0) found.add(index);
  }
  return found;
}

/** Round times for the ruler of a window, about `wanted` of them, both ends included. */
export function rulerTicks(start: number, end: number, wanted: number): number[] {
  const span = end - start;
  if (!(span > 0) || wanted < 1) return [start];
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const size = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough)!;
  const ticks: number[] = [];
  for (let tick = Math.ceil(start / size) * size; tick <= end; tick += size) ticks.push(tick);
  return ticks;
}
