import type { ComponentProps, ReactNode } from "react";
import { CurveControls } from "./CurveControls";
import { CurvePanel } from "./CurvePanel";
import classes from "./training.module.css";

interface Props
  extends ComponentProps<typeof CurveControls>,
    Pick<ComponentProps<typeof CurvePanel>, "query" | "looks" | "sync"> {
  metrics: readonly string[];
  /** Fewer and larger ones. */
  large?: boolean;
  /** Said above the curves. */
  note?: ReactNode;
  /** Said where there is no metric. */
  empty: ReactNode;
}

/** A curve for each metric, and how all of them are drawn. */
export function Curves(props: Props) {
  const { metrics, query, looks, sync, large, note, empty, ...controls } = props;
  return (
    <>
      <CurveControls {...controls} />
      {note}
      {metrics.length === 0 ? (
        empty
      ) : (
        <div className={large ? classes.grid : classes.charts}>
          {metrics.map((metric) => (
            <CurvePanel
              key={metric}
              metric={metric}
              query={query}
              looks={looks}
              axis={controls.axis}
              smoothing={controls.smooth / 100}
              log={controls.log}
              height={large ? 260 : undefined}
              sync={sync}
            />
          ))}
        </div>
      )}
    </>
  );
}
