import { ActionIcon, VisuallyHidden } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconChevronDown, IconChevronRight, IconX } from "@tabler/icons-react";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, type ReactNode, useEffect, useMemo, useRef, useState } from "react";
import { useShortcuts } from "@/app/shortcuts";
import { Value } from "@/components/ValueMenu";
import { marked } from "@/search/highlight";
import { levelColor, serviceColor } from "@/theme/colors";
import { useTimeRange } from "@/time/TimeProvider";
import { LogDetail } from "./LogDetail";
import classes from "./LogList.module.css";
import { fieldOf, keyOf, type LogRecord, levelOfRecord, millisecondsOf, oneLine } from "./record";

const ROW = 26;

interface Props {
  records: readonly LogRecord[];
  columns: readonly string[];
  terms: readonly string[];
  onRemoveColumn: (field: string) => void;
  /** Asked when the end comes near. */
  onEnd?: () => void;
  /** Shown under the last record. */
  footer?: ReactNode;
  /** Key of the record that the address names; it is opened. */
  selected: string;
  onSelect: (key: string) => void;
  /** Keep to the last record as more come. */
  stick?: boolean;
}

/** Records one a line, of which only those in view are drawn; each opens to all that it holds. */
export function LogList(props: Props) {
  const { records, columns, terms, onRemoveColumn, onEnd, footer, selected, onSelect, stick } =
    props;
  const scroller = useRef<HTMLDivElement>(null);
  const [opened, setOpened] = useState<ReadonlySet<string>>(
    () => new Set(selected ? [selected] : []),
  );
  const [active, setActive] = useState(-1);
  const keys = useMemo(() => uniqueKeys(records), [records]);
  const virtual = useVirtualizer({
    count: records.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    getItemKey: (index) => keys[index] ?? index,
    overscan: 12,
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? -1;
  useEffect(() => {
    if (last >= records.length - 20) onEnd?.();
  }, [last, records.length, onEnd]);
  useEffect(() => {
    if (stick && records.length) virtual.scrollToIndex(records.length - 1, { align: "end" });
  }, [stick, records, virtual]);
  const shown = useRef(false);
  useEffect(() => {
    const place = keys.indexOf(selected);
    if (shown.current || place < 0) return;
    shown.current = true;
    setActive(place);
    virtual.scrollToIndex(place, { align: "center" });
  }, [keys, selected, virtual]);

  const toggle = (key: string) => {
    const next = new Set(opened);
    if (next.delete(key)) {
      virtual.resizeItem(keys.indexOf(key), ROW);
      onSelect("");
    } else {
      next.add(key);
      onSelect(key);
    }
    setOpened(next);
  };
  const move = (step: number) => {
    const next = Math.max(0, Math.min(records.length - 1, active + step));
    setActive(next);
    virtual.scrollToIndex(next, { align: "auto" });
    requestAnimationFrame(() =>
      scroller.current
        ?.querySelector<HTMLElement>(`[data-row="${next}"] button`)
        ?.focus({ preventScroll: true }),
    );
  };
  const key = keys[active];
  useShortcuts([
    { keys: "j", what: "Next record", run: () => move(1) },
    { keys: "k", what: "Record before", run: () => move(-1) },
    { keys: "o", what: "Open or close the record", run: () => key && toggle(key) },
  ]);
  const narrow = useMediaQuery("(max-width: 48em)", false) ?? false;
  const template = narrow
    ? `22px 66px 44px ${columns.map(() => "minmax(70px, 130px)").join(" ")} minmax(230px, 1fr)`
    : `22px 186px 54px minmax(90px, 150px) ${columns.map(() => "minmax(80px, 170px)").join(" ")} minmax(300px, 1fr)`;
  return (
    <div
      className={classes.scroller}
      ref={scroller}
      tabIndex={0}
      role="region"
      aria-label="Log records"
    >
      <div
        className={classes.table}
        role="table"
        aria-rowcount={records.length + 1}
        style={{ "--columns": template } as never}
      >
        <div className={classes.head} role="row">
          <span role="columnheader">
            <VisuallyHidden>open</VisuallyHidden>
          </span>
          <span role="columnheader">time</span>
          <span role="columnheader">level</span>
          {!narrow && <span role="columnheader">service</span>}
          {columns.map((column) => (
            <span role="columnheader" key={column} className={classes.column}>
              <span className="one-line" title={column}>
                {column}
              </span>
              <ActionIcon
                size={16}
                aria-label={`Remove the column ${column}`}
                onClick={() => onRemoveColumn(column)}
              >
                <IconX size={11} />
              </ActionIcon>
            </span>
          ))}
          <span role="columnheader">message</span>
        </div>
        <div role="rowgroup" style={{ height: virtual.getTotalSize(), position: "relative" }}>
          {items.map((item) => {
            const record = records[item.index] as LogRecord;
            const name = keys[item.index] as string;
            return (
              <div
                key={item.key}
                data-index={item.index}
                data-row={item.index}
                // A closed row is as high as all others; measuring each would lay the page out again.
                ref={opened.has(name) ? virtual.measureElement : undefined}
                className={classes.item}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Row
                  record={record}
                  columns={columns}
                  terms={terms}
                  open={opened.has(name)}
                  active={item.index === active}
                  index={item.index}
                  narrow={narrow}
                  onToggle={() => {
                    setActive(item.index);
                    toggle(name);
                  }}
                />
              </div>
            );
          })}
        </div>
      </div>
      {footer && <div className={classes.footer}>{footer}</div>}
    </div>
  );
}

interface RowProps {
  record: LogRecord;
  columns: readonly string[];
  terms: readonly string[];
  open: boolean;
  active: boolean;
  index: number;
  /** Little room: the time of day alone, and no service. */
  narrow: boolean;
  onToggle: () => void;
}

const Row = memo(RowOf, (before, after) => {
  const same: (keyof RowProps)[] = [
    "record",
    "columns",
    "terms",
    "open",
    "active",
    "index",
    "narrow",
  ];
  return same.every((name) => before[name] === after[name]);
});

function RowOf({ record, columns, terms, open, active, index, narrow, onToggle }: RowProps) {
  const time = useTimeRange();
  const level = levelOfRecord(record);
  return (
    <>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the row's button does the same by keyboard */}
      <div
        className={classes.row}
        role="row"
        tabIndex={-1}
        aria-rowindex={index + 2}
        data-active={active || undefined}
        style={{ "--level": levelColor(level) } as never}
        onClick={() => {
          if (!getSelection()?.toString()) onToggle();
        }}
      >
        <span role="cell">
          <button
            type="button"
            className={classes.open}
            aria-expanded={open}
            aria-label={`${open ? "Close" : "Open"} the record of ${record.timestamp}`}
            onClick={(event) => {
              event.stopPropagation();
              onToggle();
            }}
          >
            {open ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
          </button>
        </span>
        <span role="cell" className={classes.time} title={record.timestamp}>
          {time.format(millisecondsOf(record.timestamp), narrow ? "clock" : "millisecond")}
        </span>
        <span role="cell" className={classes.level}>
          {level === "unset" ? "" : level}
        </span>
        {!narrow && (
          <span role="cell" className={classes.cell}>
            {record.service_name && (
              <Value field="service" value={record.service_name} className="one-line">
                <span
                  className={classes.dot}
                  style={{ background: serviceColor(record.service_name) }}
                />
                {record.service_name}
              </Value>
            )}
          </span>
        )}
        {columns.map((column) => {
          const value = fieldOf(record, column);
          return (
            <span role="cell" className={classes.cell} key={column}>
              {value && (
                <Value field={column} value={value} className="one-line">
                  {oneLine(value, 200)}
                </Value>
              )}
            </span>
          );
        })}
        <span role="cell" className={classes.message} dir="auto">
          <Marked text={oneLine(record.body)} terms={terms} />
        </span>
      </div>
      {open && <LogDetail record={record} terms={terms} />}
    </>
  );
}

export function Marked({ text, terms }: { text: string; terms: readonly string[] }) {
  let at = 0;
  return marked(text, terms).map((part) => {
    const key = at;
    at += part.text.length;
    return part.hit ? <mark key={key}>{part.text}</mark> : part.text;
  });
}

/** Keys of records; the same record twice gets a number behind it. */
function uniqueKeys(records: readonly LogRecord[]): string[] {
  const seen = new Map<string, number>();
  return records.map((record) => {
    const key = keyOf(record);
    const count = seen.get(key) ?? 0;
    seen.set(key, count + 1);
    return count ? `${key}.${count}` : key;
  });
}
