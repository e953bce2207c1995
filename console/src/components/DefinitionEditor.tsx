import { Button, Group, JsonInput, Modal, Stack, Tabs, TextInput } from "@mantine/core";
import { IconPencil, IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { Confirm } from "./Confirm";
import { notifyDone, notifyError } from "./notify";
import { ErrorPanel, QueryState } from "./QueryState";
import { SchemaForm } from "./schema/SchemaForm";
import type { Schema } from "./schema/schema";

export interface DefinitionEditorProps {
  /** What it is called: `KPI`, `objective`. */
  what: string;
  /** Its kind in files of `vedette apply`, whose schema the form is made of. */
  kind: string;
  /** The collection's route, such as `/api/v1/kpis`. */
  path: string;
  /** Set where one is changed; a new one gets a name in the form. */
  name?: string;
  /** The definition that the form begins with. */
  spec: unknown;
  /** Labels that are kept as they are. */
  labels?: Record<string, string>;
  /** Routes that are asked again after a change. */
  stale?: readonly string[];
  onDone?: (name: string) => void;
}

/** Make or change what a definition says all about: in a form, or as the JSON of the API and of files. */
export function DefinitionEditor({
  what,
  kind,
  path,
  name,
  spec,
  labels,
  stale = [],
  onDone,
}: DefinitionEditorProps) {
  const [open, setOpen] = useState(false);
  const [title, setTitle] = useState("");
  const [draft, setDraft] = useState<unknown>(spec);
  const [text, setText] = useState<string | null>(null);
  const [wrong, setWrong] = useState("");
  const schema = useGet(
    "/api/v1/kinds/{kind}",
    { params: { path: { kind } } },
    { enabled: open, staleTime: Number.POSITIVE_INFINITY },
  );
  const save = useChange(
    (body: { name: string; spec: unknown }) =>
      unwrap(
        client.PUT(
          `${path}/{name}` as never,
          {
            params: { path: { name: body.name } },
            body: { spec: body.spec, labels: labels ?? {} },
          } as never,
        ) as Promise<never>,
      ),
    [path, ...stale],
  );
  const show = () => {
    setDraft(spec);
    setText(null);
    setTitle(name ?? "");
    setWrong("");
    save.reset();
    setOpen(true);
  };
  /** Take over what was written as JSON; false where it is none. */
  const read = (): { spec: unknown } | undefined => {
    if (text === null) return { spec: draft };
    try {
      const parsed = { spec: JSON.parse(text) };
      setWrong("");
      setDraft(parsed.spec);
      return parsed;
    } catch (error) {
      setWrong(String((error as Error).message));
      return undefined;
    }
  };
  const turn = (tab: string | null) => {
    if (tab === "json") setText(JSON.stringify(draft, null, 2));
    else if (read()) setText(null);
  };
  const submit = () => {
    const found = read();
    if (!found) return;
    save.mutate(
      { name: title.trim(), spec: found.spec },
      {
        onSuccess: () => {
          setOpen(false);
          notifyDone(`${title.trim()} is saved`);
          onDone?.(title.trim());
        },
      },
    );
  };
  return (
    <>
      <Button
        variant="default"
        size="compact-sm"
        leftSection={name ? <IconPencil size={14} /> : <IconPlus size={14} />}
        onClick={show}
      >
        {name ? "Edit" : `New ${what}`}
      </Button>
      <Modal
        opened={open}
        onClose={() => setOpen(false)}
        title={name ? `Edit ${name}` : `New ${what}`}
        size="lg"
        closeButtonProps={{ "aria-label": "Close" }}
      >
        <Stack gap="sm">
          {!name && (
            <TextInput
              label="Name"
              required
              value={title}
              onChange={(event) => setTitle(event.currentTarget.value)}
            />
          )}
          <Tabs value={text === null ? "form" : "json"} onChange={turn} keepMounted={false}>
            <Tabs.List>
              <Tabs.Tab value="form">Form</Tabs.Tab>
              <Tabs.Tab value="json">JSON</Tabs.Tab>
            </Tabs.List>
            <Tabs.Panel value="form" pt="xs">
              <QueryState query={schema} height={240}>
                {({ definition }) => (
                  <SchemaForm
                    root={definition as Schema}
                    schema={definition as Schema}
                    value={draft}
                    onChange={setDraft}
                  />
                )}
              </QueryState>
            </Tabs.Panel>
            <Tabs.Panel value="json" pt="xs">
              <JsonInput
                label="Definition"
                description="As in files of `vedette apply`; the server checks it."
                value={text ?? ""}
                onChange={setText}
                autosize
                minRows={12}
                maxRows={26}
                spellCheck={false}
                error={wrong || undefined}
                styles={{
                  input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12 },
                }}
              />
            </Tabs.Panel>
          </Tabs>
          {save.error && <ErrorPanel error={save.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={() => setOpen(false)}>
              Cancel
            </Button>
            <Button onClick={submit} loading={save.isPending} disabled={!title.trim()}>
              Save
            </Button>
          </Group>
        </Stack>
      </Modal>
    </>
  );
}

interface DeleteProps {
  what: string;
  path: string;
  name: string;
  /** What stays and what goes. */
  question: string;
  onDone: () => void;
}

/** Delete one, once that is confirmed. */
export function DefinitionDelete({ what, path, name, question, onDone }: DeleteProps) {
  const remove = useChange(
    () =>
      unwrap(
        client.DELETE(
          `${path}/{name}` as never,
          { params: { path: { name } } } as never,
        ) as Promise<never>,
      ),
    [path],
  );
  return (
    <Confirm
      label="Delete"
      question={question}
      confirm={`Delete the ${what}`}
      busy={remove.isPending}
      onConfirm={() =>
        remove.mutate(undefined, {
          onSuccess: onDone,
          onError: (error) => notifyError(`${name} was not deleted`, error),
        })
      }
    />
  );
}
