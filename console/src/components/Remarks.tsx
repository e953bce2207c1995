import { Button, Text, Textarea } from "@mantine/core";
import type { UseQueryResult } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { ApiError } from "@/api/errors";
import type { useChange } from "@/api/query";
import classes from "@/pages/alarms/alarms.module.css";
import { useSession } from "@/session/SessionProvider";
import { Moment } from "./Moment";
import { Panel } from "./Panel";
import { ErrorPanel, QueryState } from "./QueryState";

interface Remark {
  id: string;
  by: string;
  at: string;
  text: string;
  /** What it is where it is not what somebody wrote here. */
  kind?: string;
}

interface Props<T> {
  title: string;
  /** What one of them is called. */
  label: string;
  button: string;
  query: UseQueryResult<T, ApiError>;
  remarks: (data: T) => readonly Remark[];
  add: ReturnType<typeof useChange<string, unknown>>;
}

/** What people say about something while they work on it. */
export function Remarks<T>({ title, label, button, query, remarks, add }: Props<T>) {
  const { can } = useSession();
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(text, { onSuccess: () => setText("") });
  };
  return (
    <Panel title={title}>
      {can("catalog:write") && (
        <form onSubmit={submit} className={classes.form}>
          <Textarea
            aria-label={label}
            placeholder="What you see, and what you do about it"
            className={classes.grow}
            autosize
            maxLength={4096}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
          <Button type="submit" variant="default" disabled={!text.trim()} loading={add.isPending}>
            {button}
          </Button>
        </form>
      )}
      {add.error && <ErrorPanel error={add.error} />}
      <QueryState
        query={query}
        isEmpty={(data) => remarks(data).length === 0}
        empty={
          <Text size="sm" c="dimmed" className={classes.pad}>
            Nobody said anything yet.
          </Text>
        }
        height={40}
      >
        {(data) =>
          remarks(data).map((one) => (
            <div key={one.id} className={classes.cause}>
              <Text size="xs" c="dimmed">
                {one.by} · <Moment at={one.at} />
                {one.kind && ` · ${one.kind}`}
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
