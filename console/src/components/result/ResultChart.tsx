import { Text } from "@mantine/core";
import type { Aligned } from "@/charts/aligned";
import { Legend } from "@/charts/Legend";
import { TimeChart } from "@/charts/TimeChart";
import { formatCount } from "@/charts/units";
import { Value } from "@/components/ValueMenu";
import { seriesColor } from "@/theme/colors";
import classes from "./ResultChart.module.css";
import { type Result, textOf } from "./result";

const MOST_SERIES = 30;
const MOST_BARS = 100;

export type Chart =
  | { kind: "time"; data: Aligned; left: number }
  | {
      kind: "bars";
      field: string;
      measure: string;
      bars: { label: string; value: number }[];
      left: number;
    };

/** The chart that suits an answer; null where only a table does. */
export function chartOf(result: Result): Chart | null {
  const place = (kinds: readonly string[]) =>
    result.columns.flatMap(({ kind }, index) => (kinds.includes(kind) ? [index] : []));
  const [times, numbers, names] = [
    place(["time"]),
    place(["number"]),
    place(["text", "level", "bool"]),
  ];
  if (times.length + numbers.length + names.length !== result.columns.length) return null;
  if (times.length === 1 && numbers.length)
    return timeChart(result, times[0] as number, numbers, names);
  if (times.length || names.length !== 1 || !numbers.length) return null;
  return barChart(result, names[0] as number, numbers[0] as number);
}

function timeChart(result: Result, time: number, numbers: number[], names: number[]): Chart | null {
  const moments = (result.data[time] ?? []).map((value) => Date.parse(String(value)) / 1000);
  if (moments.some(Number.isNaN)) return null;
  const times = [...new Set(moments)].sort((a, b) => a - b);
  const at = new Map(times.map((moment, index) => [moment, index]));
  const found = new Map<string, (number | null)[]>();
  moments.forEach((moment, row) => {
    const name = names.map((column) => textOf(result.data[column]?.[row])).join(" · ");
    for (const column of numbers) {
      const measure = result.columns[column]?.name ?? "";
      const key = [name, numbers.length > 1 || !name ? measure : ""].filter(Boolean).join(" · ");
      const values = found.get(key) ?? new Array<number | null>(times.length).fill(null);
      const value = result.data[column]?.[row];
      values[at.get(moment) as number] =
        typeof value === "number" ? value : Number(value ?? Number.NaN) || null;
      found.set(key, values);
    }
  });
  const series = [...found].map(([key, values]) => ({ key, label: key, values }));
  return {
    kind: "time",
    data: { times, series: series.slice(0, MOST_SERIES) },
    left: Math.max(0, series.length - MOST_SERIES),
  };
}

function barChart(result: Result, name: number, number: number): Chart {
  const bars = (result.data[name] ?? []).map((label, row) => ({
    label: textOf(label),
    value: Number(result.data[number]?.[row] ?? 0),
  }));
  return {
    kind: "bars",
    field: result.columns[name]?.name ?? "",
    measure: result.columns[number]?.name ?? "",
    bars: bars.slice(0, MOST_BARS),
    left: Math.max(0, bars.length - MOST_BARS),
  };
}

const NONE: ReadonlySet<string> = new Set();

export function ResultChart({ chart, title }: { chart: Chart; title: string }) {
  const left = chart.left > 0 && (
    <Text size="xs" c="dimmed">
      {formatCount(chart.left)} more are in the table
    </Text>
  );
  if (chart.kind === "time") {
    return (
      <div className={classes.chart}>
        <TimeChart label={title} data={chart.data} kind="line" height={300} />
        <Legend data={chart.data} unit="" hidden={NONE} onHidden={() => undefined} />
        {left}
      </div>
    );
  }
  const most = Math.max(...chart.bars.map(({ value }) => value), 0) || 1;
  return (
    <div className={classes.chart}>
      <table className={classes.bars}>
        <caption className={classes.caption}>
          {chart.measure} by {chart.field}
        </caption>
        <tbody>
          {chart.bars.map(({ label, value }, index) => (
            <tr key={`${label} ${index.toString()}`}>
              <th scope="row">
                <Value field={chart.field} value={label} className="one-line" />
              </th>
              <td className={classes.lane}>
                <span
                  className={classes.bar}
                  style={{
                    background: seriesColor(0),
                    width: `${(100 * Math.max(0, value)) / most}%`,
                  }}
                />
              </td>
              <td className={classes.number}>{textOf(value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {left}
    </div>
  );
}
