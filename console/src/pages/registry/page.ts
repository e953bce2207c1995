import { IconChecklist, IconPackage, IconWebhook } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/models",
    title: "Models",
    load: () => import("./ModelsPage"),
    nav: { section: "Models", order: 62, icon: IconPackage },
    shortcut: "r",
    permission: "catalog:read",
  },
  {
    path: "/models/$name",
    title: "Model",
    load: () => import("./ModelPage"),
    permission: "catalog:read",
  },
  {
    path: "/models/$name/versions/$version",
    title: "Model version",
    load: () => import("./VersionPage"),
    permission: "catalog:read",
  },
  {
    path: "/approvals",
    title: "Approvals",
    load: () => import("./ApprovalsPage"),
    nav: { section: "Models", order: 64, icon: IconChecklist },
    shortcut: "y",
    permission: "catalog:read",
  },
  {
    path: "/approvals/$request",
    title: "Approval request",
    load: () => import("./ApprovalPage"),
    permission: "catalog:read",
  },
  {
    path: "/registry-webhooks",
    title: "Registry webhooks",
    load: () => import("./WebhooksPage"),
    nav: { section: "Models", order: 68, icon: IconWebhook },
    permission: "catalog:read",
  },
];
