import { Textarea, TextInput } from "@mantine/core";
import { useState } from "react";
import type { useChange } from "@/api/query";
import { ModalForm } from "./ModalForm";

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
  const submit = () => {
    create.mutate({ name, description }, { onSuccess: onMade });
  };
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
