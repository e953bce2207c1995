import { Text } from "@mantine/core";
import { useMemo, useState } from "react";
import type { Aligned } from "@/charts/aligned";
import { Histogram } from "@/charts/Histogram";
import { Legend } from "@/charts/Legend";
import type { Overlays } from "@/charts/overlays";
import { Sparkline } from "@/charts/Sparkline";
import { TimeChart } from "@/charts/TimeChart";
import { formatCount, formatValue } from "@/charts/units";
import { ResultTable } from "@/components/result/ResultTable";
import { visible } from "@/pages/logs/record";
import { seriesColor } from "@/theme/colors";
import classes from "./dashboards.module.css";
import type { PanelData } from "./data";
import { binsOf, cellsOf, type Figure, figuresOf, seriesRows } from "./figures";
import type { Limit, Look, Panel } from "./model";

const NONE: ReadonlySet<string> = new Set();
const MOST_FIGURES = 60;

const COLORS: Record<Limit["level"], string> = {
  ok: "var(--v-good)",
  info: "var(--v-link)",
  warning: "var(--v-warning)",
  critical: "var(--v-critical)",
};

/** A value as the panel writes it. */
export function written(value: number | null, unit: string, decimals: number | null): string {
  if (value === null || decimals === null) return formatValue(value, unit);
  if (unit === "share") return `${(value * 100).toFixed(decimals)} %`;
  const plain = /^(s|ms|us|ns|By|KiBy|MiBy|GiBy)(\/s)?$/.test(unit);
  return plain
    ? formatValue(value, unit)
    : `${value.toLocaleString("en", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })}${
        unit && !unit.startsWith("{") && unit !== "1" ? ` ${unit}` : ""
      }`;
}

/** The threshold that a value has reached; null where none. */
export function reached(
  value: number | null,
  look: Pick<Look, "thresholds" | "better">,
): Limit | null {
  if (value === null) return null;
  const up = look.better === "up";
  const order = [...look.thresholds].sort((a, b) => (up ? b.value - a.value : a.value - b.value));
  let found: Limit | null = null;
  for (const one of order) if (up ? value <= one.value : value >= one.value) found = one as Limit;
  return found;
}

interface Props {
  panel: Panel;
  data: PanelData;
  height: number;
}

/** A panel's data, drawn as its type says. */
export function Visual({ panel, data, height }: Props) {
  const unit = panel.look.unit || data.unit;
  switch (panel.type) {
    case "stat":
      return <Stats figures={figuresOf(data, panel.look.reduce)} panel={panel} unit={unit} />;
    case "gauge":
      return (
        <Gauges
          figures={figuresOf(data, panel.look.reduce)}
          panel={panel}
          unit={unit}
          height={height}
        />
      );
    case "bar":
      return <Bars figures={figuresOf(data, panel.look.reduce)} panel={panel} unit={unit} />;
    case "table":
      return <Rows data={data} look={panel.look} />;
    case "histogram":
      return <Distribution panel={panel} data={data} height={height} unit={unit} />;
    case "heatmap":
      return <HeatMap panel={panel} data={data} height={height} unit={unit} />;
    default:
      return <Lines panel={panel} data={data} height={height} unit={unit} />;
  }
}

function Lines({ panel, data, height, unit }: Props & { unit: string }) {
  const { look } = panel;
  const [hidden, setHidden] = useState<ReadonlySet<string>>(NONE);
  const overlays = useMemo<Overlays>(
    () => ({
      bands: data.bands,
      thresholds: look.thresholds.map((one) => ({
        value: one.value,
        label: one.label ?? "",
        severity:
          one.level === "critical" ? "critical" : one.level === "warning" ? "warning" : "info",
      })),
    }),
    [data.bands, look.thresholds],
  );
  if (!data.series) return data.table ? <Rows data={data} look={look} /> : null;
  const legend =
    look.legend === "none" || (look.legend === "list" && data.series.series.length < 2);
  const rows = Math.min(data.series.series.length, 5) + 1;
  const plot = legend ? height : Math.max(70, height - 8 - Math.min(rows * 25, height * 0.45));
  return (
    <>
      <TimeChart
        label={panel.title || "Chart"}
        data={data.series}
        kind={look.draw}
        unit={unit}
        height={Math.floor(plot)}
        log={look.log}
        min={look.minimum ?? undefined}
        max={look.maximum ?? undefined}
        overlays={overlays}
        hidden={hidden}
      />
      {!legend && (
        <div className={classes.legend} style={{ maxHeight: height - plot - 4 }}>
          <Legend
            data={data.series as Aligned}
            unit={unit}
            statistics={look.legend === "table" ? look.statistics : ["last"]}
            hidden={hidden}
            onHidden={setHidden}
          />
        </div>
      )}
    </>
  );
}

