import { ActionIcon, Autocomplete, MultiSelect, NumberInput, Select, Tooltip } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconEye, IconEyeOff, IconPlus, IconX } from "@tabler/icons-react";
import { type ReactNode, useState } from "react";
import { useGet } from "@/api/query";
import { useTyped } from "@/components/useTyped";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./metrics.module.css";
import { OPERATORS, type Operator, type Query, selectorOf, type Where } from "./plan";

const STATISTICS = [
  "Average",
  "Sum",
  "Minimum",
  "Maximum",
  "SampleCount",
  "Last",
  "rate",
  "increase",
  "p50",
  "p90",
  "p95",
  "p99",
  "TM(2%:98%)",
  "IQM",
];
const TYPING_MS = 200;
const COMPLETIONS = 50;

interface Props {
  query: Query;
  /** Null takes the query away. */
  onChange: (query: Query | null) => void;
  /** What the server said; only shown where it is about this query. */
  error: unknown;
}

/** One metric: what of it, of which series, in which groups, and how many. */
export function QueryRow({ query, onChange }: Props) {
  const { query: range } = useTimeRange();
  const labels = useGet("/api/v1/metrics/labels", {
    params: { query: { ...range, name: query.metric } },
  });
  const names = labels.data?.labels.map((one) => one.name) ?? [];
  const set = (patch: Partial<Query>) => onChange({ ...query, ...patch });
  return (
    <fieldset className={classes.row} aria-label={`Query ${query.id}`}>
      <RowId id={query.id} hidden={query.hidden} onHidden={(hidden) => set({ hidden })} />
      <MetricName value={query.metric} onChange={(metric) => set({ metric })} />
      <Typed
        label="Statistic"
        width={130}
        value={query.statistic}
        data={STATISTICS}
        onChange={(statistic) => set({ statistic })}
      />
      {query.where.map((one, at) => (
        <Condition
          // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no identity but their place
          key={at}
          query={query}
          at={at}
          value={one}
          names={names}
          onChange={(next) =>
            set({
              where: query.where.flatMap((old, place) =>
                place === at ? (next ? [next] : []) : [old],
              ),
            })
          }
        />
      ))}
      <Tooltip label="Only series with a label's value">
        <ActionIcon
          aria-label={`Add a condition to ${query.id}`}
          disabled={names.length === 0}
          onClick={() => set({ where: [...query.where, [names[0] ?? "service", "=", ""]] })}
        >
          <IconPlus size={15} />
        </ActionIcon>
      </Tooltip>
      <MultiSelect
        aria-label={`Group ${query.id} by`}
        placeholder={query.by.length ? undefined : "Group by"}
        miw={150}
        maw={320}
        searchable
        clearable
        data={[...new Set([...names, ...query.by])]}
        value={[...query.by]}
        onChange={(by) => set({ by })}
      />
      {query.by.length > 0 && (
        <NumberInput
          aria-label={`Most series of ${query.id}`}
          w={90}
          min={1}
          max={500}
          prefix="top "
          value={query.top}
          onChange={(top) => set({ top: Math.min(500, Math.max(1, Number(top) || 1)) })}
        />
      )}
      <ActionIcon aria-label={`Remove ${query.id}`} onClick={() => onChange(null)}>
        <IconX size={15} />
      </ActionIcon>
    </fieldset>
  );
}

interface RowIdProps {
  id: string;
  hidden?: boolean;
  onHidden: (hidden: boolean | undefined) => void;
  children?: ReactNode;
}

/** The name that expressions use, and whether the query is drawn. */
export function RowId({ id, hidden, onHidden }: RowIdProps) {
  return (
    <>
      <code className={classes.id}>{id}</code>
      <ActionIcon
        aria-label={hidden ? `Draw ${id}` : `Do not draw ${id}`}
        aria-pressed={!hidden}
        onClick={() => onHidden(hidden ? undefined : true)}
      >
        {hidden ? <IconEyeOff size={15} /> : <IconEye size={15} />}
      </ActionIcon>
    </>
  );
}

function MetricName({ value, onChange }: { value: string; onChange: (metric: string) => void }) {
  const { query } = useTimeRange();
  const [typed, setTyped] = useState(value);
  const [search] = useDebouncedValue(typed, TYPING_MS);
  const found = useGet("/api/v1/metrics", {
    params: { query: { ...query, search, limit: COMPLETIONS } },
  });
  const names = [...new Set(found.data?.metrics.map((one) => one.name) ?? [])];
  return (
    <Autocomplete
      aria-label="Metric"
      w={230}
      data={names}
      filter={({ options }) => options}
      value={typed}
      onChange={setTyped}
      onOptionSubmit={(name) => name !== value && onChange(name)}
      onBlur={() => (typed.trim() ? typed !== value && onChange(typed.trim()) : setTyped(value))}
      onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
    />
  );
}

interface TypedProps {
  label: string;
  width: number;
  value: string;
  data: readonly string[];
  onChange: (value: string) => void;
  placeholder?: string;
}

/** A text with suggestions that is taken over when it is left or chosen, not at every key. */
function Typed({ label, width, value, data, onChange, placeholder }: TypedProps) {
  const [typed, setTyped] = useTyped(value);
  return (
    <Autocomplete
      aria-label={label}
      placeholder={placeholder}
      w={width}
      data={[...data]}
      filter={({ options, search }) =>
        search === value
          ? options
          : options.filter(
              (one) => "value" in one && one.value.toLowerCase().includes(search.toLowerCase()),
            )
      }
      value={typed}
      onChange={setTyped}
      onOptionSubmit={(next) => next !== value && onChange(next)}
      onBlur={() => typed !== value && onChange(typed)}
      onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
    />
  );
}

interface ConditionProps {
  query: Query;
  at: number;
  value: Where;
  names: readonly string[];
  onChange: (value: Where | null) => void;
}

function Condition({ query, at, value: [label, operator, text], names, onChange }: ConditionProps) {
  const { query: range } = useTimeRange();
  // The values that are left by the other conditions.
  const others = query.where.filter(([, , value], place) => place !== at && value !== "");
  const values = useGet("/api/v1/metrics/labels/values", {
    params: {
      query: {
        ...range,
        name: selectorOf({ metric: query.metric, where: others }),
        label,
        limit: COMPLETIONS,
      },
    },
  });
  return (
    <div className={classes.condition}>
      <Select
        aria-label="Label"
        w={150}
        searchable
        allowDeselect={false}
        data={[...new Set([...names, label])]}
        value={label}
        onChange={(name) => name && onChange([name, operator, ""])}
      />
      <Select
        aria-label="Operator"
        w={58}
        allowDeselect={false}
        data={[...OPERATORS]}
        value={operator}
        onChange={(next) => next && onChange([label, next as Operator, text])}
      />
      <Typed
        label="Value"
        placeholder="value"
        width={150}
        value={text}
        data={values.data?.values.map((one) => one.value) ?? []}
        onChange={(next) => onChange([label, operator, next])}
      />
      <ActionIcon aria-label="Remove the condition" size="sm" onClick={() => onChange(null)}>
        <IconX size={13} />
      </ActionIcon>
    </div>
  );
}
