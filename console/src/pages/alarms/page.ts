import { IconBellRinging, IconVolumeOff } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/alarms",
    title: "Alarms",
    load: () => import("./AlarmsPage"),
    nav: { section: "Alarms", order: 50, icon: IconBellRinging },
    shortcut: "a",
  },
  { path: "/alarms/new", title: "New alarm", load: () => import("./AlarmFormPage") },
  { path: "/alarms/$alarm", title: "Alarm", load: () => import("./AlarmPage") },
  { path: "/alarms/$alarm/edit", title: "Edit alarm", load: () => import("./AlarmFormPage") },
  {
    path: "/mute-windows",
    title: "Mute windows",
    load: () => import("./MutesPage"),
    nav: { section: "Alarms", order: 53, icon: IconVolumeOff },
  },
];
