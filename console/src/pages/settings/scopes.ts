import type { components } from "@/api/schema";

type Scope = components["schemas"]["Scope"];

/** What a key may be made for. */
export const SCOPES: { value: Scope; label: string; about: string }[] = [
  { value: "ingest", label: "ingest", about: "send telemetry" },
  { value: "read", label: "read", about: "read telemetry and the catalog" },
  { value: "write", label: "write", about: "change tags, alarms and the like" },
  { value: "sql", label: "sql", about: "ask by SQL" },
  { value: "admin", label: "admin", about: "everything, keys and users too" },
];
