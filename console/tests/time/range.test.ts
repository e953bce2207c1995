import { describe, expect, it } from "vitest";
import { formatMoment } from "@/time/format";
import { inZone } from "@/time/inZone";
import { formatSpan, parseDuration, parseMoment, resolveRange, zoomedOut } from "@/time/range";

const NOW = Date.UTC(2026, 2, 1, 12);

describe("moments", () => {
  it.each([
    ["now", NOW],
    ["-15m", NOW - 900_000],
    ["now-1h30m", NOW - 5_400_000],
    ["2026-03-01T11:00:00Z", NOW - 3_600_000],
    ["2026-03-01T12:00:00+01:00", NOW - 3_600_000],
    [String(NOW), NOW],
  ])("%s", (text, moment) => expect(parseMoment(text, NOW)).toBe(moment));

  it.each(["", "tomorrow", "-", "-5", "-5y", "2026-13-01", "9e9", "-1e9d", "<script>", "1"])(
    "%j is none",
    (text) => expect(parseMoment(text, NOW)).toBeUndefined(),
  );

  it("durations are whole", () => {
    expect(parseDuration("1h30m")).toBe(5_400_000);
    expect(parseDuration("1h 30m")).toBeUndefined();
    expect(parseDuration("")).toBeUndefined();
  });
});

describe("ranges", () => {
  it("are not empty", () => {
    expect(resolveRange("-1h", "now", NOW)).toEqual({ start: NOW - 3_600_000, end: NOW });
    expect(resolveRange("now", "-1h", NOW)).toBeUndefined();
    expect(resolveRange("now", "now", NOW)).toBeUndefined();
  });

  it("zoom out around the middle, not beyond the present", () => {
    expect(zoomedOut(0, 100, 1000)).toEqual({ start: -50, end: 150 });
    expect(zoomedOut(900, 1000, 1000)).toEqual({ start: 800, end: 1000 });
  });

  it("are told in two units", () => {
    expect(formatSpan(90_061_000)).toBe("1d 1h");
    expect(formatSpan(250)).toBe("250ms");
    expect(formatSpan(90_000)).toBe("1m 30s");
  });
});

describe("time zones", () => {
  it("moments are shown in the zone", () => {
    expect(formatMoment(NOW, "Asia/Kolkata")).toBe("2026-03-01 17:30:00");
    expect(formatMoment(NOW + 7, "UTC", "millisecond")).toBe("2026-03-01 12:00:00.007");
  });

  it("typed moments are read in the zone, on both sides of a change of the clock", () => {
    expect(inZone("2026-03-28 12:00", "Europe/Berlin")).toBe("2026-03-28T11:00:00.000Z");
    expect(inZone("2026-03-29 12:00", "Europe/Berlin")).toBe("2026-03-29T10:00:00.000Z");
    expect(inZone("2026-03-01", "UTC")).toBe("2026-03-01T00:00:00.000Z");
    expect(inZone("-5m", "UTC")).toBe("-5m");
    expect(inZone("2026-03-01 25:00", "UTC")).toBeUndefined();
    expect(inZone("nonsense", "UTC")).toBeUndefined();
  });
});
