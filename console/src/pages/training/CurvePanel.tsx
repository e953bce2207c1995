import type { UseQueryResult } from "@tanstack/react-query";
import { useMemo } from "react";
import type { ApiError } from "@/api/errors";
import type { components } from "@/api/schema";
import { ChartFrame } from "@/charts/ChartFrame";
import type { TableData } from "@/charts/ChartTable";
import { Empty, Partial } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import { type CurveAxis, CurveChart, type CurveSeries, placeText } from "./CurveChart";
import { RunValues } from "./RunValues";
import { formatMetric, isLoggedOnce, smoothed } from "./run";

export type Histories = components["schemas"]["HistoriesView"];

interface Props {
  metric: string;
  /** Instead of the metric's name. */
  title?: string;
  query: UseQueryResult<Histories, ApiError>;
  /** Labels and colours by run. */
  looks: ReadonlyMap<string, { label: string; color: string }>;
  axis: CurveAxis;
  smoothing?: number;
  log?: boolean;
  height?: number;
  sync?: string;
}

/** One metric's curves, or its values where it was logged once, in a frame, with its numbers as a table. */
export function CurvePanel(props: Props) {
  const { metric, query, looks, axis, smoothing = 0, log = false, height, sync = "curves" } = props;
  const { timezone } = useTimeRange();
  const found = query.data?.metrics.find((one) => one.metric === metric);
  const series = useMemo<CurveSeries[]>(
    () =>
      (found?.curves ?? []).map((curve) => ({
        key: curve.run_id,
        label: looks.get(curve.run_id)?.label ?? curve.run_id,
        color: looks.get(curve.run_id)?.color ?? "var(--v-series-0)",
        values: smoothed(curve.values, smoothing),
        ...(smoothing > 0 ? { raw: curve.values } : {}),
      })),
    [found, looks, smoothing],
  );
  const special = (found?.curves ?? []).reduce((sum, one) => sum + one.special, 0);
  const table = (): TableData => ({
    head: [axis, ...series.map((one) => one.label)],
    rows: (found?.x ?? []).map((x, index) => [
      placeText(axis, x, timezone),
      ...series.map((one) => formatMetric(one.values[index])),
    ]),
    csv: () =>
      [
        [axis, ...series.map((one) => JSON.stringify(one.label))].join(","),
        ...(found?.x ?? []).map((x, index) =>
          [x, ...series.map((one) => one.values[index] ?? "")].join(","),
        ),
      ].join("\n"),
  });
  return (
    <ChartFrame
      title={props.title ?? metric}
      query={query}
      height={height}
      isEmpty={() => series.length === 0}
      empty={<Empty title="None of these runs logged it" />}
      table={table}
    >
      {() => (
        <>
          {isLoggedOnce(series) ? (
            <RunValues label={metric} series={series} height={height} />
          ) : (
            <CurveChart
              label={metric}
              axis={axis}
              x={found?.x ?? []}
              series={series}
              log={log}
              height={height}
              sync={sync}
            />
          )}
          {special > 0 && <Partial>{special} points are NaN or infinite and not shown.</Partial>}
        </>
      )}
    </ChartFrame>
  );
}
