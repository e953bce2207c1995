import type { components } from "@/api/schema";
import { hashOf, type Level, levelOf } from "@/theme/colors";

export type LogRecord = Omit<components["schemas"]["LogRecordView"], "received_time"> & {
  received_time?: string;
};

/** Fields that every record may have, as the search box names them. */
const BUILT_IN: Record<string, (record: LogRecord) => string> = {
  level: (record) => record.severity_text || levelOf(record.severity_number),
  service: (record) => record.service_name,
  message: (record) => record.body,
  host: (record) => record.resource["host.name"] ?? "",
  event: (record) => record.event_name,
  scope: (record) => record.scope_name,
  trace_id: (record) => record.trace_id,
  span_id: (record) => record.span_id,
  time: (record) => record.timestamp,
  received_time: (record) => record.received_time ?? "",
  severity_number: (record) => String(record.severity_number || ""),
};

/** A member that the object has itself: names come from telemetry, and may be "constructor". */
function own<T>(of: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(of, name) ? of[name] : undefined;
}

/** A record's value of a field, built in or an attribute; '' where it has none. */
export function fieldOf(record: LogRecord, field: string): string {
  const builtIn = own(BUILT_IN, field);
  if (builtIn) return builtIn(record);
  if (field.startsWith("resource.")) return own(record.resource, field.slice(9)) ?? "";
  return own(record.attributes, field) ?? own(record.resource, field) ?? "";
}

export const levelOfRecord = (record: LogRecord): Level => levelOf(record.severity_number);

/** Milliseconds since the epoch of a time with nanoseconds. */
export const millisecondsOf = (timestamp: string): number => Date.parse(timestamp);

/** A name for a record within its range: its time and what tells it from others of that time. */
export function keyOf(record: LogRecord): string {
  const content = `${record.service_name}\n${record.body}\n${record.span_id}`;
  const attributes = Object.keys(record.attributes).length ? JSON.stringify(record.attributes) : "";
  return `${record.timestamp}.${hashOf(content + attributes).toString(36)}`;
}

/**
 * Text as one line: line breaks and other control characters are shown as signs of their own, so
 * that no record can break the row or hide what stands in it.
 */
export function oneLine(text: string, most = 2000): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return visible(cut.replace(/\s*\n\s*/g, " ⏎ ").replace(/\t/g, " "));
}

/** Control characters as their pictures (␀ to ␟), direction marks as their code points. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_Control}]/gu, (found) => {
    const code = found.charCodeAt(0);
    if (found === "\n" || found === "\t") return found;
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
  });
}

/** A body that is JSON, laid out; undefined for any other. */
export function laidOut(body: string): string | undefined {
  if (!/^\s*[[{]/.test(body) || body.length > 200_000) return undefined;
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return undefined;
  }
}
