import type { components } from "@/api/schema";

type Service = components["schemas"]["ServiceView"];
type Red = components["schemas"]["RedView"];
type Facets = components["schemas"]["FacetsView"];

export interface ServiceRow {
  service: string;
  calls: number;
  /** A second, over the intervals that had any. */
  rate: number;
  rates: readonly number[];
  errors: number;
  /** The middle of the intervals' p95, ns. */
  p95: number | null;
  errorLogs: number;
  lastSeen: string;
}

/** Services with their calls and errors: those that fail most come first, then the busiest. */
export function rowsOf(services: readonly Service[], red: Red, errors?: Facets): ServiceRow[] {
  const calls = new Map(red.series.map((series) => [series.service, series]));
  const logs = new Map(errors?.facets[0]?.values.map(({ value, count }) => [value, count]));
  const rows = services
    .filter(({ service }) => service)
    .map((service): ServiceRow => {
      const series = calls.get(service.service);
      const counts = series?.counts ?? [];
      const total = sum(counts);
      const active = counts.filter((count) => count > 0).length * red.step;
      return {
        service: service.service,
        calls: total,
        rate: active ? total / active : 0,
        rates: series?.rates ?? [],
        errors: sum(series?.errors ?? []),
        p95: median(series?.quantiles_ns.p95_ns ?? []),
        errorLogs: logs.get(service.service) ?? 0,
        lastSeen: service.last_seen,
      };
    });
  const share = (row: ServiceRow) => (row.calls ? row.errors / row.calls : 0);
  return rows.sort(
    (a, b) =>
      share(b) - share(a) ||
      b.errorLogs - a.errorLogs ||
      b.calls - a.calls ||
      a.service.localeCompare(b.service),
  );
}

const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

export function median(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  return known[Math.floor((known.length - 1) / 2)] ?? null;
}
