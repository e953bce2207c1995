/** Dashboards as the API has them, and small changes of them. */

import type { components } from "@/api/schema";

type S = components["schemas"];
export type Place = Required<S["Place"]>;
export type Look = Required<S["Look"]>;
export type Limit = Required<S["Limit"]>;
export type Source = NonNullable<S["Panel"]["query"]>;
export type SourceType = Source["type"];
export type Panel = Required<Omit<S["Panel"], "place" | "look">> & { place: Place; look: Look };
export type Variable = Required<S["Variable"]>;
export type Spec = Required<Omit<S["DashboardSpec"], "panels" | "variables" | "time">> & {
  panels: Panel[];
  variables: Variable[];
  time: { from: string; to: string };
};
export type PanelType = Panel["type"];
export type Dashboard = Omit<S["DashboardView"], "spec"> & { spec: Spec };

export const COLUMNS = 24;
export const MAX_PANELS = 100;

export const LOOK: Look = {
  unit: "",
  decimals: null,
  draw: "line",
  log: false,
  minimum: null,
  maximum: null,
  legend: "list",
  statistics: ["mean", "max", "last"],
  reduce: "last",
  thresholds: [],
  better: "",
  sparkline: true,
  rows: 100,
};

export const EMPTY: Spec = {
  form: 1,
  description: "",
  tags: [],
  time: { from: "-1h", to: "now" },
  refresh: 0,
  variables: [],
  panels: [],
};

export const PANEL_TYPES: readonly { value: PanelType; label: string }[] = [
  { value: "timeseries", label: "Time series" },
  { value: "stat", label: "Figure" },
  { value: "gauge", label: "Gauge" },
  { value: "bar", label: "Bars" },
  { value: "table", label: "Table" },
  { value: "heatmap", label: "Heat map" },
  { value: "histogram", label: "Histogram" },
  { value: "text", label: "Text" },
];

/** A definition with every member, as written by hand or sent by another version. */
export function whole(spec: S["DashboardSpec"]): Spec {
  return {
    ...EMPTY,
    ...spec,
    time: { from: spec.time?.from ?? "-1h", to: spec.time?.to ?? "now" },
    variables: (spec.variables ?? []).map(wholeVariable),
    panels: (spec.panels ?? []).map(wholePanel),
  };
}

export function wholePanel(panel: S["Panel"]): Panel {
  return {
    title: "",
    description: "",
    type: "timeseries",
    text: "",
    repeat: "",
    query: null,
    ...panel,
    place: { x: 0, y: 0, w: 12, h: 8, ...panel.place },
    look: { ...LOOK, ...panel.look },
  };
}

export function wholeVariable(variable: S["Variable"]): Variable {
  return {
    label: "",
    type: "text",
    values: [],
    metric: "",
    key: "",
    signal: "spans",
    q: "",
    multi: false,
    all: false,
    default: [],
    ...variable,
  };
}

/** The first free id of a series such as p1, p2. */
export function freePanelId(panels: readonly Panel[]): string {
  const taken = new Set(panels.map((one) => one.id));
  for (let number = 1; ; number++) if (!taken.has(`p${number}`)) return `p${number}`;
}

/** The row below everything. */
export function bottomOf(panels: readonly { place: Place }[]): number {
  return panels.reduce((most, { place }) => Math.max(most, place.y + place.h), 0);
}

/** The definition with one more panel, below the others or right of the last where it fits. */
export function withPanel(spec: Spec, panel: Omit<Panel, "id">): { spec: Spec; id: string } {
  const id = freePanelId(spec.panels);
  const { w } = panel.place;
  const last = spec.panels.reduce<Panel | null>(
    (found, one) =>
      !found ||
      one.place.y > found.place.y ||
      (one.place.y === found.place.y && one.place.x > found.place.x)
        ? one
        : found,
    null,
  );
  const beside = last && last.place.x + last.place.w + w <= COLUMNS ? last.place : null;
  const place = beside
    ? { ...panel.place, x: beside.x + beside.w, y: beside.y }
    : { ...panel.place, x: 0, y: bottomOf(spec.panels) };
  return { id, spec: { ...spec, panels: [...spec.panels, { ...panel, id, place }] } };
}

export function newPanel(
  type: PanelType,
  query: Source | null,
  more: Partial<Panel> = {},
): Omit<Panel, "id"> {
  const small = type === "stat" || type === "gauge";
  return {
    title: "",
    description: "",
    text: "",
    repeat: "",
    type,
    query,
    look: LOOK,
    place: { x: 0, y: 0, w: small ? 6 : 12, h: small ? 5 : 9 },
    ...more,
  };
}

/** A query of a type to begin with. */
export function newSource(type: SourceType): Source {
  switch (type) {
    case "metric":
      return { type, queries: [] as never };
    case "band":
      return { type, queries: [] as never, of: "", period: 300, direction: "outside" };
    case "logs":
      return { type, q: "" };
    case "spans":
      return { type, q: "", measure: "rate", group_by: "service" };
    case "pipe":
      return { type, source: "logs", query: "stats count(*) as records by service, bin(5m)" };
    case "sql":
      return {
        type,
        sql: "SELECT toStartOfInterval(Timestamp, INTERVAL $__interval SECOND) AS time,\n    ServiceName AS service, count() AS records\nFROM otel_logs WHERE $__timeFilter(Timestamp)\nGROUP BY time, service ORDER BY time",
      };
  }
}

/** Whether a source has something to ask. */
export function isAsked(source: Source | null): boolean {
  if (!source) return false;
  if (source.type === "metric" || source.type === "band") return source.queries.length > 0;
  if (source.type === "pipe") return source.query.trim() !== "";
  return source.type !== "sql" || source.sql.trim() !== "";
}
