/** Metric queries of pages and what comes back, as charts take it. */

import { client, unwrap } from "@/api/client";
import { useAsk } from "@/api/query";
import type { components } from "@/api/schema";
import type { Aligned, Series } from "./aligned";

type Body = components["schemas"]["BatchBody"];
export type Batch = components["schemas"]["BatchView"];
export type MetricQuery = components["schemas"]["MetricQueryBody"];
export type Expression = components["schemas"]["ExpressionBody"];
export type Result = Batch["results"][number];
type SeriesAnswer = Result["series"][number];

/** A query with the API's defaults for what is left out. */
export function metricQuery(
  id: string,
  metric: string,
  more: Partial<Omit<MetricQuery, "id" | "metric">> = {},
): MetricQuery {
  return {
    id,
    metric,
    label: "",
    hidden: false,
    statistic: "Average",
    matchers: [],
    group_by: [],
    across: null,
    top: { count: 500, by: "avg", bottom: false },
    type: null,
    shift: "",
    ...more,
  };
}

/** Points that a chart of usual width can show: two to four px each. */
export const CHART_POINTS = 300;

interface Options {
  points?: number;
  enabled?: boolean;
  refetchInterval?: number | false;
}

/** Ask several metric queries at once, on one axis of time. */
export function useMetrics(
  queries: readonly (MetricQuery | Expression)[],
  range: { start: string; end: string },
  { points = CHART_POINTS, ...options }: Options = {},
) {
  const body: Body = {
    queries: [...queries],
    ...range,
    period: null,
    max_points: points,
    resolution: "auto",
  };
  return useAsk<Batch>(
    ["/api/v1/metrics/query", body],
    (signal) => unwrap(client.POST("/api/v1/metrics/query", { body, signal })),
    options,
  );
}

export function resultOf(batch: Batch, id: string): Result | undefined {
  return batch.results.find((one) => one.id === id);
}

/** A label's value under the first of several names that senders use for the same thing. */
export function labelOf(series: SeriesAnswer, ...names: string[]): string {
  for (const name of names) {
    const value = series.labels[name];
    if (value) return value;
  }
  return "";
}

/** The series of one result, named by the caller. */
export function chartOf(
  batch: Batch,
  id: string,
  name: (series: SeriesAnswer) => string,
  more: (series: SeriesAnswer, name: string) => Partial<Series> = () => ({}),
): Aligned {
  const series = resultOf(batch, id)?.series ?? [];
  return {
    times: batch.timestamps,
    series: series.map((one) => {
      const label = name(one);
      return { key: label, label, values: one.values, ...more(one, label) };
    }),
  };
}
