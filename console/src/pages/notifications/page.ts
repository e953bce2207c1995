import { IconSend } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/notifications",
    title: "Notifications",
    load: () => import("./NotificationsPage"),
    nav: { section: "Alarms", order: 51, icon: IconSend },
  },
];
