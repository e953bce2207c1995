import type { components } from "@/api/schema";

/** What tells how full a host is, by OpenTelemetry's names of host metrics. */
export const SATURATION = [
  {
    id: "cpu",
    title: "Processor",
    metric: "system.cpu.utilization",
    statistic: "Average",
    matchers: [{ label: "cpu.mode", operator: "=", value: "idle" }],
    across: "avg",
    /** The metric tells what is idle. */
    free: true,
  },
  {
    id: "memory",
    title: "Memory",
    metric: "system.memory.utilization",
    statistic: "Average",
    matchers: [{ label: "system.memory.state", operator: "=", value: "used" }],
    across: "max",
    free: false,
  },
  {
    id: "disk",
    title: "Fullest disk",
    metric: "system.filesystem.utilization",
    statistic: "Maximum",
    matchers: [],
    across: "max",
    free: false,
  },
] as const;

export interface HostRow {
  host: string;
  /** By id of `SATURATION`, 0 to 1. */
  values: Record<string, number | null>;
}

/** The last known value of each measure by host; the fullest host first. */
export function hostRowsOf(
  results: readonly components["schemas"]["QueryResultView"][],
): HostRow[] {
  const rows = new Map<string, HostRow>();
  for (const result of results) {
    const measure = SATURATION.find(({ id }) => id === result.id);
    for (const series of result.series) {
      const host = series.labels["resource.host.name"];
      const last = series.values.findLast((value) => value !== null) ?? null;
      if (!measure || !host || last === null) continue;
      const row = rows.get(host) ?? { host, values: {} };
      row.values[measure.id] = measure.free ? 1 - last : last;
      rows.set(host, row);
    }
  }
  const fullest = (row: HostRow) =>
    Math.max(...Object.values(row.values).map((value) => value ?? 0));
  return [...rows.values()].sort((a, b) => fullest(b) - fullest(a) || a.host.localeCompare(b.host));
}
