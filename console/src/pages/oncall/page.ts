import { IconUsersGroup } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/on-call",
    title: "On call",
    load: () => import("./OnCallPage"),
    nav: { section: "Alarms", order: 52, icon: IconUsersGroup },
  },
];
