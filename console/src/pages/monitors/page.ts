import { IconRadar2 } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/monitors",
    title: "Monitors",
    load: () => import("./MonitorsPage"),
    nav: { section: "Data", order: 130, icon: IconRadar2 },
    shortcut: "w",
    permission: "catalog:read",
  },
  { path: "/monitors/$monitor", title: "Monitor", load: () => import("./MonitorPage") },
];
