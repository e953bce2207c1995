import { describe, expect, it } from "vitest";
import { layOutFlame, spanAt } from "@/pages/traces/flame";
import { ancestry, buildTrace } from "@/pages/traces/model";
import { foldedAbove, matching, rulerTicks, step, visibleRows, WHOLE } from "@/pages/traces/rows";
import { answerOf } from "./build";

// root 0-100 (web) > a 10-60 (web) > b 20-50 (db); root > c 55-90 (db, error)
const shop = () =>
  buildTrace(
    answerOf(
      [
        { id: "root", service: "web", start: 0, end: 100 },
        { id: "a", parent: "root", service: "web", start: 10, end: 60 },
        { id: "b", parent: "a", service: "db", start: 20, end: 50 },
        { id: "c", parent: "root", service: "db", start: 55, end: 90, status: "Error" },
      ],
      {},
      [
        ["root", 0, 10],
        ["c", 55, 90],
        ["root", 90, 100],
      ],
    ),
  );
const names = (model: ReturnType<typeof shop>, spans: Iterable<number>) =>
  [...spans].map((index) => model.spans.span_id[index]);

describe("buildTrace", () => {
  it("reads parents before their children, by start", () => {
    const model = shop();
    expect(names(model, model.order)).toEqual(["root", "a", "b", "c"]);
    expect([...model.depth]).toEqual([0, 1, 2, 1]);
    expect([...model.placeEnd]).toEqual([4, 3, 3, 4]);
  });

  it("takes the time of children off once where they overlap", () => {
    expect([...shop().self]).toEqual([20, 20, 30, 35]);
  });

  it("adds errors below and time on the critical path", () => {
    const model = shop();
    expect([...model.errorsBelow]).toEqual([1, 0, 0, 0]);
    expect([...model.criticalTime]).toEqual([20, 0, 0, 35]);
    expect(model.services.map((one) => [one.name, one.spans, one.errors, one.self])).toEqual([
      ["db", 2, 1, 65],
      ["web", 2, 0, 40],
    ]);
    expect(names(model, ancestry(model, 2))).toEqual(["root", "a", "b"]);
  });

  it("shows a span whose parent got lost below the only root", () => {
    const model = buildTrace(
      answerOf(
        [
          { id: "root", start: 0, end: 100 },
          { id: "orphan", parent: "gone", start: 10, end: 20 },
        ],
        { roots: ["root"], missing_parents: ["gone"] },
      ),
    );
    expect([...model.parent]).toEqual([-1, 0]);
  });

  it("shows every span of a circle", () => {
    const model = buildTrace(
      answerOf(
        [
          { id: "a", parent: "b", start: 0, end: 10 },
          { id: "b", parent: "a", start: 1, end: 9 },
          { id: "self", parent: "self", start: 2, end: 3 },
        ],
        { roots: [] },
      ),
    );
    expect([...model.order].sort()).toEqual([0, 1, 2]);
    expect(visibleRows(model, WHOLE).spans).toHaveLength(3);
  });

  it("lays ten thousand spans in a chain out without a deep stack", () => {
    const specs = Array.from({ length: 10_000 }, (_, at) => ({
      id: `s${at}`,
      parent: at ? `s${at - 1}` : undefined,
      start: at,
      end: 20_000 - at,
    }));
    const model = buildTrace(answerOf(specs));
    expect(model.depth[9999]).toBe(9999);
    expect(layOutFlame(model).lanes).toBe(10_000);
  });
});

describe("rows", () => {
  it("folds what is below a span and says how much", () => {
    const model = shop();
    const rows = visibleRows(model, { ...WHOLE, collapsed: new Set([1]) });
    expect(names(model, rows.spans)).toEqual(["root", "a", "c"]);
    expect([...rows.folded]).toEqual([0, 1, 0]);
    expect(foldedAbove(model, new Set([1]), 2)).toEqual([1]);
  });

  it("shows where each service begins to work, indented by what is shown", () => {
    const model = shop();
    const rows = visibleRows(model, { ...WHOLE, byService: true });
    expect(names(model, rows.spans)).toEqual(["root", "b", "c"]);
    expect([...rows.depth]).toEqual([0, 1, 1]);
  });

  it("keeps what is above a match", () => {
    const model = shop();
    const rows = visibleRows(model, { ...WHOLE, only: matching(model, "B") });
    // "b" is in "db", the service of c, as well.
    expect(names(model, rows.spans)).toEqual(["root", "a", "b", "c"]);
    expect(
      names(model, visibleRows(model, { ...WHOLE, only: matching(model, "error") }).spans),
    ).toEqual(["root", "c"]);
  });

  it("steps from mark to mark, round the end", () => {
    const model = shop();
    expect(step(model, model.error, -1)).toBe(3);
    expect(step(model, model.error, 3)).toBe(3);
    expect(step(model, matching(model, "web"), 1)).toBe(0);
    expect(step(model, matching(model, "web"), 0, true)).toBe(1);
    expect(step(model, matching(model, "nothing"), 0)).toBe(-1);
  });

  it("rules a window by round times", () => {
    expect(rulerTicks(0, 1000, 5)).toEqual([0, 200, 400, 600, 800, 1000]);
    expect(rulerTicks(5, 5, 5)).toEqual([5]);
  });
});

describe("flame", () => {
  it("never lets two bars of a lane overlap, and puts children below parents", () => {
    const specs = Array.from({ length: 400 }, (_, at) => {
      const start = (at * 7919) % 1000;
      return {
        id: `s${at}`,
        parent: at ? `s${(at * 31) % at}` : undefined,
        start,
        end: start + 1 + ((at * 37) % 300),
      };
    });
    const model = buildTrace(answerOf(specs));
    const { lane, byStart } = layOutFlame(model);
    for (let index = 0; index < model.count; index += 1) {
      const above = model.parent[index] as number;
      if (above >= 0) expect(lane[index]).toBeGreaterThan(lane[above] as number);
    }
    const ends = new Map<number, number>();
    for (const index of byStart) {
      const above = model.parent[index] as number;
      const drawn = Math.max(model.spans.offset_ns[index] as number, 0);
      const at = lane[index] as number;
      if (above < 0 || drawn >= (model.spans.offset_ns[above] as number)) {
        expect(drawn).toBeGreaterThanOrEqual(ends.get(at) ?? 0);
      }
      ends.set(at, drawn + (model.spans.duration_ns[index] as number));
    }
  });

  it("finds the span under the pointer", () => {
    const model = shop();
    const flame = layOutFlame(model);
    expect(flame.lane[3]).toBe(1 + (flame.lane[1] === 1 ? 1 : 0));
    expect(spanAt(model, flame, 0, 50, 1)).toBe(0);
    expect(spanAt(model, flame, flame.lane[1] as number, 5, 2)).toBe(-1);
    expect(spanAt(model, flame, flame.lane[1] as number, 9, 2)).toBe(1);
  });
});
