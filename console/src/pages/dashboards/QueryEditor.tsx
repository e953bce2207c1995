import {
  ActionIcon,
  Button,
  Group,
  NumberInput,
  Select,
  Stack,
  Textarea,
  TextInput,
} from "@mantine/core";
import { IconMathFunction, IconPlus, IconX } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import type { components } from "@/api/schema";
import { useTyped } from "@/components/useTyped";
import { FormulaRow } from "@/pages/metrics/FormulaRow";
import { freeId, type Operator, type Query } from "@/pages/metrics/plan";
import { QueryRow } from "@/pages/metrics/QueryRow";
import classes from "./dashboards.module.css";
import { newSource, type Source, type SourceType } from "./model";

const PipeEditor = lazy(() =>
  import("@/components/editor/PipeEditor").then((module) => ({ default: module.PipeEditor })),
);

type Body = components["schemas"]["MetricQueryBody"];
type Expression = components["schemas"]["ExpressionBody"];
type One = Body | Expression;

export const SOURCES: readonly { value: SourceType; label: string }[] = [
  { value: "metric", label: "Metrics" },
  { value: "logs", label: "Logs" },
  { value: "spans", label: "Spans" },
  { value: "pipe", label: "Pipe language" },
  { value: "sql", label: "SQL" },
  { value: "band", label: "Metric with usual band" },
];

interface Props {
  source: Source;
  onChange: (source: Source) => void;
  error: unknown;
}

/** Edits a panel's query, whatever language it is in. */
export function QueryEditor({ source, onChange, error }: Props) {
  return (
    <Stack gap={8}>
      <Select
        label="Query"
        w={240}
        allowDeselect={false}
        data={[...SOURCES]}
        value={source.type}
        onChange={(type) => {
          if (!type || type === source.type) return;
          const next = newSource(type as SourceType);
          const metrics = "queries" in next && "queries" in source;
          onChange(metrics ? { ...next, queries: source.queries } : next);
        }}
      />
      <Fields source={source} onChange={onChange} error={error} />
    </Stack>
  );
}

function Fields({ source, onChange, error }: Props) {
  switch (source.type) {
    case "metric":
    case "band":
      return (
        <>
          <Metrics
            queries={source.queries}
            onChange={(queries) => onChange({ ...source, queries: queries as never })}
            error={error}
          />
          {source.type === "band" && (
            <Group gap={8}>
              <NumberInput
                label="Period, seconds"
                w={140}
                min={1}
                max={86_400}
                value={source.period ?? 300}
                onChange={(period) => onChange({ ...source, period: Number(period) || 300 })}
              />
              <Select
                label="Unusual"
                w={160}
                allowDeselect={false}
                data={["outside", "above", "below"]}
                value={source.direction ?? "outside"}
                onChange={(direction) => onChange({ ...source, direction: direction as "above" })}
              />
            </Group>
          )}
        </>
      );
    case "logs":
      return (
        <Committed
          label="Search"
          value={source.q ?? ""}
          onChange={(q) => onChange({ ...source, q })}
        />
      );
    case "spans":
      return (
        <>
          <Committed
            label="Search"
            value={source.q ?? ""}
            onChange={(q) => onChange({ ...source, q })}
          />
          <Group gap={8}>
            <Select
              label="Measure"
              w={160}
              allowDeselect={false}
              data={[
                { value: "rate", label: "Calls a second" },
                { value: "errors", label: "Errors a second" },
                { value: "error_share", label: "Share of errors" },
                ...["p50", "p90", "p95", "p99"].map((value) => ({
                  value,
                  label: `Duration ${value}`,
                })),
              ]}
              value={source.measure ?? "rate"}
              onChange={(measure) => onChange({ ...source, measure: measure as "rate" })}
            />
            <Select
              label="By"
              w={140}
              allowDeselect={false}
              data={[
                { value: "", label: "All together" },
                { value: "service", label: "Service" },
                { value: "operation", label: "Operation" },
              ]}
              value={source.group_by ?? ""}
              onChange={(by) => onChange({ ...source, group_by: (by ?? "") as "service" })}
            />
          </Group>
        </>
      );
    case "pipe":
      return <Pipe source={source} onChange={onChange} error={error} />;
    case "sql":
      return (
        <Committed
          label="SELECT"
          lines
          value={source.sql}
          onChange={(sql) => onChange({ ...source, sql })}
          description="$__timeFilter(Timestamp), $__from, $__to, $__interval; Ctrl Enter runs it"
        />
      );
  }
}

function Pipe({ source, onChange, error }: Props & { source: Extract<Source, { type: "pipe" }> }) {
  const [draft, setDraft] = useState(source.query);
  return (
    <Stack gap={6}>
      <Suspense fallback={<Textarea label="Pipe" value={draft} readOnly />}>
        <PipeEditor
          label="Query of the pipe language"
          value={draft}
          onChange={setDraft}
          onRun={(query) => onChange({ ...source, query })}
          error={draft === source.query ? error : null}
        />
      </Suspense>
      <Group gap={8}>
        <Button onClick={() => onChange({ ...source, query: draft })} disabled={!draft.trim()}>
          Run
        </Button>
        <Select
          aria-label="Reads"
          w={120}
          allowDeselect={false}
          data={["logs", "spans"]}
          value={source.source ?? "logs"}
          onChange={(value) => onChange({ ...source, source: value as "logs" })}
        />
      </Group>
    </Stack>
  );
}

