import { useEffect, useRef, useSyncExternalStore } from "react";

export interface Shortcut {
  /** One key (`j`, `/`, `?`, `Escape`) or two after each other (`g l`). */
  keys: string;
  what: string;
  run: () => void;
}

const SEQUENCE_MS = 1200;
const active = new Set<readonly Shortcut[]>();
const listeners = new Set<() => void>();
let snapshot: readonly Shortcut[] = [];

function changed(): void {
  snapshot = [...active].flat();
  for (const listener of listeners) listener();
}

/** Offer shortcuts while a component is there; they are listed under `?`. */
export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const latest = useRef(shortcuts);
  latest.current = shortcuts;
  const names = shortcuts.map(({ keys, what }) => `${keys}\t${what}`).join("\n");
  useEffect(() => {
    const offered = names
      .split("\n")
      .filter(Boolean)
      .map((line): Shortcut => {
        const [keys = "", what = ""] = line.split("\t");
        return { keys, what, run: () => latest.current.find((item) => item.keys === keys)?.run() };
      });
    active.add(offered);
    changed();
    return () => {
      active.delete(offered);
      changed();
    };
  }, [names]);
}

export function useActiveShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => snapshot,
  );
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Whether a dialog or a menu is open; some stay in the page while they are closed. */
function inDialog(): boolean {
  const found = document.querySelectorAll("[role=dialog], [role=menu]");
  return [...found].some((item) => item.checkVisibility?.({ visibilityProperty: true }) ?? true);
}

/** The shortcut that keys lead to: the one of the last component that offers it. */
export function findShortcut(shortcuts: readonly Shortcut[], keys: string): Shortcut | undefined {
  return shortcuts.findLast((item) => item.keys === keys);
}

/** Listen for the keys; once, in the frame. */
export function useShortcutKeys(): void {
  useEffect(() => {
    let first = "";
    let at = 0;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
      // Keys in a field or in a dialog are for it alone.
      if (isTyping(event.target) || inDialog()) return;
      const pair = first && event.timeStamp - at < SEQUENCE_MS ? `${first} ${event.key}` : "";
      const found = (pair && findShortcut(snapshot, pair)) || findShortcut(snapshot, event.key);
      first = "";
      if (found) {
        event.preventDefault();
        found.run();
      } else if (snapshot.some((item) => item.keys.startsWith(`${event.key} `))) {
        first = event.key;
        at = event.timeStamp;
      }
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
