// biome-ignore-all lint/style/noNonNullAssertion: indexes of typed arrays and parallel columns are in bounds by construction
/** The flame view: time from left to right, calls from top to bottom, no two bars over each other. */

import type { TraceModel } from "./model";

export interface Flame {
  /** Lane by span, 0 at the top. */
  lane: Int32Array;
  lanes: number;
  /** Spans by start, for drawing and finding. */
  byStart: Int32Array;
}

/**
 * Put each span in the first lane below its parent's that is free when it begins.
 *
 * A child that a skewed clock puts before its parent is placed as if it began with it.
 */
export function layOutFlame(model: TraceModel): Flame {
  const { count, parent, order } = model;
  const { offset_ns: offset, duration_ns: duration } = model.spans;
  const start = new Float64Array(count);
  for (let at = 0; at < count; at += 1) {
    const span = order[at]!;
    const above = parent[span]!;
    start[span] = above < 0 ? offset[span]! : Math.max(offset[span]!, start[above]!);
  }
  const byStart = Int32Array.from({ length: count }, (_, index) => index);
  byStart.sort((a, b) => start[a]! - start[b]! || model.place[a]! - model.place[b]!);
  const lane = new Int32Array(count);
  const free: number[] = [];
  for (const span of byStart) {
    const above = parent[span]!;
    let at = above < 0 ? 0 : lane[above]! + 1;
    while (at < free.length && free[at]! > start[span]!) at += 1;
    while (free.length < at) free.push(0);
    lane[span] = at;
    free[at] = Math.max(start[span]!, offset[span]! + duration[span]!);
  }
  return { lane, lanes: free.length, byStart };
}

/** The span at a moment in a lane; -1 where there is none. `slack` widens short bars for the hand. */
export function spanAt(
  model: TraceModel,
  flame: Flame,
  lane: number,
  moment: number,
  slack: number,
): number {
  let best = -1;
  let distance = slack;
  for (let index = 0; index < model.count; index += 1) {
    if (flame.lane[index] !== lane) continue;
    const start = model.spans.offset_ns[index]!;
    const end = start + model.spans.duration_ns[index]!;
    if (moment >= start && moment <= end) return index;
    const away = Math.min(Math.abs(moment - start), Math.abs(moment - end));
    if (away <= distance) {
      distance = away;
      best = index;
    }
  }
  return best;
}
