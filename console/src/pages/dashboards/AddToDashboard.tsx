import { Button, Group, Modal, Select, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { asApiError } from "@/api/errors";
import { useChange, useGet } from "@/api/query";
import { PageLink } from "@/components/PageLink";
import { EMPTY, newPanel, type PanelType, type Source, whole, withPanel } from "./model";

interface Props {
  source: Source;
  type: PanelType;
  title: string;
  onClose: () => void;
}

const NEW = "";

/** Puts what a page shows on a dashboard, a new one or one that is there. */
export default function AddToDashboard({ source, type, title, onClose }: Props) {
  const [name, setName] = useState(title);
  const [board, setBoard] = useState<string>(NEW);
  const [boardName, setBoardName] = useState("");
  const list = useGet("/api/v1/dashboards", { params: { query: { limit: 500 } } });
  const mine = list.data?.dashboards.filter((one) => !one.owner) ?? [];
  const add = useChange(async () => {
    const panel = newPanel(type, source, { title: name });
    if (board === NEW) {
      const { spec } = withPanel(EMPTY, panel);
      return unwrap(
        client.POST("/api/v1/dashboards", {
          body: { name: boardName, spec, comment: "" } as never,
        }),
      );
    }
    const params = { path: { dashboard: board } };
    const there = await unwrap(client.GET("/api/v1/dashboards/{dashboard}", { params }));
    const { spec } = withPanel(whole(there.spec), panel);
    const body = { spec, version: there.version, comment: `panel ${name} added`.slice(0, 500) };
    return unwrap(client.PATCH("/api/v1/dashboards/{dashboard}", { params, body: body as never }));
  }, ["/api/v1/dashboards"]);
  const problem = add.error && asApiError(add.error);
  return (
    <Modal
      opened
      onClose={onClose}
      title="Add to a dashboard"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {add.data ? (
        <Stack gap="sm">
          <span>
            It is on <PageLink to={`/dashboards/${add.data.id}`}>{add.data.name}</PageLink>.
          </span>
          <Button onClick={onClose}>Go on</Button>
        </Stack>
      ) : (
        <Stack gap="sm">
          <TextInput
            label="Title of the panel"
            maxLength={255}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Select
            label="Dashboard"
            searchable
            allowDeselect={false}
            data={[
              { value: NEW, label: "A new one" },
              ...mine.map(({ id, name: label }) => ({ value: id, label })),
            ]}
            value={board}
            onChange={(value) => setBoard(value ?? NEW)}
          />
          {board === NEW && (
            <TextInput
              label="Its name"
              required
              maxLength={255}
              value={boardName}
              onChange={(event) => setBoardName(event.currentTarget.value)}
            />
          )}
          {problem && (
            <span role="alert">{`${problem.message}${problem.remedy ? `; ${problem.remedy}` : ""}`}</span>
          )}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button
              loading={add.isPending}
              disabled={board === NEW && !boardName.trim()}
              onClick={() => add.mutate()}
            >
              Add
            </Button>
          </Group>
        </Stack>
      )}
    </Modal>
  );
}
