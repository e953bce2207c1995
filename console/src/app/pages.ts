import type { Icon } from "@tabler/icons-react";
import type { ComponentType } from "react";

export type Section =
  | "Overview"
  | "Telemetry"
  | "Alarms"
  | "Infrastructure"
  | "Data"
  | "Models"
  | "Business"
  | "Settings";

/** One page of the console; each folder of `src/pages` exports its pages from `page.ts`. */
export interface PageSpec {
  /** Path in the console, such as `/logs` or `/traces/$traceId`. */
  path: string;
  /** In the navigation, the palette and the window's title. */
  title: string;
  /** The page itself, loaded when it is opened. Its file is named as its chunk: `LogsPage.tsx`. */
  load: () => Promise<{ default: ComponentType }>;
  /** Where it stands in the navigation; none for pages that others lead to. */
  nav?: { section: Section; order: number; icon: Icon };
  /** Second key of `g` navigation. */
  shortcut?: string;
  /** What the caller must be allowed for the page to be offered. */
  permission?: string;
}

const found = import.meta.glob<{ pages: readonly PageSpec[] }>("../pages/*/page.ts", {
  eager: true,
});

export const PAGES: readonly PageSpec[] = Object.values(found)
  .flatMap((module) => module.pages)
  .sort((a, b) => (a.nav?.order ?? 1e3) - (b.nav?.order ?? 1e3) || a.path.localeCompare(b.path));

export const SECTIONS: readonly Section[] = [
  "Overview",
  "Telemetry",
  "Alarms",
  "Infrastructure",
  "Data",
  "Models",
  "Business",
  "Settings",
];
