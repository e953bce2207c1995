import {
  ActionIcon,
  Button,
  Group,
  MultiSelect,
  NumberInput,
  Select,
  TagsInput,
  Text,
  TextInput,
} from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { notifyDone } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { ErrorPanel } from "@/components/QueryState";
import classes from "@/pages/alarms/alarms.module.css";
import { CHANNELS } from "@/pages/notifications/Channels";
import { localTimezone } from "@/time/format";

type Schedule = components["schemas"]["OnCallScheduleView"];
type Spec = components["schemas"]["OnCallSpec"];
type Layer = Spec["layers"][number];
type Restriction = NonNullable<Layer["restrictions"]>[number];
const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

const newLayer = (): Layer => ({
  people: [],
  start: new Date().toISOString().slice(0, 10),
  handover: "09:00",
  every: 1,
  unit: "weeks",
});

interface Props {
  schedule?: Schedule;
  onDone: () => void;
}

/** Make a schedule, or change one. */
export function ScheduleForm({ schedule, onDone }: Props) {
  const channels = useGet(CHANNELS, {});
  const [name, setName] = useState(schedule?.name ?? "");
  const [spec, setSpec] = useState<Spec>(
    schedule?.spec ?? { time_zone: localTimezone(), layers: [newLayer()], people: {} },
  );
  const put = useChange(
    () => unwrap(client.POST("/api/v1/oncall-schedules", { body: { name: name.trim(), spec } })),
    ["/api/v1/oncall"],
  );
  const everyone = [
    ...new Set(spec.layers.flatMap((one) => one.people).concat(Object.keys(spec.people))),
  ];
  const setLayer = (at: number, next: Layer | null) =>
    setSpec({
      ...spec,
      layers: spec.layers.flatMap((one, place) => (place === at ? (next ?? []) : one)),
    });
  const known = channels.data?.channels.map((one) => one.name) ?? [];
  return (
    <Panel title={schedule ? `Edit ${schedule.name}` : "New schedule"}>
      <div className={classes.form}>
        <TextInput
          label="Name"
          required
          w={200}
          disabled={schedule !== undefined}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="Time zone"
          w={190}
          value={spec.time_zone ?? "UTC"}
          onChange={(event) => setSpec({ ...spec, time_zone: event.currentTarget.value.trim() })}
        />
        <TextInput
          label="What it is for"
          className={classes.grow}
          value={spec.description ?? ""}
          onChange={(event) => setSpec({ ...spec, description: event.currentTarget.value })}
        />
      </div>
      {spec.layers.map((layer, at) => (
        <LayerForm
          // biome-ignore lint/suspicious/noArrayIndexKey: layers have no identity but their place
          key={at}
          at={at}
          layer={layer}
          onChange={(next) => setLayer(at, next)}
          onRemove={spec.layers.length > 1 ? () => setLayer(at, null) : undefined}
        />
      ))}
      <Group gap={8} className={classes.pad}>
        <Button
          variant="default"
          size="compact-sm"
          leftSection={<IconPlus size={13} />}
          onClick={() => setSpec({ ...spec, layers: [...spec.layers, newLayer()] })}
        >
          Layer over these
        </Button>
        <Text size="xs" c="dimmed">
          A layer stands over those before it wherever it has someone.
        </Text>
      </Group>
      <div className={classes.form}>
        {everyone.map((person) => (
          <MultiSelect
            key={person}
            label={`${person} is told by`}
            miw={200}
            data={known}
            value={spec.people[person] ?? []}
            onChange={(next) => setSpec({ ...spec, people: { ...spec.people, [person]: next } })}
          />
        ))}
        <Button
          loading={put.isPending}
          disabled={!name.trim()}
          onClick={() =>
            put.mutate(undefined, {
              onSuccess: () => {
                notifyDone(`The schedule "${name}" is kept`);
                onDone();
              },
            })
          }
        >
          {schedule ? "Save the schedule" : "Make the schedule"}
        </Button>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
      </div>
      {put.error && <ErrorPanel error={put.error} />}
    </Panel>
  );
}

interface LayerProps {
  at: number;
  layer: Layer;
  onChange: (layer: Layer) => void;
  onRemove?: () => void;
}

function LayerForm({ at, layer, onChange, onRemove }: LayerProps) {
  const restrictions = layer.restrictions ?? [];
  const setHours = (place: number, next: Restriction | null) =>
    onChange({
      ...layer,
      restrictions: restrictions.flatMap((one, index) => (index === place ? (next ?? []) : one)),
    });
  return (
    <fieldset
      className={classes.form}
      style={{ border: 0, margin: 0 }}
      aria-label={`Layer ${at + 1}`}
    >
      <TextInput
        label={`Layer ${at + 1}`}
        placeholder="its name"
        w={120}
        value={layer.name ?? ""}
        onChange={(event) => onChange({ ...layer, name: event.currentTarget.value })}
      />
      <TagsInput
        label="People, in their order"
        miw={220}
        value={layer.people}
        onChange={(people) => onChange({ ...layer, people })}
      />
      <NumberInput
        label="Turns of"
        w={90}
        min={1}
        max={1000}
        value={layer.every ?? 1}
        onChange={(next) => onChange({ ...layer, every: Number(next) || 1 })}
      />
      <Select
        aria-label="Unit of turns"
        w={100}
        allowDeselect={false}
        data={["hours", "days", "weeks"]}
        value={layer.unit ?? "weeks"}
        onChange={(unit) => onChange({ ...layer, unit: unit as "weeks" })}
      />
      <TextInput
        type="date"
        label="First handover"
        w={150}
        value={layer.start}
        onChange={(event) => onChange({ ...layer, start: event.currentTarget.value })}
      />
      <TextInput
        type="time"
        label="At"
        w={110}
        value={layer.handover ?? "09:00"}
        onChange={(event) => onChange({ ...layer, handover: event.currentTarget.value })}
      />
      {restrictions.map((one, place) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: hours have no identity but their place
        <Group key={place} gap={4} align="flex-end">
          <MultiSelect
            label="Only on"
            miw={170}
            data={DAYS}
            value={one.days ?? DAYS}
            onChange={(days) => setHours(place, { ...one, days: days as Restriction["days"] })}
          />
          <TextInput
            type="time"
            label="from"
            w={105}
            value={one.start ?? "00:00"}
            onChange={(event) => setHours(place, { ...one, start: event.currentTarget.value })}
          />
          <TextInput
            type="time"
            label="until"
            w={105}
            value={one.end ?? "00:00"}
            onChange={(event) => setHours(place, { ...one, end: event.currentTarget.value })}
          />
          <ActionIcon aria-label="Remove the hours" onClick={() => setHours(place, null)}>
            <IconX size={14} />
          </ActionIcon>
        </Group>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        onClick={() =>
          onChange({
            ...layer,
            restrictions: [
              ...restrictions,
              { days: DAYS.slice(0, 5) as Restriction["days"], start: "09:00", end: "17:00" },
            ],
          })
        }
      >
        Only at hours
      </Button>
      {onRemove && (
        <Button variant="default" size="compact-sm" onClick={onRemove}>
          Remove the layer
        </Button>
      )}
    </fieldset>
  );
}
