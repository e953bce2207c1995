// biome-ignore-all lint/style/noNonNullAssertion: indexes of typed arrays and parallel columns are in bounds by construction
/**
 * Numbers with units for people. Units are those that telemetry carries: UCUM codes as
 * OpenTelemetry uses them (`s`, `By`, `{request}`, `1`, `By/s`), and a few plain words.
 */

const DURATIONS: Record<string, number> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  min: 60,
  h: 3600,
  d: 86400,
  seconds: 1,
  milliseconds: 1e-3,
};
const BYTES: Record<string, number> = {
  By: 1,
  bytes: 1,
  B: 1,
  kBy: 1e3,
  MBy: 1e6,
  GBy: 1e9,
  KiBy: 1024,
  MiBy: 1024 ** 2,
  GiBy: 1024 ** 3,
};
const SIMPLE: Record<string, string> = { Cel: "°C", W: "W", J: "J", Hz: "Hz", V: "V", A: "A" };
const IEC = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const SI = ["", "k", "M", "G", "T", "P"];
const NONE = "–";

/** Three significant digits, or all of a whole number's. */
function digits(value: number, significant = 3): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1e21 || size < 1e-9) return value.toExponential(2);
  if (Number.isInteger(value) && size < 1e4) return String(value);
  const decimals = Math.max(0, significant - 1 - Math.floor(Math.log10(size)));
  const text = value.toFixed(Math.min(decimals, 12));
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function scaled(value: number, base: number, names: readonly string[]): string {
  let rest = value;
  let step = 0;
  // 999.6 would show as 1000 of the smaller unit.
  while (Math.abs(rest) >= base * 0.9995 && step < names.length - 1) {
    rest /= base;
    step += 1;
  }
  return `${digits(rest)}${names[step] === "" ? "" : ` ${names[step]}`}`;
}

/** A plain number: 1234567 is "1.23 M". */
export function formatNumber(value: number | null | undefined): string {
  if (value == null || Number.isNaN(value)) return NONE;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "-∞";
  return Math.abs(value) < 1e4 ? digits(value, 4) : scaled(value, 1000, SI);
}

/** A whole number with all of its digits in groups: 1234567 is "1,234,567". */
export function formatCount(value: number | null | undefined): string {
  if (value == null || Number.isNaN(value)) return NONE;
  return Math.round(value).toLocaleString("en-US");
}

/** A number of things: "1 window", "1,234 windows". */
export function formatCounted(value: number, thing: string, things = `${thing}s`): string {
  return `${formatCount(value)} ${value === 1 ? thing : things}`;
}

/** Seconds as a duration: "12.3 ms", "1 min 5 s". */
export function formatSeconds(value: number | null | undefined): string {
  if (value == null || Number.isNaN(value)) return NONE;
  const size = Math.abs(value);
  const sign = value < 0 ? "-" : "";
  if (size === 0) return "0 s";
  if (size < 0.9995e-6) return `${sign}${digits(size * 1e9)} ns`;
  if (size < 0.9995e-3) return `${sign}${digits(size * 1e6)} µs`;
  if (size < 0.9995) return `${sign}${digits(size * 1e3)} ms`;
  if (size < 59.95) return `${sign}${digits(size)} s`;
  const units: [number, string][] = [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
    [1, "s"],
  ];
  const whole = Math.round(size);
  const first = units.findIndex(([seconds]) => whole >= seconds);
  const [large, name] = units[first]!;
  const count = Math.floor(whole / large);
  const next = units[first + 1];
  const rest = next ? Math.floor((whole % large) / next[0]) : 0;
  return `${sign}${count.toLocaleString("en-US")} ${name}${next && rest ? ` ${rest} ${next[1]}` : ""}`;
}

/** Nanoseconds as a duration. */
export function formatNanos(value: number | null | undefined): string {
  return formatSeconds(value == null ? null : value / 1e9);
}

/** Bytes in powers of 1024. */
export function formatBytes(value: number | null | undefined): string {
  if (value == null || Number.isNaN(value)) return NONE;
  return scaled(value, 1024, IEC);
}

/** A share of 1 as a percentage. */
export function formatPercent(share: number | null | undefined): string {
  if (share == null || !Number.isFinite(share)) return NONE;
  const percent = share * 100;
  if (percent !== 0 && Math.abs(percent) < 0.01) return percent > 0 ? "<0.01 %" : ">-0.01 %";
  return `${digits(percent)} %`;
}

