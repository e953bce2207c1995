import { describe, expect, it } from "vitest";
import {
  formatBytes,
  formatCount,
  formatNumber,
  formatPercent,
  formatSeconds,
  formatValue,
  statisticUnit,
  tickSteps,
  tickTexts,
  unitLabel,
} from "@/charts/units";

describe("formatSeconds", () => {
  it.each([
    [0, "0 s"],
    [1.5e-7, "150 ns"],
    [4.2e-5, "42 µs"],
    [0.0123, "12.3 ms"],
    [0.9999, "1 s"],
    [59.9, "59.9 s"],
    [59.99, "1 min"],
    [65, "1 min 5 s"],
    [3600, "1 h"],
    [90_061, "1 d 1 h"],
    [-0.5, "-500 ms"],
  ])("%s s is %s", (value, text) => expect(formatSeconds(value)).toBe(text));

  it("shows a dash where there is no value", () => {
    expect(formatSeconds(null)).toBe("–");
    expect(formatSeconds(Number.NaN)).toBe("–");
  });
});

describe("numbers", () => {
  it.each([
    [0, "0"],
    [0.1 + 0.2, "0.3"],
    [1234, "1234"],
    [12_345, "12.3 k"],
    [999_999, "1 M"],
    [-2_500_000, "-2.5 M"],
    [1e-12, "1.00e-12"],
    [Number.POSITIVE_INFINITY, "∞"],
  ])("%s is %s", (value, text) => expect(formatNumber(value)).toBe(text));

  it("keeps every digit of a count", () => expect(formatCount(1_234_567)).toBe("1,234,567"));

  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1024, "1 KiB"],
    [1536, "1.5 KiB"],
    [5 * 1024 ** 3, "5 GiB"],
  ])("%s bytes are %s", (value, text) => expect(formatBytes(value)).toBe(text));

  it.each([
    [0, "0 %"],
    [0.05, "5 %"],
    [0.99951, "100 %"],
    [0.00001, "<0.01 %"],
    [null, "–"],
  ])("a share of %s is %s", (value, text) => expect(formatPercent(value)).toBe(text));
});

describe("units of OpenTelemetry", () => {
  it.each([
    [0.012, "s", "12 ms"],
    [250, "ms", "250 ms"],
    [2048, "By", "2 KiB"],
    [2048, "By/s", "2 KiB/s"],
    [0.42, "share", "42 %"],
    [42, "%", "42 %"],
    [3, "{request}", "3"],
    [3, "{request}/s", "3/s"],
    [1.5, "s/s", "1.5"],
    [65, "Cel", "65 °C"],
    [7, "widgets", "7 widgets"],
  ])("%s in %s is %s", (value, unit, text) => expect(formatValue(value, unit)).toBe(text));

  it("follows the statistic", () => {
    expect(statisticUnit("By", "rate")).toBe("By/s");
    expect(statisticUnit("1", "Average", "system.cpu.utilization")).toBe("share");
    expect(statisticUnit("1", "Average", "vedette.model.evaluation")).toBe("1");
    expect(statisticUnit("s", "SampleCount")).toBe("");
    expect(statisticUnit("s", "PR(:0.3)")).toBe("%");
  });

  it("names them", () => {
    expect(unitLabel("{request}/s")).toBe("requests/s");
    expect(unitLabel("By")).toBe("bytes");
    expect(unitLabel("1")).toBe("");
  });

  it("steps an axis of bytes by powers of two and one of time by round durations", () => {
    expect(tickSteps("By")).toContain(1024);
    expect(tickSteps("ms")).toContain(60_000);
    expect(tickSteps("By")).toEqual([...tickSteps("By")].sort((a, b) => a - b));
  });
});

describe("ticks of an axis", () => {
  it("are told apart", () => {
    expect(tickTexts([74000, 74010, 74020], "")).toEqual(["74,000", "74,010", "74,020"]);
    expect(tickTexts([10000, null, 20000], "")).toEqual(["10 k", "", "20 k"]);
    expect(tickTexts([1024, 2048], "By")).toEqual(["1 KiB", "2 KiB"]);
  });
});
