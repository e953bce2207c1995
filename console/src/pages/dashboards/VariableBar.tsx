import { MultiSelect, Select, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useGet } from "@/api/query";
import { useTyped } from "@/components/useTyped";
import { useTimeRange } from "@/time/TimeProvider";
import type { RawSearch } from "@/url/search";
import classes from "./dashboards.module.css";
import type { Variable } from "./model";
import { inRegex, inSearch, PREFIX, type Values } from "./variables";

interface Props {
  variables: readonly Variable[];
  values: Values;
}

/** The dashboard's variables; what is chosen is part of the address. */
export function VariableBar({ variables, values }: Props) {
  const navigate = useNavigate();
  if (!variables.length) return null;
  const choose = (name: string, chosen: readonly string[]) =>
    void navigate({
      to: ".",
      search: ((previous: RawSearch) => ({
        ...previous,
        [PREFIX + name]: chosen.length ? [...chosen] : "",
      })) as never,
    });
  return (
    <div className={classes.bar} role="group" aria-label="Variables">
      {variables.map((one) => (
        <Choice
          key={one.name}
          variable={one}
          values={values}
          onChoose={(chosen) => choose(one.name, chosen)}
        />
      ))}
    </div>
  );
}

interface ChoiceProps {
  variable: Variable;
  values: Values;
  onChoose: (values: string[]) => void;
}

function Choice({ variable, values, onChoose }: ChoiceProps) {
  const chosen = values[variable.name] ?? [];
  const label = variable.label || variable.name;
  if (variable.type === "text") {
    return <Typed label={label} value={chosen[0] ?? ""} onChoose={onChoose} />;
  }
  return (
    <Offered
      variable={variable}
      label={label}
      chosen={chosen}
      values={values}
      onChoose={onChoose}
    />
  );
}

function Typed({
  label,
  value,
  onChoose,
}: {
  label: string;
  value: string;
  onChoose: (v: string[]) => void;
}) {
  const [typed, setTyped] = useTyped(value);
  return (
    <TextInput
      label={label}
      w={180}
      maxLength={1024}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={() => typed !== value && onChoose(typed ? [typed] : [])}
      onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
    />
  );
}

const MOST = 200;

function useOffer(variable: Variable, values: Values): { offer: string[]; error: string | null } {
  const { query: range } = useTimeRange();
  const others = Object.fromEntries(
    Object.entries(values).filter(([name]) => name !== variable.name),
  );
  const labels = useGet(
    "/api/v1/metrics/labels/values",
    {
      params: {
        query: {
          ...range,
          name: inRegex(variable.metric, others),
          label: variable.key,
          limit: MOST,
        },
      },
    },
    { enabled: variable.type === "label" },
  );
  const facets = useGet(
    variable.signal === "logs" ? "/api/v1/logs/facets" : "/api/v1/spans/facets",
    {
      params: {
        query: { ...range, q: inSearch(variable.q, others), key: [variable.key], values: 100 },
      },
    },
    { enabled: variable.type === "field" },
  );
  if (variable.type === "list") return { offer: variable.values, error: null };
  if (variable.type === "label") {
    return {
      offer: labels.data?.values.map((one) => one.value) ?? [],
      error: labels.error?.message ?? null,
    };
  }
  return {
    offer: facets.data?.facets[0]?.values.map((one) => one.value) ?? [],
    error: facets.error?.message ?? null,
  };
}

function Offered({
  variable,
  label,
  chosen,
  values,
  onChoose,
}: ChoiceProps & { label: string; chosen: readonly string[] }) {
  const { offer, error } = useOffer(variable, values);
  const data = [...new Set([...offer, ...chosen])];
  const shared = { label, data, searchable: true, error: error ?? undefined, limit: 200 };
  if (variable.multi) {
    return (
      <MultiSelect
        {...shared}
        miw={180}
        maw={420}
        clearable
        placeholder={chosen.length ? undefined : "All"}
        value={[...chosen]}
        onChange={onChoose}
      />
    );
  }
  return (
    <Select
      {...shared}
      w={200}
      clearable={variable.all}
      allowDeselect={variable.all}
      placeholder={variable.all ? "All" : "Choose"}
      value={chosen[0] ?? null}
      onChange={(value) => onChoose(value === null ? [] : [value])}
    />
  );
}
