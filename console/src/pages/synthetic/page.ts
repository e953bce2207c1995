import { IconRobot } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/synthetic",
    title: "Synthetic checks",
    load: () => import("./ChecksPage"),
    nav: { section: "Telemetry", order: 46, icon: IconRobot },
  },
  { path: "/synthetic/$check", title: "Synthetic check", load: () => import("./CheckPage") },
];
