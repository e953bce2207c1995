import { Checkbox, ScrollArea, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { useGet } from "@/api/query";
import { ColumnsPopover } from "@/components/ColumnsPopover";
import { useTimeRange } from "@/time/TimeProvider";

const BUILT_IN = ["host", "event", "scope", "trace_id", "span_id", "severity_number"];

/** Which fields have a column of their own. */
export function Columns({
  columns,
  onChange,
}: {
  columns: readonly string[];
  onChange: (columns: readonly string[]) => void;
}) {
  const { query } = useTimeRange();
  const [opened, setOpened] = useState(false);
  const [prefix, setPrefix] = useState("");
  const { data } = useGet(
    "/api/v1/logs/keys",
    { params: { query: { ...query, prefix } } },
    { enabled: opened },
  );
  const found = [...BUILT_IN, ...(data?.keys ?? []).map(({ key }) => key)].filter((key) =>
    key.toLowerCase().includes(prefix.toLowerCase()),
  );
  const offered = [...new Set([...columns, ...found])].slice(0, 80);
  const typed = prefix.trim();
  return (
    <ColumnsPopover
      label={columns.length ? `Columns (${columns.length})` : "Columns"}
      opened={opened}
      onOpened={setOpened}
      width={280}
      find={prefix}
      onFind={setPrefix}
      input={{
        placeholder: "Find a field…",
        "aria-label": "Find a field",
        onKeyDown: (event) => {
          if (event.key === "Enter" && typed && !columns.includes(typed)) {
            onChange([...columns, typed]);
            setPrefix("");
          }
        },
      }}
    >
      <ScrollArea.Autosize mah={300}>
        <Stack gap={4}>
          {offered.map((key) => (
            <Checkbox
              key={key}
              size="xs"
              label={key}
              checked={columns.includes(key)}
              onChange={(event) =>
                onChange(
                  event.currentTarget.checked
                    ? [...columns, key]
                    : columns.filter((item) => item !== key),
                )
              }
            />
          ))}
        </Stack>
      </ScrollArea.Autosize>
      {typed && !offered.includes(typed) && (
        <Text size="xs" c="dimmed">
          Enter adds the column {typed}
        </Text>
      )}
    </ColumnsPopover>
  );
}
