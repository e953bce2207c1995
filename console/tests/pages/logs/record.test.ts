import { describe, expect, it } from "vitest";
import { countBy } from "@/pages/logs/LogsPage";
import { searchFor } from "@/pages/logs/Patterns";
import { fieldOf, keyOf, type LogRecord, laidOut, oneLine, visible } from "@/pages/logs/record";

const record = (given: Partial<LogRecord> = {}): LogRecord => ({
  timestamp: "2026-03-01T12:00:00.123456789Z",
  severity_text: "",
  severity_number: 17,
  service_name: "cart",
  body: "text",
  trace_id: "",
  span_id: "",
  event_name: "",
  scope_name: "",
  attributes: { color: "red" },
  resource: { color: "blue", "host.name": "web-1" },
  ...given,
});

describe("fields", () => {
  it.each([
    ["level", "error"],
    ["service", "cart"],
    ["host", "web-1"],
    ["color", "red"],
    ["resource.color", "blue"],
    ["constructor", ""],
    ["absent", ""],
  ])("%s is %s", (field, value) => expect(fieldOf(record(), field)).toBe(value));
});

describe("hostile text", () => {
  it("control characters are seen", () => {
    expect(visible("a\u0000b\u001b[31mc\u202ed\u0085")).toBe("a␀b␛[31mc⟨U+202E⟩d⟨U+0085⟩");
    expect(visible("a\n\tb")).toBe("a\n\tb");
  });

  it("a row is one line of bounded length", () => {
    expect(oneLine("a\n  b\tc")).toBe("a ⏎ b c");
    expect(oneLine("x".repeat(5000)).length).toBeLessThan(2010);
  });

  it("JSON is laid out, anything else is left", () => {
    expect(laidOut('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
    expect(laidOut("{broken")).toBeUndefined();
    expect(laidOut("plain")).toBeUndefined();
  });
});

it("the key tells records of one moment apart", () => {
  expect(keyOf(record())).toBe(keyOf(record()));
  expect(keyOf(record())).not.toBe(keyOf(record({ body: "other" })));
  expect(keyOf(record())).toMatch(/^2026-03-01T12:00:00\.123456789Z\.[a-z0-9]+$/);
});

it("a pattern becomes a search for what its messages share", () => {
  expect(searchFor("service:cart", 'user <*> added "<*>" to the cart')).toBe(
    'service:cart "\\" to the cart" "added \\"" "user"',
  );
});

it("grouping writes a query over the search", () => {
  expect(countBy("http.route", "")).toBe(
    "stats count(*) as records by http.route | sort records desc | limit 50",
  );
  expect(countBy("a b`c", 'x "y"')).toBe(
    'search "x \\"y\\"" | stats count(*) as records by `a bc` | sort records desc | limit 50',
  );
});
