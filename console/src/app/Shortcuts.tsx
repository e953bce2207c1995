import { lazy, Suspense, useState } from "react";
import { useTimeRange } from "@/time/TimeProvider";
import { usePages } from "./Navigation";
import { type Shortcut, useShortcutKeys, useShortcuts } from "./shortcuts";
import { useOpenPage } from "./useOpenPage";

const ShortcutList = lazy(() => import("./ShortcutList"));

let open: () => void = () => undefined;

export function showShortcuts(): void {
  open();
}

/** The shortcuts of the frame, and the list of all that hold at the moment. */
export function Shortcuts() {
  const openPage = useOpenPage();
  const time = useTimeRange();
  const [opened, setOpened] = useState(false);
  open = () => setOpened(true);
  const pages = usePages();
  useShortcutKeys();
  useShortcuts([
    { keys: "?", what: "Show the shortcuts", run: () => setOpened(true) },
    ...pages
      .filter((page) => page.shortcut)
      .map(
        (page): Shortcut => ({
          keys: `g ${page.shortcut}`,
          what: `Go to ${page.title}`,
          run: () => openPage(page.path),
        }),
      ),
    {
      keys: "t",
      what: "Choose the time range",
      run: () => document.getElementById("time-range")?.click(),
    },
    { keys: "r", what: "Ask again", run: time.refresh },
    { keys: "z", what: "Zoom out", run: time.zoomOut },
    { keys: "L", what: "Live mode on or off", run: () => time.setLive(!time.live) },
  ]);
  if (!opened) return null;
  return (
    <Suspense>
      <ShortcutList onClose={() => setOpened(false)} />
    </Suspense>
  );
}
