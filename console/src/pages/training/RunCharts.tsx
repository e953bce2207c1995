import { useMemo } from "react";
import { FindInput } from "@/components/FindInput";
import { Empty, Partial } from "@/components/QueryState";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { CURVE_PARAMS } from "./CurveControls";
import { Curves } from "./Curves";
import type { Run } from "./RunPage";
import { useHistories } from "./useHistories";

const PARAMS = { ...CURVE_PARAMS, find: text() };
const MOST = 40;
const RUNNING_MS = 5000;

/** Every metric of a run as a curve. */
export function RunCharts({ run }: { run: Run }) {
  const [url, setUrl] = useUrlState(PARAMS);
  const found = run.metrics
    .map((one) => one.key)
    .filter((key) => !key.startsWith("system/"))
    .filter((key) => key.toLowerCase().includes(url.find.toLowerCase()));
  const metrics = found.slice(0, MOST);
  const query = useHistories({
    runs: [run.info.id],
    metrics,
    axis: url.axis,
    every: run.info.status === "RUNNING" && RUNNING_MS,
  });
  const looks = useMemo(
    () => new Map([[run.info.id, { label: run.info.name, color: "var(--v-series-0)" }]]),
    [run.info.id, run.info.name],
  );
  return (
    <>
      <FindInput
        label="Find a metric"
        placeholder="Find a metric"
        value={url.find}
        onFind={(find) => setUrl({ find }, { replace: true })}
        mb="xs"
        maw={320}
      />
      <Curves
        axis={url.axis}
        smooth={url.smooth}
        log={url.log}
        onChange={(patch) => setUrl(patch, { replace: true })}
        metrics={metrics}
        query={query}
        looks={looks}
        sync={`run-${run.info.id}`}
        note={
          found.length > MOST && (
            <Partial>
              {MOST} of {found.length} metrics are shown; find the others by name.
            </Partial>
          )
        }
        empty={
          <Empty
            title="No metric is logged"
            snippet={'mlflow.log_metric("loss", 0.3, step=1)   # once for each step'}
          />
        }
      />
    </>
  );
}
