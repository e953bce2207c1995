import type { Values } from "./aligned";
import classes from "./charts.module.css";

interface Props {
  values: Values;
  /** What it shows, with its last value: "errors, now 3". */
  label: string;
  color?: string;
  width?: number;
  height?: number;
}

/** A small line without axes, beside the number that it belongs to. */
export function Sparkline({
  values,
  label,
  color = "var(--v-link)",
  width = 96,
  height = 22,
}: Props) {
  const path = sparkPath(values, width, height);
  return (
    <svg className={classes.spark} width={width} height={height} role="img" aria-label={label}>
      <path d={path} fill="none" stroke={color} strokeWidth="1.4" strokeLinejoin="round" />
    </svg>
  );
}

/** The path of a line through values, from zero or below; gaps are gaps. */
export function sparkPath(values: Values, width: number, height: number): string {
  let low = 0;
  let high = 0;
  for (const value of values) {
    if (value === null) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  const scale = high > low ? (height - 2) / (high - low) : 0;
  const across = values.length > 1 ? width / (values.length - 1) : 0;
  let path = "";
  let pen = false;
  values.forEach((value, index) => {
    if (value === null) {
      pen = false;
      return;
    }
    const point = `${round(index * across)} ${round(height - 1 - (value - low) * scale)}`;
    // A lone value gets a line of no length, which a round cap would show; "h1" shows it anyway.
    path += pen ? `L${point}` : `M${point}h1`;
    pen = true;
  });
  return path;
}

const round = (value: number): number => Math.round(value * 10) / 10;
