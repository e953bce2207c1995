import { describe, expect, it } from "vitest";
import type { components } from "@/api/schema";
import { changesOf, type Evidence, zOfShares } from "@/pages/home/changes";

const NOW = Date.UTC(2026, 2, 1, 12);
const row = (given: Partial<components["schemas"]["RedRow"]>) =>
  ({
    service: "checkout",
    operation: "POST /pay",
    kind: "Server",
    count: 1000,
    errors: 0,
    total_ns: 0,
    max_ns: 0,
    quantiles: [1e6, 5e6, 1e7, 2e7],
    previous_count: 1000,
    previous_errors: 0,
    previous_total_ns: 0,
    previous_quantiles: [1e6, 5e6, 1e7, 2e7],
    ...given,
  }) as components["schemas"]["RedRow"];
const find = (given: Partial<Evidence>) =>
  changesOf({ rows: [], services: [], patterns: [], now: NOW, ...given }).map(({ key }) => key);

describe("what changed", () => {
  it("steady services are no news", () =>
    expect(find({ rows: [row({ errors: 10, previous_errors: 9 })] })).toEqual([]));

  it("more errors than chance allows", () => {
    expect(find({ rows: [row({ errors: 60, previous_errors: 10 })] })).toEqual([
      "errors checkout POST /pay Server",
    ]);
    // The same shares of few calls are chance.
    expect(
      find({ rows: [row({ count: 20, errors: 2, previous_count: 20, previous_errors: 0 })] }),
    ).toEqual([]);
  });

  it("an operation that is new and fails", () => {
    const fresh = { previous_count: 0, previous_quantiles: [] };
    expect(find({ rows: [row({ ...fresh, errors: 100 })] })).toHaveLength(1);
    expect(find({ rows: [row({ ...fresh, errors: 10 })] })).toEqual([]);
  });

  it("slower, by share and by time", () => {
    expect(find({ rows: [row({ quantiles: [1e6, 5e6, 3e7, 4e7] })] })).toEqual([
      "slow checkout POST /pay Server",
    ]);
    const tiny = { quantiles: [1e3, 1e4, 3e4, 4e4], previous_quantiles: [1e3, 5e3, 1e4, 2e4] };
    expect(find({ rows: [row(tiny)] })).toEqual([]);
    expect(find({ rows: [row({ quantiles: [null, null, null, null] })] })).toEqual([]);
  });

  it("fewer calls of a service, over its operations", () => {
    const rows = [
      row({ operation: "a", count: 100, previous_count: 600 }),
      row({ operation: "b", count: 100, previous_count: 400 }),
      row({ operation: "client", kind: "Client", count: 0, previous_count: 900 }),
    ];
    expect(find({ rows })).toEqual(["traffic checkout"]);
  });

  it("silence, where the range ends now", () => {
    const services = [
      { service: "etl", last_seen: "2026-03-01T11:30:00Z" },
      { service: "cart", last_seen: "2026-03-01T11:59:00Z" },
    ] as components["schemas"]["ServiceView"][];
    expect(find({ services })).toEqual(["silent etl"]);
    expect(find({ services, now: null })).toEqual([]);
  });

  it("errors of a new kind; the worst comes first", () => {
    const patterns = [
      { pattern: "gateway <*>", count: 5, previous: 0, share: 1, sample: "" },
      { pattern: "once", count: 1, previous: 0, share: 1, sample: "" },
      { pattern: "old", count: 50, previous: 40, share: 1, sample: "" },
    ];
    const rows = [row({ errors: 500 })];
    expect(find({ patterns, rows })).toEqual([
      "errors checkout POST /pay Server",
      "pattern gateway <*>",
    ]);
  });
});

it("the z of shares", () => {
  // 60 of 1000 against 10 of 1000, worked by hand: p = 0.035, s = 0.00822, z = 6.08.
  expect(zOfShares(60, 1000, 10, 1000)).toBeCloseTo(6.08, 2);
  expect(zOfShares(0, 0, 1, 2)).toBe(0);
  expect(zOfShares(5, 5, 7, 7)).toBe(0);
});
