import type { components } from "@/api/schema";
import { formatNumber, formatPercent } from "@/charts/units";
import classes from "./overlay.module.css";

type Distribution = components["schemas"]["DistributionView"];

interface Props {
  label: string;
  data: Distribution;
  /** How a bound of a bin is written. */
  bound?: (value: number) => string;
  /** The bin whose rows are shown. */
  chosen?: number | null;
  onChoose?: (bin: number) => void;
}

const HEIGHT = 170;

/** Two distributions over each other: the baseline filled, the window as a line of bars. */
export function Overlay({ label, data, bound = formatNumber, chosen, onChoose }: Props) {
  const top = Math.max(...data.reference, ...data.current) || 1;
  const count = data.labels.length;
  const numeric = data.edges.length > 0;
  const name = (at: number): string =>
    numeric
      ? `${bound(data.edges[at] as number)} to ${bound(data.edges[at + 1] as number)}`
      : (data.labels[at] ?? "");
  return (
    <div className={classes.frame}>
      <div className={classes.key} aria-hidden="true">
        <span>
          <i className={classes.reference} /> baseline
        </span>
        <span>
          <i className={classes.current} /> window
        </span>
        <span>highest bar {formatPercent(top)} of the rows</span>
      </div>
      <div className={classes.plot} role="group" aria-label={label}>
        {data.labels.map((_, at) => {
          const [before, after] = [data.reference[at] ?? 0, data.current[at] ?? 0];
          const said = `${name(at)}: baseline ${formatPercent(before)}, window ${formatPercent(after)}`;
          return (
            <button
              // biome-ignore lint/suspicious/noArrayIndexKey: bins have no other identity
              key={at}
              type="button"
              className={classes.bin}
              title={said}
              aria-label={said}
              aria-pressed={onChoose ? chosen === at : undefined}
              disabled={!onChoose}
              onClick={() => onChoose?.(at)}
              style={{ height: HEIGHT }}
            >
              <i className={classes.reference} style={{ height: `${(before / top) * 100}%` }} />
              <i className={classes.current} style={{ height: `${(after / top) * 100}%` }} />
            </button>
          );
        })}
      </div>
      {numeric ? (
        <div className={classes.axis} aria-hidden="true">
          <span>{bound(data.edges[0] as number)}</span>
          <span>{bound(data.edges[Math.floor(count / 2)] as number)}</span>
          <span>{bound(data.edges[count] as number)}</span>
        </div>
      ) : (
        <div className={classes.names} aria-hidden="true">
          {data.labels.map((one) => (
            <span key={one} title={one}>
              {one}
            </span>
          ))}
        </div>
      )}
    </div>
  );
}
