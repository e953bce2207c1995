import { useComputedColorScheme } from "@mantine/core";
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";
import { formatNanos } from "@/charts/units";
import { resolveColor, serviceColor } from "@/theme/colors";
import type { Segment, TraceModel } from "./model";
import type { Rows } from "./rows";
import classes from "./trace.module.css";

const CLICK_SHARE = 0.004;
const KEY_STEP = 0.1;

interface Props {
  model: TraceModel;
  rows: Rows;
  window: Segment;
  onWindow: (window: Segment) => void;
  firstRow: number;
  lastRow: number;
}

/** The whole trace at a glance. Drag to look at a part of the time; a click shows all again. */
export function Minimap({ model, rows, window, onWindow, firstRow, lastRow }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scheme = useComputedColorScheme("light");
  const [drag, setDrag] = useState<{ from: number; to: number } | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `scheme` stands for the colours
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const draw = () => drawMinimap(element, model, rows);
    const watch = new ResizeObserver(draw);
    watch.observe(element);
    return () => watch.disconnect();
  }, [model, rows, scheme]);

  const share = (event: PointerEvent<HTMLElement>): number => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const end = () => {
    if (!drag) return;
    const [low, high] = [Math.min(drag.from, drag.to), Math.max(drag.from, drag.to)];
    setDrag(null);
    const whole = high - low < CLICK_SHARE;
    onWindow({ start: whole ? 0 : low * model.duration, end: (whole ? 1 : high) * model.duration });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const next = keyWindow(event.key, window, model.duration);
    if (!next) return;
    event.preventDefault();
    onWindow(next);
  };
  const shown = drag
    ? { start: Math.min(drag.from, drag.to), end: Math.max(drag.from, drag.to) }
    : { start: window.start / model.duration, end: window.end / model.duration };
  const part = shown.start > 0 || shown.end < 1;
  const count = Math.max(rows.spans.length, 1);
  return (
    <div
      className={classes.minimap}
      role="slider"
      aria-label="Part of the trace that is shown; arrows move it, + and - zoom, 0 shows all"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(shown.start * 100)}
      aria-valuetext={`${formatNanos(window.start)} to ${formatNanos(window.end)}`}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag({ from: share(event), to: share(event) });
      }}
      onPointerMove={(event) => drag && setDrag({ ...drag, to: share(event) })}
      onPointerUp={end}
      onPointerCancel={() => setDrag(null)}
    >
      <canvas ref={canvas} />
      <span
        className={classes.viewport}
        style={{
          top: `${(firstRow / count) * 100}%`,
          height: `${Math.max(3, ((lastRow - firstRow + 1) / count) * 100)}%`,
        }}
      />
      {part && (
        <span
          className={classes.window}
          style={{ left: `${shown.start * 100}%`, width: `${(shown.end - shown.start) * 100}%` }}
        />
      )}
    </div>
  );
}

/** The window after a key: moved, narrowed, widened, or all; null for other keys. */
export function keyWindow(key: string, window: Segment, duration: number): Segment | null {
  const length = window.end - window.start;
  const moved = (by: number): Segment => {
    const start = Math.min(Math.max(0, window.start + by), duration - length);
    return { start, end: start + length };
  };
  const scaled = (factor: number): Segment => {
    const wanted = Math.min(duration, length * factor);
    const start = Math.max(0, window.start + (length - wanted) / 2);
    return { start: Math.min(start, duration - wanted), end: Math.min(start + wanted, duration) };
  };
  if (key === "ArrowLeft") return moved(-length * KEY_STEP);
  if (key === "ArrowRight") return moved(length * KEY_STEP);
  if (key === "+" || key === "=") return scaled(0.5);
  if (key === "-") return scaled(2);
  if (key === "0" || key === "Escape") return { start: 0, end: duration };
  return null;
}

function drawMinimap(canvas: HTMLCanvasElement, model: TraceModel, rows: Rows): void {
  const context = canvas.getContext("2d");
  const ratio = devicePixelRatio;
  canvas.width = Math.round(canvas.clientWidth * ratio);
  canvas.height = Math.round(canvas.clientHeight * ratio);
  if (!context || !canvas.width) return;
  const { width, height } = canvas;
  const colors = new Map(
    model.services.map(({ name }) => [name, resolveColor(serviceColor(name))]),
  );
  const critical = resolveColor("var(--v-text)");
  const failed = resolveColor("var(--v-critical)");
  const count = rows.spans.length;
  const line = Math.max(1, Math.min(4 * ratio, height / Math.max(count, 1)));
  const scale = width / model.duration;
  const box = (start: number, duration: number, row: number, thick: number): void => {
    const top = (row / count) * (height - thick);
    context.fillRect(start * scale, top, Math.max(duration * scale, 1), thick);
  };
  for (let row = 0; row < count; row++) {
    const span = rows.spans[row] as number;
    context.fillStyle = model.error[span]
      ? failed
      : (colors.get(model.spans.service_name[span] as string) ?? critical);
    box(model.spans.offset_ns[span] as number, model.spans.duration_ns[span] as number, row, line);
  }
  context.fillStyle = critical;
  for (let row = 0; row < count; row++) {
    for (const part of model.critical.get(rows.spans[row] as number) ?? []) {
      box(part.start, part.end - part.start, row, Math.max(ratio, line / 2));
    }
  }
}
