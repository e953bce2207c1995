/** From the answer to charts: one for each unit, so that no axis shows seconds beside bytes. */

import type { Aligned, Series } from "@/charts/aligned";
import type { Batch, Result } from "@/charts/metricQuery";
import { ownerOf, type Plan, unitOf } from "./plan";

export interface Panel {
  unit: string;
  /** Queries that it shows. */
  ids: string[];
  data: Aligned;
  /** Series that are left out. */
  hidden: number;
  warnings: string[];
}

export function panelsOf(plan: Plan, batch: Batch): Panel[] {
  const panels = new Map<string, Panel>();
  const several = plan.queries.length + plan.formulas.length > 1;
  // The period before may have no series, and so no unit: it has that of now.
  const units = new Map(batch.results.map((one) => [one.id, one.unit]));
  for (const result of batch.results) {
    const { id, before } = ownerOf(result.id);
    const unit = unitOf(plan, id, units.get(id) || result.unit);
    let panel = panels.get(unit);
    if (!panel) {
      panel = {
        unit,
        ids: [],
        data: { times: batch.timestamps, series: [] },
        hidden: 0,
        warnings: [],
      };
      panels.set(unit, panel);
    }
    if (!panel.ids.includes(id)) panel.ids.push(id);
    if (!before) {
      panel.hidden += result.hidden;
      panel.warnings.push(...result.warnings);
    }
    panel.data = {
      ...panel.data,
      series: [...panel.data.series, ...seriesOf(plan, result, id, before, several)],
    };
  }
  return [...panels.values()].map((panel) => ({
    ...panel,
    warnings: [...new Set(panel.warnings)],
  }));
}

function seriesOf(
  plan: Plan,
  result: Result,
  id: string,
  before: boolean,
  several: boolean,
): Series[] {
  const query = plan.queries.find((one) => one.id === id);
  return result.series.map((one) => {
    const own = labelsText(one.labels) || (query ? query.metric : one.label);
    const label = `${several ? `${id}: ` : ""}${own}${before ? ", before" : ""}`;
    // Alone by service, a series has the service's colour; the period before has that of now.
    const alone = query?.by.length === 1 && query.by[0] === "service";
    return {
      key: `${result.id} ${own}`,
      label,
      values: one.values,
      colorKey: alone ? (one.labels.service ?? own) : `${several ? id : ""}${own}`,
      ...(before ? { faint: true, dash: [3, 3] } : {}),
    };
  });
}

/** `mode=user, host=a`; the names are left out where there is but one label. */
export function labelsText(labels: Readonly<Record<string, string>>): string {
  const all = Object.entries(labels);
  if (all.length === 1) return all[0]?.[1] || "(none)";
  return all.map(([name, value]) => `${name}=${value || "(none)"}`).join(", ");
}

/** The shift of a comparison: a duration of the API, or the range's own length for "period". */
export function shiftOf(compare: string, start: number, end: number): string {
  return compare === "period" ? `${Math.max(1, Math.round((end - start) / 1000))}s` : compare;
}
