import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { Value } from "@/components/ValueMenu";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./ResultTable.module.css";
import { type Result, sortedRows, textOf } from "./result";

const ROW = 26;

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
  const template = result.columns.map(({ kind, name }) => widthOf(kind, name)).join(" ");
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
        style={{ "--columns": template } as never}
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

function widthOf(kind: string, name: string): string {
  if (kind === "time") return "190px";
  if (kind === "number") return "minmax(110px, 1fr)";
  return /message|body|pattern|sample/i.test(name) ? "minmax(320px, 5fr)" : "minmax(130px, 2fr)";
}
