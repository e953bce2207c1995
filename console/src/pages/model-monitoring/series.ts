import type { components } from "@/api/schema";
import type { Aligned } from "@/charts/aligned";
import type { Overlays } from "@/charts/overlays";

export type SeriesAnswer = components["schemas"]["QualitySeriesView"];
type Estimate = components["schemas"]["EstimateView"];

/** What labels say and what is expected, of one metric, on the same timestamps. */
export function qualitySeries(answer: SeriesAnswer, metric: string): Aligned {
  const pick = (of: "realised" | "estimated") =>
    answer.windows.map((window) => window[of][metric]?.value ?? null);
  return {
    times: times(answer),
    series: [
      { key: "realised", label: "By labels", values: pick("realised") },
      { key: "estimated", label: "Expected", values: pick("estimated"), dash: [6, 4] },
    ],
  };
}

/** The corridor of what is expected: 3 sampling errors; of what labels say where nothing is. */
export function qualityBands(answer: SeriesAnswer, metric: string): Overlays {
  const of = answer.windows.some((window) => window.estimated[metric]) ? "estimated" : "realised";
  const edge = (which: "low" | "high") =>
    answer.windows.map((window) => (window[of][metric] as Estimate | undefined)?.[which] ?? null);
  const label = of === "estimated" ? "3 sampling errors" : "95 % interval";
  return { bands: [{ label, lower: edge("low"), upper: edge("high") }] };
}

export function coverageSeries(answer: SeriesAnswer): Aligned {
  return {
    times: times(answer),
    series: [
      { key: "coverage", label: "Labelled", values: answer.windows.map((one) => one.coverage) },
    ],
  };
}

export function volumeSeries(answer: SeriesAnswer): Aligned {
  return {
    times: times(answer),
    series: [
      {
        key: "predictions",
        label: "Predictions",
        values: answer.windows.map((one) => one.predictions),
      },
    ],
  };
}

export function metricsOf(answer: SeriesAnswer): string[] {
  const names = new Set<string>();
  for (const window of answer.windows) {
    for (const name of [...Object.keys(window.realised), ...Object.keys(window.estimated)])
      names.add(name);
  }
  return [...names];
}

function times(answer: SeriesAnswer): number[] {
  return answer.windows.map((window) => Date.parse(window.start) / 1000);
}
