import { MultiSelect } from "@mantine/core";
import { useMemo } from "react";
import { Empty } from "@/components/QueryState";
import { list, oneOf } from "@/url/params";
import { useUrlState } from "@/url/state";
import { CurvePanel } from "./CurvePanel";
import type { Run } from "./RunPage";
import { curvesFirst } from "./run";
import classes from "./training.module.css";
import { useHistories } from "./useHistories";

const PARAMS = { beside: list([], 6), clock: oneOf(["relative", "time"], "relative") };
const RUNNING_MS = 5000;
const MOST = 30;
const NAMES: Record<string, string> = {
  cpu_utilization_percentage: "CPU used, %",
  system_memory_usage_megabytes: "Memory used, MB",
  system_memory_usage_percentage: "Memory used, %",
  disk_usage_percentage: "Disk used, %",
  disk_usage_megabytes: "Disk used, MB",
  disk_available_megabytes: "Disk free, MB",
  network_receive_megabytes: "Network received, MB",
  network_transmit_megabytes: "Network sent, MB",
};

/** What the machine did while the model trained: all charts have one axis of time. */
export function SystemMetrics({ run }: { run: Run }) {
  const [url, setUrl] = useUrlState(PARAMS);
  const all = run.metrics.map((one) => one.key);
  const system = all.filter((key) => key.startsWith("system/")).slice(0, MOST);
  const own = all.filter((key) => !key.startsWith("system/"));
  const beside = url.beside.length
    ? url.beside.filter((key) => own.includes(key))
    : curvesFirst(own, [run]).slice(0, 1);
  const metrics = [...beside, ...system];
  const query = useHistories({
    runs: [run.info.id],
    metrics: system.length ? metrics : [],
    axis: url.clock,
    shared: true,
    points: 300,
    every: run.info.status === "RUNNING" && RUNNING_MS,
  });
  const looks = useMemo(
    () => new Map([[run.info.id, { label: run.info.name, color: "var(--v-series-2)" }]]),
    [run.info.id, run.info.name],
  );
  const ownLooks = useMemo(
    () => new Map([[run.info.id, { label: run.info.name, color: "var(--v-series-0)" }]]),
    [run.info.id, run.info.name],
  );
  if (system.length === 0) {
    return (
      <Empty
        title="The run has no system metrics"
        snippet={
          "pip install psutil nvidia-ml-py\nexport MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING=true"
        }
      >
        The mlflow client samples CPU, memory, disk, network and GPUs while a run is active:
      </Empty>
    );
  }
  return (
    <>
      <MultiSelect
        label="Metrics of training above them, on the same axis"
        data={own}
        value={[...beside]}
        onChange={(next) => setUrl({ beside: next }, { replace: true })}
        maxValues={6}
        searchable
        maw={620}
        mb="sm"
      />
      <div className={classes.charts}>
        {metrics.map((metric) => (
          <CurvePanel
            key={metric}
            metric={metric}
            title={titleOf(metric)}
            query={query}
            looks={metric.startsWith("system/") ? looks : ownLooks}
            axis={url.clock}
            height={150}
            sync={`system-${run.info.id}`}
          />
        ))}
      </div>
    </>
  );
}

/** `system/gpu_0_utilization_percentage` as "GPU 0 utilization, %". */
export function titleOf(metric: string): string {
  const key = metric.replace("system/", "");
  if (key === metric) return metric;
  const gpu = /^gpu_(\d+)_(.+)$/.exec(key);
  if (!gpu) return NAMES[key] ?? key.replaceAll("_", " ");
  const what = (gpu[2] ?? "")
    .replaceAll("_", " ")
    .replace(/ percentage$/, ", %")
    .replace(/ megabytes$/, ", MB")
    .replace(/ watts$/, ", W");
  return `GPU ${gpu[1]} ${what}`;
}
