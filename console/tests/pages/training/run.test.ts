import { describe, expect, it } from "vitest";
import {
  axisOf,
  bestOf,
  type Compared,
  columnValue,
  curvesFirst,
  formatMetric,
  isLoggedOnce,
  lessIsBetter,
  orderOf,
  quoted,
  smoothed,
} from "@/pages/training/run";

const run = (id: string, loss: number | string, depth: string): Compared =>
  ({
    info: { id, name: id },
    metrics: [{ key: "val/loss", value: loss, step: 0, time_ms: 0 }],
    params: { depth },
    tags: {},
  }) as unknown as Compared;

describe("smoothing", () => {
  it("leaves a constant as it is, from its first value", () => {
    for (const value of smoothed([2, 2, 2], 0.9)) expect(value).toBeCloseTo(2);
  });
  it("does not let gaps weigh", () => {
    expect(smoothed([1, null, 1], 0.5)[1]).toBeNull();
    expect(smoothed([1, null, 3], 0.5)[2]).toBeCloseTo((0.5 * 1 + 3) / 1.5);
  });
});

describe("names and orders in MLflow's grammar", () => {
  it("quotes what needs it", () => {
    expect(quoted("loss")).toBe("loss");
    expect(quoted("val/loss")).toBe("`val/loss`");
    expect(orderOf("metrics.val.loss", true)).toBe("metrics.`val.loss` DESC");
    expect(orderOf("start_time", false)).toBe("start_time ASC");
  });
});

describe("values", () => {
  it("shows numbers and what JSON has no number for", () => {
    expect(formatMetric(0.123456789)).toBe("0.12346");
    expect(formatMetric(1e-7)).toBe("1.000e-7");
    expect(formatMetric("NaN")).toBe("NaN");
    expect(formatMetric(null)).toBe("–");
  });
  it("knows which is best", () => {
    expect(bestOf([0.3, "NaN", 0.1, null], false)).toBe(2);
    expect(bestOf([null, "NaN"], true)).toBe(-1);
    expect([lessIsBetter("val_loss"), lessIsBetter("roc_auc")]).toEqual([true, false]);
  });
});

describe("axes of parallel coordinates", () => {
  const runs = [run("a", 1, "deep"), run("b", 3, "flat"), run("c", "NaN", "deep")];
  it("places numbers from least to most, and NaN nowhere", () => {
    const axis = axisOf("metrics.val/loss", runs);
    expect(runs.map(axis.place)).toEqual([0, 1, null]);
    expect(columnValue("metrics.val/loss", runs[2] as Compared)).toBeNull();
  });
  it("places texts side by side", () => {
    expect(runs.map(axisOf("params.depth", runs).place)).toEqual([0, 1, 0]);
  });
});

describe("what curves are drawn of", () => {
  it("has none where every run logged one value", () => {
    expect(isLoggedOnce([{ values: [null, 0.5] }, { values: [0.6, null] }])).toBe(true);
    expect(isLoggedOnce([{ values: [0.4, 0.5] }, { values: [0.6, null] }])).toBe(false);
  });
  it("begins with what has steps, and leaves the machine's own out", () => {
    const logged = [
      { key: "accuracy", value: 1, step: 0, time_ms: 0 },
      { key: "loss", value: 1, step: 9, time_ms: 0 },
      { key: "system/cpu", value: 1, step: 9, time_ms: 0 },
    ];
    const runs = [{ ...run("a", 1, "1"), metrics: logged } as Compared];
    expect(curvesFirst(["accuracy", "loss", "system/cpu"], runs)).toEqual(["loss", "accuracy"]);
  });
});