function Stats({ figures, panel, unit }: { figures: Figure[]; panel: Panel; unit: string }) {
  const { look } = panel;
  return (
    <div className={classes.stats}>
      {figures.slice(0, MOST_FIGURES).map((one) => {
        const limit = reached(one.value, look);
        const color = limit ? COLORS[limit.level] : undefined;
        return (
          <div key={one.key} className={classes.stat}>
            <span className={classes.figure} style={{ color }}>
              {written(one.value, unit, look.decimals)}
            </span>
            {figures.length > 1 && <span className={classes.statName}>{visible(one.label)}</span>}
            {limit?.label && <span className={classes.statName}>{limit.label}</span>}
            {look.sparkline && one.values && (
              <Sparkline
                values={one.values}
                width={160}
                height={30}
                color={color ?? "var(--v-link)"}
                label={`${one.label}, now ${written(one.value, unit, look.decimals)}`}
              />
            )}
          </div>
        );
      })}
      <More count={figures.length - MOST_FIGURES} />
    </div>
  );
}

const ARC = 180;

/** The ends of a gauge's scale: those given, or 0 and a round number above all values. */
export function scaleOf(
  values: readonly (number | null)[],
  look: Look,
  unit: string,
): [number, number] {
  const low = look.minimum ?? 0;
  if (look.maximum !== null && look.maximum > low) return [low, look.maximum];
  if (unit === "share") return [low, Math.max(1, low + 1e-9)];
  if (unit === "%") return [low, 100];
  const most = Math.max(
    low,
    ...values.map((one) => one ?? low),
    ...look.thresholds.map((one) => one.value),
  );
  if (most <= low) return [low, low + 1];
  const step = 10 ** Math.floor(Math.log10(most - low));
  return [low, low + Math.ceil(((most - low) * 1.1) / step) * step];
}

function arc(from: number, to: number, radius: number): string {
  const point = (degrees: number) => {
    const angle = (Math.PI * (degrees + 180)) / 180;
    return `${(60 + radius * Math.cos(angle)).toFixed(2)} ${(58 + radius * Math.sin(angle)).toFixed(2)}`;
  };
  return `M${point(from)}A${radius} ${radius} 0 0 1 ${point(to)}`;
}

function Gauges({
  figures,
  panel,
  unit,
  height,
}: {
  figures: Figure[];
  panel: Panel;
  unit: string;
  height: number;
}) {
  const { look } = panel;
  const [low, high] = scaleOf(
    figures.map((one) => one.value),
    look,
    unit,
  );
  const angle = (value: number) => ARC * Math.min(1, Math.max(0, (value - low) / (high - low)));
  const limits = [...look.thresholds].sort((a, b) => a.value - b.value);
  return (
    <div className={classes.stats}>
      {figures.slice(0, 24).map((one) => {
        const limit = reached(one.value, look);
        const text = written(one.value, unit, look.decimals);
        return (
          <div key={one.key} className={classes.gauge}>
            <svg
              viewBox="0 0 120 66"
              role="img"
              aria-label={`${one.label}: ${text}, of ${written(low, unit, null)} to ${written(high, unit, null)}`}
              style={{ maxHeight: Math.max(60, height - 34) }}
            >
              <path d={arc(0, ARC, 48)} fill="none" stroke="var(--v-sunken)" strokeWidth="13" />
              {one.value !== null && angle(one.value) > 0.5 && (
                <path
                  d={arc(0, angle(one.value), 48)}
                  fill="none"
                  strokeWidth="13"
                  stroke={limit ? COLORS[limit.level] : "var(--v-series-0)"}
                />
              )}
              {limits.map((edge) => (
                <path
                  key={edge.value}
                  d={arc(angle(edge.value), Math.min(ARC, angle(edge.value) + 2), 57)}
                  fill="none"
                  stroke={COLORS[edge.level ?? "warning"]}
                  strokeWidth="5"
                />
              ))}
              <text x="60" y="56" textAnchor="middle" className={classes.gaugeText}>
                {text}
              </text>
            </svg>
            {figures.length > 1 && <span className={classes.statName}>{visible(one.label)}</span>}
          </div>
        );
      })}
      <More count={figures.length - 24} />
    </div>
  );
}

