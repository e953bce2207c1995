import {
  ActionIcon,
  Button,
  Group,
  JsonInput,
  NumberInput,
  Select,
  Stack,
  Switch,
  TagsInput,
  Textarea,
  TextInput,
} from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import {
  chosen,
  controlOf,
  least,
  type Option,
  type Schema,
  titled,
  type Value,
  withMember,
  withoutNull,
} from "./schema";
import classes from "./schema.module.css";

interface Props {
  /** The whole schema, which references are looked up in. */
  root: Schema;
  schema: Schema;
  value: unknown;
  onChange: (value: unknown) => void;
}

interface FieldProps extends Props {
  label: string;
  required: boolean;
}

/** The members of an object: what it needs and what is set first, the others where they are asked for. */
export function SchemaForm({ root, schema, value, onChange, hide }: Props & { hide?: string }) {
  const members = (value ?? {}) as Value;
  const names = Object.keys(schema.properties ?? {}).filter((name) => name !== hide);
  const needed = new Set(schema.required ?? []);
  // Decided once, so that nothing jumps while one types.
  const [first] = useState(() => names.filter((name) => needed.has(name) || name in members));
  const rest = names.filter((name) => !first.includes(name));
  const field = (name: string) => (
    <Field
      key={name}
      root={root}
      schema={schema.properties?.[name] ?? {}}
      label={titled(name)}
      required={needed.has(name)}
      value={members[name]}
      onChange={(member) => onChange(withMember(members, name, member))}
    />
  );
  return (
    <Stack gap="xs">
      {first.map(field)}
      {rest.length > 0 && (
        <details className={classes.more}>
          <summary>
            {first.length ? "More settings" : "Settings"} ({rest.length})
          </summary>
          <Stack gap="xs">{rest.map(field)}</Stack>
        </details>
      )}
    </Stack>
  );
}

function Field({ root, schema: given, label, required, value, onChange }: FieldProps) {
  const { schema, nullable } = withoutNull(given, root);
  const control = controlOf(given, root);
  const common = {
    label,
    description: schema.description || undefined,
    required,
    withAsterisk: required,
    placeholder: placeholderOf(schema),
  };
  switch (control.kind) {
    case "object":
    case "choice":
      return (
        <Part legend={label} hint={schema.description}>
          {!required && (
            <Switch
              label={nullable ? "On" : "Set"}
              checked={value !== undefined && value !== null}
              onChange={(event) =>
                onChange(event.currentTarget.checked ? least(schema, root) : off(nullable))
              }
            />
          )}
          {control.kind === "choice" && (required || value) ? (
            <Choice
              root={root}
              schema={schema}
              options={control.options}
              value={value}
              onChange={onChange}
            />
          ) : (
            control.kind === "object" &&
            (required || !!value) && (
              <SchemaForm root={root} schema={control.schema} value={value} onChange={onChange} />
            )
          )}
        </Part>
      );
    case "list":
      return (
        <Items
          root={root}
          schema={control.items}
          label={label}
          hint={schema.description}
          value={value}
          onChange={onChange}
        />
      );
    case "words":
      return (
        <TagsInput
          {...common}
          placeholder={undefined}
          data={control.options}
          value={(value ?? schema.default ?? []) as string[]}
          onChange={onChange}
        />
      );
    case "map":
      return <Pairs label={label} hint={schema.description} value={value} onChange={onChange} />;
    case "enum":
      return (
        <Select
          {...common}
          data={control.options}
          clearable={!required}
          value={(value ?? null) as string | null}
          onChange={(one) => onChange(one ?? undefined)}
        />
      );
    case "boolean":
      return (
        <Switch
          label={label}
          description={common.description}
          checked={Boolean(value ?? schema.default)}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      );
    case "number":
      return (
        <NumberInput
          {...common}
          min={schema.minimum}
          max={schema.maximum}
          value={(value ?? "") as number | string}
          onChange={(one) => onChange(one === "" ? undefined : one)}
        />
      );
    case "json":
      return <Json label={label} hint={schema.description} value={value} onChange={onChange} />;
    case "scalar":
      return (
        <TextInput
          {...common}
          value={value === undefined || value === null ? "" : String(value)}
          onChange={(event) => onChange(scalarOf(event.currentTarget.value))}
        />
      );
    default: {
      const Input = control.long ? Textarea : TextInput;
      return (
        <Input
          {...common}
          {...(control.long ? { autosize: true, minRows: 1, maxRows: 12 } : {})}
          value={(value ?? "") as string}
          onChange={(event: { currentTarget: { value: string } }) =>
            onChange(event.currentTarget.value)
          }
        />
      );
    }
  }
}

const off = (nullable: boolean) => (nullable ? null : undefined);

function placeholderOf(schema: Schema): string | undefined {
  const shown = schema.default ?? schema.examples?.[0];
  return shown === undefined || shown === null || shown === "" ? undefined : String(shown);
}

