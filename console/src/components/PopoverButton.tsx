import { Button, type ButtonProps, Popover, Stack } from "@mantine/core";
import { type ReactNode, useState } from "react";

interface Props extends Omit<ButtonProps, "children"> {
  label: string;
  /** The button's name where its text alone is not enough. */
  name?: string;
  width: number;
  children: (close: () => void) => ReactNode;
}

/** A small button that asks for more below it. */
export function PopoverButton({ label, name, width, children, ...rest }: Props) {
  const [opened, setOpened] = useState(false);
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom-end"
      trapFocus
      returnFocus
      width={width}
    >
      <Popover.Target>
        <Button
          {...rest}
          variant="default"
          size="compact-xs"
          aria-label={name}
          aria-expanded={opened}
          onClick={() => setOpened(!opened)}
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">{children(() => setOpened(false))}</Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
