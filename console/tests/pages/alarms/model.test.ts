import { describe, expect, it } from "vitest";
import { rounded, stepOf } from "@/charts/uplot/threshold";
import {
  type AlarmSpec,
  asCode,
  checkDraft,
  differences,
  isReady,
  type MetricSource,
  newDraft,
  overlaysOf,
  parseLabels,
  planOf,
  sourceOf,
} from "@/pages/alarms/model";
import { Invalid } from "@/url/params";

const source: MetricSource = {
  type: "metric",
  queries: [
    {
      id: "m1",
      metric: "requests",
      statistic: "rate",
      matchers: [{ label: "code", operator: "=~", value: "5.." }],
      group_by: ["service"],
      shift: "1d",
    },
    { id: "e1", expression: "100 * m1" },
  ],
  of: "e1",
};

describe("sources", () => {
  it("keep through the rows what rows do not show", () => {
    const back = sourceOf(planOf(source), source);
    expect(back.of).toBe("e1");
    expect(back.queries[0]).toMatchObject({
      metric: "requests",
      statistic: "rate",
      shift: "1d",
      group_by: ["service"],
      matchers: [{ label: "code", operator: "=~", value: "5.." }],
    });
    expect(back.queries[1]).toMatchObject({ id: "e1", expression: "100 * m1" });
  });

  it("watch the last one where the watched one is gone", () => {
    const plan = planOf(source);
    expect(sourceOf({ ...plan, formulas: [] }, source).of).toBe("");
  });

  it("are ready when there is enough to ask", () => {
    expect(isReady(newDraft().spec)).toBe(false);
    expect(isReady({ source } as AlarmSpec)).toBe(true);
    expect(isReady({ source: { type: "absence", signal: "metric" } } as AlarmSpec)).toBe(false);
  });
});

describe("drafts of the address", () => {
  it("are refused where they are none", () => {
    expect(checkDraft({ spec: { source: { type: "fax" } } })).toBeInstanceOf(Invalid);
    expect(checkDraft({ spec: 3 })).toBeInstanceOf(Invalid);
    expect(checkDraft({ name: 3, spec: { source }, labels: { a: 1, b: "x" } })).toMatchObject({
      name: "",
      labels: { b: "x" },
    });
  });

  it("are code without what says nothing", () => {
    const code = JSON.parse(asCode({ ...newDraft(source), name: "a" }));
    expect(code).toMatchObject({ kind: "Alarm", metadata: { name: "a" } });
    expect(JSON.stringify(code)).not.toContain("null");
  });
});

it("labels are read from what people write", () => {
  expect(parseLabels("team=payments, tier = 1")).toEqual({ team: "payments", tier: "1" });
  expect(parseLabels("")).toEqual({});
  expect(parseLabels("nonsense")).toBeNull();
});

it("differences name the member with both values", () => {
  const before = { a: 1, b: { c: [1], d: null } };
  expect(differences(before, { a: 1, b: { c: [2] } })).toEqual([
    { path: "b.c", before: "[1]", after: "[2]" },
  ]);
});

it("overlays have the threshold with its bad side, the recovery and a band", () => {
  const spec = {
    source,
    condition: { threshold: { comparison: "<", threshold: 5, recovery: 7 } },
  } as AlarmSpec;
  const chart = {
    timestamps: [0],
    period: 60,
    left_out: 0,
    warnings: [],
    series: [{ labels: {}, values: [1], lower: [0], upper: [2], fired: 0 }],
  };
  const found = overlaysOf(spec, chart, "");
  expect(found.thresholds?.map((one) => [one.value, one.bad])).toEqual([
    [5, "below"],
    [7, undefined],
  ]);
  expect(found.bands).toHaveLength(1);
});

it("a threshold moves in round steps of the axis", () => {
  const step = stepOf({ scales: { y: { min: 0, max: 100 } } } as never);
  expect(step).toBe(1);
  expect(stepOf({ scales: { y: { min: 0, max: 0.5 } } } as never)).toBe(0.01);
  expect(rounded(0.1 + 0.2, 0.01)).toBe(0.3);
  expect(rounded(1234.56, 100)).toBe(1200);
});
