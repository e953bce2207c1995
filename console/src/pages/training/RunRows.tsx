import { Checkbox } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useMemo, useRef } from "react";
import type { components } from "@/api/schema";
import { PageLink } from "@/components/PageLink";
import { formatMoment } from "@/time/format";
import { useTimeRange } from "@/time/TimeProvider";
import { durationOf, formatMetric, orderOf } from "./run";
import { RunStatus } from "./Status";
import classes from "./training.module.css";

export type TablePage = components["schemas"]["RunTableView"];

const ROW = 30;
const INFO = [
  { id: "run_name", label: "Run", width: "minmax(200px, 1.4fr)" },
  { id: "status", label: "Status", width: "88px" },
  { id: "start_time", label: "Started", width: "150px" },
  { id: "", label: "Took", width: "92px" },
  { id: "user_id", label: "User", width: "minmax(80px, 120px)" },
] as const;

interface Props {
  pages: readonly TablePage[];
  columns: readonly string[];
  total: number;
  order: string;
  onOrder: (order: string) => void;
  selected: ReadonlySet<string>;
  onToggle: (id: string) => void;
  all: ReactNode;
  onEnd: () => void;
}

/** Rows of runs; only those in sight are in the page, and more are asked for near the end. */
export function RunRows(props: Props) {
  const { pages, columns, total, order, onOrder, selected, onToggle, onEnd } = props;
  const { timezone } = useTimeRange();
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useMemo(
    () => pages.flatMap((page) => page.runs.map((run, index) => ({ run, page, index }))),
    [pages],
  );
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? -1;
  useEffect(() => {
    if (rows.length && last >= rows.length - 30) onEnd();
  }, [last, rows.length, onEnd]);
  const template = `34px ${INFO.map((one) => one.width).join(" ")} ${columns.map(() => "minmax(96px, 1fr)").join(" ")}`;
  const header = (column: string, label: string) => {
    const down = orderOf(column, true);
    const up = orderOf(column, false);
    const here = order === down || order === up;
    return (
      <button
        type="button"
        className={classes.sort}
        aria-pressed={here}
        title={`Order by ${column}`}
        onClick={() => onOrder(order === down ? up : order === up ? "" : down)}
      >
        {label} {order === down ? "↓" : order === up ? "↑" : ""}
      </button>
    );
  };
  const now = Date.now();
  return (
    <div
      ref={scroller}
      className={classes.scroller}
      tabIndex={0}
      role="region"
      aria-label="Runs of the experiment"
    >
      <div
        role="table"
        aria-label="Runs"
        aria-rowcount={total + 1}
        className={classes.rows}
        style={{ "--columns": template } as never}
      >
        <div role="row" className={classes.head}>
          <span role="columnheader" className={classes.cell}>
            {props.all}
          </span>
          {INFO.map((one) => (
            <span role="columnheader" key={one.label} className={classes.cell}>
              {one.id ? header(one.id, one.label) : one.label}
            </span>
          ))}
          {columns.map((column) => (
            <span role="columnheader" key={column} className={classes.cell} title={column}>
              {header(column, column.slice(column.indexOf(".") + 1))}
            </span>
          ))}
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const found = rows[item.index];
            if (!found) return null;
            const { run, page, index } = found;
            return (
              <div
                role="row"
                key={run.id}
                aria-rowindex={item.index + 2}
                className={classes.row}
                data-selected={selected.has(run.id) || undefined}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <span role="cell" className={classes.cell}>
                  <Checkbox
                    size="xs"
                    aria-label={`Choose ${run.name}`}
                    checked={selected.has(run.id)}
                    onChange={() => onToggle(run.id)}
                  />
                </span>
                <span role="cell" className={classes.cell} title={run.name}>
                  <PageLink to="/runs/$run" params={{ run: run.id }} className="link">
                    {run.name}
                  </PageLink>
                </span>
                <span role="cell" className={classes.cell}>
                  <RunStatus status={run.status} deleted={run.lifecycle_stage === "deleted"} />
                </span>
                <span role="cell" className={classes.cell}>
                  {run.start_ms === null ? "–" : formatMoment(run.start_ms, timezone)}
                </span>
                <span role="cell" className={classes.cell}>
                  {durationOf(run, now)}
                </span>
                <span role="cell" className={classes.cell} title={run.user_id}>
                  {run.user_id}
                </span>
                {columns.map((column) => {
                  const loaded = page.values[column];
                  const value = loaded?.[index];
                  const known = column.startsWith("metrics.")
                    ? formatMetric(value)
                    : String(value ?? "–");
                  const shown = loaded ? known : "…";
                  return (
                    <span
                      role="cell"
                      key={column}
                      className={classes.cell}
                      title={String(value ?? "")}
                    >
                      {shown}
                    </span>
                  );
                })}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
