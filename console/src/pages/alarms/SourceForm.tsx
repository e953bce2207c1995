import { SegmentedControl, Select, TagsInput, Textarea, TextInput } from "@mantine/core";
import { ApiError } from "@/api/errors";
import { SearchBox } from "@/search/SearchBox";
import classes from "./alarms.module.css";
import { CompositeSourceForm } from "./CompositeSourceForm";
import { MetricSourceForm } from "./MetricSourceForm";
import {
  type AbsenceSource,
  type AlarmSpec,
  type EventSource,
  isCompared,
  KINDS,
  type Kind,
  newSource,
  type PipeSource,
  type SqlSource,
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
      {source.type === "metric" && (
        <MetricSourceForm source={source} onChange={set} error={error} />
      )}
      {(source.type === "logs" || source.type === "traces") && (
        <Events source={source} onChange={set} error={error} />
      )}
      {source.type === "pipe" && <Pipe source={source} onChange={set} />}
      {source.type === "sql" && <Sql source={source} onChange={set} />}
      {source.type === "absence" && <Absence source={source} onChange={set} />}
      {source.type === "composite" && <CompositeSourceForm source={source} onChange={set} />}
    </>
  );
}

export interface SourceProps<S> {
  source: S;
  onChange: (source: S) => void;
}

function Events({ source, onChange, error }: SourceProps<EventSource> & { error: unknown }) {
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

function Pipe({ source, onChange }: SourceProps<PipeSource>) {
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

function Sql({ source, onChange }: SourceProps<SqlSource>) {
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

function Absence({ source, onChange }: SourceProps<AbsenceSource>) {
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
