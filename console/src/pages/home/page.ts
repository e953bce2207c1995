import { IconHome } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/",
    title: "Home",
    load: () => import("./HomePage"),
    nav: { section: "Overview", order: 0, icon: IconHome },
    shortcut: "h",
  },
];