/** What is left of a rate: the unit before `/s`. */
function perSecond(unit: string): string | null {
  return unit.endsWith("/s") ? unit.slice(0, -2) : null;
}

/** A value with its unit: (0.012, "s") is "12 ms", (2048, "By/s") is "2 KiB/s". */
export function formatValue(value: number | null | undefined, unit = ""): string {
  if (value == null || Number.isNaN(value)) return NONE;
  const rate = perSecond(unit);
  if (rate !== null) {
    // Seconds a second are a number: CPUs at work, or calls under way.
    if (rate in DURATIONS) return formatNumber(value * DURATIONS[rate]!);
    return `${formatValue(value, rate)}/s`;
  }
  if (unit in DURATIONS) return formatSeconds(value * DURATIONS[unit]!);
  if (unit in BYTES) return formatBytes(value * BYTES[unit]!);
  if (unit === "%") return formatPercent(value / 100);
  if (unit === "share") return formatPercent(value);
  if (unit in SIMPLE) return `${formatNumber(value)} ${SIMPLE[unit]}`;
  if (unit === "" || unit === "1" || /^\{.*\}$/.test(unit)) return formatNumber(value);
  return `${formatNumber(value)} ${unit}`;
}

/** A unit as an axis or heading names it: "{request}/s" is "requests/s", "By" is "bytes". */
export function unitLabel(unit: string): string {
  const rate = perSecond(unit);
  if (rate !== null) {
    const of = unitLabel(rate);
    return rate in DURATIONS ? "" : of ? `${of}/s` : "per second";
  }
  const braces = /^\{(.*)\}$/.exec(unit);
  if (braces) return braces[1]!.endsWith("s") ? braces[1]! : `${braces[1]}s`;
  if (unit in DURATIONS) return "duration";
  if (unit in BYTES) return "bytes";
  if (unit === "1" || unit === "") return "";
  if (unit === "share") return "%";
  return SIMPLE[unit] ?? unit;
}

const SHARES = /(utilization|_ratio|\.ratio|fraction)$/;

/**
 * The unit of a statistic of a metric: the rate of bytes is bytes a second, a count of samples has
 * none, and a dimensionless "utilization" is a share, shown in percent.
 */
export function statisticUnit(unit: string, statistic: string, metric = ""): string {
  const name = statistic.trim().toLowerCase();
  if (name === "samplecount") return "";
  if (name.startsWith("pr(")) return "%";
  const base = unit === "1" && SHARES.test(metric) ? "share" : unit;
  return name === "rate" ? `${base === "share" ? "" : base}/s` : base;
}

const TICKS: Record<"number" | "byte" | "second", readonly number[]> = {
  number: steps(10, -12, 15, [1, 2, 2.5, 5]),
  byte: [...steps(10, -3, 0, [1, 2, 5]), ...steps(2, 0, 60, [1])],
  second: [
    ...steps(10, -9, 0, [1, 2, 5]),
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10800,
    21600,
    43200,
    86400,
    172800,
    432000,
    864000,
  ],
};

function steps(base: number, from: number, to: number, factors: readonly number[]): number[] {
  const found: number[] = [];
  for (let power = from; power < to; power += 1) {
    for (const factor of factors) found.push(Number((factor * base ** power).toPrecision(6)));
  }
  return found;
}

/** Texts of an axis' ticks; plain numbers that short texts cannot tell apart have all of their digits. */
export function tickTexts(ticks: readonly (number | null)[], unit: string): string[] {
  const texts = ticks.map((tick) => (tick === null ? "" : formatValue(tick, unit)));
  const said = texts.filter((text) => text !== "");
  if (unit !== "" || new Set(said).size === said.length) return texts;
  return ticks.map((tick) =>
    tick === null ? "" : tick.toLocaleString("en-US", { maximumSignificantDigits: 12 }),
  );
}

/** Distances between ticks of an axis that give round numbers in the unit people read. */
export function tickSteps(unit: string): number[] {
  const base = perSecond(unit) ?? unit;
  if (base in BYTES) return TICKS.byte.map((step) => step / BYTES[base]!);
  if (base in DURATIONS && perSecond(unit) === null) {
    return TICKS.second.map((step) => step / DURATIONS[base]!);
  }
  return [...TICKS.number];
}
