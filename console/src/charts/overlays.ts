/** What lies over the lines of a chart and explains them. */

import type { Values } from "./aligned";

/** A horizontal line: an alarm's limit, an objective. */
export interface Threshold {
  value: number;
  label: string;
  severity?: "critical" | "warning" | "info";
  /** Which side of it is bad; that side is shaded. */
  bad?: "above" | "below";
}

/** A corridor on the chart's timestamps, such as what is usual. */
export interface Band {
  label: string;
  lower: Values;
  upper: Values;
}

/** A measurement that leads to the trace it was made in. */
export interface Exemplar {
  /** Unix seconds. */
  time: number;
  value: number;
  label: string;
  onOpen: () => void;
}

/** Something that happened: a deployment, an alarm's change. Unix seconds. */
export interface Annotation {
  time: number;
  end?: number;
  label: string;
}

/** Counts by time and value, as shades: the more, the darker. */
export interface Cells {
  /** Width of a cell in seconds. */
  step: number;
  /** Start of each cell, Unix seconds. */
  time: readonly number[];
  from: readonly number[];
  to: readonly number[];
  /** How dark, 0 to 1. */
  shade: readonly number[];
}

export interface Overlays {
  cells?: Cells;
  thresholds?: readonly Threshold[];
  bands?: readonly Band[];
  exemplars?: readonly Exemplar[];
  annotations?: readonly Annotation[];
}
