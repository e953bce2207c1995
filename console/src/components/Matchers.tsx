import { ActionIcon, Button, Group, Input, Select, TextInput } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import type { components } from "@/api/schema";

type Matcher = components["schemas"]["MatcherBody"];
const OPERATORS = ["=", "!=", "=~", "!~"];

interface Props {
  label: string;
  value: readonly Matcher[];
  onChange: (value: Matcher[]) => void;
}

/** Conditions on labels, all of which must hold. */
export function Matchers({ label, value, onChange }: Props) {
  const set = (at: number, next: Matcher | null) =>
    onChange(value.flatMap((one, place) => (place === at ? (next ?? []) : one)));
  return (
    <Input.Wrapper label={label} labelElement="div">
      <Group gap={6}>
        {value.map((one, at) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: conditions have no identity but their place
          <Group key={at} gap={2} wrap="nowrap">
            <TextInput
              aria-label="Label"
              placeholder="team"
              w={110}
              value={one.label}
              onChange={(event) => set(at, { ...one, label: event.currentTarget.value })}
            />
            <Select
              aria-label="Operator"
              w={62}
              allowDeselect={false}
              data={OPERATORS}
              value={one.operator ?? "="}
              onChange={(next) => set(at, { ...one, operator: next as "=" })}
            />
            <TextInput
              aria-label="Value"
              placeholder="payments"
              w={130}
              value={one.value}
              onChange={(event) => set(at, { ...one, value: event.currentTarget.value })}
            />
            <ActionIcon aria-label="Remove the condition" onClick={() => set(at, null)}>
              <IconX size={13} />
            </ActionIcon>
          </Group>
        ))}
        <Button
          variant="default"
          size="compact-xs"
          leftSection={<IconPlus size={12} />}
          onClick={() => onChange([...value, { label: "", operator: "=", value: "" }])}
        >
          Condition
        </Button>
      </Group>
    </Input.Wrapper>
  );
}
