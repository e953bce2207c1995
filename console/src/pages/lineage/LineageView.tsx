import { type Edge, Handle, MarkerType, type Node, type NodeProps, Position } from "@xyflow/react";
import { memo, useMemo } from "react";
import { GraphCanvas } from "@/components/GraphCanvas";
import { type Drawn, lit, NODE_HEIGHT, NODE_WIDTH, type Picture, placed } from "./graph";
import classes from "./lineage.module.css";

interface Props {
  picture: Picture;
  start: string;
  selected: string;
  onSelect: (id: string) => void;
}

type Data = { node: Drawn; isStart: boolean; pale: boolean };
const OVERVIEW_FROM = 12;

/** The graph; the list beside it has the same for those who do not see it. */
export default function LineageView({ picture, start, selected, onSelect }: Props) {
  const places = useMemo(() => placed(picture), [picture]);
  const bright = useMemo(
    () => (selected ? lit(picture.edges, selected) : null),
    [picture, selected],
  );
  const nodes = useMemo<Node<Data>[]>(
    () =>
      picture.nodes.map((node) => ({
        id: node.id,
        type: "entity",
        position: places.get(node.id) ?? { x: 0, y: 0 },
        data: {
          node,
          isStart: node.members.some((one) => one.resource === start),
          pale: bright !== null && !bright.has(node.id),
        },
        width: NODE_WIDTH,
        height: NODE_HEIGHT,
        selected: node.id === selected,
        ariaLabel: `${node.kind} ${node.label}`,
      })),
    [picture, places, start, selected, bright],
  );
  const edges = useMemo<Edge[]>(
    () =>
      picture.edges.map((edge) => {
        const on = bright?.has(edge.source) && bright.has(edge.target);
        const color = on ? "var(--v-link)" : "var(--v-dimmed)";
        return {
          id: `${edge.source} ${edge.target}`,
          source: edge.source,
          target: edge.target,
          markerEnd: { type: MarkerType.ArrowClosed, color, width: 14, height: 14 },
          style: {
            stroke: color,
            opacity: bright && !on ? 0.25 : 1,
            strokeDasharray: edge.relation === "SameAs" ? "6 4" : undefined,
          },
          ariaLabel: `${edge.source} ${edge.relation} ${edge.target}`,
        };
      }),
    [picture, bright],
  );
  return (
    <div className={classes.canvas}>
      <GraphCanvas
        key={`${start} ${picture.nodes.length}`}
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        minZoom={0.05}
        what="graph"
        subject={nodes.find((one) => one.data.isStart)?.id}
        overviewFrom={OVERVIEW_FROM}
        onSelect={onSelect}
        aria-label="Lineage; the list has the same as a table"
      />
    </div>
  );
}

const EntityNode = memo(function EntityNode({ data, selected }: NodeProps<Node<Data>>) {
  const { node, isStart, pale } = data;
  return (
    <div
      className={classes.node}
      data-kind={node.kind}
      data-start={isStart || undefined}
      data-selected={selected || undefined}
      data-pale={pale || undefined}
    >
      <Handle type="target" position={Position.Left} className={classes.handle} />
      <div className={classes.kind}>{node.kind.replace("_", " ")}</div>
      <div className={classes.name} title={node.members[0]?.name}>
        {node.label}
      </div>
      <Handle type="source" position={Position.Right} className={classes.handle} />
    </div>
  );
});

const NODE_TYPES = { entity: EntityNode };
