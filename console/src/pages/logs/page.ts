import { IconListDetails } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/logs",
    title: "Logs",
    load: () => import("./LogsPage"),
    nav: { section: "Telemetry", order: 10, icon: IconListDetails },
    shortcut: "l",
    permission: "telemetry:read",
  },
];
