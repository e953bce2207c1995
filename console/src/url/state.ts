import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useSyncExternalStore } from "react";
import { Invalid, type Param } from "./params";
import type { RawSearch } from "./search";

type Spec = Record<string, Param<never>>;
export type StateOf<S> = { [K in keyof S]: S[K] extends Param<infer T> ? T : never };
// biome-ignore lint/suspicious/noExplicitAny: a spec mixes parameters of any type
type AnySpec = Record<string, Param<any>>;

export interface UrlNotice {
  param: string;
  reason: string;
}

export function readState<S extends AnySpec>(
  spec: S,
  search: RawSearch,
): { state: StateOf<S>; notices: UrlNotice[] } {
  const state: Record<string, unknown> = {};
  const notices: UrlNotice[] = [];
  for (const [name, param] of Object.entries(spec)) {
    const raw = search[name];
    const value = raw === undefined ? param.fallback : param.read(raw);
    if (value instanceof Invalid) notices.push({ param: name, reason: value.reason });
    state[name] = value instanceof Invalid ? param.fallback : value;
  }
  return { state: state as StateOf<S>, notices };
}

/** The search of the address after a change; `undefined` in the patch takes a parameter out. */
export function patchedSearch<S extends AnySpec>(
  spec: S,
  search: RawSearch,
  patch: Partial<StateOf<S>>,
): RawSearch {
  const next = { ...search };
  for (const [name, value] of Object.entries(patch)) {
    const written = value === undefined ? undefined : spec[name]?.write(value);
    if (written === undefined) delete next[name];
    else next[name] = written;
  }
  return next;
}

/**
 * A page's state in the address. `spec` must be a constant outside of the component. Each change
 * is a step that Back undoes, unless `replace` is given, as for what changes while one types.
 */
export function useUrlState<S extends AnySpec>(
  spec: S,
): [StateOf<S>, (patch: Partial<StateOf<S>>, options?: { replace?: boolean }) => void] {
  const search = useSearch({ strict: false }) as RawSearch;
  const navigate = useNavigate();
  const { state, notices } = useMemo(() => readState(spec, search), [spec, search]);
  useEffect(() => {
    setNotices(spec, notices);
    return () => setNotices(spec, []);
  }, [spec, notices]);
  const change = useCallback(
    (patch: Partial<StateOf<S>>, options?: { replace?: boolean }) => {
      void navigate({
        to: ".",
        search: ((previous: RawSearch) => patchedSearch(spec, previous, patch)) as never,
        replace: options?.replace ?? false,
      });
    },
    [navigate, spec],
  );
  return [state, change];
}

// What is wrong with the address, for the notice that the frame shows.
const bySpec = new Map<Spec | AnySpec, UrlNotice[]>();
let all: UrlNotice[] = [];
const listeners = new Set<() => void>();

function setNotices(spec: AnySpec, notices: UrlNotice[]): void {
  if (notices.length === 0 && !bySpec.has(spec)) return;
  if (notices.length) bySpec.set(spec, notices);
  else bySpec.delete(spec);
  all = [...bySpec.values()].flat();
  for (const listener of listeners) listener();
}

export function useUrlNotices(): UrlNotice[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => all,
  );
}
