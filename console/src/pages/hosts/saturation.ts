/**
 * How busy hosts are, from the metrics of OpenTelemetry's system conventions. The names of labels
 * are those of the conventions, and the collector's older ones (`state`, `device`, `direction`).
 */

import type { Aligned, Series, Values } from "@/charts/aligned";
import { type Batch, labelOf, type MetricQuery, metricQuery, resultOf } from "@/charts/metricQuery";

export const HOST = "resource.host.name";
const MODE = ["cpu.mode", "state"];
const MEMORY = ["system.memory.state", "state"];
const MOUNT = ["system.filesystem.mountpoint", "mountpoint"];
const FILES = ["system.filesystem.state", "state"];
const DISK = ["system.device", "device"];
const DISK_WAY = ["disk.io.direction", "direction"];
const NETWORK = ["network.interface.name", "device"];
const NETWORK_WAY = ["network.io.direction", "direction"];

type SeriesAnswer = Batch["results"][number]["series"][number];

/**
 * The queries behind one host's page, or behind the list of all of them.
 *
 * Several services of a host may each report it. Shares are not touched by that; counters of a
 * device are the same from each, so the largest is taken, not the sum.
 */
export function hostQueries(host?: string): MetricQuery[] {
  const matchers = host ? [{ label: HOST, operator: "=" as const, value: host }] : [];
  const by = (...names: string[][]) => ({ matchers, group_by: [HOST, ...new Set(names.flat())] });
  return [
    metricQuery("cpu", "system.cpu.time", { statistic: "rate", ...by(MODE) }),
    metricQuery("load", "system.cpu.load_average.1m", by()),
    metricQuery("cpus", "system.cpu.logical.count", by()),
    metricQuery("memory", "system.memory.usage", by(MEMORY)),
    metricQuery("files", "system.filesystem.usage", by(MOUNT, FILES)),
    metricQuery("disk", "system.disk.io", {
      statistic: "rate",
      across: "max",
      ...by(DISK, DISK_WAY),
    }),
    metricQuery("network", "system.network.io", {
      statistic: "rate",
      across: "max",
      ...by(NETWORK, NETWORK_WAY),
    }),
  ];
}

/** Several series added up, a gap where all have one. */
export function sumOf(series: readonly { values: Values }[], length: number): (number | null)[] {
  const total: (number | null)[] = new Array(length).fill(null);
  for (const { values } of series) {
    values.forEach((value, at) => {
      if (value !== null && at < length) total[at] = (total[at] ?? 0) + value;
    });
  }
  return total;
}

function ratio(part: Values, whole: Values, turned = false): (number | null)[] {
  return part.map((value, at) => {
    const all = whole[at];
    if (value === null || !all) return null;
    const share = Math.min(1, Math.max(0, value / all));
    return turned ? 1 - share : share;
  });
}

function seriesOf(batch: Batch, id: string, host: string): SeriesAnswer[] {
  return (resultOf(batch, id)?.series ?? []).filter((one) => one.labels[HOST] === host);
}

export interface Saturation {
  host: string;
  /** Shares, 0 to 1; gaps where nothing was reported. */
  cpu: (number | null)[];
  memory: (number | null)[];
  /** Of the fullest file system. */
  files: (number | null)[];
  fullest: string;
  /** Bytes a second, all devices and both ways. */
  disk: (number | null)[];
  network: (number | null)[];
  /** Tasks that run or wait, a CPU. */
  load: (number | null)[];
}

