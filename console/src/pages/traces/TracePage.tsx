import {
  ActionIcon,
  Button,
  CopyButton,
  Group,
  Menu,
  SegmentedControl,
  Switch,
  Tooltip,
} from "@mantine/core";
import {
  IconAlertCircle,
  IconArrowDown,
  IconArrowUp,
  IconDownload,
  IconFold,
  IconLink,
} from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useGet } from "@/api/query";
import { useShortcuts } from "@/app/shortcuts";
import { useOpenPage } from "@/app/useOpenPage";
import { saveText } from "@/charts/download";
import { formatCount, formatNanos } from "@/charts/units";
import { FindInput } from "@/components/FindInput";
import { PageHeader } from "@/components/PageHeader";
import { Partial, QueryState } from "@/components/QueryState";
import { type ValueActions, ValueActionsProvider } from "@/components/ValueMenu";
import { writeTerm } from "@/search/terms";
import { serviceColor } from "@/theme/colors";
import { useTimeRange } from "@/time/TimeProvider";
import { flag, Invalid, oneOf, type Param, pattern, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { FlameView } from "./FlameView";
import { buildTrace, type Segment, type TraceAnswer, type TraceModel } from "./model";
import { collapseBelow, foldedAbove, matching, step, visibleRows } from "./rows";
import { SpanDetail } from "./SpanDetail";
import classes from "./trace.module.css";
import { Waterfall } from "./Waterfall";

/** The part of the trace's time that is shown, as shares of its duration: `0.1-0.25`. */
const windowParam: Param<readonly [number, number]> = {
  fallback: [0, 1],
  read: (raw) => {
    const found = /^(\d(?:\.\d{1,9})?)-(\d(?:\.\d{1,9})?)$/.exec(String(raw));
    const [start, end] = [Number(found?.[1]), Number(found?.[2])];
    return start >= 0 && end <= 1 && end - start > 1e-8
      ? [start, end]
      : new Invalid("it is not a part of the trace, such as 0.1-0.25");
  },
  write: ([start, end]) => (start <= 0 && end >= 1 ? undefined : `${share(start)}-${share(end)}`),
};
const share = (value: number): string => String(Number(value.toFixed(9)));

const DETAIL_TABS = ["attributes", "events", "links", "logs", "resource"] as const;
export const TRACE_PARAMS = {
  span: pattern(/^[0-9a-f]{16}$/, "a span id of 16 hexadecimal digits"),
  view: oneOf(["waterfall", "flame"], "waterfall"),
  tab: oneOf(DETAIL_TABS, "attributes"),
  find: text(),
  by: oneOf(["span", "service"], "span"),
  only: flag(),
  part: windowParam,
};

export default function TracePage() {
  const { traceId } = useParams({ strict: false }) as { traceId: string };
  const trace = useGet(
    "/api/v1/traces/{trace_id}",
    { params: { path: { trace_id: traceId } } },
    { keepPrevious: false },
  );
  return (
    <div className={classes.page}>
      <PageHeader
        title={`Trace ${traceId.slice(0, 8)}`}
        actions={<TraceActions traceId={traceId} answer={trace.data} />}
        time={false}
      />
      {trace.data ? (
        <TraceView key={trace.data.trace_id} answer={trace.data} />
      ) : (
        <QueryState query={trace} height={400}>
          {() => null}
        </QueryState>
      )}
    </div>
  );
}

function TraceActions({ traceId, answer }: { traceId: string; answer?: TraceAnswer }) {
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default">Share</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <CopyButton value={location.href}>
          {({ copy, copied }) => (
            <Menu.Item leftSection={<IconLink size={14} />} onClick={copy} closeMenuOnClick={false}>
              {copied ? "Copied" : "Copy the link"}
            </Menu.Item>
          )}
        </CopyButton>
        <Menu.Item
          leftSection={<IconDownload size={14} />}
          disabled={!answer}
          onClick={() =>
            saveText(`trace-${traceId}.json`, JSON.stringify(answer), "application/json")
          }
        >
          Download as JSON
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function TraceView({ answer }: { answer: TraceAnswer }) {
  const model = useMemo(() => buildTrace(answer), [answer]);
  const [url, setUrl] = useUrlState(TRACE_PARAMS);
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(new Set());
  const selected = model.indexOf.get(url.span) ?? -1;
  const matches = useMemo(
    () => (url.find.trim() ? matching(model, url.find) : null),
    [model, url.find],
  );
  const rows = useMemo(
    () =>
      visibleRows(model, {
        collapsed,
        byService: url.by === "service",
        only: url.only ? (matches ?? model.error) : null,
      }),
    [model, collapsed, url.by, url.only, matches],
  );
  const window: Segment = useMemo(
    () => ({ start: url.part[0] * model.duration, end: url.part[1] * model.duration }),
    [url.part, model.duration],
  );

  const select = useCallback(
    (span: number) => {
      setCollapsed((before) => {
        const folded = foldedAbove(model, before, span);
        return folded.length ? new Set([...before].filter((one) => !folded.includes(one))) : before;
      });
      // Walking through rows is no history to go back through.
      setUrl({ span: model.spans.span_id[span] ?? "" }, { replace: true });
    },
    [model, setUrl],
  );
  const toggle = useCallback((span: number) => {
    setCollapsed((before) => {
      const next = new Set(before);
      if (!next.delete(span)) next.add(span);
      return next;
    });
  }, []);
  const jump = (marks: Uint8Array | null, back = false) => {
    const next = marks ? step(model, marks, selected, back) : -1;
    if (next >= 0) select(next);
  };
  const setWindow = useCallback(
    ({ start, end }: Segment) =>
      setUrl({ part: [start / model.duration, end / model.duration] }, { replace: true }),
    [model.duration, setUrl],
  );
  useShortcuts([
    { keys: "e", what: "Next error of the trace", run: () => jump(model.error) },
    { keys: "n", what: "Next match in the trace", run: () => jump(matches) },
    { keys: "p", what: "Match before in the trace", run: () => jump(matches, true) },
    { keys: "Escape", what: "Close the span", run: () => setUrl({ span: undefined }) },
  ]);
  const shared = { model, rows, selected, matches, window, onWindow: setWindow, onSelect: select };
  return (
    <ValueActionsProvider actions={useTraceValueActions(model)}>
      <Summary model={model} />
      <Toolbar
        model={model}
        url={url}
        setUrl={setUrl}
        matches={matches}
        jump={jump}
        collapsed={collapsed}
        setCollapsed={setCollapsed}
      />
      <div className={classes.split}>
        <div className={classes.main}>
          {url.view === "flame" ? (
            <FlameView {...shared} />
          ) : (
            <Waterfall {...shared} collapsed={collapsed} onToggle={toggle} />
          )}
        </div>
        {selected >= 0 && (
          <SpanDetail
            model={model}
            span={selected}
            tab={url.tab}
            onTab={(tab) => setUrl({ tab: tab as (typeof DETAIL_TABS)[number] }, { replace: true })}
            onSelect={select}
            onClose={() => setUrl({ span: undefined })}
          />
        )}
      </div>
    </ValueActionsProvider>
  );
}

/** In a trace, a click on a value leads to the traces that have it, or have it not. */
function useTraceValueActions(model: TraceModel): ValueActions {
  const openPage = useOpenPage();
  const root = model.order[0] ?? 0;
  const service = model.spans.service_name[root] ?? "";
  return useMemo(() => {
    const go = (not: boolean) => (field: string, value: string) =>
      openPage("/traces", {
        search: {
          q: not
            ? `${writeTerm("service", service)} ${writeTerm(field, value, { not })}`
            : writeTerm(field, value),
        },
      });
    return { include: go(false), exclude: go(true) };
  }, [openPage, service]);
}

function Summary({ model }: { model: TraceModel }) {
  const { format } = useTimeRange();
  const { answer } = model;
  const root = model.order[0] ?? 0;
  const errors = model.error.reduce((sum, one) => sum + one, 0);
  const facts: [string, string][] = [
    ["Root", `${model.spans.service_name[root]} ${model.spans.name[root]}`],
    ["Started", format(Number(BigInt(answer.start_ns) / 1_000_000n), "millisecond")],
    ["Duration", formatNanos(answer.duration_ns)],
    ["Spans", formatCount(answer.total_spans)],
    ["Errors", formatCount(errors)],
    ["Services", formatCount(model.services.length)],
    ["Depth", formatCount(model.depth.reduce((most, one) => Math.max(most, one + 1), 0))],
  ];
  return (
    <>
      <dl className={classes.summary}>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {answer.truncated && (
        <Partial>
          Only the first {formatCount(model.count)} of {formatCount(answer.total_spans)} spans are
          shown.
        </Partial>
      )}
      {answer.missing_parents.length > 0 && (
        <Partial>
          {answer.missing_parents.length} parents did not arrive: what is below them is shown at the
          root.
        </Partial>
      )}
    </>
  );
}

interface ToolbarProps {
  model: TraceModel;
  url: ReturnType<typeof useUrlState<typeof TRACE_PARAMS>>[0];
  setUrl: ReturnType<typeof useUrlState<typeof TRACE_PARAMS>>[1];
  matches: Uint8Array | null;
  jump: (marks: Uint8Array | null, back?: boolean) => void;
  collapsed: ReadonlySet<number>;
  setCollapsed: (collapsed: ReadonlySet<number>) => void;
}

function Toolbar({ model, url, setUrl, matches, jump, collapsed, setCollapsed }: ToolbarProps) {
  const box = useRef<HTMLInputElement>(null);
  useShortcuts([{ keys: "/", what: "Search in the trace", run: () => box.current?.focus() }]);
  const errors = model.error.some((one) => one === 1);
  const count = matches?.reduce((sum, one) => sum + one, 0);
  return (
    <div className={classes.toolbar} role="toolbar" aria-label="View of the trace">
      <SegmentedControl
        aria-label="View"
        value={url.view}
        onChange={(view) => setUrl({ view: view as "waterfall" | "flame" })}
        data={[
          { value: "waterfall", label: "Waterfall" },
          { value: "flame", label: "Flame" },
        ]}
      />
      <Find
        box={box}
        value={url.find}
        onChange={(find) => setUrl({ find }, { replace: true })}
        onNext={() => jump(matches)}
      />
      {count !== undefined && (
        <Group gap={2}>
          <span role="status">{formatCount(count)} found</span>
          <ActionIcon
            aria-label="Match before (p)"
            onClick={() => jump(matches, true)}
            disabled={!count}
          >
            <IconArrowUp size={15} />
          </ActionIcon>
          <ActionIcon aria-label="Next match (n)" onClick={() => jump(matches)} disabled={!count}>
            <IconArrowDown size={15} />
          </ActionIcon>
        </Group>
      )}
      <Tooltip label="Next error (e)">
        <Button
          variant="default"
          disabled={!errors}
          leftSection={<IconAlertCircle size={14} />}
          onClick={() => jump(model.error)}
        >
          Next error
        </Button>
      </Tooltip>
      <Menu>
        <Menu.Target>
          <Button variant="default" leftSection={<IconFold size={14} />}>
            Fold
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setCollapsed(new Set())} disabled={collapsed.size === 0}>
            Unfold all
          </Menu.Item>
          {[0, 1, 2, 3].map((depth) => (
            <Menu.Item key={depth} onClick={() => setCollapsed(collapseBelow(model, depth))}>
              Show {depth + 1} {depth ? "levels" : "level"}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Switch
        size="xs"
        label="One row a service call"
        checked={url.by === "service"}
        onChange={(event) => setUrl({ by: event.currentTarget.checked ? "service" : "span" })}
      />
      <Switch
        size="xs"
        label={matches ? "Only matches" : "Only errors"}
        checked={url.only}
        onChange={(event) => setUrl({ only: event.currentTarget.checked })}
      />
      <ServiceChips model={model} find={url.find} onFind={(find) => setUrl({ find })} />
    </div>
  );
}

interface FindProps {
  box: React.RefObject<HTMLInputElement | null>;
  value: string;
  onChange: (value: string) => void;
  onNext: () => void;
}

const FIND_DELAY_MS = 150;

/** Searches while one types; the address follows a little later. */
function Find({ box, value, onChange, onNext }: FindProps) {
  const [typed, setTyped] = useState(value);
  const latest = useRef(onChange);
  latest.current = onChange;
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => latest.current(typed), FIND_DELAY_MS);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return (
    <FindInput
      ref={box}
      w={220}
      placeholder="Search in this trace"
      label="Search in this trace by name, service, message or id"
      value={typed}
      onFind={setTyped}
      onKeyDown={(event) => {
        if (event.key === "Enter") onNext();
      }}
    />
  );
}

const MAX_CHIPS = 8;

/** Services by their own time in the trace; a click marks theirs. */
function ServiceChips({
  model,
  find,
  onFind,
}: {
  model: TraceModel;
  find: string;
  onFind: (find: string) => void;
}) {
  const total = model.services.reduce((sum, one) => sum + one.self, 0) || 1;
  return (
    <div className={classes.services}>
      {model.services.slice(0, MAX_CHIPS).map((one) => (
        <button
          key={one.name}
          type="button"
          className={classes.chip}
          aria-pressed={find === one.name}
          title={`${one.name}: ${one.spans} spans, ${one.errors} errors, ${formatNanos(one.self)} on its own, ${formatNanos(one.criticalTime)} on the critical path`}
          onClick={() => onFind(find === one.name ? "" : one.name)}
        >
          <span className={classes.swatch} style={{ background: serviceColor(one.name) }} />
          {one.name} {Math.round((one.self / total) * 100)} %
        </button>
      ))}
      {model.services.length > MAX_CHIPS && (
        <span>and {model.services.length - MAX_CHIPS} more</span>
      )}
    </div>
  );
}
