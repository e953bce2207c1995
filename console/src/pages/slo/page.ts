import { IconGauge } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/slos",
    title: "Service level objectives",
    load: () => import("./SlosPage"),
    nav: { section: "Telemetry", order: 45, icon: IconGauge },
  },
  { path: "/slos/$slo", title: "Service level objective", load: () => import("./SloPage") },
];
