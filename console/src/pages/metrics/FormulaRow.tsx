import { ActionIcon, TextInput } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useState } from "react";
import { ApiError } from "@/api/errors";
import classes from "./metrics.module.css";
import type { Formula } from "./plan";
import { RowId } from "./QueryRow";

interface Props {
  formula: Formula;
  onChange: (formula: Formula | null) => void;
  error: unknown;
}

/** Metric math over the queries above it. */
export function FormulaRow({ formula, onChange, error }: Props) {
  const [typed, setTyped] = useState(formula.expression);
  const own = error instanceof ApiError && error.field === formula.id ? error : null;
  const take = () => typed !== formula.expression && onChange({ ...formula, expression: typed });
  return (
    <fieldset className={classes.row} aria-label={`Expression ${formula.id}`}>
      <RowId
        id={formula.id}
        hidden={formula.hidden}
        onHidden={(hidden) => onChange({ ...formula, hidden })}
      />
      <TextInput
        aria-label="Expression"
        placeholder="100 * m1 / m2, RATE(m1), IF(m1 > 10, m1), RUNNING_SUM(m1)"
        className={classes.expression}
        value={typed}
        error={
          own && `${own.message}${own.position === null ? "" : ` (at column ${own.position + 1})`}`
        }
        onChange={(event) => setTyped(event.currentTarget.value)}
        onBlur={take}
        onKeyDown={(event) => event.key === "Enter" && take()}
      />
      <ActionIcon aria-label={`Remove ${formula.id}`} onClick={() => onChange(null)}>
        <IconX size={15} />
      </ActionIcon>
    </fieldset>
  );
}
