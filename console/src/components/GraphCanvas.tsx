import "@xyflow/react/dist/style.css";
import { useComputedColorScheme } from "@mantine/core";
import {
  Background,
  Controls,
  type Edge,
  MiniMap,
  type Node,
  ReactFlow,
  type ReactFlowProps,
} from "@xyflow/react";

interface Props<N extends Node, E extends Edge> extends Omit<ReactFlowProps<N, E>, "onSelect"> {
  nodes: N[];
  /** What the overview is of: `map`. */
  what: string;
  /** From so many nodes on there is an overview. */
  overviewFrom: number;
  /** Called with nothing where the choice ends. */
  onSelect: (id: string) => void;
}

/** A graph to look at: it moves and zooms, and a node of it is chosen by a click. */
export function GraphCanvas<N extends Node, E extends Edge>(props: Props<N, E>) {
  const { what, overviewFrom, onSelect, ...rest } = props;
  const scheme = useComputedColorScheme("light");
  return (
    <ReactFlow
      colorMode={scheme}
      fitView
      fitViewOptions={{ maxZoom: 1.1, padding: 0.08 }}
      nodesConnectable={false}
      nodesDraggable={false}
      onNodeClick={(_, node) => onSelect(node.id)}
      onPaneClick={() => onSelect("")}
      proOptions={{ hideAttribution: true }}
      {...rest}
    >
      <Background />
      <Controls showInteractive={false} />
      {rest.nodes.length >= overviewFrom && (
        <MiniMap pannable zoomable ariaLabel={`Overview of the ${what}`} />
      )}
    </ReactFlow>
  );
}
