import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { Value } from "@/components/ValueMenu";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./ResultTable.module.css";
import { type Result, sortedRows, textOf } from "./result";

const ROW = 26;
/** Between columns, and at both ends; as the style sheet has it. */
const GAP = 12;

/** The answer of a query row by row; a click on a heading sorts. */
export function ResultTable({ result }: { result: Result }) {
  const scroller = useRef<HTMLDivElement>(null);
  const { format } = useTimeRange();
  const [sort, setSort] = useState<{ column: number; descending: boolean } | null>(null);
  const order = useMemo(
    () => sortedRows(result, sort?.column ?? -1, sort?.descending ?? false),
    [result, sort],
  );
  const virtual = useVirtualizer({
    count: order.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const widths = result.columns.map(({ kind, name }) => widthOf(kind, name));
  const template = widths.map(([least, share]) => `minmax(${least}px, ${share}fr)`).join(" ");
  const least = widths.reduce((sum, [one]) => sum + one + GAP, GAP);
  const shown = (value: unknown, kind: string) =>
    kind === "time" && typeof value === "string"
      ? format(Date.parse(value), "millisecond")
      : textOf(value);
  return (
    <div
      className={classes.scroller}
      ref={scroller}
      tabIndex={0}
      role="group"
      aria-label="Rows of the answer"
    >
      <div
        role="table"
        aria-rowcount={order.length + 1}
        className={classes.table}
        style={{ "--columns": template, minWidth: least } as never}
      >
        <div role="row" className={classes.head}>
          {result.columns.map((column, index) => (
            <span
              role="columnheader"
              // biome-ignore lint/suspicious/noArrayIndexKey: two columns may have one name
              key={index}
              data-number={column.kind === "number" || undefined}
              aria-sort={
                sort?.column === index ? (sort.descending ? "descending" : "ascending") : undefined
              }
            >
              <button type="button" onClick={() => setSort(nextSort(sort, index))}>
                {column.name}
                {sort?.column === index &&
                  (sort.descending ? <IconArrowDown size={12} /> : <IconArrowUp size={12} />)}
              </button>
            </span>
          ))}
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {virtual.getVirtualItems().map((item) => {
            const row = order[item.index] as number;
            return (
              <div
                role="row"
                key={item.key}
                aria-rowindex={item.index + 2}
                className={classes.row}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                {result.columns.map((column, index) => {
                  const value = result.data[index]?.[row];
                  return (
                    <span
                      role="cell"
                      // biome-ignore lint/suspicious/noArrayIndexKey: as the heading
                      key={index}
                      className={classes.cell}
                      data-number={column.kind === "number" || undefined}
                    >
                      {(column.kind === "text" || column.kind === "level") && value ? (
                        <Value field={column.name} value={String(value)} className="one-line" />
                      ) : (
                        shown(value, column.kind)
                      )}
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

type Sort = { column: number; descending: boolean } | null;

/** Down first, then up, then as the answer came. */
function nextSort(sort: Sort, column: number): Sort {
  if (sort?.column !== column) return { column, descending: true };
  return sort.descending ? { column, descending: false } : null;
}

/** Least width of a column, px, and its share of what is left. */
function widthOf(kind: string, name: string): [least: number, share: number] {
  if (kind === "time") return [190, 0];
  if (kind === "number") return [90, 1];
  return /message|body|pattern|sample/i.test(name) ? [320, 5] : [100, 2];
}
