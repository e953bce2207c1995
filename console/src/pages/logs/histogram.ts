import { useGet } from "@/api/query";
import { useTimeRange } from "@/time/TimeProvider";

const POINTS = 90;

/** Counts of matching records over time by level. */
export function useLogHistogram(q: string, enabled: boolean) {
  const { query } = useTimeRange();
  return useGet(
    "/api/v1/logs/histogram",
    { params: { query: { ...query, q, points: POINTS } } },
    { enabled },
  );
}
export type HistogramQuery = ReturnType<typeof useLogHistogram>;
