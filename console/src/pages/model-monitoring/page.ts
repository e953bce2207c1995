import { IconActivityHeartbeat } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/model-production",
    title: "Models in production",
    load: () => import("./ProductionPage"),
    nav: { section: "Models", order: 70, icon: IconActivityHeartbeat },
  },
  {
    path: "/models/$name/monitoring",
    title: "Model monitoring",
    load: () => import("./MonitoringPage"),
  },
];
