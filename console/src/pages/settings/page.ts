import { IconBuildingCommunity, IconFileSearch, IconSettings, IconTags } from "@tabler/icons-react";
import type { PageSpec } from "@/app/pages";

export const pages: readonly PageSpec[] = [
  {
    path: "/settings",
    title: "Settings",
    load: () => import("./MePage"),
    nav: { section: "Settings", order: 900, icon: IconSettings },
    shortcut: "e",
  },
  {
    path: "/settings/keys",
    title: "API keys",
    load: () => import("./KeysPage"),
    permission: "admin",
  },
  {
    path: "/settings/users",
    title: "Users and roles",
    load: () => import("./UsersPage"),
    permission: "admin",
  },
  {
    path: "/settings/retention",
    title: "Retention",
    load: () => import("./RetentionPage"),
    permission: "telemetry:read",
  },
  {
    path: "/settings/ingest",
    title: "Ingest",
    load: () => import("./IngestPage"),
    permission: "telemetry:read",
  },
  {
    path: "/settings/organisation",
    title: "Organisation",
    load: () => import("./OrganisationPage"),
    nav: { section: "Settings", order: 910, icon: IconBuildingCommunity },
    permission: "telemetry:read",
  },
  {
    path: "/settings/tags",
    title: "Tags and compliance",
    load: () => import("./TagsPage"),
    nav: { section: "Settings", order: 920, icon: IconTags },
    permission: "catalog:read",
  },
  {
    path: "/settings/audit",
    title: "Audit",
    load: () => import("./AuditPage"),
    nav: { section: "Settings", order: 930, icon: IconFileSearch },
    permission: "audit:read",
  },
];
