import { Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange } from "@/api/query";
import { ModalForm } from "./ModalForm";

interface Props {
  title: string;
  /** What the description is asked as. */
  about: string;
  button: string;
  /** The collection's route. */
  path: "/api/v1/experiments" | "/api/v1/models";
  onMade: (made: { id: string; name: string }) => void;
  onClose: () => void;
}

/** Makes what has a name and a description at first. */
export function NewNamed({ title, about, button, path, onMade, onClose }: Props) {
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const create = useChange(
    () => unwrap(client.POST(path, { body: { name, description } })),
    [path],
  );
  const submit = () => create.mutate(undefined, { onSuccess: onMade });
  return (
    <ModalForm
      onClose={onClose}
      title={title}
      button={button}
      busy={create.isPending}
      onSubmit={submit}
    >
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
    </ModalForm>
  );
}
