import { Button, Group, Textarea } from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { notifyDone } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { ErrorPanel } from "@/components/QueryState";
import { Remarks } from "@/components/Remarks";
import { useSession } from "@/session/SessionProvider";
import classes from "./incidents.module.css";
import { type Incident, SECTIONS } from "./model";

const NOTES = "/api/v1/incidents/{incident}/notes";

/** What people say about the incident while they work on it. */
export function Notes({ number }: { number: number }) {
  const path = { incident: String(number) };
  const query = useGet(NOTES, { params: { path } });
  const add = useChange(
    (text: string) => unwrap(client.POST(NOTES, { params: { path }, body: { text } })),
    ["/api/v1/incidents/{incident}/"],
  );
  return (
    <Remarks
      title="Notes"
      label="Note"
      button="Add"
      query={query}
      remarks={(data) =>
        [...data.notes]
          .reverse()
          .map((one) => ({ ...one, kind: one.kind === "note" ? undefined : one.kind }))
      }
      add={add}
    />
  );
}

/** What was learned, part by part. */
export function Postmortem({ one }: { one: Incident }) {
  const { can } = useSession();
  const [draft, setDraft] = useState(one.postmortem);
  const changed = SECTIONS.some(({ id }) => draft[id] !== one.postmortem[id]);
  const save = useChange(
    () =>
      unwrap(
        client.PATCH("/api/v1/incidents/{incident}/postmortem", {
          params: { path: { incident: String(one.number) } },
          body: draft,
        }),
      ),
    ["/api/v1/incidents"],
  );
  return (
    <Panel title="Postmortem">
      <div className={classes.sections}>
        {SECTIONS.map(({ id, title, hint }) => (
          <Textarea
            key={id}
            label={title}
            placeholder={hint}
            autosize
            minRows={2}
            maxLength={20_000}
            readOnly={!can("catalog:write")}
            value={draft[id]}
            onChange={(event) => setDraft({ ...draft, [id]: event.currentTarget.value })}
          />
        ))}
        {save.error && <ErrorPanel error={save.error} />}
        {can("catalog:write") && (
          <Group justify="flex-end">
            <Button
              disabled={!changed}
              loading={save.isPending}
              onClick={() =>
                save.mutate(undefined, {
                  onSuccess: () => notifyDone("The postmortem is saved"),
                })
              }
            >
              Save
            </Button>
          </Group>
        )}
      </div>
    </Panel>
  );
}
