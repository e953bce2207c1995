import { Button, Group, Popover, Stack, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange } from "@/api/query";
import { Confirm } from "@/components/Confirm";
import { notifyDone, notifyError } from "@/components/notify";
import { useSession } from "@/session/SessionProvider";

type Action = "delete" | "restore" | "set_tag" | "delete_tag";
interface Asked {
  action: Action;
  key?: string;
  value?: string;
}

const PART = 500;

interface Props {
  ids: readonly string[];
  /** Whether all of them are marked as deleted; not known where left out. */
  deleted?: boolean;
  onDone: () => void;
}

/** Delete, restore and tag many runs; each 500 of them are one transaction. */
export function BulkActions({ ids, deleted, onDone }: Props) {
  const { can } = useSession();
  const [tagging, setTagging] = useState(false);
  const act = useChange(
    async ({ action, key = "", value = "" }: Asked) => {
      for (let at = 0; at < ids.length; at += PART) {
        const run_ids = ids.slice(at, at + PART);
        await unwrap(
          client.POST("/api/v1/runs/actions", { body: { run_ids, action, key, value } }),
        );
      }
    },
    ["/api/v1/runs", "/api/v1/experiments"],
  );
  if (!can("catalog:write")) return null;
  const run = (asked: Asked, done: string) =>
    act.mutate(asked, {
      onSuccess: () => {
        notifyDone(done);
        onDone();
      },
      onError: (error) => notifyError("The runs were not changed", error),
    });
  return (
    <Group gap={6}>
      <Popover opened={tagging} onChange={setTagging} trapFocus returnFocus>
        <Popover.Target>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => setTagging(!tagging)}
            aria-expanded={tagging}
          >
            Tag
          </Button>
        </Popover.Target>
        <Popover.Dropdown>
          <TagForm
            onSet={(key, value) => {
              setTagging(false);
              run(
                value ? { action: "set_tag", key, value } : { action: "delete_tag", key },
                `${ids.length} runs: ${key} ${value ? `= ${value}` : "is gone"}`,
              );
            }}
          />
        </Popover.Dropdown>
      </Popover>
      {deleted !== false && (
        <Button
          size="compact-sm"
          variant="default"
          loading={act.isPending}
          onClick={() => run({ action: "restore" }, `${ids.length} runs are active`)}
        >
          Restore
        </Button>
      )}
      {!deleted && (
        <Confirm
          label="Delete"
          question={`${ids.length} runs are marked as deleted; they can be restored.`}
          confirm="Delete the runs"
          busy={act.isPending}
          onConfirm={() => run({ action: "delete" }, `${ids.length} runs are deleted`)}
        />
      )}
    </Group>
  );
}

function TagForm({ onSet }: { onSet: (key: string, value: string) => void }) {
  const [key, setKey] = useState("");
  const [value, setValue] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (key.trim()) onSet(key.trim(), value);
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="xs">
        <TextInput
          label="Tag"
          required
          maxLength={250}
          value={key}
          onChange={(event) => setKey(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label="Value; an empty one takes the tag away"
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
        <Button type="submit">Set the tag</Button>
      </Stack>
    </form>
  );
}
