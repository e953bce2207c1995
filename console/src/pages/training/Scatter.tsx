import { useOpenPage } from "@/app/useOpenPage";
import { Panel } from "@/components/Panel";
import { Empty } from "@/components/QueryState";
import { type Compared, columnValue, formatMetric } from "./run";
import classes from "./training.module.css";

const WIDTH = 900;
const HEIGHT = 400;
const LEFT = 70;
const BOTTOM = 44;
const TOP = 12;
const RIGHT = 16;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

interface Props {
  runs: readonly Compared[];
  looks: ReadonlyMap<string, { label: string; color: string }>;
  x: string;
  y: string;
}

/** A point for each run: one column against another. A click or Enter opens the run. */
export function Scatter({ runs, looks, x, y }: Props) {
  const openPage = useOpenPage();
  const points = runs.flatMap((run) => {
    const [right, up] = [numberOf(x, run), numberOf(y, run)];
    return right === null || up === null ? [] : [{ run, right, up }];
  });
  if (points.length === 0) return <Empty title="No run has both values as numbers" />;
  const across = spanOf(points.map((one) => one.right));
  const upwards = spanOf(points.map((one) => one.up));
  const xOf = (value: number) =>
    LEFT + ((value - across.low) / across.size) * (WIDTH - LEFT - RIGHT);
  const yOf = (value: number) =>
    HEIGHT - BOTTOM - ((value - upwards.low) / upwards.size) * (HEIGHT - TOP - BOTTOM);
  const open = (id: string) => openPage("/runs/$run", { params: { run: id } });
  return (
    <Panel title={`${y} by ${x}`}>
      <div className={classes.pad}>
        <svg
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          className={classes.svg}
          role="group"
          aria-label={`${y} by ${x} of ${points.length} runs`}
        >
          {TICKS.map((at) => {
            const [right, up] = [across.low + across.size * at, upwards.low + upwards.size * at];
            return (
              <g key={at}>
                <line
                  x1={LEFT}
                  x2={WIDTH - RIGHT}
                  y1={yOf(up)}
                  y2={yOf(up)}
                  className={classes.axis}
                />
                <text x={LEFT - 6} y={yOf(up) + 4} textAnchor="end">
                  {formatMetric(up)}
                </text>
                <text x={xOf(right)} y={HEIGHT - BOTTOM + 18} textAnchor="middle">
                  {formatMetric(right)}
                </text>
              </g>
            );
          })}
          <text x={WIDTH / 2} y={HEIGHT - 6} textAnchor="middle" className={classes.strong}>
            {x}
          </text>
          {points.map(({ run, right, up }) => (
            <circle
              key={run.info.id}
              cx={xOf(right)}
              cy={yOf(up)}
              r={6}
              fill={looks.get(run.info.id)?.color}
              fillOpacity={0.75}
              role="button"
              tabIndex={0}
              aria-label={`${run.info.name}: ${formatMetric(right)}, ${formatMetric(up)}`}
              style={{ cursor: "pointer" }}
              onClick={() => open(run.info.id)}
              onKeyDown={(event) => event.key === "Enter" && open(run.info.id)}
            >
              <title>{`${run.info.name}: ${formatMetric(right)}, ${formatMetric(up)}`}</title>
            </circle>
          ))}
        </svg>
      </div>
    </Panel>
  );
}

function numberOf(column: string, run: Compared): number | null {
  const value = columnValue(column, run);
  if (value === null || value === "") return null;
  return Number.isFinite(Number(value)) ? Number(value) : null;
}

function spanOf(values: readonly number[]): { low: number; size: number } {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const pad = (high - low) * 0.06 || Math.abs(low) * 0.1 || 1;
  return { low: low - pad, size: high - low + 2 * pad };
}
