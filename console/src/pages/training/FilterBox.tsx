import { TextInput } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { type FormEvent, useEffect, useState } from "react";
import type { ApiError } from "@/api/errors";
import classes from "./training.module.css";

interface Props {
  value: string;
  onChange: (value: string) => void;
  /** Of the search with this filter. */
  error: ApiError | null;
  placeholder: string;
  label?: string;
}

/** Whether a search failed because of its filter. */
export function isWrongFilter(error: ApiError | null): boolean {
  return error !== null && (error.field === "filter" || error.position !== null);
}

/** A filter in MLflow's grammar; an error is shown at its place. Enter searches. */
export function FilterBox({ value, onChange, error, placeholder, label = "Filter" }: Props) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onChange(text.trim());
  };
  const wrong = isWrongFilter(error) ? error : null;
  const at = wrong?.position ?? null;
  return (
    <form onSubmit={submit} className={classes.filter}>
      <TextInput
        aria-label={label}
        className={classes.mono}
        placeholder={placeholder}
        leftSection={<IconFilter size={14} />}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onBlur={() => text.trim() !== value && onChange(text.trim())}
        spellCheck={false}
        autoComplete="off"
        error={
          wrong && (
            <span role="alert">
              {wrong.message}
              {wrong.remedy ? `; ${wrong.remedy}` : ""}
              {at !== null && (
                <span className={classes.at}>
                  {"\n"}
                  {value.slice(Math.max(0, at - 40), at)}
                  <mark>{value.slice(at, at + 1) || "⟨end⟩"}</mark>
                  {value.slice(at + 1, at + 40)}
                </span>
              )}
            </span>
          )
        }
      />
    </form>
  );
}
