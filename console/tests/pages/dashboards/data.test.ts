import { describe, expect, it } from "vitest";
import { ofMetrics, ofSql, seriesName } from "@/pages/dashboards/data";
import { binsOf, figuresOf, seriesRows } from "@/pages/dashboards/figures";
import { safeTarget } from "@/pages/dashboards/markdown";
import { LOOK } from "@/pages/dashboards/model";
import { reached, scaleOf, written } from "@/pages/dashboards/Visual";

const batch = {
  timestamps: [0, 60],
  period: 60,
  results: [
    {
      id: "m1",
      label: "m1",
      hidden: 2,
      unit: "By",
      warnings: [],
      series: [
        { values: [1, 2], label: "x", labels: { host: "a" } },
        { values: [3, null], label: "x", labels: { host: "b" } },
      ],
    },
  ],
};

describe("answers as panels take them", () => {
  const found = ofMetrics(
    {
      type: "metric",
      queries: [{ id: "m1", metric: "x", statistic: "rate", label: "of {{host}}" }],
    } as never,
    batch as never,
  );
  it("names series by their labels", () => {
    expect(found.series?.series.map((one) => one.label)).toEqual(["of a", "of b"]);
    expect(found.unit).toBe("By/s");
    expect(found.notes).toEqual(["2 more series are left out"]);
    expect(seriesName("{{constructor}}|{{ host }}", { host: "a" })).toBe("|a");
  });
  it("makes figures, rows and bins of series", () => {
    expect(figuresOf(found, "last").map((one) => one.value)).toEqual([2, 3]);
    expect(figuresOf(found, "mean").map((one) => one.value)).toEqual([1.5, 3]);
    expect(seriesRows(found.series as never, "max").data).toEqual([
      ["a", "b"],
      [2, 3],
    ]);
    const { bins, counts } = binsOf(found);
    expect([bins[0]?.from, bins.at(-1)?.to]).toEqual([1, 3]);
    expect(counts[0]?.counts.reduce((a, b) => a + b)).toBe(3);
  });
  it("sees time and numbers in SQL", () => {
    const sql = ofSql({
      columns: [
        { name: "time", type: "DateTime('UTC')" },
        { name: "n", type: "Nullable(UInt64)" },
      ],
      data: [
        ["2026-01-01 00:00:00", "2026-01-01 00:01:00"],
        [1, 2],
      ],
      rows: 2,
      truncated: false,
      rows_read: 2,
      seconds: 0,
    });
    expect(sql.series?.times).toEqual([1767225600, 1767225660]);
    expect(sql.series?.series[0]?.values).toEqual([1, 2]);
  });
});

describe("looks", () => {
  it("reach thresholds from below, or from above where more is better", () => {
    const thresholds = [
      { value: 0.8, level: "warning" as const },
      { value: 0.95, level: "critical" as const },
    ];
    expect(reached(0.9, { thresholds, better: "" })?.level).toBe("warning");
    expect(reached(0.96, { thresholds, better: "" })?.level).toBe("critical");
    expect(reached(0.1, { thresholds, better: "" })).toBeNull();
    expect(reached(0.9, { thresholds, better: "up" })?.level).toBe("critical");
    expect(reached(0.99, { thresholds, better: "up" })).toBeNull();
  });
  it("scale and write values", () => {
    expect(scaleOf([0.4], LOOK, "share")).toEqual([0, 1]);
    expect(scaleOf([42], LOOK, "")).toEqual([0, 50]);
    expect(scaleOf([42], { ...LOOK, maximum: 64 }, "")).toEqual([0, 64]);
    expect(written(0.1234, "share", 1)).toBe("12.3 %");
    expect(written(3, "", 2)).toBe("3.00");
  });
  it("link to nothing that runs", () => {
    expect(safeTarget("javascript:alert(1)")).toBeNull();
    expect(safeTarget("//evil.example")).toBeNull();
    expect(safeTarget("/\\evil.example")).toBeNull();
    expect(safeTarget("/logs?q=a")).toBe("/logs?q=a");
    expect(safeTarget("https://a.example")).toBe("https://a.example");
  });
});
