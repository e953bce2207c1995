import { useId } from "react";
import { formatValue } from "@/charts/units";
import classes from "./Standing.module.css";

interface Props {
  label: string;
  unit?: string;
  /** Unix seconds. */
  pastTimes: readonly number[];
  past: readonly (number | null)[];
  times?: readonly number[];
  expected?: readonly (number | null)[];
  lower?: readonly (number | null)[];
  upper?: readonly (number | null)[];
  width?: number;
  height?: number;
  axes?: boolean;
}

const MARGIN = { left: 62, right: 10, top: 8, bottom: 20 };

/** A line with what is expected after it and its band; it may go beyond the page's time range. */
export function BandChart(props: Props) {
  const { label, unit = "", pastTimes, past, width = 720, height = 220, axes = true } = props;
  const { times = [], expected = [], lower = [], upper = [] } = props;
  const clip = useId();
  const all = [...past, ...expected, ...lower, ...upper].filter(
    (v) => v !== null && v !== undefined,
  );
  const moments = [...pastTimes, ...times];
  if (all.length === 0 || moments.length === 0) return null;
  const [first, last] = [Math.min(...moments), Math.max(...moments)];
  let [low, high] = [Math.min(...all), Math.max(...all)];
  if (low === high) [low, high] = [low - 1, high + 1];
  const margin = axes ? MARGIN : { left: 1, right: 1, top: 3, bottom: 3 };
  const x = (time: number) =>
    margin.left + ((time - first) / (last - first || 1)) * (width - margin.left - margin.right);
  const y = (value: number) =>
    height - margin.bottom - ((value - low) / (high - low)) * (height - margin.top - margin.bottom);
  const line = (at: readonly number[], values: readonly (number | null)[]) => {
    let path = "";
    let pen = false;
    values.forEach((value, index) => {
      const time = at[index];
      if (value === null || time === undefined) {
        pen = false;
        return;
      }
      const lone = !pen && (values[index + 1] ?? null) === null;
      path += `${pen ? "L" : "M"}${x(time).toFixed(1)} ${y(value).toFixed(1)}`;
      if (lone) path += "h.1";
      pen = true;
    });
    return path;
  };
  const corners = [
    ...times.map((time, at) => [time, upper[at]] as const),
    ...times.map((time, at) => [time, lower[at]] as const).reverse(),
  ].filter((one): one is readonly [number, number] => one[1] !== null && one[1] !== undefined);
  const day = (time: number) => new Date(time * 1000).toISOString().slice(0, 10);
  return (
    <svg
      className={classes.band}
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-labelledby={clip}
    >
      <title id={clip}>{label}</title>
      {axes &&
        [low, (low + high) / 2, high].map((value) => (
          <g key={value}>
            <line
              x1={margin.left}
              x2={width - margin.right}
              y1={y(value)}
              y2={y(value)}
              stroke="var(--v-grid)"
            />
            <text
              x={margin.left - 6}
              y={y(value) + 4}
              textAnchor="end"
              fontSize="11"
              fill="var(--v-dimmed)"
            >
              {formatValue(value, unit)}
            </text>
          </g>
        ))}
      {axes && (
        <>
          <text x={margin.left} y={height - 5} fontSize="11" fill="var(--v-dimmed)">
            {day(first)}
          </text>
          <text
            x={width - margin.right}
            y={height - 5}
            textAnchor="end"
            fontSize="11"
            fill="var(--v-dimmed)"
          >
            {day(last)}
          </text>
        </>
      )}
      {corners.length > 2 && (
        <polygon
          points={corners
            .map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`)
            .join(" ")}
          fill="var(--v-series-0)"
          opacity="0.16"
        />
      )}
      <path
        d={line(times, expected)}
        fill="none"
        stroke="var(--v-series-0)"
        strokeWidth="1.5"
        strokeDasharray="5 4"
      />
      <path
        d={line(pastTimes, past)}
        fill="none"
        stroke="var(--v-series-0)"
        strokeWidth="1.8"
        strokeLinejoin="round"
        strokeLinecap="round"
      />
    </svg>
  );
}
