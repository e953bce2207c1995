import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange } from "@/api/query";
import type { components } from "@/api/schema";
import { ErrorPanel } from "@/components/QueryState";

type Expectations = components["schemas"]["Expectations"];
const FIELDS = [
  ["schedule", "Schedule", "every 1h, or a cron expression such as 0 2 * * *"],
  ["grace", "Grace", "how late a start may be, such as 5m"],
  ["freshness_warn", "Stale after", "age of the last success that warns, such as 2h"],
  ["freshness_error", "Too old after", "age that is an error, such as 6h"],
  ["owner", "Owner", "who looks after it"],
] as const;

/** What is expected of a pipeline: shown in a word, changed in a dialog. */
export function ExpectationsForm({
  job,
  expected,
}: {
  job: string;
  expected: Expectations | null;
}) {
  const [opened, setOpened] = useState(false);
  const [values, setValues] = useState<Record<string, string>>({ ...expected } as never);
  const change = useChange(
    (body: Record<string, string>) =>
      unwrap(
        client.PUT("/api/v1/pipelines/expectations", {
          params: { query: { pipeline: job } },
          body: body as never,
        }),
      ),
    ["/api/v1/pipelines"],
  );
  const save = () => change.mutate(values, { onSuccess: () => setOpened(false) });
  return (
    <>
      <Button variant="default" size="compact-xs" onClick={() => setOpened(true)}>
        {expected?.schedule || expected?.freshness_warn || expected?.freshness_error
          ? `Expected: ${expected.schedule || `fresh within ${expected.freshness_error || expected.freshness_warn}`}`
          : "Say what is expected"}
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={`What is expected of ${job}`}>
        <Stack gap="xs">
          {FIELDS.map(([name, label, hint]) => (
            <TextInput
              key={name}
              label={label}
              description={hint}
              value={values[name] ?? ""}
              onChange={(event) => setValues({ ...values, [name]: event.currentTarget.value })}
            />
          ))}
          {change.error && <ErrorPanel error={change.error} />}
          <Group justify="flex-end">
            <Button onClick={save} loading={change.isPending}>
              Save
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}
