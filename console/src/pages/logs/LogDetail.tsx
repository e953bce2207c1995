import { Button, CopyButton, Group } from "@mantine/core";
import {
  IconArrowsDiagonal,
  IconCheck,
  IconCopy,
  IconLink,
  IconTimeline,
} from "@tabler/icons-react";
import { PageLink } from "@/components/PageLink";
import { Value } from "@/components/ValueMenu";
import { writeTerm } from "@/search/terms";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./LogDetail.module.css";
import { Marked } from "./LogList";
import { keyOf, type LogRecord, laidOut, millisecondsOf, visible } from "./record";

const AROUND_MS = 30_000;
const LINK_MS = 15 * 60_000;

/** All that a record holds; every value can be filtered by. */
export function LogDetail({ record, terms }: { record: LogRecord; terms: readonly string[] }) {
  const time = useTimeRange();
  const at = millisecondsOf(record.timestamp);
  const json = laidOut(record.body);
  const icon = 14;
  return (
    <div className={classes.detail} role="group" aria-label="The record">
      <Group gap={6} className={classes.actions}>
        {record.trace_id && (
          <Button
            variant="light"
            size="compact-xs"
            leftSection={<IconTimeline size={icon} />}
            renderRoot={(props) => (
              <PageLink
                {...props}
                to="/traces/$traceId"
                params={{ traceId: record.trace_id }}
                search={record.span_id ? { span: record.span_id } : {}}
              />
            )}
          >
            Open the trace
          </Button>
        )}
        <Button
          variant="default"
          size="compact-xs"
          leftSection={<IconArrowsDiagonal size={icon} />}
          renderRoot={(props) => (
            <PageLink
              {...props}
              to="/logs"
              search={{
                ...around(at, AROUND_MS),
                ...(record.service_name ? { q: writeTerm("service", record.service_name) } : {}),
                sel: keyOf(record),
              }}
            />
          )}
        >
          What happened around it
        </Button>
        <Copy label="Copy as JSON" text={() => JSON.stringify(record, null, 2)} />
        <Copy label="Copy a link" text={() => linkTo(record, at)} link />
      </Group>
      <pre className={classes.body} dir="auto">
        <Marked text={visible(json ?? record.body)} terms={terms} />
      </pre>
      <div className={classes.columns}>
        <Pairs title="Attributes" values={record.attributes} />
        <Pairs title="Resource" values={record.resource} prefix="resource." />
        <Pairs
          title="Record"
          values={{
            time: record.timestamp,
            "local time": time.format(at, "millisecond"),
            level: record.severity_text,
            severity_number: record.severity_number ? String(record.severity_number) : "",
            event: record.event_name,
            scope: record.scope_name,
            trace_id: record.trace_id,
            span_id: record.span_id,
            received_time: record.received_time ?? "",
          }}
          plain={["time", "local time", "received_time"]}
        />
      </div>
    </div>
  );
}

interface PairsProps {
  title: string;
  values: Record<string, string>;
  /** Before a key in a filter. */
  prefix?: string;
  /** Keys whose values are no use in a filter. */
  plain?: readonly string[];
}

function Pairs({ title, values, prefix = "", plain = [] }: PairsProps) {
  const pairs = Object.entries(values).filter(([, value]) => value !== "");
  if (!pairs.length) return null;
  pairs.sort(([a], [b]) => (plain.length ? 0 : a < b ? -1 : 1));
  return (
    <section className={classes.pairs} aria-label={title}>
      <h3 className={classes.title}>{title}</h3>
      <dl>
        {pairs.map(([key, value]) => (
          <div key={key} className={classes.pair}>
            <dt className={classes.key}>{key}</dt>
            <dd className={classes.value}>
              {plain.includes(key) ? (
                value
              ) : (
                <Value field={prefix + key} value={value}>
                  {visible(value)}
                </Value>
              )}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function Copy({
  label,
  text,
  link = false,
}: {
  label: string;
  text: () => string;
  link?: boolean;
}) {
  const Icon = link ? IconLink : IconCopy;
  return (
    <CopyButton value={text()}>
      {({ copied, copy }) => (
        <Button
          variant="default"
          size="compact-xs"
          onClick={copy}
          leftSection={copied ? <IconCheck size={14} /> : <Icon size={14} />}
        >
          {copied ? "Copied" : label}
        </Button>
      )}
    </CopyButton>
  );
}

function around(at: number, by: number): { from: string; to: string } {
  return { from: new Date(at - by).toISOString(), to: new Date(at + by).toISOString() };
}

/** An address that finds the record again whenever it is opened. */
function linkTo(record: LogRecord, at: number): string {
  const address = new URL(location.href);
  const { from, to } = around(at, LINK_MS);
  address.searchParams.set("from", from);
  address.searchParams.set("to", to);
  address.searchParams.set("sel", keyOf(record));
  address.searchParams.delete("live");
  return address.href;
}
