/** Moments as the API and the address write them: RFC 3339, Unix milliseconds, `now`, `-15m`. */

const UNITS: Record<string, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/y;
const MAX_DURATION = 100 * 366 * 86_400_000;
/** What a JavaScript date holds is more than what the store does. */
const MIN_MOMENT = Date.UTC(1971, 0, 1);
const MAX_MOMENT = Date.UTC(2200, 0, 1);

/** Milliseconds of `90s`, `1h30m`, `2d`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  PART.lastIndex = 0;
  let total = 0;
  while (PART.lastIndex < text.length) {
    const found = PART.exec(text);
    if (!found) return undefined;
    total += Number(found[1]) * (UNITS[found[2] as string] as number);
  }
  return text && total <= MAX_DURATION ? total : undefined;
}

/** Milliseconds since the epoch of a moment's text; undefined where it is none. */
export function parseMoment(text: string, now: number): number | undefined {
  const trimmed = text.trim();
  if (trimmed === "now") return now;
  const relative = trimmed.replace(/^now/, "");
  if (relative.startsWith("-")) {
    const back = parseDuration(relative.slice(1));
    return back === undefined ? undefined : now - back;
  }
  const moment = /^\d{11,14}$/.test(trimmed)
    ? Number(trimmed)
    : /^\d{4}-\d\d-\d\d/.test(trimmed)
      ? Date.parse(trimmed)
      : Number.NaN;
  return moment >= MIN_MOMENT && moment <= MAX_MOMENT ? moment : undefined;
}

export function isRelative(text: string): boolean {
  return /^\s*(now|-)/.test(text);
}

/** A range of the address, resolved; undefined where it is none or empty. */
export function resolveRange(
  from: string,
  to: string,
  now: number,
): { start: number; end: number } | undefined {
  const start = parseMoment(from, now);
  const end = parseMoment(to, now);
  return start !== undefined && end !== undefined && start < end ? { start, end } : undefined;
}

/** `90000` as `1m 30s`: the two largest units that are not zero. */
export function formatSpan(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)}ms`;
  const parts: string[] = [];
  let rest = Math.round(milliseconds / 1000) * 1000;
  for (const unit of ["d", "h", "m", "s"]) {
    const size = UNITS[unit] as number;
    const count = Math.floor(rest / size);
    if (count) parts.push(`${count}${unit}`);
    rest -= count * size;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

export interface Preset {
  label: string;
  from: string;
}

export const PRESETS: readonly Preset[] = [
  { label: "Last 5 minutes", from: "-5m" },
  { label: "Last 15 minutes", from: "-15m" },
  { label: "Last 30 minutes", from: "-30m" },
  { label: "Last hour", from: "-1h" },
  { label: "Last 3 hours", from: "-3h" },
  { label: "Last 6 hours", from: "-6h" },
  { label: "Last 12 hours", from: "-12h" },
  { label: "Last 24 hours", from: "-24h" },
  { label: "Last 2 days", from: "-2d" },
  { label: "Last 7 days", from: "-7d" },
  { label: "Last 30 days", from: "-30d" },
];

/** Twice the range around its middle, never beyond the present. */
export function zoomedOut(start: number, end: number, now: number): { start: number; end: number } {
  const length = (end - start) * 2;
  const last = Math.min((start + end) / 2 + length / 2, Math.max(now, end));
  return { start: last - length, end: last };
}
