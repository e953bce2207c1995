/** Moments for people, in the time zone of the time context. */

const formatters = new Map<string, Intl.DateTimeFormat>();

const STYLES = {
  /** 2026-03-01 12:00:00 */
  second: { dateStyle: undefined, hms: true, date: true },
  /** 12:00:00 */
  clock: { hms: true, date: false },
  /** 2026-03-01 */
  day: { hms: false, date: true },
} as const;
export type MomentStyle = keyof typeof STYLES | "millisecond";

function formatter(style: keyof typeof STYLES, timezone: string): Intl.DateTimeFormat {
  const key = `${style} ${timezone}`;
  let found = formatters.get(key);
  if (!found) {
    const { hms, date } = STYLES[style];
    found = new Intl.DateTimeFormat("sv-SE", {
      timeZone: timezone,
      ...(date ? { year: "numeric", month: "2-digit", day: "2-digit" } : {}),
      ...(hms ? { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" } : {}),
    });
    formatters.set(key, found);
  }
  return found;
}

export function formatMoment(
  moment: number,
  timezone: string,
  style: MomentStyle = "second",
): string {
  if (!Number.isFinite(moment)) return "";
  if (style !== "millisecond") return formatter(style, timezone).format(moment);
  const rest = String(((Math.floor(moment) % 1000) + 1000) % 1000).padStart(3, "0");
  return `${formatter("second", timezone).format(moment)}.${rest}`;
}

/** The zone of the browser, such as `Europe/Berlin`. */
export function localTimezone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

export function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** How long ago, in one unit: `5 min ago`. */
export function formatAgo(moment: number, now: number): string {
  const seconds = Math.round((now - moment) / 1000);
  if (seconds < 0) return "in the future";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min ago`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h ago`;
  return `${Math.round(seconds / 86_400)} days ago`;
}
