import { IconGitFork, IconRoute } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/pipelines",
    title: "Pipelines",
    load: () => import("./PipelinesPage"),
    nav: { section: "Data", order: 60, icon: IconRoute },
  },
  { path: "/pipelines/detail", title: "Pipeline", load: () => import("./PipelinePage") },
  { path: "/pipelines/runs/$runId", title: "Run", load: () => import("./RunPage") },
  {
    path: "/lineage",
    title: "Lineage",
    load: () => import("../lineage/LineagePage"),
    nav: { section: "Data", order: 65, icon: IconGitFork },
  },
];
