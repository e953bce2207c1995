import { useComputedColorScheme } from "@mantine/core";
import { type MouseEvent, useEffect, useMemo, useRef, useState } from "react";
import { formatNanos } from "@/charts/units";
import { resolveColor, serviceColor } from "@/theme/colors";
import { type Flame, layOutFlame, spanAt } from "./flame";
import { Minimap } from "./Minimap";
import type { Segment, TraceModel } from "./model";
import type { SpansProps } from "./rows";
import classes from "./trace.module.css";

const LANE_PX = 20;
const LABEL_PX = 34;
/** Browsers draw nothing on canvases that are higher than this. */
const MAX_CANVAS_PX = 16_000;

/**
 * The flame view: calls below their callers on one axis of time. It shows what runs at the same
 * time; the waterfall has the same spans as a tree that keyboards and screen readers can walk.
 */
export function FlameView({
  model,
  rows,
  selected,
  matches,
  window,
  onWindow,
  onSelect,
}: SpansProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const host = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("light");
  const flame = useMemo(() => layOutFlame(model), [model]);
  const [hovered, setHovered] = useState(-1);
  const height = Math.min(flame.lanes * LANE_PX + 4, MAX_CANVAS_PX);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `scheme` stands for the colours
  useEffect(() => {
    const element = canvas.current;
    const box = host.current;
    if (!element || !box) return;
    const draw = () =>
      drawFlame(element, box.clientWidth, height, { model, flame, window, selected, matches });
    const watch = new ResizeObserver(draw);
    watch.observe(box);
    draw();
    return () => watch.disconnect();
  }, [model, flame, window, selected, matches, scheme, height]);

  const find = (event: MouseEvent<HTMLCanvasElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    const scale = (window.end - window.start) / box.width;
    const moment = window.start + (event.clientX - box.left) * scale;
    const lane = Math.floor((event.clientY - box.top) / LANE_PX);
    return spanAt(model, flame, lane, moment, 3 * scale);
  };
  const title =
    hovered >= 0
      ? `${model.spans.service_name[hovered]}: ${model.spans.name[hovered]}, ` +
        `${formatNanos(model.spans.duration_ns[hovered])}, of this ` +
        `${formatNanos(model.self[hovered])} on its own`
      : undefined;
  return (
    <div className={classes.body}>
      <Minimap
        model={model}
        rows={rows}
        window={window}
        onWindow={onWindow}
        firstRow={0}
        lastRow={0}
      />
      <div ref={host} className={classes.flame}>
        <canvas
          ref={canvas}
          role="img"
          aria-label={`Flame view of ${model.count} spans; the waterfall has them as a tree`}
          title={title}
          style={{ cursor: hovered >= 0 ? "pointer" : "default" }}
          onMouseMove={(event) => setHovered(find(event))}
          onMouseLeave={() => setHovered(-1)}
          onClick={(event) => {
            const span = find(event);
            if (span >= 0) onSelect(span);
          }}
          onDoubleClick={(event) => {
            const span = find(event);
            if (span < 0) return;
            const start = model.spans.offset_ns[span] as number;
            const length = Math.max(model.spans.duration_ns[span] as number, 1);
            onWindow({ start, end: Math.min(start + length, model.duration) });
          }}
        />
      </div>
    </div>
  );
}

interface Scene {
  model: TraceModel;
  flame: Flame;
  window: Segment;
  selected: number;
  matches: Uint8Array | null;
}

function drawFlame(canvas: HTMLCanvasElement, width: number, height: number, scene: Scene): void {
  const { model, flame, window, selected, matches } = scene;
  const context = canvas.getContext("2d");
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  if (!context || !width) return;
  context.scale(ratio, ratio);
  context.font = "11px system-ui, sans-serif";
  context.textBaseline = "middle";
  const colors = new Map(
    model.services.map(({ name }) => [name, resolveColor(serviceColor(name))]),
  );
  const [surface, text, critical] = ["--v-surface", "--v-text", "--v-critical"].map((name) =>
    resolveColor(`var(${name})`),
  ) as [string, string, string];
  const scale = width / (window.end - window.start);
  // Where the last bar of a lane ended: bars of less than a pixel are drawn once.
  const reached = new Float64Array(flame.lanes).fill(-1);
  for (const span of flame.byStart) {
    const start = ((model.spans.offset_ns[span] as number) - window.start) * scale;
    const end = start + (model.spans.duration_ns[span] as number) * scale;
    const lane = flame.lane[span] as number;
    if (end < 0 || start > width || end - (reached[lane] as number) < 0.5) continue;
    reached[lane] = end;
    const left = Math.max(start, 0);
    const wide = Math.max(Math.min(end, width) - left - 0.5, 0.8);
    const top = lane * LANE_PX + 1;
    context.globalAlpha = matches && !matches[span] ? 0.25 : 1;
    context.fillStyle = colors.get(model.spans.service_name[span] as string) ?? text;
    context.fillRect(left, top, wide, LANE_PX - 2);
    if (model.error[span]) {
      context.fillStyle = critical;
      context.fillRect(left, top, wide, 3);
    }
    if (span === selected) {
      context.strokeStyle = text;
      context.lineWidth = 2;
      context.strokeRect(left + 1, top + 1, Math.max(wide - 2, 1), LANE_PX - 4);
    }
    if (wide > LABEL_PX) {
      context.fillStyle = surface;
      const mark = model.error[span] ? "✖ " : "";
      context.fillText(clip(context, mark + model.spans.name[span], wide - 8), left + 4, top + 9.5);
    }
    context.globalAlpha = 1;
  }
}

function clip(context: CanvasRenderingContext2D, text: string, width: number): string {
  const shown = text.slice(0, 200);
  if (context.measureText(shown).width <= width) return shown;
  let low = 0;
  let high = shown.length;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (context.measureText(`${shown.slice(0, middle)}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return low > 2 ? `${shown.slice(0, low)}…` : "";
}
