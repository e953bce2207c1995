/** Words and numbers of infrastructure's forecasts, efficiency and sizes. */

import type { components } from "@/api/schema";
import { metricQuery } from "@/charts/metricQuery";
import { formatBytes, formatNumber, formatPercent } from "@/charts/units";
import { alarmSearch } from "@/components/CreateAlarm";
import type { RawSearch } from "@/url/search";

type Schemas = components["schemas"];
export type Store = Schemas["StoreView"];
export type Item = Schemas["EfficiencyItem"];
export type Level = Schemas["LevelView"];
export type Advice = Schemas["AdviceView"];

export const HISTORIES = [
  { value: "1d", label: "Last day" },
  { value: "7d", label: "Last 7 days" },
  { value: "14d", label: "Last 14 days" },
  { value: "30d", label: "Last 30 days" },
  { value: "90d", label: "Last 90 days" },
] as const;

export const KINDS = [
  { value: "host", label: "Hosts" },
  { value: "container", label: "Containers" },
  { value: "service", label: "Services" },
  { value: "endpoint", label: "Models in production" },
  { value: "run", label: "Training runs" },
] as const;
export type Kind = (typeof KINDS)[number]["value"];

/** The state of a store as people read it. */
export const stateOf = (store: Store): string =>
  store.reporting ? store.outlook.state.replaceAll("_", " ") : "not reporting";

export const findingOf = (advice: Advice): string =>
  advice.finding.replace("_provisioned", "-provisioned").replaceAll("_", " ");

export const amount = (value: number | null, unit: string): string =>
  unit === "1" ? formatPercent(value) : formatBytes(value);

export function days(value: number | null): string {
  if (value === null) return "–";
  if (value < 2) return `${formatNumber(Math.round(value * 24))} h`;
  return `${formatNumber(value < 10 ? Math.round(value * 10) / 10 : Math.round(value))} days`;
}

/** "20 days (17 to 26)", with what is not known said. */
export function outlookText({ outlook }: Store): string {
  if (outlook.state === "full") return "now";
  if (outlook.days === null) return "–";
  const early = outlook.earliest === null ? "?" : days(outlook.earliest);
  const late = outlook.latest === null ? "over ten years" : days(outlook.latest);
  return early === late ? days(outlook.days) : `${days(outlook.days)} (${early} to ${late})`;
}

export function growthText({ outlook, unit }: Store): string {
  if (outlook.per_day === null) return "–";
  const sign = outlook.per_day < 0 ? "-" : "+";
  return `${sign}${amount(Math.abs(outlook.per_day), unit)} a day`;
}

/** Mean and percentile as shares of what is reserved, or may be used. */
export function shares(level: Level | null): { mean: number; high: number } | null {
  const whole = level?.reserved ?? level?.limit;
  return level && whole ? { mean: level.mean / whole, high: level.high / whole } : null;
}

export function money(value: number | null | undefined, currency: string): string {
  if (value == null) return "–";
  const digits = Math.abs(value) < 1 && value !== 0 ? 4 : 2;
  return `${value.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: 2 })} ${currency}`;
}

/** What would do: "m5.large, 2 cores, 8 GiB". */
export function sizeText({ size }: Advice): string {
  if (!size) return "";
  return [
    size.machine_type,
    size.cpus === null ? "" : `${formatNumber(size.cpus)} ${size.cpus === 1 ? "core" : "cores"}`,
    size.memory_bytes === null ? "" : formatBytes(size.memory_bytes),
    size.gpus === null ? "" : `${size.gpus} GPUs`,
  ]
    .filter(Boolean)
    .join(", ");
}

/** The form of an alarm on disks that are full within a week. */
export function storageAlarm(host = ""): RawSearch {
  const matchers = host ? [{ label: "host", operator: "=" as const, value: host }] : [];
  const query = metricQuery("m1", "vedette.storage.days_until_full", {
    matchers,
    statistic: "Minimum",
    group_by: ["host", "name"],
  });
  const search = alarmSearch(
    { type: "metric", queries: [query] },
    {
      period: 3600,
      periods: 1,
      to_alarm: 1,
      condition: { threshold: { comparison: "<", threshold: 7 } },
    },
  );
  // A range that holds enough of its hours for the preview.
  return { ...search, from: "-7d", to: "now" };
}
