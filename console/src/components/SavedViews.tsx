import { ActionIcon, Button, Group, Menu, Text, TextInput } from "@mantine/core";
import { IconBookmark, IconDeviceFloppy, IconTrash } from "@tabler/icons-react";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { asApiError } from "@/api/errors";
import { useChange, useGet } from "@/api/query";
import { useSession } from "@/session/SessionProvider";
import { parseSearch, stringifySearch } from "@/url/search";
import { ModalForm } from "./ModalForm";
import { notifyDone, notifyError } from "./notify";

/** What is not part of a view: whose account, what was opened, and the range where it is fixed. */
const LEFT_OUT = ["account", "tz", "live", "sel"];

/** The search of the address as a view keeps it: a range only where it moves with the present. */
export function viewSearch(search: string): string {
  const kept = parseSearch(search);
  for (const name of LEFT_OUT) delete kept[name];
  if (kept.to !== undefined || !String(kept.from ?? "").startsWith("-")) {
    delete kept.from;
    delete kept.to;
  }
  return stringifySearch(kept).slice(1);
}

/** The saved views of the page that is shown, and saving what it shows now. */
export default function SavedViews() {
  const page = useRouterState({ select: (state) => state.location.pathname });
  const { can } = useSession();
  const navigate = useNavigate();
  const [opened, setOpened] = useState(false);
  const [naming, setNaming] = useState(false);
  const query = useGet(
    "/api/v1/views",
    { params: { query: { page, limit: 200 } } },
    { enabled: opened },
  );
  const remove = useChange(
    (id: string) =>
      unwrap(client.DELETE("/api/v1/views/{view_id}", { params: { path: { view_id: id } } })),
    ["/api/v1/views"],
  );
  const views = query.data?.views ?? [];
  const write = can("catalog:write");
  const open = (search: string) =>
    void navigate({ to: page, search: parseSearch(search) as never });
  const drop = (id: string, name: string) =>
    remove.mutate(id, {
      onSuccess: () => notifyDone(`The view "${name}" is deleted`),
      onError: (error) => notifyError("The view was not deleted", error),
    });
  return (
    <>
      <Menu opened={opened} onChange={setOpened} position="bottom-end" closeOnItemClick={false}>
        <Menu.Target>
          <Button variant="default" leftSection={<IconBookmark size={15} />}>
            Views
          </Button>
        </Menu.Target>
        <Menu.Dropdown miw={220} maw={360}>
          <Menu.Label>Saved views of this page</Menu.Label>
          {query.error && <Menu.Label c="var(--v-critical)">{query.error.message}</Menu.Label>}
          {!views.length && !query.error && (
            <Menu.Label>{query.isFetching ? "Loading…" : "There are none yet"}</Menu.Label>
          )}
          {views.map((view) => (
            <Group key={view.id} gap={2} wrap="nowrap">
              <Menu.Item
                flex={1}
                onClick={() => {
                  setOpened(false);
                  open(view.search);
                }}
              >
                {view.name}
              </Menu.Item>
              {write && (
                <ActionIcon
                  aria-label={`Delete the view ${view.name}`}
                  onClick={() => drop(view.id, view.name)}
                >
                  <IconTrash size={14} />
                </ActionIcon>
              )}
            </Group>
          ))}
          {write && (
            <>
              <Menu.Divider />
              <Menu.Item
                leftSection={<IconDeviceFloppy size={15} />}
                onClick={() => {
                  setOpened(false);
                  setNaming(true);
                }}
              >
                Save what is shown…
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      {naming && <NameView page={page} onClose={() => setNaming(false)} />}
    </>
  );
}

function NameView({ page, onClose }: { page: string; onClose: () => void }) {
  const [name, setName] = useState("");
  const save = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/views", {
          body: { name, page, search: viewSearch(location.search) },
        }),
      ),
    ["/api/v1/views"],
  );
  const submit = () => {
    save.mutate(undefined, {
      onSuccess: () => {
        notifyDone(`The view "${name.trim()}" is saved`);
        onClose();
      },
    });
  };
  const problem = save.error && asApiError(save.error);
  return (
    <ModalForm
      onClose={onClose}
      title="Save what is shown"
      button="Save"
      busy={save.isPending}
      onSubmit={submit}
    >
      <TextInput
        label="Name"
        required
        maxLength={128}
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={problem && `${problem.message}${problem.remedy ? `; ${problem.remedy}` : ""}`}
      />
      <Text size="xs" c="dimmed">
        Everybody in the account finds it under Views. A range like "last hour" is kept, a fixed one
        is not.
      </Text>
    </ModalForm>
  );
}