interface CommittedProps {
  label: string;
  description?: string;
  value: string;
  lines?: boolean;
  onChange: (text: string) => void;
}

/** A text that counts when one leaves it or presses Enter: no query for every key. */
export function Committed({ label, description, value, lines, onChange }: CommittedProps) {
  const [typed, setTyped] = useTyped(value);
  const take = () => typed !== value && onChange(typed);
  const shared = { label, description, value: typed, onBlur: take };
  if (!lines) {
    return (
      <TextInput
        {...shared}
        onChange={(event) => setTyped(event.currentTarget.value)}
        onKeyDown={(event) => event.key === "Enter" && take()}
      />
    );
  }
  return (
    <Textarea
      {...shared}
      autosize
      minRows={4}
      maxRows={20}
      spellCheck={false}
      classNames={{ input: classes.code }}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onKeyDown={(event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && take()}
    />
  );
}

/** A query of the API as the explorer's row has it. */
export function rowOf(body: Body): Query {
  return {
    id: body.id,
    metric: body.metric,
    statistic: body.statistic ?? "Average",
    where: (body.matchers ?? []).map((one) => [
      one.label,
      (one.operator ?? "=") as Operator,
      one.value,
    ]),
    by: body.group_by ?? [],
    top: body.top?.count ?? 20,
    ...(body.hidden ? { hidden: true } : {}),
  };
}

/** The query of the API after its row was changed; what the row does not show stays. */
export function bodyOf(row: Query, before: Body): Body {
  const apart = before.group_by === null && row.by.length === 0;
  return {
    ...before,
    metric: row.metric,
    statistic: row.statistic,
    matchers: row.where.map(([label, operator, value]) => ({ label, operator, value })),
    group_by: apart ? null : [...row.by],
    top: { by: "avg", bottom: false, ...before.top, count: row.top },
    hidden: row.hidden ?? false,
  };
}

interface MetricsProps {
  queries: readonly One[];
  onChange: (queries: One[]) => void;
  error: unknown;
}

function Metrics({ queries, onChange, error }: MetricsProps) {
  const [name, setName] = useState("");
  const put = (id: string, next: One | null) =>
    onChange(queries.flatMap((one) => (one.id === id ? (next ?? []) : [one])));
  const free = (letter: "m" | "e") =>
    freeId({ queries: queries.map((one) => ({ id: one.id })) as never, formulas: [] }, letter);
  const add = () => {
    if (!name.trim()) return;
    const query = {
      id: free("m"),
      metric: name.trim(),
      statistic: "Average",
      matchers: [],
      group_by: [],
      top: { count: 20, by: "avg", bottom: false },
      label: "",
      hidden: false,
      across: null,
      type: null,
      shift: "",
    } as Body;
    onChange([...queries, query]);
    setName("");
  };
  return (
    <Stack gap={6}>
      {queries.map((one) => (
        <div key={one.id}>
          {"expression" in one ? (
            <FormulaRow
              formula={{ id: one.id, expression: one.expression, hidden: one.hidden }}
              error={error}
              onChange={(next) =>
                put(
                  one.id,
                  next && { ...one, expression: next.expression, hidden: next.hidden ?? false },
                )
              }
            />
          ) : (
            <QueryRow
              query={rowOf(one)}
              error={error}
              onChange={(next) => put(one.id, next && bodyOf(next, one))}
            />
          )}
          <Group gap={8} pl={8} pb={4} align="flex-end">
            <Committed
              label={`Name in the legend of ${one.id}`}
              value={one.label ?? ""}
              onChange={(label) => put(one.id, { ...one, label })}
            />
            {"metric" in one && (
              <Select
                label="Series of a group become"
                w={210}
                allowDeselect={false}
                data={[
                  { value: "", label: "pooled samples" },
                  { value: "sum", label: "their sum" },
                  { value: "avg", label: "their average" },
                  { value: "max", label: "the largest" },
                  { value: "min", label: "the smallest" },
                ]}
                value={one.across ?? ""}
                onChange={(across) => put(one.id, { ...one, across: (across || null) as "sum" })}
              />
            )}
          </Group>
        </div>
      ))}
      <Group gap={8} align="flex-end">
        <TextInput
          label="Metric"
          placeholder="system.cpu.time"
          w={260}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          onKeyDown={(event) => event.key === "Enter" && add()}
        />
        <Button
          variant="default"
          leftSection={<IconPlus size={14} />}
          onClick={add}
          disabled={!name.trim()}
        >
          Add query
        </Button>
        <Button
          variant="default"
          leftSection={<IconMathFunction size={14} />}
          disabled={queries.length === 0}
          onClick={() =>
            onChange([
              ...queries,
              { id: free("e"), expression: queries[0]?.id ?? "1", label: "", hidden: false },
            ])
          }
        >
          Add expression
        </Button>
      </Group>
    </Stack>
  );
}

export const RemoveIcon = ({ label, onClick }: { label: string; onClick: () => void }) => (
  <ActionIcon aria-label={label} onClick={onClick}>
    <IconX size={14} />
  </ActionIcon>
);
