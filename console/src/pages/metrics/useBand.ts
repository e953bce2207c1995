/** What is usual for the first series of a query, on the timestamps of its chart. */

import { client, unwrap } from "@/api/client";
import { useAsk } from "@/api/query";
import type { components } from "@/api/schema";
import type { Values } from "@/charts/aligned";
import type { Batch } from "@/charts/metricQuery";
import type { Overlays } from "@/charts/overlays";
import { useTimeRange } from "@/time/TimeProvider";
import { bodyOf, type Plan } from "./plan";

type Answer = components["schemas"]["MetricBandView"];
const MOST_MARKS = 40;

export interface UsualBand {
  overlays: Overlays;
  /** Whose band it is; empty while there is none. */
  of: string;
  /** Periods outside of it by the score that pages. */
  breaching: number;
  error: unknown;
}

/** `id` names the query or expression; undefined asks nothing. */
export function useBand(plan: Plan, id: string | undefined, batch: Batch | undefined): UsualBand {
  const { query: range } = useTimeRange();
  const period = batch?.period ?? 60;
  const body = { queries: bodyOf(plan, ""), of: id ?? "", ...range, period };
  const query = useAsk<Answer>(
    ["/api/v1/metrics/band", body],
    (signal) => unwrap(client.POST("/api/v1/metrics/band", { body: body as never, signal })),
    { enabled: id !== undefined && batch !== undefined },
  );
  const first = batch?.results.find((one) => one.id === id)?.series[0];
  const found =
    id === undefined || !first
      ? undefined
      : query.data?.series.find((one) => sameLabels(one.labels, first.labels));
  if (!found || !query.data || !batch) {
    return { overlays: {}, of: "", breaching: 0, error: id === undefined ? null : query.error };
  }
  const { timestamps } = query.data;
  const marks = timestamps.filter((_, at) => found.breaching[at]);
  return {
    overlays: {
      bands: [
        {
          label: "usual",
          lower: placed(timestamps, found.lower, batch.timestamps),
          upper: placed(timestamps, found.upper, batch.timestamps),
        },
      ],
      annotations: marks.slice(0, MOST_MARKS).map((time) => ({ time, label: "unusual" })),
    },
    of: found.label || plan.queries.find((one) => one.id === id)?.metric || "",
    breaching: marks.length,
    error: query.error,
  };
}

/** Values put on other timestamps; a gap where there is none. */
export function placed(
  times: readonly number[],
  values: readonly (number | null)[],
  wanted: readonly number[],
): Values {
  const known = new Map(times.map((time, at) => [time, values[at] ?? null]));
  return wanted.map((time) => known.get(time) ?? null);
}

function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>) {
  const names = Object.keys(a).filter((name) => a[name]);
  return (
    names.length === Object.keys(b).filter((name) => b[name]).length &&
    names.every((name) => a[name] === b[name])
  );
}
