import { ActionIcon, Button, Group, Popover, Tooltip } from "@mantine/core";
import {
  IconChevronLeft,
  IconChevronRight,
  IconClock,
  IconPlayerPauseFilled,
  IconPlayerPlayFilled,
  IconRefresh,
  IconZoomOut,
} from "@tabler/icons-react";
import { useIsFetching } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import classes from "./TimeControls.module.css";
import { useTimeRange } from "./TimeProvider";

const Picker = lazy(() => import("./TimePicker"));

/** The controls of the time context: range, neighbours, zoom, live mode, time zone. */
export function TimeControls() {
  const time = useTimeRange();
  const fetching = useIsFetching() > 0;
  const [opened, setOpened] = useState(false);
  const icon = 16;
  return (
    <Group gap={2} role="group" aria-label="Time range" wrap="nowrap" className={classes.controls}>
      <Tooltip label="The range before">
        <ActionIcon aria-label="The range before" onClick={() => time.shift(-1)}>
          <IconChevronLeft size={icon} />
        </ActionIcon>
      </Tooltip>
      <Popover opened={opened} onChange={setOpened} position="bottom-end" trapFocus returnFocus>
        <Popover.Target>
          <Button
            variant="default"
            leftSection={<IconClock size={15} />}
            onClick={() => setOpened(!opened)}
            aria-haspopup="dialog"
            aria-expanded={opened}
            id="time-range"
            className={classes.range}
          >
            {time.label}
          </Button>
        </Popover.Target>
        <Popover.Dropdown p="sm" className={classes.dropdown}>
          <Suspense>
            <Picker onDone={() => setOpened(false)} />
          </Suspense>
        </Popover.Dropdown>
      </Popover>
      <Tooltip label="The range after">
        <ActionIcon
          aria-label="The range after"
          onClick={() => time.shift(1)}
          disabled={time.to === "now"}
        >
          <IconChevronRight size={icon} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Zoom out">
        <ActionIcon aria-label="Zoom out" onClick={time.zoomOut}>
          <IconZoomOut size={icon} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label="Ask again (r)">
        <ActionIcon
          aria-label="Ask again"
          onClick={time.refresh}
          data-busy={(fetching && !time.live) || undefined}
          className={classes.again}
        >
          <IconRefresh size={icon} />
        </ActionIcon>
      </Tooltip>
      <Tooltip label={time.live ? "Stop live mode" : "Live: move with the present"}>
        <Button
          size="xs"
          variant={time.live ? "filled" : "default"}
          px={8}
          aria-pressed={time.live}
          onClick={() => time.setLive(!time.live)}
          leftSection={
            time.live ? <IconPlayerPauseFilled size={12} /> : <IconPlayerPlayFilled size={12} />
          }
        >
          Live
        </Button>
      </Tooltip>
    </Group>
  );
}
