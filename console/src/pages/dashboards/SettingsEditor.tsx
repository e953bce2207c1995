import {
  Alert,
  Button,
  Drawer,
  Group,
  NumberInput,
  Select,
  Stack,
  Switch,
  Tabs,
  TagsInput,
  Textarea,
  TextInput,
} from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import classes from "./dashboards.module.css";
import { type Spec, type Variable, whole, wholeVariable } from "./model";
import { Committed, RemoveIcon } from "./QueryEditor";

interface Props {
  name: string;
  spec: Spec;
  onName: (name: string) => void;
  onChange: (spec: Spec) => void;
  onClose: () => void;
}

/** What concerns all of a dashboard: its name, opening range, variables, and its JSON. */
export default function SettingsEditor({ name, spec, onName, onChange, onClose }: Props) {
  const set = (patch: Partial<Spec>) => onChange({ ...spec, ...patch });
  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="min(720px, 96vw)"
      title="Dashboard"
      closeButtonProps={{ "aria-label": "Close the settings" }}
    >
      <Tabs defaultValue="general">
        <Tabs.List mb="sm">
          <Tabs.Tab value="general">General</Tabs.Tab>
          <Tabs.Tab value="variables">Variables</Tabs.Tab>
          <Tabs.Tab value="json">JSON</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="general">
          <Stack gap="sm">
            <TextInput
              label="Name"
              required
              maxLength={255}
              value={name}
              onChange={(event) => onName(event.currentTarget.value)}
            />
            <Textarea
              label="About it"
              autosize
              maxLength={4096}
              value={spec.description}
              onChange={(event) => set({ description: event.currentTarget.value })}
            />
            <TagsInput
              label="Tags"
              maxTags={20}
              value={[...spec.tags]}
              onChange={(tags) => set({ tags })}
            />
            <Group gap="sm" grow>
              <TextInput
                label="Opens with the range from"
                value={spec.time.from}
                onChange={(event) =>
                  set({ time: { ...spec.time, from: event.currentTarget.value } })
                }
              />
              <TextInput
                label="to"
                value={spec.time.to}
                onChange={(event) => set({ time: { ...spec.time, to: event.currentTarget.value } })}
              />
              <NumberInput
                label="Asked again, seconds"
                description="0: not by itself"
                min={0}
                max={86_400}
                value={spec.refresh}
                onChange={(refresh) => set({ refresh: Number(refresh) || 0 })}
              />
            </Group>
          </Stack>
        </Tabs.Panel>
        <Tabs.Panel value="variables">
          <Variables variables={spec.variables} onChange={(variables) => set({ variables })} />
        </Tabs.Panel>
        <Tabs.Panel value="json">
          <Json spec={spec} onChange={onChange} />
        </Tabs.Panel>
      </Tabs>
    </Drawer>
  );
}

function Variables({
  variables,
  onChange,
}: {
  variables: Variable[];
  onChange: (v: Variable[]) => void;
}) {
  const put = (at: number, patch: Partial<Variable>) =>
    onChange(variables.with(at, { ...(variables[at] as Variable), ...patch }));
  const add = () => {
    const taken = new Set(variables.map((one) => one.name));
    let number = 1;
    while (taken.has(`variable${number}`)) number += 1;
    onChange([...variables, wholeVariable({ name: `variable${number}`, type: "text" } as never)]);
  };
  return (
    <Stack gap="md">
      {variables.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a name changes while it is typed
        <Stack key={at} gap={6} className="panel" p="sm">
          <Group gap={8} align="flex-end">
            <Committed
              label="Name"
              value={one.name}
              onChange={(name) => /^[A-Za-z][A-Za-z0-9_]{0,62}$/.test(name) && put(at, { name })}
            />
            <Committed
              label="Shown as"
              value={one.label}
              onChange={(label) => put(at, { label })}
            />
            <Select
              label="Values"
              w={170}
              allowDeselect={false}
              data={[
                { value: "text", label: "Typed in" },
                { value: "list", label: "A list" },
                { value: "label", label: "Of a metric's label" },
                { value: "field", label: "Of spans or logs" },
              ]}
              value={one.type}
              onChange={(type) =>
                put(at, {
                  type: type as Variable["type"],
                  ...(type === "list" && !one.values.length ? { values: ["a"] } : {}),
                })
              }
            />
            <RemoveIcon
              label={`Remove the variable ${one.name}`}
              onClick={() => onChange(variables.toSpliced(at, 1))}
            />
          </Group>
          {one.type === "list" && (
            <TagsInput
              label="Values"
              value={[...one.values]}
              onChange={(values) => values.length && put(at, { values })}
            />
          )}
          {one.type === "label" && (
            <Group gap={8} grow>
              <Committed
                label="Metric or selector"
                value={one.metric}
                onChange={(metric) => put(at, { metric })}
              />
              <Committed label="Label" value={one.key} onChange={(key) => put(at, { key })} />
            </Group>
          )}
          {one.type === "field" && (
            <Group gap={8} grow>
              <Select
                label="Of"
                allowDeselect={false}
                data={["spans", "logs"]}
                value={one.signal}
                onChange={(signal) => put(at, { signal: signal as "spans" })}
              />
              <Committed label="Field" value={one.key} onChange={(key) => put(at, { key })} />
              <Committed label="That match" value={one.q} onChange={(q) => put(at, { q })} />
            </Group>
          )}
          <Group gap="md">
            {one.type !== "text" && (
              <Switch
                label="Several at once"
                checked={one.multi}
                onChange={(event) => put(at, { multi: event.currentTarget.checked })}
              />
            )}
            <Switch
              label="All can be chosen"
              checked={one.all}
              onChange={(event) => put(at, { all: event.currentTarget.checked })}
            />
            <TagsInput
              label="At first"
              value={[...one.default]}
              onChange={(values) => put(at, { default: values })}
            />
          </Group>
        </Stack>
      ))}
      <Button
        variant="default"
        leftSection={<IconPlus size={14} />}
        onClick={add}
        disabled={variables.length >= 30}
      >
        Variable
      </Button>
    </Stack>
  );
}

function Json({ spec, onChange }: { spec: Spec; onChange: (spec: Spec) => void }) {
  const [text, setText] = useState(() => JSON.stringify(spec, null, 2));
  const [problem, setProblem] = useState("");
  const take = () => {
    try {
      const found = JSON.parse(text) as Spec;
      if (!Array.isArray(found.panels)) throw new Error("it has no panels");
      onChange(whole(found));
      setProblem("");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  return (
    <Stack gap="sm">
      <Textarea
        aria-label="The dashboard as JSON"
        autosize
        minRows={12}
        maxRows={32}
        spellCheck={false}
        classNames={{ input: classes.code }}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {problem && (
        <Alert color="red" role="alert">
          {problem}
        </Alert>
      )}
      <Button onClick={take}>Use this JSON</Button>
    </Stack>
  );
}
