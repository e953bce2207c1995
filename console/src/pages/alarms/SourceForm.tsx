import {
  Autocomplete,
  Button,
  Group,
  SegmentedControl,
  Select,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { IconMathFunction, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { ApiError } from "@/api/errors";
import { useGet } from "@/api/query";
import { FormulaRow } from "@/pages/metrics/FormulaRow";
import { freeId, MAX_QUERIES, type Plan } from "@/pages/metrics/plan";
import { QueryRow } from "@/pages/metrics/QueryRow";
import { SearchBox } from "@/search/SearchBox";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./alarms.module.css";
import {
  type AbsenceSource,
  type AlarmSpec,
  type CompositeSource,
  type EventSource,
  isCompared,
  KINDS,
  type Kind,
  type MetricSource,
  newSource,
  type PipeSource,
  planOf,
  type SqlSource,
  sourceOf,
} from "./model";

const STATISTICS = [
  "count",
  "rate",
  "error_rate",
  "count_distinct",
  "avg",
  "min",
  "max",
  "sum",
  "p50",
  "p95",
  "p99",
];
const COMPLETIONS = 50;

interface Props {
  spec: AlarmSpec;
  onChange: (spec: AlarmSpec) => void;
  /** What the server said of the draft when it was to be saved. */
  error: unknown;
}

/** What an alarm watches: one form for each kind. */
export function SourceForm({ spec, onChange, error }: Props) {
  const { source } = spec;
  const set = (next: AlarmSpec["source"]) => onChange({ ...spec, source: next });
  const choose = (kind: Kind) => {
    const compared = isCompared(kind);
    const band = spec.condition?.band && kind === "metric";
    const condition = compared
      ? band
        ? spec.condition
        : { threshold: spec.condition?.threshold ?? { comparison: ">" as const, threshold: 1 } }
      : undefined;
    const { condition: _, ...rest } = spec;
    onChange({ ...rest, source: newSource(kind), ...(condition ? { condition } : {}) });
  };
  return (
    <>
      <div className={classes.form}>
        <SegmentedControl
          aria-label="Kind of source"
          data={[...KINDS]}
          value={source.type}
          onChange={(kind) => choose(kind as Kind)}
        />
      </div>
      {source.type === "metric" && <Metric source={source} onChange={set} error={error} />}
      {(source.type === "logs" || source.type === "traces") && (
        <Events source={source} onChange={set} error={error} />
      )}
      {source.type === "pipe" && <Pipe source={source} onChange={set} />}
      {source.type === "sql" && <Sql source={source} onChange={set} />}
      {source.type === "absence" && <Absence source={source} onChange={set} />}
      {source.type === "composite" && <Composite source={source} onChange={set} />}
    </>
  );
}

interface OneProps<S> {
  source: S;
  onChange: (source: S) => void;
}

function Metric({ source, onChange, error }: OneProps<MetricSource> & { error: unknown }) {
  const plan = planOf(source);
  const change = (next: Plan) => onChange(sourceOf(next, source));
  const ids = source.queries.map((one) => one.id);
  const full = ids.length >= MAX_QUERIES;
  return (
    <div className={classes.form}>
      <div className={classes.plan}>
        {plan.queries.map((one) => (
          <QueryRow
            key={one.id}
            query={one}
            error={error}
            onChange={(next) =>
              change({
                ...plan,
                queries: plan.queries.flatMap((old) => (old.id === one.id ? (next ?? []) : old)),
              })
            }
          />
        ))}
        {plan.formulas.map((one) => (
          <FormulaRow
            key={one.id}
            formula={one}
            error={error}
            onChange={(next) =>
              change({
                ...plan,
                formulas: plan.formulas.flatMap((old) => (old.id === one.id ? (next ?? []) : old)),
              })
            }
          />
        ))}
      </div>
      <AddMetric
        disabled={full}
        onAdd={(metric, statistic) =>
          change({
            ...plan,
            queries: [
              ...plan.queries,
              { id: freeId(plan, "m"), metric, statistic, where: [], by: [], top: 500 },
            ],
          })
        }
      />
      <Button
        variant="default"
        leftSection={<IconMathFunction size={14} />}
        disabled={full || plan.queries.length === 0}
        onClick={() =>
          change({
            ...plan,
            formulas: [...plan.formulas, { id: freeId(plan, "e"), expression: "" }],
          })
        }
      >
        Expression
      </Button>
      {ids.length > 1 && (
        <Select
          label="Watched"
          w={110}
          data={ids}
          allowDeselect={false}
          value={source.of || (ids.at(-1) as string)}
          onChange={(of) => onChange({ ...source, of: of ?? "" })}
        />
      )}
    </div>
  );
}

interface AddProps {
  disabled: boolean;
  onAdd: (metric: string, statistic: string) => void;
}

/** A metric by its name; one that was not sent yet can be typed. */
function AddMetric({ disabled, onAdd }: AddProps) {
  const { query: range } = useTimeRange();
  const [typed, setTyped] = useState("");
  const found = useGet("/api/v1/metrics", {
    params: { query: { ...range, search: typed, limit: COMPLETIONS } },
  });
  const add = (name: string) => {
    const known = found.data?.metrics.find((one) => one.name === name);
    if (name.trim()) onAdd(name.trim(), known?.default_statistic ?? "Average");
    setTyped("");
  };
  return (
    <Group gap={6} align="flex-end">
      <Autocomplete
        label="Metric"
        placeholder="name; also one that was not sent yet"
        w={290}
        disabled={disabled}
        data={[...new Set(found.data?.metrics.map((one) => one.name) ?? [])]}
        filter={({ options }) => options}
        value={typed}
        onChange={setTyped}
        onOptionSubmit={add}
        onKeyDown={(event) => event.key === "Enter" && typed.trim() && add(typed)}
      />
      <Button
        variant="default"
        leftSection={<IconPlus size={14} />}
        disabled={disabled || !typed.trim()}
        onClick={() => add(typed)}
      >
        Add the metric
      </Button>
    </Group>
  );
}

function Events({ source, onChange, error }: OneProps<EventSource> & { error: unknown }) {
  const statistic = source.statistic ?? "count";
  const counts = ["count", "rate", "error_rate"].includes(statistic);
  const about = error instanceof ApiError && error.field?.includes("query") ? error : undefined;
  return (
    <div className={classes.form}>
      <div className={classes.grow} style={{ flexBasis: "100%" }}>
        <SearchBox
          signal={source.type === "traces" ? "spans" : "logs"}
          value={source.query ?? ""}
          onChange={(query) => onChange({ ...source, query })}
          error={about}
          placeholder="Which of them: level:error service:checkout; all where it is empty"
        />
      </div>
      <Select
        label="Statistic"
        w={150}
        allowDeselect={false}
        searchable
        data={STATISTICS.filter((one) => one !== "error_rate" || source.type === "traces")}
        value={statistic}
        onChange={(next) => {
          const plain = ["count", "rate", "error_rate"].includes(next ?? "count");
          onChange({ ...source, statistic: next ?? "count", field: plain ? "" : source.field });
        }}
      />
      {!counts && (
        <TextInput
          label="Of the field"
          placeholder={source.type === "traces" ? "empty: the duration, ms" : "duration_ms"}
          w={200}
          value={source.field ?? ""}
          onChange={(event) => onChange({ ...source, field: event.currentTarget.value.trim() })}
        />
      )}
      <GroupBy
        value={source.group_by ?? []}
        onChange={(group_by) => onChange({ ...source, group_by })}
      />
    </div>
  );
}

function GroupBy({ value, onChange }: { value: string[]; onChange: (value: string[]) => void }) {
  return (
    <TagsInput
      label="One series a value of"
      placeholder={value.length ? undefined : "service"}
      miw={200}
      maxTags={10}
      value={value}
      onChange={onChange}
    />
  );
}

function Pipe({ source, onChange }: OneProps<PipeSource>) {
  return (
    <div className={classes.form}>
      <Textarea
        label="Query of the pipe language"
        description="Its last number is watched; bin($period) makes periods, its texts are the labels."
        className={`${classes.grow} ${classes.mono}`}
        autosize
        minRows={3}
        maxLength={16_384}
        spellCheck={false}
        value={source.query}
        onChange={(event) => onChange({ ...source, query: event.currentTarget.value })}
      />
      <Select
        label="Over"
        w={110}
        allowDeselect={false}
        data={["logs", "traces"]}
        value={source.signal ?? "logs"}
        onChange={(signal) => onChange({ ...source, signal: signal as "logs" | "traces" })}
      />
      <TextInput
        label="Column"
        placeholder="the last number"
        w={160}
        value={source.value ?? ""}
        onChange={(event) => onChange({ ...source, value: event.currentTarget.value.trim() })}
      />
    </div>
  );
}

function Sql({ source, onChange }: OneProps<SqlSource>) {
  return (
    <div className={classes.form}>
      <Textarea
        label="SQL"
        description="A SELECT with a column value; time puts rows into periods, all others are labels. $start, $end and $period stand for the range."
        className={`${classes.grow} ${classes.mono}`}
        autosize
        minRows={5}
        maxLength={16_384}
        spellCheck={false}
        value={source.sql}
        onChange={(event) => onChange({ ...source, sql: event.currentTarget.value })}
      />
    </div>
  );
}

function Absence({ source, onChange }: OneProps<AbsenceSource>) {
  const signal = source.signal ?? "metric";
  return (
    <div className={classes.form}>
      <Select
        label="What is waited for"
        w={160}
        allowDeselect={false}
        data={[
          { value: "metric", label: "data points" },
          { value: "logs", label: "log records" },
          { value: "traces", label: "spans" },
        ]}
        value={signal}
        onChange={(next) =>
          onChange({
            type: "absence",
            signal: next as NonNullable<AbsenceSource["signal"]>,
            group_by: source.group_by,
            lookback: source.lookback,
          })
        }
      />
      {signal === "metric" ? (
        <TextInput
          label="Metric"
          required
          w={260}
          value={source.metric ?? ""}
          onChange={(event) => onChange({ ...source, metric: event.currentTarget.value.trim() })}
        />
      ) : (
        <TextInput
          label="Search"
          placeholder="service:checkout"
          w={320}
          value={source.query ?? ""}
          onChange={(event) => onChange({ ...source, query: event.currentTarget.value })}
        />
      )}
      <GroupBy
        value={source.group_by ?? []}
        onChange={(group_by) => onChange({ ...source, group_by })}
      />
      <TextInput
        label="Series of the last"
        description="are waited for"
        w={140}
        value={source.lookback ?? "1d"}
        onChange={(event) => onChange({ ...source, lookback: event.currentTarget.value.trim() })}
      />
    </div>
  );
}

function Composite({ source, onChange }: OneProps<CompositeSource>) {
  const alarms = useGet("/api/v1/alarms", { params: { query: { limit: 1000 } } });
  const names = alarms.data?.alarms.map((one) => one.name) ?? [];
  const suppressor = source.suppressor ?? null;
  const insert = (name: string | null) => {
    if (!name) return;
    const before = source.rule.trim();
    const term = `ALARM(${JSON.stringify(name)})`;
    onChange({ ...source, rule: before ? `${before} AND ${term}` : term });
  };
  return (
    <div className={classes.form}>
      <Textarea
        label="Rule"
        description={
          'ALARM("a"), OK("a"), INSUFFICIENT_DATA("a"), AND, OR, NOT, AT_LEAST(2, ALARM, ("a", "b", "c")), AT_LEAST(60%, NOT OK, (...))'
        }
        className={`${classes.grow} ${classes.mono}`}
        autosize
        minRows={2}
        maxLength={10_240}
        spellCheck={false}
        value={source.rule}
        onChange={(event) => onChange({ ...source, rule: event.currentTarget.value })}
      />
      <Select
        label="Add an alarm"
        placeholder="choose"
        w={220}
        searchable
        data={names}
        value={null}
        onChange={insert}
      />
      <Select
        label="Suppressor"
        description="while it fires, nothing is told"
        w={220}
        clearable
        searchable
        data={names}
        value={suppressor?.alarm ?? null}
        onChange={(alarm) =>
          onChange({ ...source, suppressor: alarm ? { ...suppressor, alarm } : null })
        }
      />
      {suppressor && (
        <>
          <TextInput
            label="Waits for it"
            w={110}
            value={suppressor.wait ?? "0s"}
            onChange={(event) =>
              onChange({
                ...source,
                suppressor: { ...suppressor, wait: event.currentTarget.value },
              })
            }
          />
          <TextInput
            label="And stays after"
            w={110}
            value={suppressor.extension ?? "0s"}
            onChange={(event) =>
              onChange({
                ...source,
                suppressor: { ...suppressor, extension: event.currentTarget.value },
              })
            }
          />
        </>
      )}
      <Text size="xs" c="dimmed">
        Alarms that a rule names may be made later; until then they count as insufficient data.
      </Text>
    </div>
  );
}
