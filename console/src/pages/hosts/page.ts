import { IconScale, IconServer2 } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/hosts",
    title: "Hosts",
    load: () => import("./HostsPage"),
    nav: { section: "Infrastructure", order: 60, icon: IconServer2 },
    shortcut: "o",
  },
  { path: "/hosts/$host", title: "Host", load: () => import("./HostPage") },
  {
    path: "/infrastructure",
    title: "Infrastructure efficiency",
    load: () => import("./InfrastructurePage"),
    nav: { section: "Infrastructure", order: 62, icon: IconScale },
  },
];
