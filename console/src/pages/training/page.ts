import { IconFlask } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/experiments",
    title: "Experiments",
    load: () => import("./ExperimentsPage"),
    nav: { section: "Models", order: 60, icon: IconFlask },
    shortcut: "x",
    permission: "catalog:read",
  },
  {
    path: "/experiments/$experiment",
    title: "Experiment",
    load: () => import("./ExperimentPage"),
    permission: "catalog:read",
  },
  {
    path: "/runs/compare",
    title: "Compare runs",
    load: () => import("./RunComparePage"),
    permission: "catalog:read",
  },
  {
    path: "/runs/$run",
    title: "Run",
    load: () => import("./RunPage"),
    permission: "catalog:read",
  },
  {
    path: "/logged-models/$model",
    title: "Logged model",
    load: () => import("./LoggedModelPage"),
    permission: "catalog:read",
  },
];
