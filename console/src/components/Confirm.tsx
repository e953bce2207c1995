import { Button, Popover, Stack, Text } from "@mantine/core";
import { useState } from "react";

interface Props {
  label: string;
  /** What will happen. */
  question: string;
  confirm: string;
  busy?: boolean;
  onConfirm: () => void;
}

/** A button that asks once more before something ends that cannot be had again. */
export function Confirm({ label, question, confirm, busy, onConfirm }: Props) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom-end"
      trapFocus
      returnFocus
      width={260}
    >
      <Popover.Target>
        <Button
          variant="default"
          size="compact-xs"
          loading={busy}
          onClick={() => setOpened(!opened)}
          aria-expanded={opened}
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <Text size="sm">{question}</Text>
          <Button
            color="red"
            onClick={() => {
              setOpened(false);
              onConfirm();
            }}
          >
            {confirm}
          </Button>
          <Button variant="default" onClick={() => setOpened(false)}>
            Cancel
          </Button>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
