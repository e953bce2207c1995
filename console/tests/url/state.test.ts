import { describe, expect, it } from "vitest";
import { flag, Invalid, integer, json, list, oneOf, pattern, text } from "@/url/params";
import { parseSearch, stringifySearch } from "@/url/search";
import { patchedSearch, readState } from "@/url/state";

const SPEC = {
  q: text(),
  order: oneOf(["desc", "asc"], "desc"),
  rows: integer(100, 1, 1000),
  col: list(["service"]),
  open: flag(),
  trace: pattern(/^[0-9a-f]{32}$/, "a trace id"),
  panel: json({ a: 1 }, (value) =>
    typeof value === "object" && value !== null && "a" in value
      ? (value as { a: number })
      : new Invalid("it has no a"),
  ),
};

describe("state in the address", () => {
  it("has defaults", () => {
    const { state, notices } = readState(SPEC, {});
    expect(notices).toEqual([]);
    expect(state).toMatchObject({ q: "", order: "desc", rows: 100, col: ["service"], open: false });
  });

  it("falls back and says why", () => {
    const { state, notices } = readState(SPEC, {
      order: "sideways",
      rows: "1e3",
      trace: "<script>",
      panel: "{",
      open: "maybe",
    });
    expect(state).toMatchObject({
      order: "desc",
      rows: 100,
      trace: "",
      panel: { a: 1 },
      open: false,
    });
    expect(notices.map((notice) => notice.param)).toEqual([
      "order",
      "rows",
      "open",
      "trace",
      "panel",
    ]);
  });

  it("writes what differs from the defaults, and reads it again", () => {
    const patch = { q: "a&b=c", col: ["x", "y"], rows: 5, open: true, panel: { a: 2 } };
    const search = patchedSearch(SPEC, { from: "-5m", order: "asc" }, { ...patch, order: "desc" });
    expect(search).toEqual({
      from: "-5m",
      q: "a&b=c",
      col: ["x", "y"],
      rows: "5",
      open: "1",
      panel: '{"a":2}',
    });
    const again = readState(SPEC, parseSearch(stringifySearch(search)));
    expect(again.state).toMatchObject(patch);
    expect(again.notices).toEqual([]);
  });

  it("an empty list is not the default list", () => {
    const search = patchedSearch(SPEC, {}, { col: [] });
    expect(readState(SPEC, parseSearch(stringifySearch(search))).state.col).toEqual([]);
  });

  it("many or long values are refused", () => {
    expect(list().read(Array.from({ length: 51 }, (_, at) => `${at}`))).toBeInstanceOf(Invalid);
    expect(text().read("x".repeat(16_385))).toBeInstanceOf(Invalid);
  });
});
