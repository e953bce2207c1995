import { Badge, Button, Group, PasswordInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { Fact, Facts } from "@/components/Facts";
import { Moment } from "@/components/Moment";
import { notifyDone } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession, useSessionState } from "@/session/SessionProvider";
import { SessionList } from "./SessionList";
import { SettingsFrame } from "./SettingsFrame";
import classes from "./settings.module.css";

/** Who is signed in, with what rights, and where else. */
export default function MePage() {
  const { session } = useSession();
  const { identity } = session;
  return (
    <SettingsFrame title="Settings">
      <Panel title="Who you are here">
        <Facts figures>
          <Fact name={identity.type === "APIKey" ? "API key" : "name"}>
            {identity.display_name}
          </Fact>
          <Fact name="account">{session.account}</Fact>
          <Fact name="until">
            <Moment at={session.expires} />
          </Fact>
        </Facts>
        <Group gap={6} className={classes.pad}>
          {session.permissions.map((permission) => (
            <Badge key={permission} variant="default" tt="none">
              {permission}
            </Badge>
          ))}
          {(session.limited ?? []).map((one) => (
            <Badge
              key={`${one.permission} ${one.key} ${one.value}`}
              variant="outline"
              color="gray"
              tt="none"
            >
              {one.permission} of what is tagged {one.key}={one.value}
            </Badge>
          ))}
        </Group>
      </Panel>
      {identity.type === "User" && <Password />}
      {identity.type !== "Anonymous" && <Sessions />}
    </SettingsFrame>
  );
}

function Password() {
  const { adopt } = useSessionState();
  const [now, setNow] = useState("");
  const [next, setNext] = useState("");
  const change = useChange(
    () =>
      unwrap(
        client.PUT("/api/v1/session/password", { body: { password: now, new_password: next } }),
      ),
    ["/api/v1/sessions"],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    change.mutate(undefined, {
      onSuccess: (session) => {
        adopt(session);
        setNow("");
        setNext("");
        notifyDone("The password is changed; your other sessions have ended");
      },
    });
  };
  return (
    <Panel title="Password">
      <form onSubmit={submit} className={classes.form}>
        <PasswordInput
          size="xs"
          label="Present password"
          autoComplete="current-password"
          required
          value={now}
          onChange={(event) => setNow(event.currentTarget.value)}
          w={220}
        />
        <PasswordInput
          size="xs"
          label="New password"
          autoComplete="new-password"
          required
          value={next}
          onChange={(event) => setNext(event.currentTarget.value)}
          w={220}
        />
        <Button type="submit" loading={change.isPending}>
          Change it
        </Button>
      </form>
      {change.error && <ErrorPanel error={change.error} />}
    </Panel>
  );
}

function Sessions() {
  const query = useGet("/api/v1/sessions", {});
  const end = useChange(
    (id: string) =>
      unwrap(
        client.DELETE("/api/v1/sessions/{session_id}", { params: { path: { session_id: id } } }),
      ),
    ["/api/v1/sessions"],
  );
  return (
    <Panel title="Where you are signed in">
      <QueryState
        query={query}
        isEmpty={(data) => !data.sessions.length}
        empty={<Empty title="Nowhere" />}
      >
        {(data) => (
          <SessionList
            sessions={data.sessions}
            minWidth={600}
            question={() => "Whoever uses this session has to sign in again."}
            end={end}
          />
        )}
      </QueryState>
    </Panel>
  );
}
