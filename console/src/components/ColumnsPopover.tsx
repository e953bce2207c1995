import { Button, Popover, Stack, TextInput, type TextInputProps } from "@mantine/core";
import { IconColumns } from "@tabler/icons-react";
import type { ReactNode } from "react";

interface Props {
  /** The button's text. */
  label: string;
  opened: boolean;
  onOpened: (opened: boolean) => void;
  width: number;
  find: string;
  onFind: (find: string) => void;
  /** The rest of the input that finds columns. */
  input: TextInputProps;
  children: ReactNode;
}

/** The choice of a table's columns: one finds them by name and sets marks. */
export function ColumnsPopover(props: Props) {
  const { label, opened, onOpened, width, find, onFind, input, children } = props;
  return (
    <Popover opened={opened} onChange={onOpened} position="bottom-end" trapFocus returnFocus>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<IconColumns size={14} />}
          onClick={() => onOpened(!opened)}
          aria-expanded={opened}
        >
          {label}
        </Button>
      </Popover.Target>
      <Popover.Dropdown w={width}>
        <Stack gap="xs">
          <TextInput
            {...input}
            value={find}
            onChange={(event) => onFind(event.currentTarget.value)}
            data-autofocus
          />
          {children}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
