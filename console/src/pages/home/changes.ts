import type { components } from "@/api/schema";
import { formatCount } from "@/charts/units";

type RedRow = components["schemas"]["RedRow"];
type Service = components["schemas"]["ServiceView"];
type Pattern = components["schemas"]["PatternView"];

/** Something that is wrong, or differs from the period of the same length before. */
export interface Change {
  key: string;
  grade: "critical" | "warning" | "notice";
  /** In a few words, with the service first. */
  what: string;
  detail: string;
  /** The moment that the detail speaks of. */
  at?: string;
  /** Page and search that show it. */
  to: { page: "/logs" | "/traces"; service: string; search: string };
  /** For the order: larger is worse. */
  weight: number;
}

const LEAST_CALLS = 20;
const LEAST_FOR_LATENCY = 50;
const Z_LIMIT = 3;
const SLOWER = 1.5;
const LEAST_SLOWER_NS = 5e6;
const FEWER = 0.5;
const LEAST_FOR_TRAFFIC = 100;
const SILENT_MS = 5 * 60_000;
const ENTRY = new Set(["Server", "Consumer"]);

/** Index of p95 in a row's quantiles. */
const P95 = 2;

/**
 * How far two shares differ, in standard errors of their difference under the hypothesis that they
 * are one (the pooled two-proportion z-test).
 */
export function zOfShares(hitsA: number, ofA: number, hitsB: number, ofB: number): number {
  if (!ofA || !ofB) return 0;
  const pooled = (hitsA + hitsB) / (ofA + ofB);
  const spread = Math.sqrt(pooled * (1 - pooled) * (1 / ofA + 1 / ofB));
  return spread ? (hitsA / ofA - hitsB / ofB) / spread : 0;
}

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}%`;
const milliseconds = (ns: number): string =>
  ns >= 1e9 ? `${(ns / 1e9).toFixed(2)} s` : `${(ns / 1e6).toFixed(ns < 1e7 ? 1 : 0)} ms`;

function moreErrors(row: RedRow): Change | null {
  if (row.count < LEAST_CALLS || !row.errors) return null;
  const now = row.errors / row.count;
  const before = row.previous_count ? row.previous_errors / row.previous_count : 0;
  const known = row.previous_count >= LEAST_CALLS;
  const risen =
    zOfShares(row.errors, row.count, row.previous_errors, row.previous_count) >= Z_LIMIT;
  if (known ? !risen : now < 0.05) return null;
  return {
    key: `errors ${row.service} ${row.operation} ${row.kind}`,
    grade: now >= 0.05 ? "critical" : "warning",
    what: `${row.service}: ${percent(now)} of ${row.operation} fail`,
    detail: known ? `${percent(before)} in the period before` : "not called in the period before",
    to: { page: "/traces", service: row.service, search: "status:Error" },
    weight: 1000 * now + Math.log10(row.count),
  };
}

function slower(row: RedRow): Change | null {
  const now = row.quantiles[P95] ?? 0;
  const before = row.previous_quantiles[P95] ?? 0;
  const enough = Math.min(row.count, row.previous_count) >= LEAST_FOR_LATENCY;
  if (!enough || !before || now < before * SLOWER || now - before < LEAST_SLOWER_NS) return null;
  return {
    key: `slow ${row.service} ${row.operation} ${row.kind}`,
    grade: now >= before * 3 ? "critical" : "warning",
    what: `${row.service}: ${row.operation} takes ${(now / before).toFixed(1)} times as long`,
    detail: `p95 ${milliseconds(now)}, ${milliseconds(before)} in the period before`,
    to: {
      page: "/traces",
      service: row.service,
      search: `duration:>${Math.round(before / 1e6)}ms`,
    },
    weight: 100 * (now / before),
  };
}

function lessTraffic(rows: readonly RedRow[]): Change[] {
  const calls = new Map<string, { now: number; before: number }>();
  for (const row of rows) {
    if (!ENTRY.has(row.kind)) continue;
    const sum = calls.get(row.service) ?? { now: 0, before: 0 };
    calls.set(row.service, { now: sum.now + row.count, before: sum.before + row.previous_count });
  }
  return [...calls]
    .filter(([, { now, before }]) => before >= LEAST_FOR_TRAFFIC && now < before * FEWER)
    .map(([service, { now, before }]) => ({
      key: `traffic ${service}`,
      grade: "warning",
      what: `${service}: ${percent(1 - now / before)} fewer calls`,
      detail: `${formatCount(now)}, ${formatCount(before)} in the period before`,
      to: { page: "/traces", service, search: "" },
      weight: 50 + 100 * (1 - now / before),
    }));
}

/** A service that sent something in the range and then no more, where the range ends now. */
export function isSilent(service: Service, now: number): boolean {
  return now - Date.parse(service.last_seen) > SILENT_MS;
}

function silent(services: readonly Service[], end: number): Change[] {
  return services
    .filter((service) => service.service && isSilent(service, end))
    .map((service) => ({
      key: `silent ${service.service}`,
      grade: "notice",
      what: `${service.service}: nothing for ${Math.round((end - Date.parse(service.last_seen)) / 60_000)} minutes`,
      detail: "last seen",
      at: service.last_seen,
      to: { page: "/logs", service: service.service, search: "" },
      weight: 1,
    }));
}

function newErrors(patterns: readonly Pattern[]): Change[] {
  return patterns
    .filter((pattern) => pattern.previous === 0 && pattern.count >= 3)
    .map((pattern) => ({
      key: `pattern ${pattern.pattern}`,
      grade: "warning",
      what: `New error: ${pattern.pattern.slice(0, 160)}`,
      detail: `${formatCount(pattern.count)} records, none in the period before`,
      to: { page: "/logs", service: "", search: "level:>=error" },
      weight: 20 + Math.log10(pattern.count),
    }));
}

export interface Evidence {
  rows: readonly RedRow[];
  services: readonly Service[];
  /** Patterns of errors, compared with the period before. */
  patterns: readonly Pattern[];
  /** End of the range, ms, where it is the present; null where it lies in the past. */
  now: number | null;
}

/** What is worth a look, the worst first. */
export function changesOf({ rows, services, patterns, now }: Evidence): Change[] {
  const found = [
    ...rows.flatMap((row) => [moreErrors(row), slower(row)]).filter((item) => item !== null),
    ...lessTraffic(rows),
    ...newErrors(patterns),
    ...(now === null ? [] : silent(services, now)),
  ];
  const rank = { critical: 0, warning: 1, notice: 2 };
  return found.sort((a, b) => rank[a.grade] - rank[b.grade] || b.weight - a.weight);
}
