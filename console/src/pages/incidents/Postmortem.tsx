import { Button, Group, Text, Textarea } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { Moment } from "@/components/Moment";
import { notifyDone } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import classes from "./incidents.module.css";
import { type Incident, SECTIONS } from "./model";

/** What people say about the incident while they work on it. */
export function Notes({ number }: { number: number }) {
  const { can } = useSession();
  const [text, setText] = useState("");
  const path = { incident: String(number) };
  const query = useGet("/api/v1/incidents/{incident}/notes", { params: { path } });
  const add = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/incidents/{incident}/notes", { params: { path }, body: { text } }),
      ),
    ["/api/v1/incidents/{incident}/"],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(undefined, { onSuccess: () => setText("") });
  };
  return (
    <Panel title="Notes">
      {can("catalog:write") && (
        <form onSubmit={submit} className={classes.form}>
          <Textarea
            aria-label="Note"
            placeholder="What you see, and what you do about it"
            className={classes.grow}
            autosize
            maxLength={4096}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" disabled={!text.trim()} loading={add.isPending}>
            Add
          </Button>
        </form>
      )}
      {add.error && <ErrorPanel error={add.error} />}
      <QueryState
        query={query}
        isEmpty={(data) => data.notes.length === 0}
        empty={
          <Text size="sm" c="dimmed" className={classes.pad}>
            Nobody said anything yet.
          </Text>
        }
        height={40}
      >
        {(data) =>
          [...data.notes].reverse().map((one) => (
            <div key={one.id} className={classes.pad}>
              <Text size="xs" c="dimmed">
                {one.by} · <Moment at={one.at} />
                {one.kind !== "note" && ` · ${one.kind}`}
              </Text>
              <Text size="sm" className={classes.wrap} style={{ whiteSpace: "pre-wrap" }}>
                {one.text}
              </Text>
            </div>
          ))
        }
      </QueryState>
    </Panel>
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
