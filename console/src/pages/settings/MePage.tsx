import { Badge, Button, Group, PasswordInput, Table, Text } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { Confirm } from "@/components/Confirm";
import { ACTIONS, Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession, useSessionState } from "@/session/SessionProvider";
import { SettingsFrame } from "./SettingsFrame";
import classes from "./settings.module.css";

/** Who is signed in, with what rights, and where else. */
export default function MePage() {
  const { session } = useSession();
  const { identity } = session;
  return (
    <SettingsFrame title="Settings">
      <Panel title="Who you are here">
        <dl className={classes.facts}>
          <div>
            <dt>{identity.type === "APIKey" ? "API key" : "name"}</dt>
            <dd>{identity.display_name}</dd>
          </div>
          <div>
            <dt>account</dt>
            <dd>{session.account}</dd>
          </div>
          <div>
            <dt>until</dt>
            <dd>
              <Moment at={session.expires} />
            </dd>
          </div>
        </dl>
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
    change.mutate(undefined as never, {
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
          <Listing minWidth={600} dimHead columns={["Since", "Until", "From", ACTIONS]}>
            {data.sessions.map((item) => (
              <Table.Tr key={item.id}>
                <Table.Td>
                  <Moment at={item.created} />
                </Table.Td>
                <Table.Td>
                  <Moment at={item.expires} />
                </Table.Td>
                <Table.Td>
                  {item.ip}
                  <Text size="xs" c="dimmed" lineClamp={1} title={item.user_agent ?? ""}>
                    {item.user_agent}
                  </Text>
                </Table.Td>
                <Table.Td ta="right">
                  {item.current ? (
                    "this one"
                  ) : (
                    <Confirm
                      label="End"
                      question="Whoever uses this session has to sign in again."
                      confirm="End the session"
                      onConfirm={() =>
                        end.mutate(item.id, {
                          onError: (error) => notifyError("The session was not ended", error),
                        })
                      }
                    />
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        )}
      </QueryState>
    </Panel>
  );
}
