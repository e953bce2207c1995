import {
  Button,
  Group,
  NumberInput,
  Switch,
  Table,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { ApiError } from "@/api/errors";
import { useAsk, useChange } from "@/api/query";
import type { components } from "@/api/schema";
import { formatCount } from "@/charts/units";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, Partial, QueryState } from "@/components/QueryState";
import classes from "@/pages/alarms/alarms.module.css";
import { labelText, parseLabels } from "@/pages/alarms/model";
import { useTimeRange } from "@/time/TimeProvider";

type Filter = components["schemas"]["FilterView"];
type Trial = components["schemas"]["TrialView"];
const TYPING_MS = 500;
const EXAMPLES = [
  { pattern: "ERROR -retry", about: "a term, and not another" },
  { pattern: '{ $.level = "error" && $.ms >= 10 }', about: "fields of JSON" },
  { pattern: "[ip, ..., status=5*, bytes]", about: "fields with spaces between" },
  { pattern: "%4\\d\\d GET%", about: "an expression" },
];

interface Props {
  /** None for a new one. */
  filter?: Filter;
  onClose: () => void;
}

/** A filter and its tester: what it would match on stored events, before it is saved. */
export function FilterForm({ filter, onClose }: Props) {
  const { query: range } = useTimeRange();
  const [name, setName] = useState(filter?.name ?? "");
  const [pattern, setPattern] = useState(filter?.pattern ?? "");
  const [metric, setMetric] = useState(filter?.metric ?? "");
  const [namespace, setNamespace] = useState(filter?.namespace ?? "");
  const [value, setValue] = useState(filter?.value ?? "1");
  const [fallback, setFallback] = useState<number | null>(filter?.default_value ?? null);
  const [unit, setUnit] = useState(filter?.unit ?? "");
  const [dimensions, setDimensions] = useState(labelText(filter?.dimensions ?? {}));
  const [service, setService] = useState(filter?.service ?? "");
  const [enabled, setEnabled] = useState(filter?.enabled ?? true);
  const [lines, setLines] = useState("");
  const labels = parseLabels(dimensions);
  const definition = {
    pattern,
    namespace,
    value: value || "1",
    default_value: fallback,
    unit,
    dimensions: labels ?? {},
    service,
  };
  const given = lines.split("\n").filter((line) => line.trim());
  const [trial] = useDebouncedValue(
    JSON.stringify({
      ...definition,
      metric: metric || "trial",
      ...range,
      events: given.length ? given : null,
      limit: 20,
    }),
    TYPING_MS,
  );
  const tested = useAsk<Trial>([`/api/v1/metric-filters/test`, trial], (signal) =>
    unwrap(client.POST("/api/v1/metric-filters/test", { body: JSON.parse(trial), signal })),
  );
  const save = useChange(() => {
    const body = { ...definition, name: name.trim(), metric: metric.trim(), enabled };
    return filter
      ? unwrap(
          client.PUT("/api/v1/metric-filters/{filter_id}", {
            params: { path: { filter_id: filter.id } },
            body,
          }),
        )
      : unwrap(client.POST("/api/v1/metric-filters", { body }));
  }, ["/api/v1/metric-filters"]);
  const wrong = tested.error instanceof ApiError ? tested.error : null;
  const at = wrong?.position ?? null;
  return (
    <Panel title={filter ? `Edit ${filter.name}` : "New filter"}>
      <div className={classes.form}>
        <Textarea
          label="Pattern"
          description="text, JSON in { } or fields in [ ]; empty is every event"
          className={`${classes.grow} ${classes.mono}`}
          autosize
          spellCheck={false}
          value={pattern}
          error={
            wrong &&
            (wrong.field === "pattern" || at !== null) &&
            `${wrong.message}${at === null ? "" : ` (at column ${at + 1})`}`
          }
          onChange={(event) => setPattern(event.currentTarget.value)}
        />
        <TextInput
          label="Only of the service"
          placeholder="all"
          w={180}
          value={service}
          onChange={(event) => setService(event.currentTarget.value)}
        />
      </div>
      {!pattern && (
        <Group gap={8} className={classes.pad}>
          {EXAMPLES.map((one) => (
            <Button
              key={one.pattern}
              variant="default"
              size="compact-xs"
              title={one.about}
              className="mono"
              onClick={() => setPattern(one.pattern)}
            >
              {one.pattern}
            </Button>
          ))}
        </Group>
      )}
      <div className={classes.form}>
        <TextInput
          label="Metric"
          required
          w={220}
          value={metric}
          onChange={(event) => setMetric(event.currentTarget.value)}
        />
        <TextInput
          label="Namespace"
          w={140}
          value={namespace}
          onChange={(event) => setNamespace(event.currentTarget.value)}
        />
        <TextInput
          label="Value"
          description="a number, $.field or $field"
          w={180}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
        <TextInput
          label="Unit"
          w={90}
          value={unit}
          onChange={(event) => setUnit(event.currentTarget.value)}
        />
        <NumberInput
          label="Where none matches"
          description="the minute's value"
          placeholder="no point"
          w={160}
          value={fallback ?? ""}
          onChange={(next) => setFallback(typeof next === "number" ? next : null)}
        />
        <TextInput
          label="Dimensions"
          description="at most 3"
          placeholder="route=$.route"
          w={240}
          value={dimensions}
          error={labels === null && "write label=$.field, with commas between"}
          onChange={(event) => setDimensions(event.currentTarget.value)}
        />
        <Textarea
          label="Try it on lines of your own"
          description="instead of stored events"
          className={`${classes.grow} ${classes.mono}`}
          autosize
          maxRows={6}
          value={lines}
          onChange={(event) => setLines(event.currentTarget.value)}
        />
      </div>
      <QueryState query={tested} height={80}>
        {(found) => <Tested found={found} given={given.length > 0} />}
      </QueryState>
      <div className={classes.form}>
        <TextInput
          label="Name of the filter"
          required
          w={240}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Switch
          size="xs"
          label="Applied"
          checked={enabled}
          onChange={(event) => setEnabled(event.currentTarget.checked)}
        />
        <Button
          loading={save.isPending}
          disabled={!name.trim() || !metric.trim() || labels === null}
          onClick={() =>
            save.mutate(undefined, {
              onSuccess: () => {
                notifyDone(`The filter "${name}" is applied to events from now on`);
                onClose();
              },
            })
          }
        >
          Save the filter
        </Button>
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
      </div>
      {save.error && <ErrorPanel error={save.error} />}
    </Panel>
  );
}

function Tested({ found, given }: { found: Trial; given: boolean }) {
  return (
    <div className={classes.pad}>
      <Text role="status" className={classes.said}>
        {formatCount(found.matches)} of {formatCount(found.tested)}{" "}
        {given ? "given lines" : "stored events"} match
      </Text>
      {found.without_value > 0 && (
        <Partial>
          {found.without_value} matches have no number as their value: they would be rejected.
        </Partial>
      )}
      {found.events.length === 0 ? (
        found.tested === 0 && (
          <Empty title="No event in this time range">Widen the range, or give lines.</Empty>
        )
      ) : (
        <Listing minWidth={600} dimHead columns={["Time", "Value", "Dimensions", "Event"]}>
          {found.events.map((one, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: events have no identity of their own
            <Table.Tr key={at}>
              <Table.Td>
                <Moment at={one.time || null} />
              </Table.Td>
              <Table.Td>{one.value ?? "no number"}</Table.Td>
              <Table.Td className={classes.wrap}>{labelText(one.dimensions)}</Table.Td>
              <Table.Td className={`mono ${classes.wrap}`}>{one.body.slice(0, 400)}</Table.Td>
            </Table.Tr>
          ))}
        </Listing>
      )}
    </div>
  );
}
