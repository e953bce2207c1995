import { IconTopologyStar3 } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/map",
    title: "Service map",
    load: () => import("./MapPage"),
    nav: { section: "Infrastructure", order: 50, icon: IconTopologyStar3 },
    shortcut: "p",
  },
];
