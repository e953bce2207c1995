import { IconFilterCog } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/metric-filters",
    title: "Metric filters",
    load: () => import("./MetricFiltersPage"),
    nav: { section: "Telemetry", order: 35, icon: IconFilterCog },
  },
];
