import { LEVELS } from "@/theme/colors";

/** What the search box knows by itself of a signal; attributes come from the server. */
export type Signal = "logs" | "spans";

export interface BuiltIn {
  name: string;
  about: string;
  /** Values that are always the same, or `counted` where facets tell them. */
  values?: readonly string[] | "counted";
}

const LEVEL_VALUES = LEVELS.filter((level) => level !== "unset");

const FIELDS: Record<Signal, readonly BuiltIn[]> = {
  logs: [
    {
      name: "level",
      about: "severity; level:>=warn",
      values: [...LEVEL_VALUES, ">=warn", ">=error"],
    },
    { name: "service", about: "service.name", values: "counted" },
    { name: "message", about: "the record's text" },
    { name: "host", about: "host.name", values: "counted" },
    { name: "event", about: "event name", values: "counted" },
    { name: "scope", about: "instrumentation scope", values: "counted" },
    { name: "trace_id", about: "trace" },
    { name: "span_id", about: "span" },
    { name: "time", about: "time of the record" },
    { name: "severity_number", about: "1 to 24" },
    { name: "received_time", about: "when it came in" },
  ],
  spans: [
    { name: "service", about: "service.name", values: "counted" },
    { name: "name", about: "operation", values: "counted" },
    { name: "duration", about: "duration:>100ms" },
    { name: "status", about: "Ok, Error, Unset", values: ["Error", "Ok", "Unset"] },
    {
      name: "kind",
      about: "role in a call",
      values: ["Server", "Client", "Internal", "Producer", "Consumer"],
    },
    { name: "message", about: "status message" },
    { name: "event", about: "events of the span" },
    { name: "host", about: "host.name", values: "counted" },
    { name: "scope", about: "instrumentation scope", values: "counted" },
    { name: "trace_id", about: "trace" },
    { name: "span_id", about: "span" },
    { name: "parent_span_id", about: "the calling span" },
    { name: "time", about: "start of the span" },
  ],
};

export const builtInFields = (signal: Signal): readonly BuiltIn[] => FIELDS[signal];

/** Index in UTF-16 units of a place that the server counts in code points. */
export function toUnits(text: string, points: number): number {
  let units = 0;
  for (const character of text) {
    if (points-- <= 0) break;
    units += character.length;
  }
  return units;
}

/** Index in code points, as the server counts, of a place in UTF-16 units. */
export const toPoints = (text: string, units: number): number => [...text.slice(0, units)].length;
