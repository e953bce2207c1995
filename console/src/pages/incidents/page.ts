import { IconFlame } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/incidents",
    title: "Incidents",
    load: () => import("./IncidentsPage"),
    nav: { section: "Alarms", order: 49, icon: IconFlame },
    shortcut: "i",
  },
  { path: "/incidents/$incident", title: "Incident", load: () => import("./IncidentPage") },
];
