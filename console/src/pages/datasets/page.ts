import { IconDatabase } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/datasets",
    title: "Datasets",
    load: () => import("./DatasetsPage"),
    nav: { section: "Data", order: 120, icon: IconDatabase },
    shortcut: "u",
    permission: "telemetry:read",
  },
  { path: "/datasets/$dataset", title: "Dataset", load: () => import("./DatasetPage") },
];
