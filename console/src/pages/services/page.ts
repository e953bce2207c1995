import { IconBox } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/services",
    title: "Services",
    load: () => import("./ServicesPage"),
    nav: { section: "Infrastructure", order: 40, icon: IconBox },
    shortcut: "s",
  },
  { path: "/services/$service", title: "Service", load: () => import("./ServicePage") },
];
