import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { Invalid, oneOf, type Param, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { formatMoment, isTimezone, localTimezone, type MomentStyle } from "./format";
import { formatSpan, isRelative, PRESETS, parseMoment, resolveRange, zoomedOut } from "./range";

export const DEFAULT_FROM = "-1h";
export const LIVE_MS = 5000;
const TIMEZONE_KEY = "vedette-timezone";

export interface TimeRangeContext {
  /** As in the address: `-1h` and `now`, or RFC 3339. */
  from: string;
  to: string;
  /** Milliseconds since the epoch; the same for all of the page until it is asked again. */
  start: number;
  end: number;
  /** The parameters `start` and `end` of the API. */
  query: { start: string; end: string };
  /** The range in words. */
  label: string;
  live: boolean;
  timezone: string;
  set(from: string, to?: string): void;
  /** A part of the range, as brushed in a chart; milliseconds. */
  zoom(start: number, end: number): void;
  zoomOut(): void;
  /** The neighbouring range: -1 before, 1 after. */
  shift(direction: -1 | 1): void;
  setLive(live: boolean): void;
  setTimezone(timezone: string): void;
  /** Ask again: relative ranges move on to the present. */
  refresh(): void;
  format(moment: number, style?: MomentStyle): string;
}

const Context = createContext<TimeRangeContext | null>(null);

const moment = (fallback: string): Param<string> => ({
  fallback,
  read: (raw) => {
    const value = typeof raw === "string" ? raw : "";
    return parseMoment(value, Date.now()) === undefined
      ? new Invalid("it is not a time: write -15m, now or 2026-01-31T12:00:00Z")
      : value;
  },
  write: (value) => (value === fallback ? undefined : value),
});
const zone: Param<string> = {
  ...text(),
  read: (raw) => (isTimezone(String(raw)) ? String(raw) : new Invalid("it is not a time zone")),
};
export const TIME_PARAMS = {
  from: moment(DEFAULT_FROM),
  to: moment("now"),
  live: oneOf(["1", "0"], "0"),
  tz: zone,
};

/** The one time context of the console: what all panels of a page show, kept in the address. */
export function TimeProvider({ children }: { children: ReactNode }) {
  const [url, setUrl] = useUrlState(TIME_PARAMS);
  const [now, setNow] = useState(Date.now);
  const [ownZone, setOwnZone] = useState(storedTimezone);
  const timezone = url.tz || ownZone;
  const live = url.live === "1";

  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") setNow(Date.now());
    }, LIVE_MS);
    return () => clearInterval(timer);
  }, [live]);

  const value = useMemo<TimeRangeContext>(() => {
    const range = resolveRange(url.from, url.to, now) ?? {
      start: parseMoment(DEFAULT_FROM, now) as number,
      end: now,
    };
    const { start, end } = range;
    const format = (at: number, style?: MomentStyle) => formatMoment(at, timezone, style);
    const set = (from: string, to = "now") => {
      setNow(Date.now());
      setUrl({ from, to, live: isRelative(to) && live ? "1" : "0" });
    };
    const setAbsolute = (first: number, last: number) =>
      set(new Date(Math.floor(first)).toISOString(), new Date(Math.ceil(last)).toISOString());
    return {
      from: url.from,
      to: url.to,
      start,
      end,
      query: { start: new Date(start).toISOString(), end: new Date(end).toISOString() },
      label: rangeLabel(url.from, url.to, start, end, format),
      live,
      timezone,
      set,
      zoom: (first, last) => {
        if (last - first >= 1) setAbsolute(first, last);
      },
      zoomOut: () => {
        const wider = zoomedOut(start, end, Date.now());
        setAbsolute(wider.start, wider.end);
      },
      shift: (direction) => {
        const by = (end - start) * direction;
        setAbsolute(start + by, end + by);
      },
      setLive: (on) => {
        setNow(Date.now());
        if (!on) setUrl({ live: "0" });
        else if (url.to === "now") setUrl({ live: "1" });
        else
          setUrl({
            live: "1",
            from: `-${Math.max(1, Math.round((end - start) / 1000))}s`,
            to: "now",
          });
      },
      setTimezone: (name) => {
        storeTimezone(name);
        setOwnZone(name);
        setUrl({ tz: undefined }, { replace: true });
      },
      refresh: () => setNow(Date.now()),
      format,
    };
  }, [url, now, live, timezone, setUrl]);
  return <Context value={value}>{children}</Context>;
}

export function useTimeRange(): TimeRangeContext {
  const value = useContext(Context);
  if (!value) throw new Error("useTimeRange is used outside of TimeProvider");
  return value;
}

function rangeLabel(
  from: string,
  to: string,
  start: number,
  end: number,
  format: (at: number, style?: MomentStyle) => string,
): string {
  if (to === "now" && isRelative(from)) {
    const preset = PRESETS.find((item) => item.from === from);
    return preset?.label ?? `Last ${formatSpan(end - start)}`;
  }
  const sameDay = format(start, "day") === format(end, "day");
  return `${format(start)} – ${format(end, sameDay ? "clock" : "second")}`;
}

function storedTimezone(): string {
  try {
    const stored = localStorage.getItem(TIMEZONE_KEY);
    if (stored && isTimezone(stored)) return stored;
  } catch {
    // Storage may be forbidden.
  }
  return localTimezone();
}

function storeTimezone(name: string): void {
  try {
    localStorage.setItem(TIMEZONE_KEY, name);
  } catch {
    // It then holds for this page alone.
  }
}
