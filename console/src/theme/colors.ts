/** Colours with a meaning: a service's, a series', a level's. Never the only sign of it. */

export const SERIES_COLORS = 12;
export const LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "unset"] as const;
export type Level = (typeof LEVELS)[number];

/** FNV-1a: the same name has the same colour in every browser, for ever. */
export function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) {
    hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  }
  // The low bits, which choose among few colours, take part in all of the name.
  return (hash ^ (hash >>> 15)) >>> 0;
}

export const seriesColor = (index: number): string => `var(--v-series-${index % SERIES_COLORS})`;
export const serviceColor = (service: string): string => seriesColor(hashOf(service));
export const levelColor = (level: string): string =>
  `var(--v-level-${(LEVELS as readonly string[]).includes(level) ? level : "unset"})`;

/** The level of an OpenTelemetry severity number. */
export function levelOf(severity: number): Level {
  if (severity >= 1 && severity <= 24) {
    return (["trace", "debug", "info", "warn", "error", "fatal"] as const)[
      Math.floor((severity - 1) / 4)
    ] as Level;
  }
  return "unset";
}

/** What a CSS colour of ours is at this moment, for canvases, which take no variables. */
export function resolveColor(color: string): string {
  const name = /^var\((--[\w-]+)\)$/.exec(color)?.[1];
  if (!name) return color;
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#888";
}
