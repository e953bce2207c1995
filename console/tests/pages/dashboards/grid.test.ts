import { describe, expect, it } from "vitest";
import { begun, changed, redone, undone } from "@/pages/dashboards/draft";
import { compacted, moved, stepped } from "@/pages/dashboards/grid";
import { EMPTY, newPanel, withPanel } from "@/pages/dashboards/model";

const at = (id: string, x: number, y: number, w = 12, h = 8) => ({ id, place: { x, y, w, h } });
const places = (found: Map<string, { x: number; y: number }>) =>
  Object.fromEntries([...found].map(([id, { x, y }]) => [id, [x, y]]));

describe("the grid", () => {
  it("leaves no hole above a panel and none over another", () => {
    expect(places(compacted([at("a", 0, 5), at("b", 6, 7), at("c", 12, 40)]))).toEqual({
      a: [0, 0],
      b: [6, 8],
      c: [12, 16],
    });
  });
  it("pushes others out of the way of the one that is moved", () => {
    const panels = [at("a", 0, 0), at("b", 12, 0), at("c", 0, 8)];
    expect(places(moved(panels, "c", { x: 0, y: 0, w: 12, h: 8 }))).toEqual({
      c: [0, 0],
      b: [12, 0],
      a: [0, 8],
    });
  });
  it("steps by keys within its columns", () => {
    const place = { x: 12, y: 0, w: 12, h: 8 };
    expect(stepped(place, "ArrowRight", false)).toEqual(place);
    expect(stepped(place, "ArrowLeft", false)).toEqual({ ...place, x: 11 });
    expect(stepped(place, "ArrowRight", true)).toEqual(place);
    expect(stepped(place, "ArrowUp", true)).toEqual({ ...place, h: 7 });
    expect(stepped(place, "a", false)).toBeNull();
  });
  it("adds beside the last panel, else below", () => {
    let spec = EMPTY;
    for (let n = 0; n < 3; n += 1) spec = withPanel(spec, newPanel("timeseries", null)).spec;
    expect(spec.panels.map(({ id, place }) => [id, place.x, place.y])).toEqual([
      ["p1", 0, 0],
      ["p2", 12, 0],
      ["p3", 0, 9],
    ]);
  });
});

it("steps of editing go back and forth", () => {
  const [a, b, c] = [EMPTY, { ...EMPTY, refresh: 1 }, { ...EMPTY, refresh: 2 }];
  const draft = changed(changed(begun(a), b), c);
  expect(undone(draft).now).toBe(b);
  expect(undone(undone(undone(draft))).now).toBe(a);
  expect(redone(undone(draft)).now).toBe(c);
  expect(changed(undone(draft), a).future).toEqual([]);
});
