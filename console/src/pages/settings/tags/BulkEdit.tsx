import { Button, TagsInput, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange } from "@/api/query";
import { notifyDone } from "@/components/notify";
import { ErrorPanel } from "@/components/QueryState";
import classes from "../settings.module.css";

interface Props {
  resources: readonly string[];
  onDone: () => void;
}

/** Sets and removes tags of many resources in one change: all of them, or none. */
export function BulkEdit({ resources, onDone }: Props) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const [remove, setRemove] = useState<string[]>([]);
  const change = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/tags/bulk", {
          body: {
            resources: [...resources],
            tags: key.trim() ? { [key.trim()]: value } : {},
            remove,
          },
        }),
      ),
    ["/api/v1/tags"],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(undefined, {
      onSuccess: (answer) => {
        notifyDone(`The tags of ${answer.resources} resources are changed`);
        setKey("");
        setValue("");
        setRemove([]);
        onDone();
      },
    });
  };
  return (
    <>
      <form className={classes.form} onSubmit={submit} aria-label="Change tags of many">
        <TextInput
          label="Set tag"
          placeholder="team"
          maxLength={128}
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          w={150}
        />
        <TextInput
          label="to value"
          placeholder="payments"
          maxLength={256}
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
          w={170}
        />
        <TagsInput
          size="xs"
          label="Remove tags"
          placeholder={remove.length ? undefined : "key, Enter"}
          value={remove}
          onChange={setRemove}
          w={200}
        />
        <Button
          type="submit"
          disabled={!resources.length || !(key.trim() || remove.length)}
          loading={change.isPending}
        >
          Change {resources.length} {resources.length === 1 ? "resource" : "resources"}
        </Button>
        {!resources.length && (
          <Text size="xs" c="dimmed" pb={8}>
            tick resources below
          </Text>
        )}
      </form>
      {change.error && <ErrorPanel error={change.error} />}
    </>
  );
}
