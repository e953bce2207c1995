import type { CurveSeries } from "./CurveChart";
import { formatMetric } from "./run";
import classes from "./training.module.css";

interface Props {
  label: string;
  series: readonly CurveSeries[];
  height?: number;
}

/** A metric that was logged once: a bar for each run, or the number where there is one run. */
export function RunValues({ label, series, height = 210 }: Props) {
  const values = series.map((one) => ({
    ...one,
    value: one.values.find((value) => value !== null) ?? null,
  }));
  const [only] = values;
  if (only && values.length === 1)
    return (
      <div className={classes.single} style={{ height }}>
        {formatMetric(only.value)}
      </div>
    );
  const most = Math.max(...values.map((one) => Math.abs(one.value ?? 0))) || 1;
  return (
    <ul className={classes.bars} style={{ maxHeight: height }} aria-label={label} tabIndex={0}>
      {values.map((one) => (
        <li key={one.key}>
          <span title={one.label}>{one.label}</span>
          <i
            style={{
              background: one.color,
              width: `${(Math.abs(one.value ?? 0) / most) * 100}%`,
            }}
          />
          <b>{formatMetric(one.value)}</b>
        </li>
      ))}
    </ul>
  );
}
