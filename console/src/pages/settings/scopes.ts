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

/** When it ends: label and days. */
export const ENDS = [
  { value: "", label: "never" },
  { value: "7", label: "in 7 days" },
  { value: "30", label: "in 30 days" },
  { value: "90", label: "in 90 days" },
  { value: "365", label: "in a year" },
];

/** The moment that many days from now; nothing is never. */
export const endOf = (days: string): string | null =>
  days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : null;