/** What the list of hosts shows of each. */
export function saturationOf(batch: Batch, host: string): Saturation {
  const length = batch.timestamps.length;
  const cpu = seriesOf(batch, "cpu", host);
  const idle = cpu.filter((one) => labelOf(one, ...MODE) === "idle");
  const memory = seriesOf(batch, "memory", host);
  const used = memory.filter((one) => labelOf(one, ...MEMORY) === "used");
  const files = fullest(seriesOf(batch, "files", host), length);
  const cpus = sumOf(seriesOf(batch, "cpus", host), length);
  const real = (one: SeriesAnswer) => labelOf(one, ...NETWORK) !== "lo";
  return {
    host,
    cpu: ratio(sumOf(idle, length), sumOf(cpu, length), true),
    memory: ratio(sumOf(used, length), sumOf(memory, length)),
    files: files.values,
    fullest: files.mount,
    disk: sumOf(seriesOf(batch, "disk", host), length),
    network: sumOf(seriesOf(batch, "network", host).filter(real), length),
    load: sumOf(seriesOf(batch, "load", host), length).map((value, at) => {
      const count = cpus[at];
      return value === null || !count ? null : value / count;
    }),
  };
}

/** The share of each file system that is used, by mount point. */
export function fileShares(files: readonly SeriesAnswer[], length: number): Series[] {
  const mounts = new Map<string, SeriesAnswer[]>();
  for (const one of files) {
    const mount = labelOf(one, ...MOUNT);
    mounts.set(mount, [...(mounts.get(mount) ?? []), one]);
  }
  return [...mounts].map(([mount, parts]) => {
    const used = parts.filter((one) => labelOf(one, ...FILES) === "used");
    const values = ratio(sumOf(used, length), sumOf(parts, length));
    return { key: mount || "/", label: mount || "(not named)", values };
  });
}

function fullest(files: readonly SeriesAnswer[], length: number) {
  let [mount, values, most] = ["", new Array<number | null>(length).fill(null), -1];
  for (const one of fileShares(files, length)) {
    const now = latest(one.values) ?? -1;
    if (now > most) [mount, values, most] = [one.label, [...one.values], now];
  }
  return { mount, values };
}

/** The last value that is there. */
export function latest(values: Values): number | null {
  return values.findLast((value) => value !== null) ?? null;
}

/** CPU time by mode as shares of all of it, idle left out. */
export function cpuByMode(batch: Batch): Aligned {
  const all = resultOf(batch, "cpu")?.series ?? [];
  const total = sumOf(all, batch.timestamps.length);
  return {
    times: batch.timestamps,
    series: all
      .filter((one) => labelOf(one, ...MODE) !== "idle")
      .map((one) => {
        const mode = labelOf(one, ...MODE);
        return { key: mode, label: mode, values: ratio(one.values, total) };
      }),
  };
}

export function memoryByState(batch: Batch): Aligned {
  const all = resultOf(batch, "memory")?.series ?? [];
  return {
    times: batch.timestamps,
    series: all
      .map((one) => ({ state: labelOf(one, ...MEMORY), values: one.values }))
      .sort((a, b) => order(a.state) - order(b.state))
      .map(({ state, values }) => ({ key: state, label: state, values })),
  };
}

const STATES = ["used", "slab_unreclaimable", "slab_reclaimable", "buffers", "buffered", "cached"];
const order = (state: string): number =>
  (STATES.indexOf(state) + STATES.length + 1) % (STATES.length + 1);

export function filesByMount(batch: Batch): Aligned {
  const files = resultOf(batch, "files")?.series ?? [];
  return { times: batch.timestamps, series: fileShares(files, batch.timestamps.length) };
}

/** Bytes a second by device and direction. */
export function throughput(batch: Batch, id: "disk" | "network"): Aligned {
  const [device, way] = id === "disk" ? [DISK, DISK_WAY] : [NETWORK, NETWORK_WAY];
  return {
    times: batch.timestamps,
    series: (resultOf(batch, id)?.series ?? []).map((one) => {
      const label = `${labelOf(one, ...device)} ${labelOf(one, ...way)}`.trim();
      return { key: label, label, values: one.values };
    }),
  };
}

export function loadAndCpus(batch: Batch): Aligned {
  const length = batch.timestamps.length;
  const series = (id: string, label: string, more: Partial<Series> = {}): Series => ({
    key: id,
    label,
    values: sumOf(resultOf(batch, id)?.series ?? [], length),
    ...more,
  });
  return {
    times: batch.timestamps,
    series: [series("load", "load, 1 min"), series("cpus", "CPUs", { dash: [6, 4] })],
  };
}
