import { describe, expect, it } from "vitest";
import {
  curve,
  filtered,
  type MapEdge,
  type MapNode,
  placed,
  type ServiceMap,
} from "@/pages/map/graph";

const calls = (count: number, faults = 0) =>
  ({ count, faults, fault_rate: count ? faults / count : 0 }) as MapNode["statistics"];
const node = (id: string, faults = 0) =>
  ({
    id,
    name: id.replace(/^\w+:/, ""),
    type: id.split(":")[0],
    basis: "server",
    statistics: calls(100, faults),
  }) as MapNode;
const edge = (source: string, target: string, faults = 0) =>
  ({ source, target, type: "call", statistics: calls(10, faults), age: null }) as MapEdge;

// web -> api -> db, api -> mail; batch alone
const MAP = {
  nodes: [
    node("service:web"),
    node("service:api", 10),
    node("database:db"),
    node("external:mail"),
    node("service:batch"),
  ],
  edges: [
    edge("service:web", "service:api", 1),
    edge("service:api", "database:db"),
    edge("service:api", "external:mail"),
  ],
} as ServiceMap;
const ALL = { find: "", focus: "", hops: 1, inferred: true, failing: false };
const ids = (found: { nodes: MapNode[] }) => found.nodes.map((one) => one.name);

describe("filtered", () => {
  it("shows everything without a filter", () => {
    expect(ids(filtered(MAP, ALL))).toEqual(["web", "api", "db", "mail", "batch"]);
  });

  it("leaves inferred nodes out, and the edges to them", () => {
    const found = filtered(MAP, { ...ALL, inferred: false });
    expect(ids(found)).toEqual(["web", "api", "batch"]);
    expect(found.edges).toHaveLength(1);
  });

  it("keeps what is some hops from the focus, in both directions", () => {
    expect(ids(filtered(MAP, { ...ALL, focus: "service:web" }))).toEqual(["web", "api"]);
    expect(ids(filtered(MAP, { ...ALL, focus: "service:web", hops: 2 }))).toEqual([
      "web",
      "api",
      "db",
      "mail",
    ]);
  });

  it("does not lose everything for a focus that is not there", () => {
    expect(ids(filtered(MAP, { ...ALL, focus: "service:gone" }))).toHaveLength(5);
  });

  it("finds nodes with their neighbours, and nothing for a name that none has", () => {
    expect(ids(filtered(MAP, { ...ALL, find: "MAIL" }))).toEqual(["api", "mail"]);
    expect(ids(filtered(MAP, { ...ALL, find: "nobody" }))).toEqual([]);
  });

  it("keeps what fails and the ends of calls that do", () => {
    expect(ids(filtered(MAP, { ...ALL, failing: true }))).toEqual(["web", "api"]);
  });
});

describe("placed", () => {
  it("puts callers left of the called, also in a circle and with calls of oneself", () => {
    const edges = [...MAP.edges, edge("service:api", "service:api")];
    const { nodes, edges: ways } = placed(MAP.nodes, edges);
    const x = (id: string) => nodes.get(id)?.x ?? Number.NaN;
    expect(x("service:web")).toBeLessThan(x("service:api"));
    expect(x("service:api")).toBeLessThan(x("database:db"));
    expect(ways.size).toBe(3);
    expect(() => placed(MAP.nodes, [...edges, edge("service:api", "service:web")])).not.toThrow();
  });

  it("draws a curve from the first point to the last", () => {
    expect(curve([])).toBe("");
    expect(
      curve([
        { x: 0, y: 0 },
        { x: 5, y: 5 },
        { x: 10, y: 0 },
      ]),
    ).toBe("M0 0Q5 5 7.5 2.5L10 0");
  });
});
