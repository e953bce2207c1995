import { IconChartLine } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/metrics",
    title: "Metrics",
    load: () => import("./MetricsPage"),
    nav: { section: "Telemetry", order: 30, icon: IconChartLine },
    shortcut: "m",
  },
];
