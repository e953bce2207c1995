/** What is being edited: the definition with its steps back and forth. */

import type { Spec } from "./model";

export interface Draft {
  past: readonly Spec[];
  now: Spec;
  future: readonly Spec[];
}

const MOST = 100;

export const begun = (spec: Spec): Draft => ({ past: [], now: spec, future: [] });

/** A step; `join` makes it a part of the last one, as for what is typed. */
export function changed(draft: Draft, spec: Spec, join = false): Draft {
  if (spec === draft.now) return draft;
  const past = join && draft.past.length ? draft.past : [...draft.past, draft.now].slice(-MOST);
  return { past, now: spec, future: [] };
}

export function undone({ past, now, future }: Draft): Draft {
  const last = past.at(-1);
  return last
    ? { past: past.slice(0, -1), now: last, future: [now, ...future] }
    : { past, now, future };
}

export function redone({ past, now, future }: Draft): Draft {
  const [next, ...rest] = future;
  return next ? { past: [...past, now], now: next, future: rest } : { past, now, future };
}
