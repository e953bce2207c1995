import { Button, Group, Modal, type ModalProps, Stack } from "@mantine/core";
import type { FormEvent } from "react";

interface Props extends Omit<ModalProps, "opened" | "onSubmit"> {
  button: string;
  busy: boolean;
  disabled?: boolean;
  onSubmit: () => void;
}

/** A form over the page, with what sends it and what leaves it. */
export function ModalForm({ button, busy, disabled, onSubmit, children, ...rest }: Props) {
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Modal {...rest} opened>
      <form onSubmit={submit}>
        <Stack gap="sm">
          {children}
          <Group justify="flex-end">
            <Button variant="default" onClick={rest.onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={disabled}>
              {button}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
