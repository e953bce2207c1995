import {
  Button,
  Drawer,
  Group,
  NumberInput,
  Select,
  Stack,
  Switch,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import classes from "./dashboards.module.css";
import { type Look, newSource, PANEL_TYPES, type Panel, type PanelType, type Spec } from "./model";
import { PanelView } from "./PanelView";
import { QueryEditor, RemoveIcon } from "./QueryEditor";
import type { Values } from "./variables";

interface Props {
  panel: Panel;
  spec: Spec;
  values: Values;
  onChange: (panel: Panel) => void;
  onClose: () => void;
}

/** Edits one panel beside its preview, which is the panel itself with live data. */
export default function PanelEditor({ panel, spec, values, onChange, onClose }: Props) {
  const set = (patch: Partial<Panel>) => onChange({ ...panel, ...patch });
  const look = (patch: Partial<Look>) => set({ look: { ...panel.look, ...patch } });
  const retype = (type: PanelType) =>
    set({
      type,
      query: type === "text" ? null : (panel.query ?? newSource("metric")),
      text: type === "text" ? panel.text : "",
    });
  return (
    <Drawer.Root opened onClose={onClose} position="right" size="min(1200px, 96vw)">
      <Drawer.Overlay />
      <Drawer.Content aria-label={`Panel ${panel.title || panel.id}`}>
        <Drawer.Body>
          <Group justify="space-between" py="sm">
            <Text fw={600}>Panel {panel.title || panel.id}</Text>
            <Drawer.CloseButton aria-label="Close the panel's editor" />
          </Group>
          <div className={classes.editor}>
            <Stack gap={10}>
              <div style={{ height: 320 }}>
                <PanelView panel={panel} values={values} height={320} />
              </div>
              {panel.type === "text" ? (
                <Textarea
                  label="Text"
                  description="Headings, lists, links, `code`, **bold**, *italic*; $variables"
                  autosize
                  minRows={8}
                  value={panel.text}
                  onChange={(event) => set({ text: event.currentTarget.value })}
                />
              ) : (
                panel.query && (
                  <QueryEditor
                    source={panel.query}
                    onChange={(query) => set({ query })}
                    error={null}
                  />
                )
              )}
            </Stack>
            <div className={classes.side}>
              <TextInput
                label="Title"
                maxLength={255}
                value={panel.title}
                onChange={(event) => set({ title: event.currentTarget.value })}
              />
              <Select
                label="Shown as"
                allowDeselect={false}
                data={[...PANEL_TYPES]}
                value={panel.type}
                onChange={(type) => type && retype(type as PanelType)}
              />
              <Textarea
                label="About it"
                autosize
                maxRows={4}
                maxLength={4096}
                value={panel.description}
                onChange={(event) => set({ description: event.currentTarget.value })}
              />
              {panel.type !== "text" && <Looks panel={panel} look={look} />}
              {spec.variables.length > 0 && (
                <Select
                  label="A panel for each value of"
                  clearable
                  data={spec.variables.map((one) => one.name)}
                  value={panel.repeat || null}
                  onChange={(repeat) => set({ repeat: repeat ?? "" })}
                />
              )}
              <Button onClick={onClose}>Done</Button>
            </div>
          </div>
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  );
}

function Looks({ panel, look }: { panel: Panel; look: (patch: Partial<Look>) => void }) {
  const now = panel.look;
  const number = (value: string | number) => (value === "" ? null : Number(value));
  const lines = panel.type === "timeseries";
  const figures = ["stat", "gauge", "bar", "table"].includes(panel.type);
  return (
    <>
      <TextInput
        label="Unit"
        placeholder="of the data"
        description="UCUM: s, ms, By, %, share, {request}/s"
        maxLength={64}
        value={now.unit}
        onChange={(event) => look({ unit: event.currentTarget.value })}
      />
      {lines && (
        <>
          <Select
            label="Draw"
            allowDeselect={false}
            data={[
              { value: "line", label: "Lines" },
              { value: "area", label: "Areas" },
              { value: "stack", label: "Stacked" },
              { value: "bars", label: "Bars" },
            ]}
            value={now.draw}
            onChange={(draw) => look({ draw: draw as Look["draw"] })}
          />
          <Select
            label="Legend"
            allowDeselect={false}
            data={[
              { value: "list", label: "Short" },
              { value: "table", label: "With statistics" },
              { value: "none", label: "None" },
            ]}
            value={now.legend}
            onChange={(legend) => look({ legend: legend as Look["legend"] })}
          />
          <Switch
            label="Logarithmic"
            checked={now.log}
            onChange={(event) => look({ log: event.currentTarget.checked })}
          />
        </>
      )}
      {figures && (
        <Select
          label="A series becomes its"
          allowDeselect={false}
          data={["last", "mean", "min", "max", "sum", "count"]}
          value={now.reduce}
          onChange={(reduce) => look({ reduce: reduce as Look["reduce"] })}
        />
      )}
      {panel.type === "stat" && (
        <Switch
          label="With its line"
          checked={now.sparkline}
          onChange={(event) => look({ sparkline: event.currentTarget.checked })}
        />
      )}
      <Group gap={8} grow>
        <NumberInput
          label="From"
          value={now.minimum ?? ""}
          onChange={(v) => look({ minimum: number(v) })}
        />
        <NumberInput
          label="To"
          value={now.maximum ?? ""}
          onChange={(v) => look({ maximum: number(v) })}
        />
        <NumberInput
          label="Decimals"
          min={0}
          max={10}
          value={now.decimals ?? ""}
          onChange={(v) => look({ decimals: number(v) })}
        />
      </Group>
      <Text size="sm" fw={500}>
        Thresholds
      </Text>
      {now.thresholds.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: thresholds have no identity but their place
        <Group key={at} gap={6} wrap="nowrap">
          <NumberInput
            aria-label={`Threshold ${at + 1}`}
            value={one.value}
            onChange={(value) =>
              look({ thresholds: now.thresholds.with(at, { ...one, value: Number(value) || 0 }) })
            }
          />
          <Select
            aria-label={`Level of threshold ${at + 1}`}
            allowDeselect={false}
            data={["ok", "info", "warning", "critical"]}
            value={one.level ?? "warning"}
            onChange={(level) =>
              look({ thresholds: now.thresholds.with(at, { ...one, level: level as "warning" }) })
            }
          />
          <RemoveIcon
            label={`Remove threshold ${at + 1}`}
            onClick={() => look({ thresholds: now.thresholds.toSpliced(at, 1) })}
          />
        </Group>
      ))}
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconPlus size={13} />}
        disabled={now.thresholds.length >= 20}
        onClick={() =>
          look({ thresholds: [...now.thresholds, { value: 0, level: "warning", label: "" }] })
        }
      >
        Threshold
      </Button>
    </>
  );
}
