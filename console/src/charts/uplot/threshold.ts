/** A threshold that is moved over the chart: by the mouse or a finger, and by the keyboard. */

import type uPlot from "uplot";
import { formatValue } from "../units";

export interface MovedThreshold {
  value: number;
  label: string;
  unit: string;
  onMove: (value: number) => void;
}

const BIG_STEP = 10;

/** A plugin with a slider at the height of the threshold that `read` returns. */
export function thresholdPlugin(read: () => MovedThreshold | undefined): uPlot.Plugin {
  let handle: HTMLElement | null = null;
  let tag: HTMLElement | null = null;
  let dragged: number | null = null;

  const place = (plot: uPlot): void => {
    const one = read();
    if (!handle || !tag) return;
    handle.hidden = one === undefined;
    if (!one) return;
    const value = dragged ?? one.value;
    const { min = 0, max = 1 } = plot.scales.y ?? {};
    handle.style.top = `${plot.valToPos(value, "y")}px`;
    handle.setAttribute("aria-label", one.label);
    handle.setAttribute("aria-valuenow", String(value));
    handle.setAttribute("aria-valuemin", String(Math.min(min ?? value, value)));
    handle.setAttribute("aria-valuemax", String(Math.max(max ?? value, value)));
    handle.setAttribute("aria-valuetext", formatValue(value, one.unit));
    tag.textContent = formatValue(value, one.unit);
  };

  return {
    hooks: {
      ready: (plot) => {
        handle = document.createElement("div");
        tag = document.createElement("span");
        handle.className = "threshold-handle";
        handle.tabIndex = 0;
        handle.setAttribute("role", "slider");
        handle.setAttribute("aria-orientation", "vertical");
        handle.append(tag);
        plot.over.append(handle);
        listen(plot, handle, read, (value) => {
          dragged = value;
          place(plot);
        });
        place(plot);
      },
      draw: place,
    },
  };
}

function listen(
  plot: uPlot,
  handle: HTMLElement,
  read: () => MovedThreshold | undefined,
  drag: (value: number | null) => void,
): void {
  let last: number | null = null;
  // The chart's own gestures (zoom, read) begin with a press that this one is not.
  for (const name of ["mousedown", "click", "dblclick"]) {
    handle.addEventListener(name, (event) => event.stopPropagation());
  }
  handle.addEventListener("pointerdown", (event) => {
    event.stopPropagation();
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    handle.focus();
    last = read()?.value ?? null;
  });
  handle.addEventListener("pointermove", (event) => {
    if (last === null || !handle.hasPointerCapture(event.pointerId)) return;
    const top = event.clientY - plot.over.getBoundingClientRect().top;
    last = rounded(plot.posToVal(top, "y"), stepOf(plot));
    drag(last);
  });
  const done = (event: PointerEvent, taken: boolean) => {
    const value = last;
    last = null;
    if (handle.hasPointerCapture(event.pointerId)) handle.releasePointerCapture(event.pointerId);
    drag(null);
    if (taken && value !== null && value !== read()?.value) read()?.onMove(value);
  };
  handle.addEventListener("pointerup", (event) => done(event, true));
  handle.addEventListener("pointercancel", (event) => done(event, false));
  handle.addEventListener("keydown", (event) => {
    const one = read();
    const steps: Record<string, number> = {
      ArrowUp: 1,
      ArrowRight: 1,
      ArrowDown: -1,
      ArrowLeft: -1,
      PageUp: BIG_STEP,
      PageDown: -BIG_STEP,
    };
    const wanted = steps[event.key];
    if (!one || wanted === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const step = stepOf(plot);
    const many = wanted * (event.shiftKey && Math.abs(wanted) === 1 ? BIG_STEP : 1);
    one.onMove(rounded(one.value + many * step, step));
  });
}

/** A round number near a hundredth of what the axis shows. */
export function stepOf(plot: Pick<uPlot, "scales">): number {
  const { min = 0, max = 1 } = plot.scales.y ?? {};
  const span = (max ?? 1) - (min ?? 0);
  return span > 0 ? 10 ** Math.floor(Math.log10(span / 50)) : 1;
}

/** A value on the raster of a step, without the digits that arithmetic adds. */
export function rounded(value: number, step: number): number {
  const digits = Math.max(0, Math.min(15, -Math.floor(Math.log10(step))));
  return Number((Math.round(value / step) * step).toFixed(digits));
}
