/** Which part of a lineage graph is shown, what is lit, and where everything stands. */

import { Graph, layout } from "@dagrejs/dagre";
import type { components } from "@/api/schema";

export type Lineage = components["schemas"]["GraphView"];
export type LineageNode = Lineage["nodes"][number];
export type LineageEdge = Lineage["edges"][number];

/** A node as it is drawn: an entity, or many of one kind and hop. */
export interface Drawn {
  id: string;
  kind: string;
  label: string;
  hop: number;
  /** Entities that it stands for. */
  members: readonly LineageNode[];
}

export interface Picture {
  nodes: Drawn[];
  edges: { source: string; target: string; relation: string }[];
  aggregated: boolean;
}

/** More nodes than this are drawn together by kind and hop. */
export const MOST_NODES = 300;
const SHORT = 42;

export function labelOf(node: LineageNode): string {
  const label = typeof node.about.label === "string" && node.about.label ? node.about.label : "";
  if (label) return label;
  const name = node.version ? `${node.name} @ ${node.version.slice(0, 12)}` : node.name;
  return name.length > SHORT ? `…${name.slice(1 - SHORT)}` : name;
}

/** Several answers as one graph; a node's hop is that of the first that has it. */
export function merged(answers: readonly Lineage[]): {
  nodes: LineageNode[];
  edges: LineageEdge[];
} {
  const nodes = new Map<string, LineageNode>();
  const edges = new Map<string, LineageEdge>();
  for (const answer of answers) {
    const offset = nodes.get(answer.resource)?.hop ?? 0;
    for (const node of answer.nodes) {
      if (!nodes.has(node.resource)) {
        nodes.set(node.resource, { ...node, hop: node.hop + offset });
      }
    }
    for (const edge of answer.edges) {
      edges.set(`${edge.source} ${edge.target} ${edge.relation}`, edge);
    }
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] };
}

/** What is drawn: every entity, or beyond `most` groups of one kind and hop; `keep` stay alone. */
export function pictureOf(
  nodes: readonly LineageNode[],
  edges: readonly LineageEdge[],
  keep: ReadonlySet<string>,
  most = MOST_NODES,
): Picture {
  const aggregated = nodes.length > most;
  const home = new Map<string, string>();
  const drawn = new Map<string, { first: LineageNode; members: LineageNode[] }>();
  for (const node of nodes) {
    const alone = !aggregated || keep.has(node.resource);
    const id = alone ? node.resource : `${node.kind} ${node.hop}`;
    home.set(node.resource, id);
    const group = drawn.get(id);
    if (group) group.members.push(node);
    else drawn.set(id, { first: node, members: [node] });
  }
  const links = new Map<string, Picture["edges"][number]>();
  for (const edge of edges) {
    const source = home.get(edge.source);
    const target = home.get(edge.target);
    if (source && target && source !== target)
      links.set(`${source} ${target}`, { source, target, relation: edge.relation });
  }
  return {
    nodes: [...drawn].map(([id, { first, members }]) => ({
      id,
      kind: first.kind,
      hop: first.hop,
      members,
      label: members.length > 1 ? `${members.length} × ${first.kind}` : labelOf(first),
    })),
    edges: [...links.values()],
    aggregated,
  };
}

/** A node with all that leads to it and all that it leads to. */
export function lit(edges: Picture["edges"], from: string): Set<string> {
  const found = new Set([from]);
  for (const [here, there] of [
    ["source", "target"],
    ["target", "source"],
  ] as const) {
    const next = new Map<string, string[]>();
    for (const edge of edges) next.set(edge[here], [...(next.get(edge[here]) ?? []), edge[there]]);
    const waiting = [from];
    const seen = new Set(waiting);
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      for (const other of next.get(node) ?? []) {
        if (!seen.has(other)) {
          seen.add(other);
          waiting.push(other);
        }
      }
    }
    for (const one of seen) found.add(one);
  }
  return found;
}

export const NODE_WIDTH = 210;
export const NODE_HEIGHT = 50;

/** Top left corners by node: sources left of what is made of them. */
export function placed(picture: Picture): Map<string, { x: number; y: number }> {
  const graph = new Graph();
  graph.setGraph({ rankdir: "LR", nodesep: 14, ranksep: 56, marginx: 8, marginy: 8 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of picture.nodes)
    graph.setNode(node.id, { width: NODE_WIDTH, height: NODE_HEIGHT });
  for (const edge of picture.edges) graph.setEdge(edge.source, edge.target);
  layout(graph);
  return new Map(
    picture.nodes.map(({ id }) => {
      const { x, y } = graph.node(id);
      return [id, { x: x - NODE_WIDTH / 2, y: y - NODE_HEIGHT / 2 }];
    }),
  );
}
