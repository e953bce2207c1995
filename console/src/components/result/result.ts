import { formatCount } from "@/charts/units";

/** An answer of a query in columns, whatever language it was asked in. */
export interface Result {
  columns: readonly { name: string; kind: string }[];
  /** One list a column. */
  data: readonly (readonly unknown[])[];
  rows: number;
}

/** A value of an answer as text. */
export function textOf(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return formatNumber(value);
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function formatNumber(value: number): string {
  if (Number.isInteger(value)) return formatCount(value);
  const size = Math.abs(value);
  return size >= 0.001 && size < 1e12
    ? value.toLocaleString("en", { maximumSignificantDigits: 6 })
    : value.toExponential(4);
}

export function toCsv({ columns, data, rows }: Result): string {
  const lines = [columns.map(({ name }) => cell(name)).join(",")];
  for (let row = 0; row < rows; row += 1) {
    lines.push(data.map((column) => cell(column[row])).join(","));
  }
  return `${lines.join("\r\n")}\r\n`;
}

/**
 * A value as a cell by RFC 4180. A text that a spreadsheet would take for a formula gets a quote
 * mark before it: telemetry comes from anywhere, and must not run there.
 */
function cell(value: unknown): string {
  const plain = typeof value === "number" ? String(value) : textOf(value);
  const text = typeof value === "string" && /^[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows in the order of one column; numbers by size, nothing last. */
export function sortedRows(result: Result, column: number, descending: boolean): number[] {
  const order = Array.from({ length: result.rows }, (_, row) => row);
  const values = result.data[column];
  if (!values) return order;
  const sign = descending ? -1 : 1;
  const empty = (value: unknown) => value === null || value === undefined;
  return order.sort((a, b) => {
    const [left, right] = [values[a], values[b]];
    if (empty(left) || empty(right)) return Number(empty(left)) - Number(empty(right)) || a - b;
    const compared =
      typeof left === "number" && typeof right === "number"
        ? left - right
        : textOf(left).localeCompare(textOf(right), "en", { numeric: true });
    return sign * compared || a - b;
  });
}
