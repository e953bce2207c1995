import {
  Badge,
  Button,
  Group,
  MultiSelect,
  PasswordInput,
  Table,
  Text,
  TextInput,
} from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Confirm } from "@/components/Confirm";
import { ACTIONS, Listing } from "@/components/Listing";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { OpenSessions } from "./OpenSessions";
import { SettingsFrame } from "./SettingsFrame";
import classes from "./settings.module.css";

type Role = components["schemas"]["Role"];
type Member = components["schemas"]["MemberView"];
type User = components["schemas"]["UserView"];

const ROLES: { value: Role; label: string }[] = [
  { value: "viewer", label: "viewer: reads" },
  { value: "editor", label: "editor: changes tags, alarms and the like" },
  { value: "approver", label: "approver: decides approvals" },
  { value: "admin", label: "admin: keys, users, retention" },
  { value: "auditor", label: "auditor: reads the audit trail" },
];
const PATHS = ["/api/v1/members", "/api/v1/users"];

export default function UsersPage() {
  const { can } = useSession();
  const members = useGet("/api/v1/members", { params: { query: { limit: 1000 } } });
  return (
    <SettingsFrame title="Users and roles">
      <Panel title="Members of the account">
        <GrantRole />
        <QueryState
          query={members}
          isEmpty={(data) => !data.members.length}
          empty={
            <Empty title="Nobody has a role in this account">
              Give an existing user a role above
              {can("installation:admin") ? ", or make a user below" : ""}.
            </Empty>
          }
        >
          {(data) => <Members members={data.members} />}
        </QueryState>
      </Panel>
      <OpenSessions />
      {can("installation:admin") && <Users />}
    </SettingsFrame>
  );
}

function GrantRole() {
  const [login, setLogin] = useState("");
  const [roles, setRoles] = useState<Role[]>(["viewer"]);
  const [tag, setTag] = useState("");
  const [key, value] = [tag.split("=")[0] ?? "", tag.slice(tag.indexOf("=") + 1)];
  const grant = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/members", {
          body: { login, roles, tag: tag.includes("=") ? { key: key.trim(), value } : null },
        }),
      ),
    PATHS,
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    grant.mutate(undefined, { onSuccess: () => setLogin("") });
  };
  return (
    <>
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          label="Login"
          required
          value={login}
          onChange={(event) => setLogin(event.currentTarget.value)}
        />
        <MultiSelect
          label="Roles"
          data={ROLES}
          value={roles}
          onChange={(next) => setRoles(next as Role[])}
          miw={260}
        />
        <TextInput
          label="Only what is tagged"
          description="for editor and approver; empty for all"
          placeholder="team=fraud"
          value={tag}
          error={tag && !tag.includes("=") ? "write key=value" : undefined}
          onChange={(event) => setTag(event.currentTarget.value)}
        />
        <Button type="submit" disabled={!roles.length} loading={grant.isPending}>
          Give the roles
        </Button>
      </form>
      {grant.error && <ErrorPanel error={grant.error} />}
    </>
  );
}

function Members({ members }: { members: readonly Member[] }) {
  const take = useChange(
    ({ id, role }: { id: string; role?: Role }) =>
      unwrap(
        client.DELETE("/api/v1/members/{user_id}/roles", {
          params: { path: { user_id: id }, query: role ? { role: [role] } : {} },
        }),
      ),
    PATHS,
  );
  const onError = (error: unknown) => notifyError("The role was not taken", error);
  return (
    <Listing minWidth={520} dimHead columns={["Login", "Name", "Roles", ACTIONS]}>
      {members.map((member) => (
        <Table.Tr key={member.user_id}>
          <Table.Td>
            <span className={member.disabled ? classes.off : undefined}>{member.login}</span>
          </Table.Td>
          <Table.Td>{member.display_name}</Table.Td>
          <Table.Td>
            <Group gap={4}>
              {member.roles.map((role) => (
                <Badge key={role} variant="default" tt="none">
                  {role}
                </Badge>
              ))}
              {member.limited.map((one) => (
                <Badge
                  key={`${one.role} ${one.key} ${one.value}`}
                  variant="outline"
                  color="gray"
                  tt="none"
                  title="changes only resources with this tag, and reads everything"
                >
                  {one.role} of {one.key}={one.value}
                </Badge>
              ))}
            </Group>
          </Table.Td>
          <Table.Td ta="right">
            <Group gap={6} justify="flex-end">
              {member.roles.length > 1 &&
                member.roles.map((role) => (
                  <Confirm
                    key={role}
                    label={`No ${role}`}
                    question={`${member.login} is no longer ${role} of this account.`}
                    confirm="Take the role"
                    onConfirm={() => take.mutate({ id: member.user_id, role }, { onError })}
                  />
                ))}
              <Confirm
                label="Remove"
                question={`${member.login} has no more access to this account.`}
                confirm="Take all roles"
                onConfirm={() => take.mutate({ id: member.user_id }, { onError })}
              />
            </Group>
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}

function Users() {
  const query = useGet("/api/v1/users", { params: { query: { limit: 1000 } } });
  const [login, setLogin] = useState("");
  const [password, setPassword] = useState("");
  const create = useChange(
    () => unwrap(client.POST("/api/v1/users", { body: { login, password: password || null } })),
    PATHS,
  );
  const disable = useChange(
    (user: User) =>
      unwrap(
        client.PATCH("/api/v1/users/{user_id}", {
          params: { path: { user_id: user.id } },
          body: { disabled: !user.disabled },
        }),
      ),
    PATHS,
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(undefined, {
      onSuccess: () => {
        notifyDone(`The user "${login}" is made; give a role next`);
        setLogin("");
        setPassword("");
      },
    });
  };
  return (
    <Panel title="Users of the installation">
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          label="Login"
          required
          autoComplete="off"
          value={login}
          onChange={(event) => setLogin(event.currentTarget.value)}
        />
        <PasswordInput
          label="First password"
          size="xs"
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          w={220}
        />
        <Button type="submit" loading={create.isPending}>
          Make the user
        </Button>
      </form>
      {create.error && <ErrorPanel error={create.error} />}
      <QueryState
        query={query}
        isEmpty={(data) => !data.users.length}
        empty={<Empty title="There is no user yet" />}
      >
        {(data) => (
          <Listing minWidth={520} dimHead columns={["Login", "Name", "State", ACTIONS]}>
            {data.users.map((user) => (
              <Table.Tr key={user.id}>
                <Table.Td>{user.login}</Table.Td>
                <Table.Td>{user.display_name}</Table.Td>
                <Table.Td>
                  <Text size="sm">{stateOf(user)}</Text>
                </Table.Td>
                <Table.Td ta="right">
                  <Confirm
                    label={user.disabled ? "Enable" : "Disable"}
                    question={
                      user.disabled
                        ? `${user.login} can sign in again.`
                        : `${user.login} can no longer sign in; open sessions end.`
                    }
                    confirm={user.disabled ? "Enable the user" : "Disable the user"}
                    onConfirm={() =>
                      disable.mutate(user, {
                        onError: (error) => notifyError("The user was not changed", error),
                      })
                    }
                  />
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        )}
      </QueryState>
    </Panel>
  );
}

function stateOf(user: User): string {
  if (user.disabled) return "disabled";
  if (user.locked_until && Date.parse(user.locked_until) > Date.now())
    return "locked after wrong passwords";
  return user.has_password ? "can sign in" : "has no password";
}
