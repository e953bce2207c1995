import "@xyflow/react/dist/style.css";
import { useComputedColorScheme } from "@mantine/core";
import {
  Background,
  Controls,
  type Edge,
  getNodesBounds,
  MiniMap,
  type Node,
  ReactFlow,
  type ReactFlowInstance,
  type ReactFlowProps,
} from "@xyflow/react";
import { useRef } from "react";
import { firstView } from "./firstView";
import classes from "./GraphCanvas.module.css";

interface Props<N extends Node, E extends Edge> extends Omit<ReactFlowProps<N, E>, "onSelect"> {
  nodes: N[];
  /** What the overview is of: `map`. */
  what: string;
  /** From so many nodes on there is an overview. */
  overviewFrom: number;
  /** The node that the first view keeps in sight where the whole would be too small to read. */
  subject?: string;
  /** Called with nothing where the choice ends. */
  onSelect: (id: string) => void;
}

/** A graph to look at: it moves and zooms, and a node of it is chosen by a click. */
export function GraphCanvas<N extends Node, E extends Edge>(props: Props<N, E>) {
  const { what, overviewFrom, subject, onSelect, ...rest } = props;
  const scheme = useComputedColorScheme("light");
  const host = useRef<HTMLDivElement>(null);
  const begin = (flow: ReactFlowInstance<N, E>) => {
    const box = host.current?.getBoundingClientRect();
    const at = rest.nodes.find((one) => one.id === subject);
    if (!box || !at) return;
    const middle = {
      x: at.position.x + (at.width ?? 0) / 2,
      y: at.position.y + (at.height ?? 0) / 2,
    };
    const view = firstView(getNodesBounds(rest.nodes), box, middle);
    if (view) void flow.setViewport(view);
  };
  return (
    <ReactFlow
      ref={host}
      colorMode={scheme}
      onInit={begin}
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
        <MiniMap
          pannable
          zoomable
          className={classes.overview}
          nodeColor="var(--v-dimmed)"
          maskColor="color-mix(in srgb, var(--v-sunken) 75%, transparent)"
          ariaLabel={`Overview of the ${what}`}
        />
      )}
    </ReactFlow>
  );
}
