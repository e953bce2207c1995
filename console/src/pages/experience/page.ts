import { IconUsers } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/experience",
    title: "User experience",
    load: () => import("./ExperiencePage"),
    nav: { section: "Telemetry", order: 47, icon: IconUsers },
  },
];
