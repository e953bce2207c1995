import { Button, Text, Textarea } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { Moment } from "@/components/Moment";
import { Panel } from "@/components/Panel";
import { ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import classes from "./alarms.module.css";

/** What people say about the alarm. */
export function Comments({ id }: { id: string }) {
  const { can } = useSession();
  const [text, setText] = useState("");
  const query = useGet("/api/v1/alarms/{alarm}/comments", {
    params: { path: { alarm: id }, query: { limit: 100 } },
  });
  const add = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/alarms/{alarm}/comments", {
          params: { path: { alarm: id } },
          body: { text },
        }),
      ),
    ["/api/v1/alarms/{alarm}/comments"],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(undefined, { onSuccess: () => setText("") });
  };
  return (
    <Panel title="Comments">
      {can("catalog:write") && (
        <form onSubmit={submit} className={classes.form}>
          <Textarea
            aria-label="Comment"
            placeholder="What you see, and what you do about it"
            className={classes.grow}
            autosize
            maxLength={4096}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" disabled={!text.trim()} loading={add.isPending}>
            Comment
          </Button>
        </form>
      )}
      {add.error && <ErrorPanel error={add.error} />}
      <QueryState
        query={query}
        isEmpty={(data) => data.comments.length === 0}
        empty={
          <Text size="sm" c="dimmed" className={classes.pad}>
            Nobody said anything yet.
          </Text>
        }
        height={40}
      >
        {(data) =>
          data.comments.map((one) => (
            <div key={one.id} className={classes.cause}>
              <Text size="xs" c="dimmed">
                {one.by} · <Moment at={one.at} />
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
