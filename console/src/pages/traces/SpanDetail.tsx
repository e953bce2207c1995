import { ActionIcon, Anchor, Badge, Group, Tabs, Text, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatNanos } from "@/charts/units";
import { Pivot } from "@/components/Pivot";
import { QueryState } from "@/components/QueryState";
import { Value } from "@/components/ValueMenu";
import { writeTerm } from "@/search/terms";
import { levelColor, levelOf } from "@/theme/colors";
import { useTimeRange } from "@/time/TimeProvider";
import { ancestry, type TraceModel } from "./model";
import classes from "./trace.module.css";

type Span = components["schemas"]["SpanView"];
const STACK = "exception.stacktrace";

interface Props {
  model: TraceModel;
  span: number;
  tab: string;
  onTab: (tab: string) => void;
  onSelect: (span: number) => void;
  onClose: () => void;
}

/** All that one span carries, docked beside the waterfall. */
export function SpanDetail({ model, span, tab, onTab, onSelect, onClose }: Props) {
  const id = model.spans.span_id[span] as string;
  const traceId = model.answer.trace_id;
  const found = useGet(
    "/api/v1/traces/{trace_id}/spans/{span_id}",
    { params: { path: { trace_id: traceId, span_id: id } } },
    { staleTime: Number.POSITIVE_INFINITY, keepPrevious: false },
  );
  const events = model.spans.events[span] ?? 0;
  const links = model.spans.links[span] ?? 0;
  return (
    <aside className={classes.dock} aria-label="Selected span">
      <Head model={model} span={span} onSelect={onSelect} onClose={onClose} />
      <Tabs value={tab} onChange={(next) => onTab(next ?? "attributes")} keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="attributes">Attributes</Tabs.Tab>
          <Tabs.Tab value="events" disabled={events === 0}>
            Events {events > 0 && <Badge size="xs">{events}</Badge>}
          </Tabs.Tab>
          <Tabs.Tab value="links" disabled={links === 0}>
            Links {links > 0 && <Badge size="xs">{links}</Badge>}
          </Tabs.Tab>
          <Tabs.Tab value="logs">Logs</Tabs.Tab>
          <Tabs.Tab value="resource">Resource</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="logs">
          <SpanLogs traceId={traceId} spanId={id} />
        </Tabs.Panel>
        {tab !== "logs" && (
          <Tabs.Panel value={tab}>
            <QueryState query={found}>{(loaded) => <Part tab={tab} span={loaded} />}</QueryState>
          </Tabs.Panel>
        )}
      </Tabs>
    </aside>
  );
}

