import { describe, expect, it } from "vitest";
import type { Batch } from "@/charts/metricQuery";
import { bodyOf, checkPlan, freeId, type Plan, renamed, selectorOf } from "@/pages/metrics/plan";
import { panelsOf, shiftOf } from "@/pages/metrics/shape";
import { Invalid } from "@/url/params";

const PLAN: Plan = {
  queries: [
    {
      id: "m1",
      metric: "a",
      statistic: "rate",
      where: [["host", "=", "x"]],
      by: ["service"],
      top: 5,
    },
    {
      id: "m2",
      metric: "cpu.utilization",
      statistic: "Average",
      where: [],
      by: [],
      top: 20,
      hidden: true,
    },
  ],
  formulas: [{ id: "e1", expression: "100 * m1 / m2" }],
};

describe("checkPlan", () => {
  it("reads back what it wrote", () => {
    expect(checkPlan(JSON.parse(JSON.stringify(PLAN)))).toEqual(PLAN);
  });

  it("fills in what is left out", () => {
    expect(checkPlan({ queries: [{ id: "m1", metric: "a" }] })).toEqual({
      queries: [{ id: "m1", metric: "a", statistic: "Average", where: [], by: [], top: 20 }],
      formulas: [],
    });
  });

  it.each([
    [null],
    [[]],
    ["text"],
    [{ queries: [{ id: "m1" }] }],
    [{ queries: [{ id: "1", metric: "a" }] }],
    [{ queries: [{ id: "m1", metric: "a", top: 0 }] }],
    [{ queries: [{ id: "m1", metric: "a", top: 1e9 }] }],
    [{ queries: [{ id: "m1", metric: "a", where: [["l", "~", "v"]] }] }],
    [{ queries: [{ id: "m1", metric: "a", where: [["l", "="]] }] }],
    [{ queries: [{ id: "m1", metric: "a", by: [{}] }] }],
    [
      {
        queries: [
          { id: "m1", metric: "a" },
          { id: "m1", metric: "b" },
        ],
      },
    ],
    [{ formulas: [{ id: "e1", expression: 7 }] }],
    [{ queries: Array.from({ length: 13 }, (_, at) => ({ id: `m${at}`, metric: "a" })) }],
  ])("refuses %j", (value) => {
    expect(checkPlan(value)).toBeInstanceOf(Invalid);
  });
});

describe("bodyOf", () => {
  it("asks everything once more for the period before", () => {
    const body = bodyOf(PLAN, "1d");
    expect(body.map((one) => one.id)).toEqual([
      "m1",
      "m2",
      "e1",
      "m1_before",
      "m2_before",
      "e1_before",
    ]);
    expect(body[3]).toMatchObject({ shift: "1d", hidden: false });
    expect(body[4]).toMatchObject({ hidden: true });
    expect(body[5]).toMatchObject({ expression: "100 * m1_before / m2_before" });
  });

  it("leaves an expression out that is not yet written", () => {
    const body = bodyOf({ ...PLAN, formulas: [{ id: "e1", expression: " " }] }, "");
    expect(body.map((one) => one.id)).toEqual(["m1", "m2"]);
  });

  it("renames ids, and neither parts of words nor texts", () => {
    expect(renamed("m1 + m10 + SEARCH('m1 \\' m1', \"m1\") + sum(m1)", ["m1"], "_b")).toBe(
      "m1_b + m10 + SEARCH('m1 \\' m1', \"m1\") + sum(m1_b)",
    );
  });
});

it("names new queries by the first free number", () => {
  expect([freeId(PLAN, "m"), freeId(PLAN, "e")]).toEqual(["m3", "e2"]);
});

it("writes selectors that hold any value", () => {
  expect(
    selectorOf({
      metric: "http.duration",
      where: [
        ["route", "=~", 'a"\\b\n'],
        ["odd label", "!=", ""],
      ],
    }),
  ).toBe('http.duration{route=~"a\\"\\\\b\\n","odd label"!=""}');
});

describe("panelsOf", () => {
  const result = (id: string, unit: string, labels: Record<string, string>, hidden = 0) => ({
    id,
    label: id,
    unit,
    hidden,
    warnings: hidden ? ["w"] : [],
    series: [{ label: "own", labels, values: [1] }],
  });
  const batch: Batch = {
    timestamps: [0],
    period: 60,
    results: [
      result("m1", "By", { service: "shop" }, 3),
      result("e1", "", {}),
      result("m1_before", "", { service: "shop" }, 9),
    ],
  };

  it("has one for each unit, with the period before beside now", () => {
    const panels = panelsOf(PLAN, batch);
    expect(panels.map((one) => [one.unit, one.ids, one.hidden, one.warnings])).toEqual([
      ["By/s", ["m1"], 3, ["w"]],
      ["", ["e1"], 0, []],
    ]);
    const [now, before] = panels[0]?.data.series ?? [];
    expect([now?.label, before?.label]).toEqual(["m1: shop", "m1: shop, before"]);
    expect(now?.colorKey).toBe("shop");
    expect(before?.colorKey).toBe("shop");
    expect([now?.faint, before?.faint]).toEqual([undefined, true]);
    expect(new Set(panels.flatMap((one) => one.data.series.map((s) => s.key))).size).toBe(3);
  });

  it("takes the length of the range for the period before", () => {
    expect(shiftOf("period", 0, 3_600_000)).toBe("3600s");
    expect(shiftOf("1d", 0, 1)).toBe("1d");
  });
});
