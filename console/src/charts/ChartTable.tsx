import type { ReactNode } from "react";
import type { Aligned } from "./aligned";
import { toCsv } from "./aligned";
import classes from "./charts.module.css";
import { formatValue } from "./units";

export interface TableData {
  head: readonly string[];
  rows: readonly (readonly ReactNode[])[];
  csv: () => string;
}

const MAX_ROWS = 500;

/** The numbers of a chart. The CSV file has all of them, this the first of very many. */
export function ChartTable({ title, data }: { title: string; data: TableData }) {
  return (
    <div className={classes.table} tabIndex={0} role="region" aria-label={`${title} as a table`}>
      <table>
        <thead>
          <tr>
            {data.head.map((name, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: columns have no other identity
              <th key={index} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.rows.slice(0, MAX_ROWS).map((row, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows have no other identity
            <tr key={place}>
              {row.map((value, index) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: as the head
                <td key={index}>{value}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {data.rows.length > MAX_ROWS && (
        <p>{data.rows.length - MAX_ROWS} more rows are in the CSV file.</p>
      )}
    </div>
  );
}

/** Series by timestamp, newest first. */
export function seriesTable(
  data: Aligned,
  unit: string,
  moment: (seconds: number) => string,
): TableData {
  const order = data.times.map((_, index) => data.times.length - 1 - index);
  return {
    head: ["Time", ...data.series.map((one) => one.label)],
    rows: order.map((index) => [
      moment(data.times[index] as number),
      ...data.series.map((one) => formatValue(one.values[index], unit)),
    ]),
    csv: () => toCsv(data),
  };
}