function scalarOf(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

function Part({
  legend,
  hint,
  children,
}: {
  legend: string;
  hint?: string;
  children: React.ReactNode;
}) {
  return (
    <fieldset className={classes.part}>
      <legend>{legend}</legend>
      {hint && <div className={classes.hint}>{hint}</div>}
      <Stack gap="xs">{children}</Stack>
    </fieldset>
  );
}

function Choice({ root, schema, options, value, onChange }: Props & { options: Option[] }) {
  const now = chosen(options, value as Value | undefined) ?? options[0];
  if (!now) return null;
  return (
    <>
      <Select
        label={titled(now.tag ?? "kind")}
        description={now.schema.description}
        data={options.map((one) => one.name)}
        value={now.name}
        allowDeselect={false}
        onChange={(name) => {
          const next = options.find((one) => one.name === name);
          if (next && next !== now) onChange(least(schema, root, next));
        }}
      />
      <SchemaForm
        key={now.name}
        root={root}
        schema={now.schema}
        hide={now.tag}
        value={value ?? least(schema, root, now)}
        onChange={(members) =>
          onChange(now.tag ? { ...(members as Value), [now.tag]: now.name } : members)
        }
      />
    </>
  );
}

function Items({
  root,
  schema,
  label,
  hint,
  value,
  onChange,
}: Omit<FieldProps, "required"> & { hint?: string }) {
  const items = (value ?? []) as unknown[];
  const { schema: one } = withoutNull(schema, root);
  const replaced = (at: number, item: unknown) => items.map((old, n) => (n === at ? item : old));
  return (
    <Part legend={label} hint={hint}>
      {items.map((item, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: items have no identity but their place
        <div key={at} className={classes.item}>
          <Field
            root={root}
            schema={one}
            label={`${label.replace(/s$/, "")} ${at + 1}`}
            required
            value={item}
            onChange={(next) => onChange(replaced(at, next))}
          />
          <TakeAway
            label={`Take ${label.toLowerCase()} ${at + 1} away`}
            onClick={() => onChange(items.filter((_, n) => n !== at))}
          />
        </div>
      ))}
      <Add onClick={() => onChange([...items, least(schema, root)])} />
    </Part>
  );
}

function TakeAway({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <ActionIcon variant="subtle" aria-label={label} onClick={onClick}>
      <IconTrash size={14} />
    </ActionIcon>
  );
}

function Add({ onClick }: { onClick: () => void }) {
  return (
    <Button
      variant="default"
      size="compact-xs"
      className={classes.add}
      leftSection={<IconPlus size={12} />}
      onClick={onClick}
    >
      Add
    </Button>
  );
}

function Pairs({
  label,
  hint,
  value,
  onChange,
}: {
  label: string;
  hint?: string;
  value: unknown;
  onChange: (value: unknown) => void;
}) {
  const [rows, setRows] = useState(() => Object.entries((value ?? {}) as Record<string, string>));
  const change = (next: [string, string][]) => {
    setRows(next);
    onChange(Object.fromEntries(next.filter(([key]) => key)));
  };
  const set = (at: number, row: [string, string]) =>
    change(rows.map((old, n) => (n === at ? row : old)));
  return (
    <Part legend={label} hint={hint}>
      {rows.map(([key, one], at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row has no identity but its place
        <Group key={at} gap="xs" wrap="nowrap">
          <TextInput
            aria-label={`${label}: name ${at + 1}`}
            value={key}
            onChange={(event) => set(at, [event.currentTarget.value, one])}
          />
          <TextInput
            aria-label={`${label}: value ${at + 1}`}
            value={one}
            className={classes.grow}
            onChange={(event) => set(at, [key, event.currentTarget.value])}
          />
          <TakeAway
            label={`Take ${key || "this row"} away`}
            onClick={() => change(rows.filter((_, n) => n !== at))}
          />
        </Group>
      ))}
      <Add onClick={() => setRows([...rows, ["", ""]])} />
    </Part>
  );
}

function Json({
  label,
  hint,
  value,
  onChange,
}: {
  label: string;
  hint?: string;
  value: unknown;
  onChange: (value: unknown) => void;
}) {
  const [text, setText] = useState(() =>
    value === undefined ? "" : JSON.stringify(value, null, 2),
  );
  const [wrong, setWrong] = useState(false);
  return (
    <JsonInput
      label={label}
      description={hint}
      autosize
      minRows={2}
      maxRows={12}
      value={text}
      error={wrong ? "This is no JSON" : undefined}
      onChange={(next) => {
        setText(next);
        try {
          onChange(next.trim() ? JSON.parse(next) : undefined);
          setWrong(false);
        } catch {
          setWrong(true);
        }
      }}
    />
  );
}
