/** A monitor's definition as a form holds it, and back. */

import type { components } from "@/api/schema";

export type Spec = components["schemas"]["MonitorSpec"];
export type Masked = components["schemas"]["Masked"];

export interface FormValues {
  name: string;
  dataset: string;
  /** What the server profiles; empty where profiles are sent. */
  source: string;
  timeColumn: string;
  keepRows: string;
  secret: string;
  schedule: string;
  window: string;
  late: string;
  baseline: "none" | "rolling" | "frozen";
  frozen: string;
  over: string;
  gap: string;
  drift: boolean;
  preset: string;
  threshold: string;
  level: string;
  share: string;
  checks: string;
  datasetChecks: boolean;
  columns: string;
  segments: string;
  enabled: boolean;
}

export const NEW: FormValues = {
  name: "",
  dataset: "",
  source: "",
  timeColumn: "",
  keepRows: "0",
  secret: "",
  schedule: "every 1h",
  window: "1d",
  late: "2d",
  baseline: "rolling",
  frozen: "",
  over: "14d",
  gap: "0s",
  drift: true,
  preset: "vedette",
  threshold: "",
  level: "0.05",
  share: "0.5",
  checks: "[]",
  datasetChecks: true,
  columns: "",
  segments: "",
  enabled: true,
};

export function valuesOf(name: string, spec: Spec): FormValues {
  const { baseline, drift } = spec;
  return {
    ...NEW,
    name,
    dataset: spec.dataset,
    source: spec.source?.url ?? "",
    timeColumn: spec.source?.time_column ?? "",
    keepRows: String(spec.source?.keep_rows ?? 0),
    schedule: spec.schedule ?? "arrival",
    window: spec.window ?? "1d",
    late: spec.late ?? "2d",
    baseline: baseline ? (baseline.kind ?? "rolling") : "none",
    frozen: baseline?.name ?? "",
    over: baseline?.over ?? "14d",
    gap: baseline?.gap ?? "0s",
    drift: drift != null,
    preset: drift?.preset ?? "vedette",
    threshold: drift?.threshold == null ? "" : String(drift.threshold),
    level: String(drift?.level ?? 0.05),
    share: String(drift?.share ?? 0.5),
    checks: JSON.stringify(spec.checks ?? [], null, 1),
    datasetChecks: spec.dataset_checks ?? true,
    columns: (spec.columns ?? []).join(", "),
    segments: (spec.segments ?? []).map(segmentText).join("\n"),
    enabled: spec.enabled ?? true,
  };
}

/** The segments of lines such as "country=DE, plan=pro", or what is wrong. */
function segmentsOf(text: string): Record<string, string>[] | string {
  const segments: Record<string, string>[] = [];
  for (const line of text.split("\n").filter((one) => one.trim())) {
    const pairs = line.split(",").map((one) => one.split("="));
    if (pairs.some((pair) => pair.length !== 2 || !pair[0]?.trim()))
      return `“${line.trim()}” is no column=value`;
    segments.push(Object.fromEntries(pairs.map(([name, value]) => [name?.trim(), value?.trim()])));
  }
  return segments;
}

function checksOf(text: string): Record<string, unknown>[] | string {
  try {
    const found: unknown = JSON.parse(text || "[]");
    return Array.isArray(found) ? found : "write a list: [ {...} ]";
  } catch {
    return "this is no JSON";
  }
}

/** The definition, or the field and what is wrong with it. */
export function specOf(
  values: FormValues,
  before: Spec | undefined,
): { spec: Spec } | { field: keyof FormValues; wrong: string } {
  const checks = checksOf(values.checks);
  if (typeof checks === "string") return { field: "checks", wrong: checks };
  for (const name of ["threshold", "level", "share", "keepRows"] as const) {
    if (values[name] !== "" && !Number.isFinite(Number(values[name])))
      return { field: name, wrong: "write a number" };
  }
  const segments = segmentsOf(values.segments);
  if (typeof segments === "string") return { field: "segments", wrong: segments };
  if (values.source.trim() && values.schedule.trim() === "arrival")
    return { field: "schedule", wrong: "a source is profiled every 1h, or by a cron expression" };
  if (values.drift && values.baseline === "none")
    return { field: "baseline", wrong: "drift needs a baseline" };
  const columns = values.columns
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean);
  const spec = {
    dataset: values.dataset.trim(),
    source: values.source.trim()
      ? {
          url: values.source.trim(),
          time_column: values.timeColumn.trim(),
          keep_rows: Number(values.keepRows || 0),
          ...(values.secret ? { secret: values.secret } : {}),
        }
      : null,
    schedule: values.schedule.trim(),
    window: values.window.trim(),
    late: values.late.trim(),
    baseline:
      values.baseline === "none"
        ? null
        : {
            kind: values.baseline,
            name: values.baseline === "frozen" ? values.frozen.trim() : "",
            over: values.over.trim(),
            gap: values.gap.trim(),
            masked: before?.baseline?.masked ?? [],
          },
    drift: values.drift
      ? {
          ...(before?.drift ?? {}),
          preset: values.preset,
          threshold: values.threshold === "" ? null : Number(values.threshold),
          level: Number(values.level || 0.05),
          share: Number(values.share || 0.5),
        }
      : null,
    checks,
    dataset_checks: values.datasetChecks,
    columns: columns.length ? columns : null,
    segments,
    enabled: values.enabled,
  };
  return { spec: { ...(before ?? {}), ...spec } as Spec };
}

export const segmentText = (segment: Record<string, string>): string =>
  Object.entries(segment)
    .map(([name, value]) => `${name}=${value}`)
    .join(", ");

export function baselineText(spec: Spec): string {
  const { baseline } = spec;
  if (!baseline) return "–";
  if (baseline.kind === "frozen") return baseline.name ?? "";
  const masked = baseline.masked?.length ?? 0;
  return `the ${baseline.over} before${masked ? `, ${masked} masked` : ""}`;
}
