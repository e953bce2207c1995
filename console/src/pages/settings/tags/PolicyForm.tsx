import {
  ActionIcon,
  Button,
  Checkbox,
  Group,
  SegmentedControl,
  Stack,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange } from "@/api/query";
import type { components } from "@/api/schema";
import { notifyDone } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { ErrorPanel } from "@/components/QueryState";
import classes from "../settings.module.css";

type Policy = components["schemas"]["PolicyView"];
const KINDS = ["service", "model", "alarm", "monitor", "dataset", "pipeline", "host"];

interface Rule {
  /** Tells rows apart while keys are typed. */
  id: number;
  key: string;
  required: boolean;
  values: string[];
  pattern: string;
}

interface Props {
  /** The policy that is changed; a new one where there is none. */
  policy?: Policy;
  onDone: () => void;
}

/** A policy as a form. */
export function PolicyForm({ policy, onDone }: Props) {
  const [name, setName] = useState(policy?.name ?? "");
  const [kinds, setKinds] = useState<string[]>(policy?.rules.kinds ?? ["service"]);
  const [effect, setEffect] = useState<"warn" | "refuse">(policy?.rules.effect ?? "warn");
  const [rules, setRules] = useState<Rule[]>(
    policy
      ? policy.rules.keys.map((one, id) => ({
          id,
          key: one.key,
          required: one.required ?? true,
          values: one.values ?? [],
          pattern: one.pattern ?? "",
        }))
      : [empty(0)],
  );
  const save = useChange(
    () =>
      unwrap(
        client.PUT("/api/v1/tags/policies/{name}", {
          params: { path: { name: name.trim() } },
          body: {
            kinds,
            effect,
            keys: rules.map((one) => ({
              key: one.key.trim(),
              required: one.required,
              values: one.values.length ? one.values : null,
              pattern: one.pattern || null,
            })),
          },
        }),
      ),
    ["/api/v1/tags"],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(undefined, {
      onSuccess: () => {
        notifyDone(`The policy "${name.trim()}" is saved`);
        onDone();
      },
    });
  };
  const patch = (id: number, change: Partial<Rule>) =>
    setRules(rules.map((one) => (one.id === id ? { ...one, ...change } : one)));
  return (
    <Panel title={policy ? `Policy "${policy.name}"` : "New policy"}>
      <form className={classes.form} onSubmit={submit} aria-label="Policy">
        <TextInput
          label="Name"
          required
          maxLength={128}
          disabled={Boolean(policy)}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TagsInput
          size="xs"
          label="Kinds of resources"
          placeholder={kinds.length ? undefined : "all kinds"}
          data={KINDS}
          value={kinds}
          onChange={setKinds}
          miw={240}
        />
        <Stack gap={2}>
          <Text size="xs" fw={500} id="policy-effect">
            Tags that break it
          </Text>
          <SegmentedControl
            size="xs"
            aria-labelledby="policy-effect"
            value={effect}
            onChange={(next) => setEffect(next as "warn" | "refuse")}
            data={[
              { value: "warn", label: "are listed" },
              { value: "refuse", label: "are refused" },
            ]}
          />
        </Stack>
        <div className={classes.wide}>
          {rules.map((one, at) => (
            <RuleRow
              key={one.id}
              rule={one}
              number={at + 1}
              onChange={(change) => patch(one.id, change)}
              onRemove={
                rules.length > 1
                  ? () => setRules(rules.filter(({ id }) => id !== one.id))
                  : undefined
              }
            />
          ))}
          <Group gap="sm">
            <Button
              variant="default"
              leftSection={<IconPlus size={14} />}
              disabled={rules.length >= 50}
              onClick={() =>
                setRules([...rules, empty(Math.max(...rules.map(({ id }) => id)) + 1)])
              }
            >
              One more tag
            </Button>
            <Button type="submit" loading={save.isPending}>
              Save the policy
            </Button>
            <Button variant="default" onClick={onDone}>
              Cancel
            </Button>
          </Group>
        </div>
      </form>
      {save.error && <ErrorPanel error={save.error} />}
    </Panel>
  );
}

const empty = (id: number): Rule => ({ id, key: "", required: true, values: [], pattern: "" });

interface RowProps {
  rule: Rule;
  number: number;
  onChange: (change: Partial<Rule>) => void;
  onRemove?: () => void;
}

function RuleRow({ rule, number, onChange, onRemove }: RowProps) {
  return (
    <fieldset className={classes.rule}>
      <legend>Tag {number}</legend>
      <TextInput
        label="Key"
        placeholder="team"
        required
        maxLength={128}
        value={rule.key}
        onChange={(event) => onChange({ key: event.currentTarget.value })}
        w={150}
      />
      <Checkbox
        label="required"
        size="xs"
        pb={8}
        checked={rule.required}
        onChange={(event) => onChange({ required: event.currentTarget.checked })}
      />
      <TagsInput
        size="xs"
        label="Allowed values"
        placeholder={rule.values.length ? undefined : "any"}
        value={rule.values}
        onChange={(values) => onChange({ values })}
        miw={200}
        maw={420}
      />
      <TextInput
        label="or a pattern"
        placeholder="[0-9]{4}"
        maxLength={256}
        disabled={rule.values.length > 0}
        value={rule.pattern}
        onChange={(event) => onChange({ pattern: event.currentTarget.value })}
        w={150}
      />
      {onRemove && (
        <ActionIcon aria-label={`Without tag ${number}`} onClick={onRemove} mb={6}>
          <IconTrash size={14} />
        </ActionIcon>
      )}
    </fieldset>
  );
}
