import { type KeyboardEvent, useRef, useState } from "react";
import type { components } from "@/api/schema";
import { formatNumber } from "@/charts/units";
import { useTimeRange } from "@/time/TimeProvider";
import { DAY, measureText } from "./data";
import classes from "./datasets.module.css";

type Series = components["schemas"]["DriftSeriesView"];
type Cells = Series["columns"][number];

interface Props {
  data: Series;
  /** Column and start of the window of the cell that is open. */
  chosen: { column: string; window: string };
  onChoose: (column: string, window: string) => void;
}

/** Most columns that are drawn; a search narrows them. */
const SHOWN = 100;

/**
 * Columns down, windows across. What drifted has a sign, not only a colour; how strong a cell is
 * coloured says how near to, or how far above, the threshold it is. Arrow keys walk over the cells.
 */
export function Heatmap({ data, chosen, onChoose }: Props) {
  const { format } = useTimeRange();
  const [at, setAt] = useState<[number, number]>([0, Math.max(0, data.windows.length - 1)]);
  const body = useRef<HTMLTableSectionElement>(null);
  const columns = data.columns.slice(0, SHOWN);
  const starts = data.windows.map((window) => Date.parse(window.start));
  // Of windows that are shorter than a day their days would all be the same.
  const style = (starts[1] ?? 0) - (starts[0] ?? 0) < DAY * 1000 ? "clock" : "day";
  const every = Math.max(4, Math.ceil(data.windows.length / 8));
  const walk = (event: KeyboardEvent) => {
    const steps: Record<string, [number, number]> = {
      ArrowRight: [0, 1],
      ArrowLeft: [0, -1],
      ArrowDown: [1, 0],
      ArrowUp: [-1, 0],
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const next: [number, number] = [
      Math.min(columns.length - 1, Math.max(0, at[0] + step[0])),
      Math.min(data.windows.length - 1, Math.max(0, at[1] + step[1])),
    ];
    setAt(next);
    body.current?.rows[next[0]]?.cells[next[1] + 1]?.querySelector("button")?.focus();
  };
  return (
    <>
      <div className={classes.grid}>
        <table className={classes.heat}>
          <caption className={classes.hidden}>Drift by column and window</caption>
          <thead>
            <tr>
              <th scope="col">Column</th>
              {data.windows.map((window, place) => (
                <td key={window.start} className="dimmed">
                  {place % every === 0 && (
                    <span style={{ position: "absolute", marginTop: -9, whiteSpace: "nowrap" }}>
                      {format(Date.parse(window.start), style)}
                    </span>
                  )}
                  &nbsp;
                </td>
              ))}
            </tr>
          </thead>
          <tbody ref={body} onKeyDown={walk}>
            {columns.map((column, row) => (
              <tr key={column.name}>
                <th scope="row" title={`${column.name} (${column.kind})`}>
                  {column.name}
                </th>
                {data.windows.map((window, place) => (
                  <td key={window.start}>
                    <button
                      type="button"
                      className={classes.cell}
                      tabIndex={row === at[0] && place === at[1] ? 0 : -1}
                      data-status={column.status[place] ?? "none"}
                      data-chosen={
                        (chosen.column === column.name && chosen.window === window.start) ||
                        undefined
                      }
                      style={{ "--level": level(column, place) } as React.CSSProperties}
                      title={said(column, place, format(Date.parse(window.start)))}
                      aria-label={said(column, place, format(Date.parse(window.start)))}
                      onClick={() => {
                        setAt([row, place]);
                        onChoose(column.name, window.start);
                      }}
                    >
                      {column.status[place] === "drift" ? "!" : ""}
                    </button>
                  </td>
                ))}
              </tr>
            ))}
            <tr>
              <th scope="row">share of columns, %</th>
              {data.windows.map((window) => (
                <td key={window.start} className="dimmed" style={{ textAlign: "center" }}>
                  {window.share == null ? "" : Math.round(window.share * 100)}
                </td>
              ))}
            </tr>
          </tbody>
        </table>
      </div>
      <div className={classes.key}>
        <span>
          <i className={classes.cell} data-status="drift" style={{ "--level": 1 } as never}>
            !
          </i>{" "}
          drift
        </span>
        <span>
          <i className={classes.cell} data-status="no drift" style={{ "--level": 0.7 } as never} />{" "}
          below the threshold, the nearer the darker
        </span>
        <span>
          <i className={classes.cell} /> nothing to compare
        </span>
        {data.columns.length > SHOWN && (
          <span role="status">
            {SHOWN} of {data.columns.length} columns are shown: search for others
          </span>
        )}
      </div>
    </>
  );
}

/** From 0 to 1: the value over its threshold; above it, over three times the threshold. */
export function level(column: Cells, at: number): number {
  const [value, threshold] = [column.value[at], column.threshold[at]];
  if (value == null || !threshold) return 0.5;
  const over = column.measure[at]?.endsWith("_p_value")
    ? threshold / Math.max(value, 1e-12)
    : value / threshold;
  const scaled = column.status[at] === "drift" ? (over - 1) / 2 : over;
  return Math.round(Math.min(1, Math.max(0, scaled)) * 100) / 100;
}

function said(column: Cells, at: number, when: string): string {
  const [value, threshold, measure] = [column.value[at], column.threshold[at], column.measure[at]];
  const numbers =
    value == null
      ? ""
      : `, ${measureText(measure ?? "")} ${formatNumber(value)} of ${formatNumber(threshold)}`;
  return `${column.name}, ${when}: ${column.status[at] ?? "not there"}${numbers}`;
}
