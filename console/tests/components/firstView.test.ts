import { describe, expect, it } from "vitest";
import { firstView, READABLE } from "@/components/firstView";

const SCREEN = { width: 1000, height: 600 };

describe("the first view of a graph", () => {
  it("is the whole where it can be read", () => {
    const graph = { x: 0, y: 0, width: 1300, height: 700 };
    expect(firstView(graph, SCREEN, { x: 100, y: 100 })).toBeNull();
  });

  it("has the subject in the middle of a graph that is too large", () => {
    const graph = { x: 0, y: 0, width: 5000, height: 4000 };
    const view = firstView(graph, SCREEN, { x: 2500, y: 2000 });
    expect(view).toEqual({ x: 500 - 2500 * READABLE, y: 300 - 2000 * READABLE, zoom: READABLE });
  });

  it("shows nothing beyond the edges: a subject at the end stands at the side", () => {
    const graph = { x: 0, y: 0, width: 5000, height: 300 };
    const view = firstView(graph, SCREEN, { x: 4900, y: 40 });
    expect(view?.x).toBe(1000 - 24 - 5000 * READABLE);
    // It is low enough to fit: in the middle.
    expect(view?.y).toBe(300 - 150 * READABLE);
  });
});
