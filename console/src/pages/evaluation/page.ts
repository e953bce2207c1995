import { IconClipboardCheck } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/evaluation",
    title: "Evaluation",
    load: () => import("./EvaluationPage"),
    nav: { section: "Models", order: 61, icon: IconClipboardCheck },
    shortcut: "v",
    permission: "catalog:read",
  },
  {
    path: "/evaluation/datasets/$dataset",
    title: "Evaluation dataset",
    load: () => import("./EvaluationDatasetPage"),
    permission: "catalog:read",
  },
  {
    path: "/evaluation/scorers/$experiment/$name",
    title: "Scorer",
    load: () => import("./ScorerPage"),
    permission: "catalog:read",
  },
];
