import { Group, SegmentedControl, Slider, Switch, Text } from "@mantine/core";
import { flag, integer, oneOf } from "@/url/params";
import classes from "./training.module.css";

/** How curves are drawn, as the address says. */
export const CURVE_PARAMS = {
  axis: oneOf(["step", "time", "relative"], "step"),
  smooth: integer(0, 0, 99),
  log: flag(false),
};

interface Props {
  axis: "step" | "time" | "relative";
  smooth: number;
  log: boolean;
  onChange: (patch: {
    axis?: "step" | "time" | "relative";
    smooth?: number;
    log?: boolean;
  }) => void;
}

export function CurveControls({ axis, smooth, log, onChange }: Props) {
  return (
    <Group gap="lg" className={classes.pad}>
      <SegmentedControl
        size="xs"
        aria-label="Axis of the charts"
        data={[
          { value: "step", label: "Steps" },
          { value: "relative", label: "Time since start" },
          { value: "time", label: "Time" },
        ]}
        value={axis}
        onChange={(next) => onChange({ axis: next as "step" })}
      />
      <Group gap={8} wrap="nowrap">
        <Text size="xs" c="dimmed">
          Smoothing
        </Text>
        <Slider
          w={140}
          size="sm"
          min={0}
          max={99}
          value={smooth}
          onChange={(next) => onChange({ smooth: next })}
          thumbLabel="Smoothing"
          label={(value) => (value / 100).toFixed(2)}
        />
      </Group>
      <Switch
        size="xs"
        label="Logarithmic"
        checked={log}
        onChange={(event) => onChange({ log: event.currentTarget.checked })}
      />
    </Group>
  );
}
