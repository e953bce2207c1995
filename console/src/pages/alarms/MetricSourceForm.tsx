import { Autocomplete, Button, Group, Select } from "@mantine/core";
import { IconMathFunction, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useGet } from "@/api/query";
import { FormulaRow } from "@/pages/metrics/FormulaRow";
import { freeId, MAX_QUERIES, type Plan } from "@/pages/metrics/plan";
import { QueryRow } from "@/pages/metrics/QueryRow";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./alarms.module.css";
import { type MetricSource, planOf, sourceOf } from "./model";
import type { SourceProps } from "./SourceForm";

const COMPLETIONS = 50;

/** Metrics and expressions over them; one of them is watched. */
export function MetricSourceForm({
  source,
  onChange,
  error,
}: SourceProps<MetricSource> & { error: unknown }) {
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
