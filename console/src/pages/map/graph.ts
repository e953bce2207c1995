/** Which nodes and edges of the service map are shown, and where. */

import { Graph, layout } from "@dagrejs/dagre";
import type { components } from "@/api/schema";
import { healthOf } from "../services/health";

export type ServiceMap = components["schemas"]["ServiceMapView"];
export type MapNode = ServiceMap["nodes"][number];
export type MapEdge = ServiceMap["edges"][number];

export interface Filter {
  /** Part of a node's name; its neighbours stay. */
  find: string;
  /** Only this node and what is up to `hops` edges away. */
  focus: string;
  hops: number;
  /** Leaves inferred nodes (databases, topics, hosts) out. */
  inferred: boolean;
  /** Only what has failures. */
  failing: boolean;
}

export function filtered(map: ServiceMap, filter: Filter): { nodes: MapNode[]; edges: MapEdge[] } {
  let kept = new Set(map.nodes.map((node) => node.id));
  if (!filter.inferred)
    kept = only(
      kept,
      map.nodes.filter((node) => node.type === "service"),
    );
  if (filter.focus && kept.has(filter.focus)) {
    kept = near(map.edges, new Set([filter.focus]), filter.hops, kept);
  }
  if (filter.find.trim()) {
    const wanted = filter.find.trim().toLowerCase();
    const named = map.nodes.filter((node) => node.name.toLowerCase().includes(wanted));
    kept = near(map.edges, only(kept, named), 1, kept);
  }
  if (filter.failing) {
    const bad = map.nodes.filter((node) => isFailing(node.statistics));
    const ends = map.edges
      .filter((edge) => isFailing(edge.statistics))
      .flatMap((edge) => [edge.source, edge.target]);
    const wanted = new Set([...bad.map((node) => node.id), ...ends]);
    kept = new Set([...kept].filter((id) => wanted.has(id)));
  }
  return {
    nodes: map.nodes.filter((node) => kept.has(node.id)),
    edges: map.edges.filter((edge) => kept.has(edge.source) && kept.has(edge.target)),
  };
}

function isFailing(calls: MapNode["statistics"]): boolean {
  const health = healthOf(calls);
  return health === "warning" || health === "critical";
}

const only = (kept: ReadonlySet<string>, nodes: readonly MapNode[]): Set<string> =>
  new Set(nodes.map((node) => node.id).filter((id) => kept.has(id)));

/** What is up to some hops away, in either direction, within `kept`. */
function near(
  edges: readonly MapEdge[],
  from: ReadonlySet<string>,
  hops: number,
  kept: ReadonlySet<string>,
): Set<string> {
  const reached = new Set(from);
  for (let hop = 0; hop < hops; hop++) {
    const before = new Set(reached);
    for (const { source, target } of edges) {
      if (before.has(source) && kept.has(target)) reached.add(target);
      if (before.has(target) && kept.has(source)) reached.add(source);
    }
  }
  return reached;
}

export const NODE_WIDTH = 196;
export const NODE_HEIGHT = 68;
const LABEL_WIDTH = 108;
const LABEL_HEIGHT = 18;

export interface Point {
  x: number;
  y: number;
}

export interface Layout {
  /** Top left corners by node. */
  nodes: Map<string, Point>;
  /** The way of an edge round the nodes, and the middle of its label, by source and target. */
  edges: Map<string, { points: Point[]; label: Point }>;
}

export const pairOf = (edge: Pick<MapEdge, "source" | "target">): string =>
  JSON.stringify([edge.source, edge.target]);

/** Where everything is: callers left of the called, room kept for what edges say. */
export function placed(nodes: readonly MapNode[], edges: readonly MapEdge[]): Layout {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 22, edgesep: 14, ranksep: 30, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of nodes) graph.setNode(node.id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const edge of edges) {
    const label = { width: LABEL_WIDTH, height: LABEL_HEIGHT, labelpos: "c" };
    if (edge.source !== edge.target) graph.setEdge(edge.source, edge.target, label);
  }
  layout(graph);
  const found: Layout = { nodes: new Map(), edges: new Map() };
  for (const { id } of nodes) {
    const { x, y } = graph.node(id);
    found.nodes.set(id, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 });
  }
  for (const edge of edges) {
    const way = graph.edge(edge.source, edge.target) as { points: Point[] } & Point;
    if (way?.points)
      found.edges.set(pairOf(edge), { points: way.points, label: { x: way.x, y: way.y } });
  }
  return found;
}

/** A curve through points: straight between their middles, bent at them. */
export function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (!first || !last) return "";
  let path = `M${first.x} ${first.y}`;
  rest.slice(0, -1).forEach((point, at) => {
    const next = rest[at + 1] as Point;
    path += `Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  });
  return `${path}L${last.x} ${last.y}`;
}

/** Width of an edge in px by its share of the busiest one's calls. */
export function edgeWidth(count: number, most: number): number {
  return most > 0 ? 1.2 + 4 * (Math.log1p(count) / Math.log1p(most)) : 1.2;
}
