import { describe, expect, it } from "vitest";
import { isEmpty, joined, nearest, type Series, stack, summarise, toCsv } from "@/charts/aligned";

const series = (key: string, values: (number | null)[]): Series => ({ key, label: key, values });

describe("summarise", () => {
  it("leaves gaps out", () => {
    expect(summarise([null, 2, 4, null])).toEqual({
      last: 4,
      min: 2,
      max: 4,
      mean: 3,
      sum: 6,
      count: 2,
    });
  });

  it("has nothing to say of nothing", () => expect(summarise([null]).mean).toBeNull());
});

describe("stack", () => {
  it("adds each series to those below it; a gap of one adds nothing, a gap of all stays", () => {
    const found = stack(
      [series("a", [1, 2, null, null]), series("b", [10, null, 30, null])],
      new Set(),
    );
    expect(found).toEqual([
      [1, 2, 0, null],
      [11, 2, 30, null],
    ]);
  });

  it("leaves hidden series out of the sum", () => {
    const found = stack([series("a", [1]), series("b", [10])], new Set(["a"]));
    expect(found).toEqual([[null], [10]]);
  });
});

describe("nearest", () => {
  it.each([
    [0, 0],
    [14, 0],
    [15, 0],
    [16, 1],
    [99, 2],
  ])("of %s is %s", (moment, index) => expect(nearest([10, 20, 30], moment)).toBe(index));

  it("is -1 without timestamps", () => expect(nearest([], 5)).toBe(-1));
});

describe("joined", () => {
  it("puts answers of different times on one axis", () => {
    const found = joined([
      { times: [1, 3], series: [series("a", [10, 30])] },
      { times: [2, 3], series: [series("b", [200, 300])] },
    ]);
    expect(found.times).toEqual([1, 2, 3]);
    expect(found.series.map((one) => one.values)).toEqual([
      [10, null, 30],
      [null, 200, 300],
    ]);
  });
});

describe("a table", () => {
  it("is CSV in which no field is taken for a formula", () => {
    const text = toCsv({ times: [0], series: [series('=1+"x",', [0.5]), series("b", [null])] });
    expect(text).toBe('time,"\'=1+""x"",",b\r\n1970-01-01T00:00:00.000Z,0.5,\r\n');
  });

  it("is empty without a value", () => {
    expect(isEmpty(undefined)).toBe(true);
    expect(isEmpty({ times: [1], series: [series("a", [null])] })).toBe(true);
    expect(isEmpty({ times: [1], series: [series("a", [0])] })).toBe(false);
  });
});
