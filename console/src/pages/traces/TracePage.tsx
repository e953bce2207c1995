import { Button, CopyButton, Menu } from "@mantine/core";
import { IconDownload, IconLink } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { useCallback, useMemo, useState } from "react";
import { useGet } from "@/api/query";
import { useShortcuts } from "@/app/shortcuts";
import { useOpenPage } from "@/app/useOpenPage";
import { saveText } from "@/charts/download";
import { formatCount, formatNanos } from "@/charts/units";
import { Fact, Facts } from "@/components/Facts";
import { PageHeader } from "@/components/PageHeader";
import { Partial, QueryState } from "@/components/QueryState";
import { type ValueActions, ValueActionsProvider } from "@/components/ValueMenu";
import { writeTerm } from "@/search/terms";
import { useTimeRange } from "@/time/TimeProvider";
import { useUrlState } from "@/url/state";
import { FlameView } from "./FlameView";
import { buildTrace, type Segment, type TraceAnswer, type TraceModel } from "./model";
import { foldedAbove, matching, step, visibleRows } from "./rows";
import { SpanDetail } from "./SpanDetail";
import { TraceToolbar } from "./TraceToolbar";
import classes from "./trace.module.css";
import { type DETAIL_TABS, TRACE_PARAMS } from "./traceParams";
import { Waterfall } from "./Waterfall";

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
      <TraceToolbar
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
      <Facts className={classes.summary}>
        {facts.map(([label, value]) => (
          <Fact key={label} name={label}>
            {value}
          </Fact>
        ))}
      </Facts>
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
