import { useVirtualizer } from "@tanstack/react-virtual";
import {
  type KeyboardEvent,
  memo,
  type PointerEvent,
  useCallback,
  useEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import { formatNanos } from "@/charts/units";
import { serviceColor } from "@/theme/colors";
import { Minimap } from "./Minimap";
import type { Segment, TraceModel } from "./model";
import { rulerTicks, type SpansProps } from "./rows";
import classes from "./trace.module.css";

const ROW_PX = 24;
const INDENT_PX = 12;
const MAX_INDENT = 24;
const OVERSCAN = 4;

interface Props extends SpansProps {
  collapsed: ReadonlySet<number>;
  onToggle: (span: number) => void;
}

/**
 * The waterfall: a tree of spans on the left, their times on the right. Only rows in sight are in
 * the document, so that a trace of many thousands scrolls as one of ten.
 */
export function Waterfall(props: Props) {
  const { model, rows, selected, window, onSelect, onToggle, collapsed } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [names, setNames] = useState(0.38);
  const rowOf = useMemo(() => new Map(Array.from(rows.spans, (span, row) => [span, row])), [rows]);
  const virtual = useVirtualizer({
    count: rows.spans.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
  });
  const selectedRow = rowOf.get(selected) ?? -1;

  // biome-ignore lint/correctness/useExhaustiveDependencies: only a new selection scrolls
  useEffect(() => {
    if (selectedRow >= 0) virtual.scrollToIndex(selectedRow, { align: "auto" });
  }, [selected]);

  const onKeyDown = (event: KeyboardEvent) => {
    const target = keyTarget(event.key, selectedRow, props, rowOf, virtual.range);
    if (target === undefined) return;
    event.preventDefault();
    if (target.toggle) onToggle(selected);
    else onSelect(target.span);
  };

  const items = virtual.getVirtualItems();
  const first = virtual.range?.startIndex ?? 0;
  const last = virtual.range?.endIndex ?? 0;
  return (
    <div className={classes.body}>
      <Minimap
        model={model}
        rows={rows}
        window={window}
        onWindow={props.onWindow}
        firstRow={first}
        lastRow={last}
      />
      <Ruler window={window} names={names} />
      <Divider share={names} onShare={setNames} />
      <div
        ref={scroller}
        className={classes.rows}
        role="treegrid"
        aria-label={`Spans of the trace, ${rows.spans.length} rows`}
        aria-rowcount={rows.spans.length}
        aria-activedescendant={selectedRow >= 0 ? `span-${selected}` : undefined}
        tabIndex={0}
        onKeyDown={onKeyDown}
      >
        <div role="presentation" style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, start }) => {
            const span = rows.spans[index] as number;
            return (
              <Row
                // A row that leaves on one side is used again on the other: making one costs more.
                key={index % items.length}
                model={model}
                span={span}
                row={index}
                top={start}
                depth={rows.depth[index] as number}
                folded={rows.folded[index] as number}
                collapsed={collapsed.has(span)}
                selected={span === selected}
                match={props.matches ? props.matches[span] === 1 : null}
                names={names}
                from={window.start}
                to={window.end}
                onSelect={onSelect}
                onToggle={onToggle}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

interface Target {
  span: number;
  toggle?: boolean;
}

function keyTarget(
  key: string,
  row: number,
  { model, rows, selected, collapsed }: Props,
  rowOf: ReadonlyMap<number, number>,
  range: { startIndex: number; endIndex: number } | null,
): Target | undefined {
  const count = rows.spans.length;
  const page = Math.max(1, (range?.endIndex ?? 10) - (range?.startIndex ?? 0) - 1);
  const at = (wanted: number): Target => ({
    span: rows.spans[Math.max(0, Math.min(count - 1, wanted))] as number,
  });
  switch (key) {
    case "ArrowDown":
    case "j":
      return at(row + 1);
    case "ArrowUp":
    case "k":
      return at(row - 1);
    case "PageDown":
      return at(row + page);
    case "PageUp":
      return at(row - page);
    case "Home":
      return at(0);
    case "End":
      return at(count - 1);
    case "ArrowRight": {
      if (row < 0 || !model.children[selected]?.length) return undefined;
      return collapsed.has(selected) ? { span: selected, toggle: true } : at(row + 1);
    }
    case "ArrowLeft": {
      if (row < 0) return undefined;
      const open = model.children[selected]?.length && !collapsed.has(selected);
      if (open) return { span: selected, toggle: true };
      const above = model.parent[selected] as number;
      return rowOf.has(above) ? { span: above } : undefined;
    }
    default:
      return undefined;
  }
}

interface RowProps {
  model: TraceModel;
  span: number;
  row: number;
  top: number;
  depth: number;
  folded: number;
  collapsed: boolean;
  selected: boolean;
  match: boolean | null;
  names: number;
  from: number;
  to: number;
  onSelect: (span: number) => void;
  onToggle: (span: number) => void;
}

const Row = memo(function Row(props: RowProps) {
  const { model, span, depth, folded, collapsed, selected, match, names, from, to } = props;
  const { spans } = model;
  const service = spans.service_name[span] ?? "";
  const name = spans.name[span] ?? "";
  const children = model.children[span]?.length ?? 0;
  const below = model.errorsBelow[span] as number;
  const error = model.error[span] === 1;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the grid around it
    <div
      id={`span-${span}`}
      className={classes.row}
      role="row"
      aria-level={depth + 1}
      aria-rowindex={props.row + 1}
      aria-expanded={children ? !collapsed : undefined}
      aria-selected={selected}
      data-match={match || undefined}
      data-dim={match === false || undefined}
      style={{ transform: `translateY(${props.top}px)` }}
      tabIndex={-1}
      onClick={() => props.onSelect(span)}
    >
      <div
        role="gridcell"
        className={classes.name}
        style={{
          width: `${names * 100}%`,
          paddingLeft: 10 + Math.min(depth, MAX_INDENT) * INDENT_PX,
        }}
      >
        {children ? (
          <button
            type="button"
            className={classes.toggle}
            tabIndex={-1}
            aria-label={`${collapsed ? "Unfold" : "Fold"} ${name}`}
            onClick={(event) => {
              event.stopPropagation();
              props.onToggle(span);
            }}
          >
            {collapsed ? "▶" : "▼"}
          </button>
        ) : (
          <span className={classes.toggle} aria-hidden="true" />
        )}
        <span className={classes.swatch} style={{ background: serviceColor(service) }} />
        {error && (
          <span className={classes.bad} role="img" aria-label="error" title="status Error">
            ✖
          </span>
        )}
        <b title={name}>{name}</b>
        <span className={classes.service}>{service}</span>
        {folded > 0 && (
          <span className={classes.folded}>
            +{folded}
            {below > 0 && ` · ${below} ✖`}
          </span>
        )}
      </div>
      <div role="gridcell" className={classes.time}>
        <Bar model={model} span={span} from={from} to={to} color={serviceColor(service)} />
      </div>
    </div>
  );
});

interface BarProps {
  model: TraceModel;
  span: number;
  from: number;
  to: number;
  color: string;
}

function Bar({ model, span, from, to, color }: BarProps) {
  const start = model.spans.offset_ns[span] as number;
  const duration = model.spans.duration_ns[span] as number;
  const scale = 100 / (to - from);
  const left = (start - from) * scale;
  const right = left + duration * scale;
  // What lies far outside of the window is cut: browsers place boxes of millions of px badly.
  const shownLeft = Math.max(left, -5);
  const shownRight = Math.min(right, 105);
  if (shownRight < -5 || shownLeft > 105) {
    return <span className={classes.visuallyHidden}>{formatNanos(duration)}</span>;
  }
  const labelled = right < 82 ? { left: `${Math.max(right, 0)}%` } : { right: `${100 - left}%` };
  const inside = left <= 18 && right >= 82;
  return (
    <>
      <span
        className={classes.bar}
        data-error={model.error[span] || undefined}
        data-async={model.asynchronous[span] || undefined}
        style={{ left: `${shownLeft}%`, width: `${shownRight - shownLeft}%`, background: color }}
      />
      {model.critical.get(span)?.map((part) => {
        const begins = Math.max((part.start - from) * scale, -5);
        const ends = Math.min((part.end - from) * scale, 105);
        return ends > begins ? (
          <span
            key={part.start}
            className={classes.path}
            style={{ left: `${begins}%`, width: `${ends - begins}%` }}
          />
        ) : null;
      })}
      <span
        className={inside ? `${classes.duration} ${classes.inside}` : classes.duration}
        style={inside ? { left: `${Math.max(left, 0)}%` } : labelled}
      >
        {formatNanos(duration)}
      </span>
    </>
  );
}

function Ruler({ window, names }: { window: Segment; names: number }) {
  const ticks = rulerTicks(window.start, window.end, 6);
  const scale = 100 / (window.end - window.start);
  return (
    <div className={classes.ruler} aria-hidden="true">
      <span className={classes.rulerNames} style={{ width: `${names * 100}%` }}>
        Span
      </span>
      <div className={classes.rulerTimes}>
        {ticks.map((tick) => (
          <span key={tick} style={{ left: `${(tick - window.start) * scale}%` }}>
            {formatNanos(tick)}
          </span>
        ))}
      </div>
    </div>
  );
}

/** The border between names and times; by mouse or with the arrow keys. */
function Divider({ share, onShare }: { share: number; onShare: (share: number) => void }) {
  const bound = (value: number) => onShare(Math.min(0.75, Math.max(0.12, value)));
  const move = useCallback((event: PointerEvent<HTMLElement>) => {
    if (!event.currentTarget.hasPointerCapture(event.pointerId)) return null;
    const box = event.currentTarget.parentElement?.getBoundingClientRect();
    return box ? (event.clientX - box.left) / box.width : null;
  }, []);
  return (
    <div
      className={classes.divider}
      role="separator"
      aria-label="Width of the names"
      aria-orientation="vertical"
      aria-valuenow={Math.round(share * 100)}
      aria-valuemin={12}
      aria-valuemax={75}
      tabIndex={0}
      style={{ left: `${share * 100}%` }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => {
        const at = move(event);
        if (at !== null) bound(at);
      }}
      onKeyDown={(event) => {
        if (event.key === "ArrowLeft") bound(share - 0.03);
        if (event.key === "ArrowRight") bound(share + 0.03);
      }}
    />
  );
}
