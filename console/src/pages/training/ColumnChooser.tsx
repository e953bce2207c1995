import { Button, Checkbox, Group, ScrollArea, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { components } from "@/api/schema";
import { formatCount } from "@/charts/units";
import { ColumnsPopover } from "@/components/ColumnsPopover";

type Keys = components["schemas"]["RunKeysView"];

interface Props {
  keys: Keys | undefined;
  columns: readonly string[];
  onChange: (columns: readonly string[]) => void;
}

const KINDS = ["metrics", "params", "tags"] as const;
const SHOWN = 60;
const MOST = 60;

/** Which metrics, parameters and tags are columns; those that most runs have come first. */
export function ColumnChooser({ keys, columns, onChange }: Props) {
  const [opened, setOpened] = useState(false);
  const [find, setFind] = useState("");
  const wanted = find.toLowerCase();
  const toggle = (column: string, on: boolean) =>
    onChange(on ? [...columns, column] : columns.filter((one) => one !== column));
  return (
    <ColumnsPopover
      label={`Columns (${columns.length})`}
      opened={opened}
      onOpened={setOpened}
      width={320}
      find={find}
      onFind={setFind}
      input={{ placeholder: "Find a metric, parameter or tag…", "aria-label": "Find a column" }}
    >
      <ScrollArea.Autosize mah={360}>
        {KINDS.map((kind) => {
          const found = (keys?.[kind] ?? []).filter(({ key }) =>
            `${kind}.${key}`.toLowerCase().includes(wanted),
          );
          if (!found.length) return null;
          return (
            <Stack key={kind} gap={4} mb="xs">
              <Group justify="space-between">
                <Text size="xs" fw={600}>
                  {kind}
                </Text>
                <Button
                  size="compact-xs"
                  variant="subtle"
                  onClick={() => onChange(columns.filter((one) => !one.startsWith(`${kind}.`)))}
                >
                  None
                </Button>
              </Group>
              {found.slice(0, SHOWN).map(({ key, runs }) => {
                const column = `${kind}.${key}`;
                const on = columns.includes(column);
                return (
                  <Checkbox
                    key={key}
                    size="xs"
                    label={`${key} (${formatCount(runs)})`}
                    checked={on}
                    disabled={!on && columns.length >= MOST}
                    onChange={(event) => toggle(column, event.currentTarget.checked)}
                  />
                );
              })}
              {found.length > SHOWN && (
                <Text size="xs" c="dimmed">
                  and {found.length - SHOWN} more: type a part of the name
                </Text>
              )}
            </Stack>
          );
        })}
      </ScrollArea.Autosize>
    </ColumnsPopover>
  );
}
