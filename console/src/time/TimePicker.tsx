import { Button, Divider, Group, NavLink, Select, Stack, Text, TextInput } from "@mantine/core";
import { type FormEvent, useMemo, useState } from "react";
import { localTimezone } from "./format";
import { inZone } from "./inZone";
import { isRelative, PRESETS, parseMoment, resolveRange } from "./range";
import classes from "./TimeControls.module.css";
import { useTimeRange } from "./TimeProvider";

/** Chooses the range: a preset, or from and to as text, and the time zone. */
export default function Picker({ onDone }: { onDone: () => void }) {
  const time = useTimeRange();
  const shown = (text: string) =>
    isRelative(text) ? text : time.format(parseMoment(text, Date.now()) ?? 0);
  const [from, setFrom] = useState(shown(time.from));
  const [to, setTo] = useState(shown(time.to));
  const zones = useMemo(
    () => [
      ...new Set(["UTC", localTimezone(), time.timezone, ...Intl.supportedValuesOf("timeZone")]),
    ],
    [time.timezone],
  );
  const range = [from, to].map((text) => inZone(text, time.timezone));
  const good = range.every(Boolean) && resolveRange(range[0] ?? "", range[1] ?? "", Date.now());

  const apply = (event: FormEvent) => {
    event.preventDefault();
    if (!good) return;
    time.set(range[0] as string, range[1] as string);
    onDone();
  };
  return (
    <Group align="stretch" gap="sm" className={classes.picker}>
      <Stack gap={0} className={classes.presets}>
        {PRESETS.map((preset) => (
          <NavLink
            key={preset.from}
            component="button"
            label={preset.label}
            active={time.to === "now" && time.from === preset.from}
            onClick={() => {
              time.set(preset.from);
              onDone();
            }}
            py={3}
          />
        ))}
      </Stack>
      <Divider orientation="vertical" className={classes.between} />
      <form onSubmit={apply} className={classes.own}>
        <Stack gap="xs">
          <TextInput
            label="From"
            value={from}
            onChange={(event) => setFrom(event.currentTarget.value)}
            data-autofocus
          />
          <TextInput label="To" value={to} onChange={(event) => setTo(event.currentTarget.value)} />
          <Text size="xs" c={good ? "dimmed" : "var(--v-critical)"} role="status">
            {good
              ? "Such as -90m and now, or 2026-01-31 12:00"
              : "Give a start before the end, as -90m and now or 2026-01-31 12:00"}
          </Text>
          <Button type="submit" disabled={!good}>
            Show this range
          </Button>
          <Select
            label="Time zone"
            searchable
            data={zones}
            value={time.timezone}
            limit={60}
            allowDeselect={false}
            comboboxProps={{ withinPortal: false }}
            onChange={(name) => name && time.setTimezone(name)}
          />
        </Stack>
      </form>
    </Group>
  );
}
