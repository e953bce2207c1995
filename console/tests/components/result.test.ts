import { describe, expect, it } from "vitest";
import { chartOf } from "@/components/result/ResultChart";
import { type Result, sortedRows, toCsv } from "@/components/result/result";

const result = (columns: [string, string][], data: unknown[][]): Result => ({
  columns: columns.map(([name, kind]) => ({ name, kind })),
  data,
  rows: data[0]?.length ?? 0,
});

describe("as CSV", () => {
  it("quotes what needs it, and no text becomes a formula", () => {
    const given = result(
      [
        ["a,b", "text"],
        ["n", "number"],
      ],
      [
        ['say "hi"', "=1+1", "-x", "two\nlines"],
        [-1, 2.5, null, 1e21],
      ],
    );
    expect(toCsv(given)).toBe(
      '"a,b",n\r\n"say ""hi""",-1\r\n\'=1+1,2.5\r\n\'-x,\r\n"two\nlines",1e+21\r\n',
    );
  });
});

describe("order", () => {
  const given = result([["n", "number"]], [[3, null, 10, 1]]);
  it("is by size, nothing last both ways", () => {
    expect(sortedRows(given, 0, false)).toEqual([3, 0, 2, 1]);
    expect(sortedRows(given, 0, true)).toEqual([2, 0, 3, 1]);
    expect(sortedRows(given, -1, true)).toEqual([0, 1, 2, 3]);
  });
});

describe("the chart that suits an answer", () => {
  it("lines by name over time, with gaps", () => {
    const chart = chartOf(
      result(
        [
          ["bin", "time"],
          ["service", "text"],
          ["n", "number"],
        ],
        [
          ["2026-03-01T12:05:00Z", "2026-03-01T12:00:00Z", "2026-03-01T12:05:00Z"],
          ["a", "a", "b"],
          [2, 1, 0],
        ],
      ),
    );
    const start = Date.UTC(2026, 2, 1, 12) / 1000;
    expect(chart).toEqual({
      kind: "time",
      left: 0,
      data: {
        times: [start, start + 300],
        series: [
          { key: "a", label: "a", values: [1, 2] },
          { key: "b", label: "b", values: [null, 0] },
        ],
      },
    });
  });

  it("bars for one name and a number; a table for the rest", () => {
    const bars = chartOf(
      result(
        [
          ["service", "text"],
          ["n", "number"],
        ],
        [["a"], [5]],
      ),
    );
    expect(bars).toMatchObject({ kind: "bars", bars: [{ label: "a", value: 5 }] });
    expect(chartOf(result([["message", "text"]], [["x"]]))).toBeNull();
    expect(chartOf(result([["l", "list"]], [[[1]]]))).toBeNull();
  });
});
