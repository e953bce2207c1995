import type { Aligned } from "./aligned";
import { summarise } from "./aligned";
import classes from "./charts.module.css";
import { type Stroke, strokesOf } from "./strokes";
import { formatValue } from "./units";

export const STATISTICS = ["last", "mean", "min", "max", "sum"] as const;
export type LegendStatistic = (typeof STATISTICS)[number];

interface Props {
  data: Aligned;
  unit?: string;
  statistics?: readonly LegendStatistic[];
  hidden: ReadonlySet<string>;
  onHidden: (hidden: ReadonlySet<string>) => void;
}

/**
 * The series of a chart with their statistics. A click shows one alone, a second click all again;
 * with Ctrl or Shift it takes one out or in.
 */
export function Legend({
  data,
  unit = "",
  statistics = ["mean", "max", "last"],
  hidden,
  onHidden,
}: Props) {
  const strokes = strokesOf(data.series);
  const toggle = (key: string, keepOthers: boolean): void => {
    const keys = data.series.map((one) => one.key);
    const next = new Set(hidden);
    if (keepOthers) {
      if (!next.delete(key)) next.add(key);
    } else {
      const alone = !hidden.has(key) && keys.every((other) => other === key || hidden.has(other));
      next.clear();
      if (!alone) for (const other of keys) if (other !== key) next.add(other);
    }
    onHidden(next);
  };
  return (
    <div
      role="group"
      className={classes.legend}
      tabIndex={data.series.length > 5 ? 0 : undefined}
      aria-label="Legend"
    >
      <table>
        <thead>
          <tr>
            <th scope="col">
              <span className={classes.visuallyHidden}>Series</span>
            </th>
            {statistics.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.series.map((one, index) => {
            const summary = summarise(one.values);
            return (
              <tr key={one.key} className={classes.legendRow}>
                <td>
                  <button
                    type="button"
                    className={classes.legendName}
                    aria-pressed={!hidden.has(one.key)}
                    title={`${one.label}\nClick: only this one. Ctrl-click: take it out or in.`}
                    onClick={(event) =>
                      toggle(one.key, event.ctrlKey || event.metaKey || event.shiftKey)
                    }
                  >
                    <LineSample stroke={strokes[index] as Stroke} />
                    <span>{one.label}</span>
                  </button>
                </td>
                {statistics.map((name) => (
                  <td key={name}>{formatValue(summary[name], unit)}</td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

/** A piece of a series' line, as the chart draws it. */
export function LineSample({ stroke }: { stroke: Stroke }) {
  return (
    <svg className={classes.line} width="18" height="8" aria-hidden="true">
      <line
        x1="0"
        x2="18"
        y1="4"
        y2="4"
        stroke={stroke.color}
        strokeWidth="2.5"
        strokeDasharray={stroke.dash.join(" ")}
      />
    </svg>
  );
}
