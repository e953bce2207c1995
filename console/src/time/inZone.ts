import { isRelative, parseMoment } from "./range";

/** A moment as typed, read in the time zone that is shown; undefined where it is none. */
export function inZone(text: string, timezone: string): string | undefined {
  const typed = text.trim();
  const now = Date.now();
  if (isRelative(typed)) return parseMoment(typed, now) === undefined ? undefined : typed;
  const wall = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d?:\d\d(?::\d\d(?:\.\d{1,9})?)?))?$/.exec(typed);
  if (!wall) return parseMoment(typed, now) === undefined ? undefined : typed;
  const clock = (wall[2] ?? "00:00").padStart(5, "0");
  const asUtc = Date.parse(`${wall[1]}T${clock}Z`);
  if (Number.isNaN(asUtc)) return undefined;
  // Twice, for the offset at the moment itself may differ from the one at the guess.
  const guess = asUtc - offset(asUtc, timezone);
  return new Date(asUtc - offset(guess, timezone)).toISOString();
}

/** Milliseconds that a zone is ahead of UTC at a moment. */
function offset(moment: number, timezone: string): number {
  const wall = new Intl.DateTimeFormat("sv-SE", {
    timeZone: timezone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  }).format(moment);
  return Date.parse(`${wall.replace(" ", "T")}Z`) - Math.floor(moment / 1000) * 1000;
}
