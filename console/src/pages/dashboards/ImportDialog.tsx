import {
  Alert,
  Button,
  FileInput,
  Group,
  Modal,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { asApiError } from "@/api/errors";
import { useChange } from "@/api/query";
import type { components } from "@/api/schema";
import { useOpenPage } from "@/app/useOpenPage";
import classes from "./dashboards.module.css";

type Answer = components["schemas"]["DashboardImportView"];

/** Makes a dashboard of a file, and says first what of it would not come over. */
export default function ImportDialog({ onClose }: { onClose: () => void }) {
  const openPage = useOpenPage();
  const [text, setText] = useState("");
  const [name, setName] = useState("");
  const [seen, setSeen] = useState<Answer | null>(null);
  const send = useChange(
    (dry_run: boolean) =>
      unwrap(
        client.POST("/api/v1/dashboards/import", { body: { text, name: name || null, dry_run } }),
      ),
    ["/api/v1/dashboards"],
  );
  const open = (made: Answer) => {
    onClose();
    openPage(`/dashboards/${made.dashboard?.id}`);
  };
  const change = (next: string) => {
    setText(next);
    setSeen(null);
    send.reset();
  };
  const problem = send.error && asApiError(send.error);
  return (
    <Modal
      opened
      onClose={onClose}
      title="Import a dashboard"
      size="lg"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack gap="sm">
        <FileInput
          label="File"
          description="An export of Vedette (JSON, YAML) or of Grafana (classic JSON)"
          placeholder="Choose a file"
          accept=".json,.yaml,.yml"
          clearable
          onChange={(file) => void (file ? file.text().then(change) : change(""))}
        />
        <Textarea
          label="Or its text"
          minRows={6}
          maxRows={12}
          autosize
          classNames={{ input: classes.code }}
          value={text.length > 200_000 ? `${text.slice(0, 2000)}…` : text}
          onChange={(event) => change(event.currentTarget.value)}
        />
        <TextInput
          label="Name"
          placeholder="of the file"
          maxLength={255}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {problem && (
          <Alert color="red" role="alert" title={problem.message}>
            {problem.remedy}
          </Alert>
        )}
        {seen && (
          <Alert
            color={seen.notes.length ? "yellow" : "green"}
            role="status"
            title={`${seen.name}: ${seen.spec.panels?.length ?? 0} panels come over`}
          >
            {seen.notes.map((one, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: notes have no other identity
              <Text size="sm" key={at}>
                {one.panel ? `${one.panel}: ` : ""}
                {one.reason}
              </Text>
            ))}
          </Alert>
        )}
        <Group justify="flex-end">
          <Button
            variant="default"
            disabled={!text}
            loading={send.isPending}
            onClick={() => send.mutate(true, { onSuccess: setSeen })}
          >
            Look first
          </Button>
          <Button
            disabled={!text}
            loading={send.isPending}
            onClick={() => send.mutate(false, { onSuccess: open })}
          >
            Import
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