function Bars({ figures, panel, unit }: { figures: Figure[]; panel: Panel; unit: string }) {
  const { look } = panel;
  const order = [...figures].sort((a, b) => (b.value ?? -Infinity) - (a.value ?? -Infinity));
  const [low, high] = scaleOf(
    figures.map((one) => one.value),
    { ...look, maximum: look.maximum },
    unit,
  );
  return (
    <div className={classes.scroll} tabIndex={0} role="group" aria-label={`Bars of ${panel.title}`}>
      <table className={classes.bars}>
        <tbody>
          {order.slice(0, look.rows).map((one) => {
            const limit = reached(one.value, look);
            const share = one.value === null ? 0 : Math.max(0, (one.value - low) / (high - low));
            return (
              <tr key={one.key}>
                <th scope="row" title={one.label}>
                  {visible(one.label)}
                </th>
                <td className={classes.lane}>
                  <span
                    style={{
                      width: `${Math.min(100, share * 100)}%`,
                      background: limit ? COLORS[limit.level] : (one.color ?? seriesColor(0)),
                    }}
                  />
                </td>
                <td className={classes.number}>{written(one.value, unit, look.decimals)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      <More count={figures.length - look.rows} />
    </div>
  );
}

function Rows({ data, look }: { data: PanelData; look: Look }) {
  const table = useMemo(() => {
    const found = data.table ?? (data.series ? seriesRows(data.series, look.reduce) : null);
    if (!found || found.rows <= look.rows) return found;
    return {
      ...found,
      rows: look.rows,
      data: found.data.map((column) => column.slice(0, look.rows)),
    };
  }, [data, look.reduce, look.rows]);
  if (!table) return null;
  const left = (data.table?.rows ?? table.rows) - table.rows;
  return (
    <div className={classes.tableBox}>
      <ResultTable result={table} />
      <More count={left} />
    </div>
  );
}

function Distribution({ panel, data, height, unit }: Props & { unit: string }) {
  const { bins, counts } = useMemo(() => data.bins ?? binsOf(data), [data]);
  return (
    <Histogram
      label={panel.title || "Histogram"}
      bins={bins}
      series={counts}
      unit={unit}
      height={height}
    />
  );
}

function HeatMap({ panel, data, height, unit }: Props & { unit: string }) {
  const cells = useMemo(() => data.cells ?? cellsOf(data), [data]);
  const chart = useMemo<Aligned>(() => {
    const times = [...new Set(cells?.time ?? [])].sort((a, b) => a - b);
    const top = new Map<number, number>();
    cells?.time.forEach((time, at) => {
      top.set(time, Math.max(top.get(time) ?? 0, cells.to[at] ?? 0));
    });
    const values = times.map((time) => top.get(time) ?? null);
    return { times, series: [{ key: "most", label: "Highest", values, color: "transparent" }] };
  }, [cells]);
  const overlays = useMemo<Overlays>(() => ({ cells }), [cells]);
  if (!cells) return null;
  return (
    <TimeChart
      label={panel.title || "Heat map"}
      data={chart}
      kind="line"
      unit={unit}
      height={height}
      log={panel.look.log || data.cells !== undefined}
      overlays={overlays}
    />
  );
}

function More({ count }: { count: number }) {
  return count > 0 ? (
    <Text size="xs" c="dimmed">
      {formatCount(count)} more are not shown
    </Text>
  ) : null;
}
