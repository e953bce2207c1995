import { ActionIcon, Text } from "@mantine/core";
import { IconSearch, IconX } from "@tabler/icons-react";
import { type ChangeEvent, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { ApiError } from "@/api/errors";
import { useShortcuts } from "@/app/shortcuts";
import { type Suggestion, useSuggestions } from "./completion";
import { type Signal, toUnits } from "./fields";
import { errorSpan, partsOf } from "./highlight";
import classes from "./SearchBox.module.css";
import { addTerm, pillsOf, removePiece } from "./terms";

interface Props {
  signal: Signal;
  /** The search that is in force. */
  value: string;
  onChange: (text: string) => void;
  /** What the server said of the search in force; its column is underlined. */
  error?: unknown;
  placeholder?: string;
}

/** The search box: completion, colours, the error at its column, and pills for lists of terms. */
export function SearchBox({ signal, value, onChange, error, placeholder }: Props) {
  const [draft, setDraft] = useState(value);
  const [cursor, setCursor] = useState(value.length);
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState(-1);
  const input = useRef<HTMLInputElement>(null);
  const under = useRef<HTMLDivElement>(null);
  const id = useId();
  useEffect(() => setDraft(value), [value]);
  useShortcuts([{ keys: "/", what: "Search", run: () => input.current?.focus() }]);

  const { items, start, end } = useSuggestions(signal, draft, cursor, open);
  const shown = open && items.length > 0;
  const wrong =
    error instanceof ApiError && error.position !== null && draft === value ? error : null;

  const submit = (text: string) => {
    setOpen(false);
    setChosen(-1);
    if (text !== value) onChange(text.trim());
  };
  const accept = (item: Suggestion) => {
    const text = `${draft.slice(0, start)}${item.insert}${draft.slice(end).trimStart()}`;
    const place = start + item.insert.length;
    setDraft(text);
    setCursor(place);
    setChosen(-1);
    requestAnimationFrame(() => input.current?.setSelectionRange(place, place));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const item = shown ? items[chosen] : undefined;
    if (step && shown) {
      event.preventDefault();
      setChosen((chosen + step + items.length + (chosen < 0 && step < 0 ? 1 : 0)) % items.length);
    } else if ((event.key === "Enter" || event.key === "Tab") && item) {
      event.preventDefault();
      accept(item);
    } else if (event.key === "Enter") {
      submit(draft);
    } else if (event.key === "Escape") {
      if (open) setOpen(false);
      else input.current?.blur();
    } else if (event.key === "ArrowDown") {
      setOpen(true);
    }
  };
  const onInput = (event: ChangeEvent<HTMLInputElement>) => {
    setDraft(event.currentTarget.value);
    setCursor(event.currentTarget.selectionStart ?? 0);
    setOpen(true);
    setChosen(-1);
  };
  return (
    <div className={classes.root}>
      <div className={classes.box} data-wrong={wrong ? true : undefined} role="search">
        <IconSearch size={16} className={classes.icon} aria-hidden />
        <div className={classes.field}>
          <div className={classes.under} ref={under} aria-hidden>
            <Coloured text={draft} error={wrong} />
          </div>
          <input
            ref={input}
            className={classes.input}
            value={draft}
            spellCheck={false}
            autoCapitalize="off"
            autoComplete="off"
            maxLength={16_384}
            placeholder={placeholder ?? "Search: words, service:checkout, level:>=warn, -debug …"}
            role="combobox"
            aria-label={signal === "logs" ? "Search logs" : "Search spans"}
            aria-expanded={shown}
            aria-controls={`${id}-list`}
            aria-autocomplete="list"
            aria-activedescendant={shown && chosen >= 0 ? `${id}-${chosen}` : undefined}
            aria-invalid={wrong ? true : undefined}
            aria-describedby={wrong ? `${id}-error` : undefined}
            onChange={onInput}
            onKeyDown={onKeyDown}
            onSelect={(event) => setCursor(event.currentTarget.selectionStart ?? 0)}
            onFocus={() => setOpen(!draft)}
            onBlur={() => setOpen(false)}
            onScroll={(event) => {
              if (under.current) under.current.scrollLeft = event.currentTarget.scrollLeft;
            }}
          />
        </div>
        {draft && (
          <ActionIcon
            aria-label="Clear the search"
            size="sm"
            onClick={() => {
              setDraft("");
              submit("");
            }}
          >
            <IconX size={14} />
          </ActionIcon>
        )}
        {draft !== value && <span className={classes.hint}>Enter to search</span>}
      </div>
      {shown && (
        <div className={classes.list} role="listbox" id={`${id}-list`} aria-label="Suggestions">
          {items.map((item, index) => (
            <div
              key={`${item.kind} ${item.label}`}
              id={`${id}-${index}`}
              role="option"
              tabIndex={-1}
              aria-selected={index === chosen}
              className={classes.option}
              // Before the field loses its focus.
              onMouseDown={(event) => {
                event.preventDefault();
                accept(item);
              }}
            >
              <span className={classes.label}>{item.label || "(empty)"}</span>
              <span className={classes.about}>{item.about}</span>
            </div>
          ))}
        </div>
      )}
      {wrong && (
        <Text size="xs" c="var(--v-critical)" id={`${id}-error`} role="alert" mt={4}>
          {wrong.message}
          {wrong.remedy ? `: ${wrong.remedy}` : ""}
        </Text>
      )}
    </div>
  );
}

function Coloured({ text, error }: { text: string; error: ApiError | null }) {
  const span = error ? errorSpan(text, toUnits(text, error.position ?? 0)) : null;
  const shown = span && span.end > text.length ? `${text} ` : text;
  return partsOf(shown).map((part) => {
    if (!span || part.start + part.text.length <= span.start || part.start >= span.end) {
      return (
        <span key={part.start} className={classes[part.kind]}>
          {part.text}
        </span>
      );
    }
    const from = Math.max(0, span.start - part.start);
    const to = Math.min(part.text.length, span.end - part.start);
    return (
      <span key={part.start} className={classes[part.kind]}>
        {part.text.slice(0, from)}
        <span className={classes.wrong}>{part.text.slice(from, to)}</span>
        {part.text.slice(to)}
      </span>
    );
  });
}

/** The terms of a search one by one: a click turns one around, the cross takes it out. */
export function Pills({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const pills = pillsOf(value);
  if (!pills.length) return null;
  return (
    <ul className={classes.pills} aria-label="Filters">
      {pills.map((piece) => (
        <li
          key={piece.start}
          className={classes.pill}
          data-not={piece.text.startsWith("-") || undefined}
        >
          <button
            type="button"
            title="Turn around: with it, without it"
            onClick={() => onChange(addTerm(value, opposite(piece.text)))}
          >
            {piece.text}
          </button>
          <button
            type="button"
            aria-label={`Remove ${piece.text}`}
            onClick={() => onChange(removePiece(value, piece))}
          >
            <IconX size={11} />
          </button>
        </li>
      ))}
    </ul>
  );
}

const opposite = (term: string): string => (term.startsWith("-") ? term.slice(1) : `-${term}`);
