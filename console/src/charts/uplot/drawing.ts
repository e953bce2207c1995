/** Overlays drawn on uPlot's canvas. Sizes are CSS px times the device's pixel ratio. */

import type uPlot from "uplot";
import { resolveColor } from "@/theme/colors";
import type { Annotation, Band, Cells, Exemplar, Overlays, Threshold } from "../overlays";

const SEVERITY = {
  critical: "var(--v-critical)",
  warning: "var(--v-warning)",
  info: "var(--v-link)",
} as const;
const EXEMPLAR_PX = 4;

/** A plugin that draws the overlays that `read` returns at the moment of drawing. */
export function overlayPlugin(read: () => Overlays): uPlot.Plugin {
  return {
    hooks: {
      drawAxes: (plot) => {
        const { bands = [], cells } = read();
        clipped(plot, () => {
          if (cells) drawCells(plot, cells);
          for (const band of bands) drawBand(plot, band);
        });
      },
      draw: (plot) => {
        const { thresholds = [], exemplars = [], annotations = [] } = read();
        clipped(plot, () => {
          for (const one of annotations) drawAnnotation(plot, one);
          for (const one of thresholds) drawThreshold(plot, one);
          for (const one of exemplars) drawExemplar(plot, one);
        });
      },
    },
  };
}

/** The exemplar under a point of the plotting area, in CSS px. */
export function exemplarAt(
  plot: uPlot,
  exemplars: readonly Exemplar[],
  left: number,
  top: number,
): Exemplar | undefined {
  let best: Exemplar | undefined;
  let distance = EXEMPLAR_PX * 2.5;
  for (const one of exemplars) {
    const away = Math.hypot(
      plot.valToPos(one.time, "x") - left,
      plot.valToPos(one.value, "y") - top,
    );
    if (away < distance) {
      distance = away;
      best = one;
    }
  }
  return best;
}

function clipped(plot: uPlot, draw: () => void): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw();
  ctx.restore();
}

function drawCells(plot: uPlot, { step, time, from, to, shade }: Cells): void {
  const { ctx } = plot;
  ctx.fillStyle = resolveColor("var(--v-link)");
  for (let at = 0; at < time.length; at++) {
    const start = time[at] as number;
    const left = Math.floor(xOf(plot, start));
    const right = Math.floor(xOf(plot, start + step));
    const top = Math.floor(yOf(plot, to[at] as number));
    const bottom = Math.floor(yOf(plot, from[at] as number));
    ctx.globalAlpha = 0.08 + 0.92 * (shade[at] as number);
    ctx.fillRect(left, top, Math.max(right - left, 1), Math.max(bottom - top, 1));
  }
  ctx.globalAlpha = 1;
}

function drawBand(plot: uPlot, band: Band): void {
  const { ctx, data } = plot;
  const times = data[0];
  ctx.fillStyle = resolveColor("var(--v-link)");
  ctx.globalAlpha = 0.14;
  let run: number[] = [];
  const flush = (): void => {
    if (run.length > 1) {
      ctx.beginPath();
      for (const at of run) {
        ctx.lineTo(xOf(plot, times[at] as number), yOf(plot, band.upper[at] as number));
      }
      for (const at of run.reverse()) {
        ctx.lineTo(xOf(plot, times[at] as number), yOf(plot, band.lower[at] as number));
      }
      ctx.closePath();
      ctx.fill();
    }
    run = [];
  };
  for (let at = 0; at < times.length; at++) {
    if (band.lower[at] == null || band.upper[at] == null) flush();
    else run.push(at);
  }
  flush();
  ctx.globalAlpha = 1;
}

function drawThreshold(plot: uPlot, one: Threshold): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const y = Math.round(yOf(plot, one.value));
  const color = resolveColor(SEVERITY[one.severity ?? "critical"]);
  if (one.bad) {
    ctx.globalAlpha = 0.07;
    ctx.fillStyle = color;
    const bottom = bbox.top + bbox.height;
    if (one.bad === "above") ctx.fillRect(bbox.left, bbox.top, bbox.width, y - bbox.top);
    else ctx.fillRect(bbox.left, y, bbox.width, bottom - y);
    ctx.globalAlpha = 1;
  }
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.5 * ratio;
  ctx.setLineDash([6 * ratio, 4 * ratio]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.setLineDash([]);
  label(plot, one.label, bbox.left + 4 * ratio, y - 4 * ratio, color);
}

function drawAnnotation(plot: uPlot, one: Annotation): void {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  const color = resolveColor("var(--v-dimmed)");
  const x = Math.round(xOf(plot, one.time));
  if (one.end !== undefined) {
    ctx.globalAlpha = 0.12;
    ctx.fillStyle = color;
    ctx.fillRect(x, bbox.top, Math.max(xOf(plot, one.end) - x, ratio), bbox.height);
    ctx.globalAlpha = 1;
  }
  ctx.strokeStyle = color;
  ctx.lineWidth = ratio;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  ctx.beginPath();
  ctx.moveTo(x, bbox.top);
  ctx.lineTo(x, bbox.top + bbox.height);
  ctx.stroke();
  ctx.setLineDash([]);
  label(plot, one.label, x + 4 * ratio, bbox.top + 11 * ratio, color);
}

function drawExemplar(plot: uPlot, one: Exemplar): void {
  const { ctx } = plot;
  const size = EXEMPLAR_PX * devicePixelRatio;
  const x = xOf(plot, one.time);
  const y = yOf(plot, one.value);
  ctx.fillStyle = resolveColor("var(--v-surface)");
  ctx.strokeStyle = resolveColor("var(--v-text)");
  ctx.lineWidth = 1.5 * devicePixelRatio;
  // A series before may have left its dashes.
  ctx.setLineDash([]);
  ctx.beginPath();
  ctx.moveTo(x, y - size);
  ctx.lineTo(x + size, y);
  ctx.lineTo(x, y + size);
  ctx.lineTo(x - size, y);
  ctx.closePath();
  ctx.fill();
  ctx.stroke();
}

function label(plot: uPlot, text: string, x: number, y: number, color: string): void {
  const { ctx } = plot;
  ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  ctx.lineWidth = 3 * devicePixelRatio;
  ctx.strokeStyle = resolveColor("var(--v-surface)");
  ctx.strokeText(text, x, y, 240 * devicePixelRatio);
  ctx.fillStyle = color;
  ctx.fillText(text, x, y, 240 * devicePixelRatio);
}

const xOf = (plot: uPlot, time: number): number => plot.valToPos(time, "x", true);
const yOf = (plot: uPlot, value: number): number => plot.valToPos(value, "y", true);
