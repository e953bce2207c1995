import { describe, expect, it } from "vitest";
import type { components } from "@/api/schema";
import { groupErrors } from "@/pages/services/Errors";
import { healthOf } from "@/pages/services/health";
import { change, durationSeries, errorShare, rateSeries } from "@/pages/services/red";

type Red = components["schemas"]["RedView"];
const red = (counts: number[], errors: number[]): Red => ({
  step: 10,
  times: [0, 10],
  source: "rollup",
  truncated: false,
  series: [
    {
      service: "",
      operation: "",
      counts,
      errors,
      rates: [],
      quantiles_ns: {
        p50_ns: [1e9, null],
        p90_ns: [1e9, null],
        p95_ns: [1e9, null],
        p99_ns: [1e9, null],
      },
    },
  ],
});

describe("RED", () => {
  it("shows failed calls apart, and both add up to the rate", () => {
    const [ok, failed] = rateSeries(red([20, 0], [5, 0])).series;
    expect([ok?.values, failed?.values]).toEqual([
      [1.5, 0],
      [0.5, 0],
    ]);
  });

  it("has a gap where there was no call", () => {
    expect(errorShare([4, 0], [1, 0])).toEqual([0.25, null]);
    expect(durationSeries(red([1, 0], [0, 0])).series[0]?.values).toEqual([1, null]);
  });

  it("draws nothing of nothing", () => {
    const none = { ...red([], []), series: [] };
    expect(rateSeries(none).series).toEqual([]);
    expect(change(5, 0)).toBeNull();
    expect(change(15, 10)).toBe(0.5);
  });
});

describe("health", () => {
  it.each([
    [0, 0, "quiet"],
    [1000, 9, "good"],
    [1000, 10, "warning"],
    [1000, 50, "critical"],
  ])("of %s calls with %s failures is %s", (count, faults, health) => {
    expect(healthOf({ count, fault_rate: count ? faults / count : 0 } as never)).toBe(health);
  });
});

describe("groupErrors", () => {
  it("puts failures together that differ in numbers and ids", () => {
    const span = (status_message: string, columns = ["KeyError"]) =>
      ({ name: "pay", status_message, columns, trace_id: status_message }) as never;
    const groups = groupErrors([
      span("order 17 not found"),
      span("order 42 not found"),
      span("order 42 not found", ["ValueError"]),
      span("session deadbeef01 expired"),
    ]);
    expect(groups.map((one) => [one.count, one.type])).toEqual([
      [2, "KeyError"],
      [1, "ValueError"],
      [1, "KeyError"],
    ]);
    expect(groups[0]?.newest.trace_id).toBe("order 17 not found");
  });
});
