import classes from "./monitoring.module.css";

interface Props {
  label: string;
  x: readonly number[];
  y: readonly number[];
  xLabel: string;
  yLabel: string;
  /** Where a model that knows nothing, or a perfectly calibrated one, would lie. */
  diagonal?: boolean;
  yMax?: number;
}

const WIDTH = 320;
const HEIGHT = 240;
const LEFT = 36;
const BOTTOM = 32;

/** A curve over 0 to 1: ROC, calibration, lift. */
export function Curve({ label, x, y, xLabel, yLabel, diagonal, yMax = 1 }: Props) {
  const place = (a: number, b: number) =>
    `${LEFT + a * (WIDTH - LEFT - 8)},${HEIGHT - BOTTOM - (b / yMax) * (HEIGHT - BOTTOM - 8)}`;
  const line = x.map((value, index) => place(value, y[index] ?? 0)).join(" ");
  return (
    <svg className={classes.plot} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <polyline
        className={classes.axis}
        fill="none"
        points={`${place(0, yMax)} ${place(0, 0)} ${place(1, 0)}`}
      />
      {diagonal && (
        <polyline
          className={classes.even}
          fill="none"
          points={`${place(0, 0)} ${place(1, yMax)}`}
        />
      )}
      <polyline className={classes.line} points={line} />
      {[0, 0.5, 1].map((at) => (
        <g key={at}>
          <text
            className={classes.label}
            x={LEFT + at * (WIDTH - LEFT - 8)}
            y={HEIGHT - BOTTOM + 13}
            textAnchor="middle"
          >
            {at}
          </text>
          <text
            className={classes.label}
            x={LEFT - 5}
            y={HEIGHT - BOTTOM - at * (HEIGHT - BOTTOM - 8) + 4}
            textAnchor="end"
          >
            {(at * yMax).toLocaleString("en", { maximumSignificantDigits: 2 })}
          </text>
        </g>
      ))}
      <text className={classes.label} x={WIDTH / 2} y={HEIGHT - 4} textAnchor="middle">
        {xLabel}
      </text>
      <text className={classes.label} x={LEFT + 6} y={14}>
        {yLabel}
      </text>
    </svg>
  );
}
