// biome-ignore-all lint/style/noNonNullAssertion: indexes of typed arrays and parallel columns are in bounds by construction
/**
 * A trace laid out for drawing: numbers in typed arrays, spans by their place in the answer.
 *
 * Everything here is linear or n log n in the number of spans, so that 10,000 of them are laid out
 * in milliseconds; times are nanoseconds after the start of the trace.
 */

import type { components } from "@/api/schema";

export type TraceAnswer = components["schemas"]["TraceView"];
export type TraceSpans = TraceAnswer["spans"];

export interface Segment {
  start: number;
  end: number;
}

export interface TraceModel {
  answer: TraceAnswer;
  spans: TraceSpans;
  count: number;
  /** Nanoseconds from the first start to the last end, at least 1. */
  duration: number;
  indexOf: ReadonlyMap<string, number>;
  /** Index of the parent, -1 for roots. */
  parent: Int32Array;
  children: readonly (readonly number[])[];
  depth: Int32Array;
  /** Spans as a reader meets them: a parent, then what is below it by start. */
  order: Int32Array;
  /** Place of a span in `order`. */
  place: Int32Array;
  /** Place after the last span below it. */
  placeEnd: Int32Array;
  error: Uint8Array;
  /** Spans with an error below it, itself left out. */
  errorsBelow: Int32Array;
  /** Duration without the time in which a child ran. */
  self: Float64Array;
  /** Stretches of the critical path by span. */
  critical: ReadonlyMap<number, readonly Segment[]>;
  /** Nanoseconds on the critical path. */
  criticalTime: Float64Array;
  asynchronous: Uint8Array;
  services: readonly ServiceShare[];
}

export interface ServiceShare {
  name: string;
  spans: number;
  errors: number;
  self: number;
  criticalTime: number;
}

/** Lay a trace out. Circles and missing parents become roots, so that every span is shown. */
export function buildTrace(answer: TraceAnswer): TraceModel {
  const { spans } = answer;
  const count = spans.span_id.length;
  const indexOf = new Map<string, number>();
  spans.span_id.forEach((id, index) => {
    indexOf.set(id, index);
  });
  const named = parents(answer, indexOf);
  const children = childrenOf(named, spans);
  const walk = preorder(named, children);
  const error = Uint8Array.from(spans.status, (status) => (status === "Error" ? 1 : 0));
  const critical = new Map<number, Segment[]>();
  const criticalTime = new Float64Array(count);
  for (const segment of answer.critical_path.segments) {
    const index = indexOf.get(segment.span_id);
    if (index === undefined) continue;
    const found = critical.get(index) ?? [];
    found.push({ start: segment.offset_ns, end: segment.offset_ns + segment.duration_ns });
    critical.set(index, found);
    criticalTime[index]! += segment.duration_ns;
  }
  const asynchronous = new Uint8Array(count);
  for (const id of answer.critical_path.asynchronous) {
    const index = indexOf.get(id);
    if (index !== undefined) asynchronous[index] = 1;
  }
  const self = selfTimes(spans, children);
  const model = {
    answer,
    spans,
    count,
    indexOf,
    children,
    error,
    self,
    critical,
    criticalTime,
    asynchronous,
    ...walk,
    duration: Math.max(answer.duration_ns, 1),
    errorsBelow: sumsBelow(walk.order, walk.parent, error),
  };
  return { ...model, services: shares(model) };
}

function parents(answer: TraceAnswer, indexOf: ReadonlyMap<string, number>): Int32Array {
  const { span_id: ids, parent_span_id: named } = answer.spans;
  const roots = new Set(answer.roots);
  const whole = answer.roots.filter((id) => named[indexOf.get(id) ?? -1] === "");
  const onlyRoot = whole.length === 1 ? indexOf.get(whole[0]!)! : -1;
  return Int32Array.from(ids, (id, index) => {
    if (roots.has(id)) return -1;
    const known = indexOf.get(named[index]!);
    // The server counts a span whose parent got lost as a child of the only root.
    const found = known ?? onlyRoot;
    return found === index ? -1 : found;
  });
}

function childrenOf(parent: Int32Array, spans: TraceSpans): number[][] {
  const children: number[][] = Array.from(parent, () => []);
  parent.forEach((above, index) => {
    if (above >= 0) children[above]!.push(index);
  });
  for (const below of children) {
    if (below.length > 1) below.sort((a, b) => spans.offset_ns[a]! - spans.offset_ns[b]! || a - b);
  }
  return children;
}

function preorder(parent: Int32Array, children: readonly (readonly number[])[]) {
  const count = parent.length;
  const walked = parent.slice();
  const order = new Int32Array(count);
  const place = new Int32Array(count).fill(-1);
  const placeEnd = new Int32Array(count);
  const depth = new Int32Array(count);
  let next = 0;
  const visit = (root: number): void => {
    // A negative entry is a span whose subtree is done: its complement is the span.
    const waiting = [root];
    while (waiting.length > 0) {
      const at = waiting.pop()!;
      if (at < 0) {
        placeEnd[~at] = next;
        continue;
      }
      if (place[at]! >= 0) continue;
      place[at] = next;
      order[next] = at;
      next += 1;
      waiting.push(~at);
      const below = children[at]!;
      for (let child = below.length - 1; child >= 0; child -= 1) {
        const index = below[child]!;
        if (place[index]! >= 0) continue;
        depth[index] = depth[at]! + 1;
        waiting.push(index);
      }
    }
  };
  parent.forEach((above, index) => {
    if (above < 0) visit(index);
  });
  // Left are circles that no root leads to; the first span of each becomes a root.
  for (let index = 0; index < count; index += 1) {
    if (place[index]! >= 0) continue;
    walked[index] = -1;
    depth[index] = 0;
    visit(index);
  }
  return { order, place, placeEnd, depth, parent: walked };
}

function sumsBelow(order: Int32Array, parent: Int32Array, own: Uint8Array): Int32Array {
  const below = new Int32Array(order.length);
  for (let at = order.length - 1; at >= 0; at -= 1) {
    const index = order[at]!;
    const above = parent[index]!;
    if (above >= 0) below[above]! += below[index]! + own[index]!;
  }
  return below;
}

function selfTimes(spans: TraceSpans, children: readonly (readonly number[])[]): Float64Array {
  return Float64Array.from(spans.offset_ns, (start, index) => {
    const end = start + spans.duration_ns[index]!;
    let reached = start;
    let covered = 0;
    for (const child of children[index]!) {
      const from = Math.max(spans.offset_ns[child]!, reached);
      const to = Math.min(spans.offset_ns[child]! + spans.duration_ns[child]!, end);
      if (to > from) {
        covered += to - from;
        reached = to;
      }
    }
    return end - start - covered;
  });
}

function shares(
  model: Pick<TraceModel, "spans" | "error" | "self" | "criticalTime">,
): ServiceShare[] {
  const found = new Map<string, ServiceShare>();
  model.spans.service_name.forEach((name, index) => {
    let share = found.get(name);
    if (!share) {
      share = { name, spans: 0, errors: 0, self: 0, criticalTime: 0 };
      found.set(name, share);
    }
    share.spans += 1;
    share.errors += model.error[index]!;
    share.self += model.self[index]!;
    share.criticalTime += model.criticalTime[index]!;
  });
  return [...found.values()].sort((a, b) => b.self - a.self || a.name.localeCompare(b.name));
}

/** A span and everything above it, from the root down. */
export function ancestry(model: TraceModel, index: number): number[] {
  const path: number[] = [];
  for (let at = index; at >= 0; at = model.parent[at]!) path.push(at);
  return path.reverse();
}
