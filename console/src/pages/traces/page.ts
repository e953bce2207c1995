import { IconTimeline } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/traces",
    title: "Traces",
    load: () => import("./TracesPage"),
    nav: { section: "Telemetry", order: 20, icon: IconTimeline },
    shortcut: "t",
  },
  { path: "/traces/$traceId", title: "Trace", load: () => import("./TracePage") },
];
