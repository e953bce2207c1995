import { client, unwrap } from "@/api/client";
import { useAsk } from "@/api/query";
import type { CurveAxis } from "./CurveChart";

interface Asked {
  runs: readonly string[];
  metrics: readonly string[];
  axis: CurveAxis;
  /** One axis for all metrics, as for charts above each other. */
  shared?: boolean;
  points?: number;
  /** Asked again so often, ms, while a run is under way. */
  every?: number | false;
}

/** Curves of runs, downsampled by the server to what a chart shows. */
export function useHistories({ runs, metrics, axis, shared = false, points = 400, every }: Asked) {
  const body = { run_ids: [...runs], metrics: [...metrics], axis, shared, points };
  return useAsk(
    ["/api/v1/runs/histories", body],
    (signal) => unwrap(client.POST("/api/v1/runs/histories", { body, signal })),
    { enabled: runs.length > 0 && metrics.length > 0, refetchInterval: every ?? false },
  );
}
