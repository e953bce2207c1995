/** Incidents as the API has them. */

import type { components } from "@/api/schema";

type Schemas = components["schemas"];
export type Incident = Schemas["IncidentView"];
export type Entry = Schemas["EntryView"];
export type Loss = Schemas["LossView"];
export type Status = Incident["status"];
export type Section = keyof Schemas["PostmortemView"];

export const STATUSES: readonly Status[] = ["open", "acknowledged", "mitigated", "resolved"];
export const STATUS_NAMES: Record<Status, string> = {
  open: "Open",
  acknowledged: "Acknowledged",
  mitigated: "Mitigated",
  resolved: "Resolved",
};
export const SECTIONS: readonly { id: Section; title: string; hint: string }[] = [
  { id: "summary", title: "Summary", hint: "What happened, in a few sentences" },
  { id: "impact", title: "Impact", hint: "Who noticed, for how long, and what it cost" },
  { id: "root_cause", title: "Root cause", hint: "Why it happened" },
  { id: "resolution", title: "Resolution", hint: "What ended it" },
  { id: "actions", title: "Actions", hint: "What will be done, by whom, until when" },
];

/** How long an incident has lasted, or did. */
export function lasted(
  one: Pick<Incident, "began" | "quiet_since" | "resolved">,
  now: number,
): string {
  const end = one.quiet_since ?? one.resolved;
  const minutes = Math.max(
    0,
    Math.round(((end ? Date.parse(end) : now) - Date.parse(one.began)) / 60_000),
  );
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48
    ? `${hours} h ${minutes % 60} min`
    : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
