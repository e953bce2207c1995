import { IconLayoutDashboard } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/dashboards",
    title: "Dashboards",
    load: () => import("./DashboardsPage"),
    nav: { section: "Overview", order: 15, icon: IconLayoutDashboard },
    shortcut: "d",
  },
  {
    path: "/dashboards/ready-made/$name",
    title: "Ready-made dashboard",
    load: () => import("./ReadyPage"),
  },
  {
    path: "/dashboards/$dashboard",
    title: "Dashboard",
    load: () => import("./DashboardPage"),
  },
];
