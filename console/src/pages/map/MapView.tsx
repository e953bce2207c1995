import {
  BaseEdge,
  type Edge,
  type EdgeProps,
  getBezierPath,
  Handle,
  MarkerType,
  type Node,
  type NodeProps,
  Position,
} from "@xyflow/react";
import { memo, useMemo } from "react";
import { formatNanos, formatNumber, formatPercent } from "@/charts/units";
import { GraphCanvas } from "@/components/GraphCanvas";
import { useTimeRange } from "@/time/TimeProvider";
import { HEALTH, healthOf } from "../services/health";
import {
  curve,
  edgeWidth,
  type Layout,
  type MapEdge,
  type MapNode,
  NODE_HEIGHT,
  NODE_WIDTH,
  pairOf,
  placed,
} from "./graph";
import classes from "./map.module.css";

const TYPES = { service: "", database: "database", messaging: "topic", external: "host" } as const;
const OVERVIEW_FROM = 15;

interface Props {
  nodes: MapNode[];
  edges: MapEdge[];
  selected: string;
  onSelect: (id: string) => void;
}

type Data = { node: MapNode; seconds: number };

/** The name of an edge in the address. */
export function edgeId(edge: Pick<MapEdge, "source" | "target" | "type">): string {
  return JSON.stringify([edge.source, edge.target, edge.type]);
}

/** The map itself; the list beside it has the same for those who do not see it. */
export default function MapView({ nodes, edges, selected, onSelect }: Props) {
  const { start, end } = useTimeRange();
  const seconds = Math.max(1, (end - start) / 1000);
  const layout = useMemo(() => placed(nodes, edges), [nodes, edges]);
  const flowNodes = useMemo<Node<Data>[]>(
    () =>
      nodes.map((node) => ({
        id: node.id,
        type: "call",
        position: layout.nodes.get(node.id) ?? { x: 0, y: 0 },
        data: { node, seconds },
        width: NODE_WIDTH,
        height: NODE_HEIGHT,
        selected: node.id === selected,
        ariaLabel: describe(node, seconds),
      })),
    [nodes, layout, seconds, selected],
  );
  const flowEdges = useMemo(() => {
    const most = Math.max(1, ...edges.map((one) => one.statistics.count));
    return edges.map((edge) => flowEdge(edge, { layout, most, seconds, selected }));
  }, [edges, layout, seconds, selected]);
  return (
    <div className={classes.canvas}>
      <GraphCanvas
        // A new set of nodes is looked at anew.
        key={nodes.map((node) => node.id).join("\n")}
        nodes={flowNodes}
        edges={flowEdges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        minZoom={0.1}
        elementsSelectable
        onEdgeClick={(_, edge) => onSelect(edge.id)}
        what="map"
        overviewFrom={OVERVIEW_FROM}
        subject={busiest(nodes)}
        onSelect={onSelect}
        aria-label="Service map; the list has the same as a table"
      />
    </div>
  );
}

function busiest(nodes: readonly MapNode[]): string | undefined {
  return [...nodes].sort((a, b) => b.statistics.count - a.statistics.count)[0]?.id;
}

function describe(node: MapNode, seconds: number): string {
  const calls = node.statistics;
  return (
    `${TYPES[node.type]} ${node.name}: ${HEALTH[healthOf(calls)].word}, ` +
    `${formatNumber(calls.count / seconds)} calls a second, ` +
    `${formatPercent(calls.fault_rate)} fail, p95 ${formatNanos(calls.p95_ns)}`
  ).trim();
}

interface Drawing {
  layout: Layout;
  most: number;
  seconds: number;
  selected: string;
}

type Way = { path?: string; label?: { x: number; y: number } };

function flowEdge(edge: MapEdge, { layout, most, seconds, selected }: Drawing): Edge<Way> {
  const calls = edge.statistics;
  const health = healthOf(calls);
  const plain = health === "good" || health === "quiet";
  const id = edgeId(edge);
  const color =
    id === selected ? "var(--v-link)" : plain ? "var(--v-dimmed)" : HEALTH[health].color;
  const way = layout.edges.get(pairOf(edge));
  const failed = plain ? "" : ` ${HEALTH[health].sign} ${formatPercent(calls.fault_rate)}`;
  return {
    id,
    source: edge.source,
    target: edge.target,
    type: "way",
    data: way && { path: curve(way.points), label: way.label },
    label: `${formatNumber(calls.count / seconds)}/s · ${formatNanos(calls.p95_ns)}${failed}`,
    labelStyle: { fontSize: 11, fill: "var(--v-text)" },
    labelBgStyle: { fill: "var(--v-page)", fillOpacity: 0.9 },
    markerEnd: {
      type: MarkerType.ArrowClosed,
      color,
      width: 14,
      height: 14,
      markerUnits: "userSpaceOnUse",
    },
    style: {
      stroke: color,
      strokeWidth: edgeWidth(calls.count, most),
      // Messages go by way of a topic, later: dashed.
      strokeDasharray: edge.type === "call" ? undefined : "7 4",
    },
    ariaLabel: `${edge.source} ${edge.type} ${edge.target}: ${formatNumber(calls.count)} calls`,
  };
}

/** An edge on the way that the layout found for it; a service's calls of itself go round it. */
const WayEdge = memo(function WayEdge(props: EdgeProps<Edge<Way>>) {
  const [bent, x, y] = getBezierPath(props);
  const { path = bent, label = { x, y } } = props.data ?? {};
  return <BaseEdge {...props} path={path} labelX={label.x} labelY={label.y} />;
});

const CallNode = memo(function CallNode({ data, selected }: NodeProps<Node<Data>>) {
  const { node, seconds } = data;
  const calls = node.statistics;
  const { sign, color, word } = HEALTH[healthOf(calls)];
  return (
    <div
      className={classes.node}
      data-type={node.type}
      data-selected={selected || undefined}
      style={{ borderLeftColor: color }}
    >
      <Handle type="target" position={Position.Left} className={classes.handle} />
      <div className={classes.nodeName} title={node.name}>
        <span style={{ color }} title={word}>
          {sign}
        </span>{" "}
        {node.name}
      </div>
      <div className={classes.nodeFacts}>
        {TYPES[node.type] && <em>{TYPES[node.type]} · </em>}
        {formatNumber(calls.count / seconds)}/s · p95 {formatNanos(calls.p95_ns)}
      </div>
      {calls.fault_rate > 0 && (
        <div className={classes.nodeFacts}>
          <b>{formatPercent(calls.fault_rate)} fail</b>
        </div>
      )}
      <Handle type="source" position={Position.Right} className={classes.handle} />
    </div>
  );
});

const NODE_TYPES = { call: CallNode };
const EDGE_TYPES = { way: WayEdge };
