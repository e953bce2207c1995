import { describe, expect, it } from "vitest";
import { newPanel, type Source, wholeVariable } from "@/pages/dashboards/model";
import {
  chosenOf,
  expanded,
  inRegex,
  inSearch,
  inSql,
  inStatement,
  repeated,
  VariableError,
} from "@/pages/dashboards/variables";

const RANGE = { start: "2026-01-01T00:00:00.000Z", end: "2026-01-01T01:00:00.000Z" };
const one = { host: ["a.b"] };
const two = { host: ["a", 'x" OR "y'] };
const all = { host: [] };

describe("variables in queries", () => {
  it("are quoted in searches", () => {
    expect(inSearch("service:$host", one)).toBe('service:"a.b"');
    expect(inSearch("service:${host}", two)).toBe('service:("a" OR "x\\" OR \\"y")');
    expect(inSearch("service:$host", all)).toBe("service:*");
    expect(inSearch("price:$5 $other", one)).toBe("price:$5 $other");
  });
  it("are alternatives in expressions", () => {
    expect(inRegex("$host", one)).toBe("a\\.b");
    expect(inRegex("^$host$", { host: ["a", "b|c"] })).toBe("^(?:a|b\\|c)$");
  });
  it("are texts in statements, whatever they hold", () => {
    const hostile = { host: ["'; DROP TABLE x; --", "\\"] };
    expect(inStatement("h IN ($host)", hostile)).toBe("h IN ('\\'; DROP TABLE x; --', '\\\\')");
    expect(() => inStatement("h IN ($host)", all)).toThrow(VariableError);
    expect(() => inStatement("FROM ${host:raw}", hostile)).toThrow(VariableError);
    expect(inStatement("FROM ${host:raw}", one)).toBe("FROM a.b");
  });
  it("know the range in SQL", () => {
    const sql = inSql("WHERE $__timeFilter(Timestamp) -- $__interval $__from", {}, RANGE, 60);
    expect(sql).toContain("(Timestamp >= parseDateTime64BestEffort('2026-01-01T00:00:00.000Z'");
    expect(sql).toContain("-- 60 parse");
  });
  it("become matchers; all of them is none", () => {
    const source = (operator: string): Source =>
      ({
        type: "metric",
        queries: [{ id: "m1", metric: "x", matchers: [{ label: "h", operator, value: "$host" }] }],
      }) as never;
    const matchers = (operator: string, values: Record<string, string[]>) =>
      (
        expanded(source(operator), values, RANGE, 60) as never as {
          queries: { matchers: unknown }[];
        }
      ).queries[0]?.matchers;
    expect(matchers("=", one)).toEqual([{ label: "h", operator: "=", value: "a.b" }]);
    expect(matchers("=~", one)).toEqual([{ label: "h", operator: "=~", value: "a\\.b" }]);
    expect(matchers("=", { host: ["a", "b"] })).toEqual([
      { label: "h", operator: "=~", value: "(?:a|b)" },
    ]);
    expect(matchers("=~", all)).toEqual([]);
  });
});

describe("choices in the address", () => {
  const list = wholeVariable({ name: "a", type: "list", values: ["x", "y"] } as never);
  const many = wholeVariable({ name: "b", type: "text", multi: true, all: true } as never);
  it("fall back where they are not offered", () => {
    expect(chosenOf([list, many], {})).toEqual({ a: ["x"], b: [] });
    expect(chosenOf([list], { "var-a": "y" })).toEqual({ a: ["y"] });
    expect(chosenOf([list], { "var-a": "nothing" })).toEqual({ a: ["x"] });
    expect(chosenOf([many], { "var-b": ["1", "2"] })).toEqual({ b: ["1", "2"] });
  });
  it("repeat a panel side by side", () => {
    const panel = { ...newPanel("stat", null), id: "p1", repeat: "host" };
    const shown = repeated([{ ...panel, place: { x: 0, y: 0, w: 24, h: 5 } }], {
      host: ["a", "b"],
    });
    expect(shown.map(([{ id, place }, values]) => [id, place.x, place.w, values.host])).toEqual([
      ["p1", 0, 12, ["a"]],
      ["p1~1", 12, 12, ["b"]],
    ]);
  });
});
