import type { UseQueryResult } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import type { ApiError } from "@/api/errors";
import { useTimeRange } from "@/time/TimeProvider";
import { type Aligned, isEmpty } from "./aligned";
import { ChartFrame } from "./ChartFrame";
import { seriesTable } from "./ChartTable";
import { Legend, type LegendStatistic } from "./Legend";
import type { Overlays } from "./overlays";
import { TimeChart, type TimeChartProps } from "./TimeChart";

interface Props<T>
  extends Pick<
    TimeChartProps,
    "kind" | "unit" | "height" | "log" | "min" | "max" | "onPick" | "pickHint" | "threshold"
  > {
  title: string;
  description?: string;
  query: Pick<
    UseQueryResult<T, ApiError>,
    "data" | "error" | "isPending" | "isFetching" | "isPlaceholderData" | "refetch"
  >;
  /** The series of an answer; a constant function, or one that changes with what it reads. */
  shape: (answer: T) => Aligned;
  overlays?: Overlays;
  legend?: readonly LegendStatistic[] | false;
  empty?: ReactNode;
  actions?: ReactNode;
  menu?: ReactNode;
  plain?: boolean;
  /** Said below the chart: what is left out, what the server warns of. */
  note?: (answer: T) => ReactNode;
}

/** A chart over time in its frame: the states, the plot and the legend of one query. */
export function TimePanel<T>({ shape, legend, overlays, note, ...props }: Props<T>) {
  const { query, title, unit = "", height } = props;
  const { format } = useTimeRange();
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const answer = query.data;
  const data = useMemo(() => (answer === undefined ? undefined : shape(answer)), [answer, shape]);
  const summary = data && legend !== false && (legend || data.series.length > 1);
  return (
    <ChartFrame
      {...props}
      isEmpty={() => isEmpty(data)}
      table={() => seriesTable(data as Aligned, unit, (seconds) => format(seconds * 1000))}
    >
      {(loaded) =>
        data && (
          <>
            <TimeChart
              label={title}
              data={data}
              kind={props.kind}
              unit={unit}
              height={height}
              log={props.log}
              min={props.min}
              max={props.max}
              overlays={overlays}
              threshold={props.threshold}
              hidden={hidden}
              onPick={props.onPick}
              pickHint={props.pickHint}
            />
            {summary && (
              <Legend
                data={data}
                unit={unit}
                statistics={legend || undefined}
                hidden={hidden}
                onHidden={setHidden}
              />
            )}
            {note?.(loaded)}
          </>
        )
      }
    </ChartFrame>
  );
}
