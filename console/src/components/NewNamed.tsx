import { Button, Group, Modal, Stack, Textarea, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { useChange } from "@/api/query";

interface Named {
  name: string;
  description: string;
}

interface Props<Made> {
  title: string;
  /** What the description is asked as. */
  about: string;
  button: string;
  create: ReturnType<typeof useChange<Named, Made>>;
  onMade: (made: Made) => void;
  onClose: () => void;
}

/** Makes what has a name and a description at first. */
export function NewNamed<Made>({ title, about, button, create, onMade, onClose }: Props<Made>) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate({ name, description }, { onSuccess: onMade });
  };
  return (
    <Modal opened onClose={onClose} title={title}>
      <form onSubmit={submit}>
        <Stack gap="sm">
          <TextInput
            label="Name"
            required
            maxLength={500}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={create.error?.message}
          />
          <Textarea
            label={about}
            autosize
            minRows={2}
            value={description}
            onChange={(event) => setDescription(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              {button}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