function Head({
  model,
  span,
  onSelect,
  onClose,
}: Pick<Props, "model" | "span" | "onSelect" | "onClose">) {
  const { spans } = model;
  const service = spans.service_name[span] as string;
  const name = spans.name[span] as string;
  const host = spans.host[span] as string;
  const path = ancestry(model, span).slice(0, -1).slice(-4);
  const moved = model.answer.critical_path.moved[spans.span_id[span] as string];
  const facts: [string, ReactNode][] = [
    ["Duration", formatNanos(spans.duration_ns[span])],
    ["On its own", formatNanos(model.self[span])],
    ["On the critical path", formatNanos(model.criticalTime[span])],
    ["Starts after", formatNanos(spans.offset_ns[span])],
    ["Kind", spans.kind[span]],
  ];
  return (
    <header className={classes.detailHead}>
      <Group gap="xs" wrap="nowrap" align="flex-start" justify="space-between">
        <h2 className={classes.detailTitle}>{name}</h2>
        <ActionIcon onClick={onClose} aria-label="Close the span" size="sm">
          <IconX size={16} />
        </ActionIcon>
      </Group>
      {path.length > 0 && (
        <Text size="xs" c="dimmed" component="div" className="one-line">
          in{" "}
          {path.map((above) => (
            <span key={above}>
              <Anchor component="button" type="button" size="xs" onClick={() => onSelect(above)}>
                {spans.name[above]}
              </Anchor>{" "}
              ›{" "}
            </span>
          ))}
        </Text>
      )}
      <Group gap={6} my={4}>
        <Pivot to="/services/$service" params={{ service }}>
          {service}
        </Pivot>
        {host && (
          <Pivot to="/hosts/$host" params={{ host }}>
            {host}
          </Pivot>
        )}
        <Pivot to="/logs" search={{ q: writeTerm("service", service) }}>
          Logs
        </Pivot>
        <Pivot
          to="/traces"
          search={{ q: `${writeTerm("service", service)} ${writeTerm("name", name)}` }}
        >
          Similar spans
        </Pivot>
      </Group>
      {model.error[span] === 1 && (
        <Text size="sm" c="var(--v-critical)" role="note">
          ✖ Error{spans.status_message[span] ? `: ${spans.status_message[span]}` : ""}
        </Text>
      )}
      <dl className={classes.summary} style={{ padding: 0 }}>
        {facts.map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {model.asynchronous[span] === 1 && (
        <Text size="xs" c="dimmed">
          Asynchronous: nothing waited for this span.
        </Text>
      )}
      {moved !== undefined && (
        <Text size="xs" c="dimmed">
          Its clock is off: for the critical path it was moved by {formatNanos(moved)}.
        </Text>
      )}
    </header>
  );
}

function Part({ tab, span }: { tab: string; span: Span }) {
  if (tab === "events") return <Events span={span} />;
  if (tab === "links") return <Links span={span} />;
  if (tab === "resource") return <Attributes of={span.resource} prefix="resource." />;
  const own: Record<string, string> = {};
  if (span.scope_name) own.scope = `${span.scope_name} ${span.scope_version}`.trim();
  if (span.trace_state) own["trace state"] = span.trace_state;
  own.trace_id = span.trace_id;
  own.span_id = span.span_id;
  return (
    <>
      <Attributes of={span.attributes} searchable />
      <dl className={classes.facts}>
        {Object.entries(own).map(([key, value]) => (
          <div key={key} style={{ display: "contents" }}>
            <dt>{key}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

interface AttributesProps {
  of: Record<string, string>;
  prefix?: string;
  searchable?: boolean;
}

const SEARCH_FROM = 12;

function Attributes({ of, prefix = "", searchable }: AttributesProps) {
  const [part, setPart] = useState("");
  const all = Object.entries(of).sort(([a], [b]) => a.localeCompare(b));
  const wanted = part.toLowerCase();
  const shown = all.filter(([key, value]) => `${key} ${value}`.toLowerCase().includes(wanted));
  if (all.length === 0) {
    return (
      <Text size="sm" c="dimmed" p="sm">
        None.
      </Text>
    );
  }
  return (
    <>
      {searchable && all.length > SEARCH_FROM && (
        <TextInput
          m={8}
          placeholder="Search attributes"
          aria-label="Search attributes"
          value={part}
          onChange={(event) => setPart(event.currentTarget.value)}
        />
      )}
      <dl className={classes.facts}>
        {shown.map(([key, value]) => (
          <div key={key} style={{ display: "contents" }}>
            <dt>{key}</dt>
            <dd>
              <Value field={prefix + key} value={value} />
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Events({ span }: { span: Span }) {
  const { format } = useTimeRange();
  return span.events.map((event, index) => {
    const { [STACK]: stack, ...rest } = event.attributes;
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: events have no identity but their place
      <section key={index} className={classes.event}>
        <div className={classes.eventHead}>
          <span>{event.name}</span>
          <time>{format(Date.parse(event.timestamp), "millisecond")}</time>
        </div>
        {Object.keys(rest).length > 0 && <Attributes of={rest} />}
        {stack && (
          <pre className={classes.stack} tabIndex={0}>
            {stack}
          </pre>
        )}
      </section>
    );
  });
}

function Links({ span }: { span: Span }) {
  return span.links.map((link, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: links have no identity but their place
    <section key={index} className={classes.event}>
      <div className={classes.eventHead}>
        <Pivot
          to="/traces/$traceId"
          params={{ traceId: link.trace_id }}
          search={{ span: link.span_id }}
        >
          Trace {link.trace_id.slice(0, 8)}…, span {link.span_id}
        </Pivot>
      </div>
      {Object.keys(link.attributes).length > 0 && <Attributes of={link.attributes} />}
    </section>
  ));
}

function SpanLogs({ traceId, spanId }: { traceId: string; spanId: string }) {
  const { format } = useTimeRange();
  const [whole, setWhole] = useState(false);
  const logs = useGet("/api/v1/traces/{trace_id}/logs", {
    params: { path: { trace_id: traceId }, query: whole ? {} : { span_id: spanId } },
  });
  return (
    <>
      <Group p={8} gap="xs">
        <Anchor component="button" type="button" size="xs" onClick={() => setWhole(!whole)}>
          {whole ? "Only this span's" : "Those of the whole trace"}
        </Anchor>
        <Pivot to="/logs" search={{ q: writeTerm("trace_id", traceId) }}>
          Open in Logs
        </Pivot>
      </Group>
      <QueryState
        query={logs}
        isEmpty={(data) => data.records.length === 0}
        empty={
          <Text size="sm" c="dimmed" p="sm">
            No log record carries the id of this {whole ? "trace" : "span"}.
          </Text>
        }
      >
        {(data) =>
          data.records.map((record, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: records have no identity but their place
            <div key={index} className={classes.logLine}>
              <time>{format(Date.parse(record.timestamp), "millisecond").slice(11)}</time>
              <span style={{ color: levelColor(levelOf(record.severity_number)), flex: "none" }}>
                {record.severity_text || "–"}
              </span>
              <span>{record.body || record.event_name}</span>
            </div>
          ))
        }
      </QueryState>
    </>
  );
}
