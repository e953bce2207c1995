import { Badge, Button, Group, MultiSelect, Table, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Confirm } from "@/components/Confirm";
import { ACTIONS, Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { PopoverButton } from "@/components/PopoverButton";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { EndSelect, endOf } from "./EndSelect";
import { NewKeyText } from "./NewKeyText";
import { SCOPES } from "./scopes";
import classes from "./settings.module.css";

type Account = components["schemas"]["ServiceAccountView"];
type Role = components["schemas"]["Role"];
type Scope = components["schemas"]["Scope"];
type NewKey = components["schemas"]["NewKey"];
const PATH = "/api/v1/service-accounts";
const PATHS = [PATH, "/api/v1/keys"];
const ROLES: Role[] = ["viewer", "editor", "admin", "auditor"];

/** Programs that own keys: what they may do, until when, and the switch that stops all their keys. */
export function ServiceAccounts() {
  const query = useGet(PATH, {});
  const [made, setMade] = useState<NewKey | null>(null);
  return (
    <Panel title="Service accounts">
      <Create />
      {made && <NewKeyText made={made} onSeen={() => setMade(null)} />}
      <QueryState
        query={query}
        isEmpty={(data) => !data.service_accounts.length}
        empty={
          <Empty title="No program has an account of its own">
            Its keys may do what their scopes allow of what its roles allow; disabling it stops them
            all.
          </Empty>
        }
      >
        {(data) => <Listed accounts={data.service_accounts} onKey={setMade} />}
      </QueryState>
    </Panel>
  );
}

function Create() {
  const [name, setName] = useState("");
  const [roles, setRoles] = useState<Role[]>(["editor"]);
  const [tag, setTag] = useState("");
  const [end, setEnd] = useState("");
  const create = useChange(
    () =>
      unwrap(
        client.POST(PATH, {
          body: {
            name,
            roles,
            description: "",
            expires: endOf(end),
            tag: tag.includes("=")
              ? { key: tag.slice(0, tag.indexOf("=")), value: tag.slice(tag.indexOf("=") + 1) }
              : null,
          },
        }),
      ),
    PATHS,
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(undefined, {
      onSuccess: () => {
        notifyDone(`The service account "${name}" is made; give it a key next`);
        setName("");
        setTag("");
      },
    });
  };
  return (
    <>
      <form onSubmit={submit} className={classes.form} aria-label="Service account">
        <TextInput
          label="Name"
          placeholder="deployer"
          required
          maxLength={128}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <MultiSelect
          label="Roles"
          data={ROLES}
          value={roles}
          onChange={(next) => setRoles(next as Role[])}
          miw={180}
        />
        <TextInput
          label="Only what is tagged"
          placeholder="team=fraud"
          value={tag}
          error={tag && !tag.includes("=") ? "write key=value" : undefined}
          onChange={(event) => setTag(event.currentTarget.value)}
        />
        <EndSelect value={end} onChange={setEnd} />
        <Button type="submit" disabled={!roles.length} loading={create.isPending}>
          Make the service account
        </Button>
      </form>
      {create.error && <ErrorPanel error={create.error} />}
    </>
  );
}

interface ListedProps {
  accounts: readonly Account[];
  onKey: (key: NewKey) => void;
}

function Listed({ accounts, onKey }: ListedProps) {
  const change = useChange(
    ({ id, disabled }: { id: string; disabled: boolean }) =>
      unwrap(
        client.PATCH("/api/v1/service-accounts/{service_account_id}", {
          params: { path: { service_account_id: id } },
          body: { disabled },
        }),
      ),
    PATHS,
  );
  return (
    <Listing minWidth={640} dimHead columns={["Name", "Roles", "Made", "Ends", ACTIONS]}>
      {accounts.map((one) => (
        <Table.Tr key={one.id}>
          <Table.Td>
            <span className={one.disabled ? classes.off : undefined}>{one.name}</span>
          </Table.Td>
          <Table.Td>
            {one.roles.join(", ")}{" "}
            {one.tag && (
              <Badge variant="outline" color="gray" tt="none">
                only {one.tag.key}={one.tag.value}
              </Badge>
            )}
          </Table.Td>
          <Table.Td>
            <Moment at={one.created} />
          </Table.Td>
          <Table.Td>{one.expires ? <Moment at={one.expires} /> : "never"}</Table.Td>
          <Table.Td ta="right">
            <Group gap={6} justify="flex-end" wrap="nowrap">
              {!one.disabled && <MakeKey account={one} onKey={onKey} />}
              <Confirm
                label={one.disabled ? "Enable" : "Disable"}
                question={
                  one.disabled
                    ? `Keys of "${one.name}" work again.`
                    : `Every key of "${one.name}" is refused from now on.`
                }
                confirm={one.disabled ? "Enable it" : "Disable it"}
                onConfirm={() =>
                  change.mutate(
                    { id: one.id, disabled: !one.disabled },
                    { onError: (error) => notifyError("It was not changed", error) },
                  )
                }
              />
            </Group>
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}

function MakeKey({ account, onKey }: { account: Account; onKey: (key: NewKey) => void }) {
  const [scopes, setScopes] = useState<Scope[]>(["read", "write"]);
  const make = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/service-accounts/{service_account_id}/keys", {
          params: { path: { service_account_id: account.id } },
          body: { name: `${account.name} key`, scopes },
        }),
      ),
    PATHS,
  );
  return (
    <PopoverButton label="New key" name={`New key of ${account.name}`} width={260}>
      {(close) => (
        <>
          <MultiSelect
            label="What it may do"
            data={SCOPES.map(({ value }) => value)}
            value={scopes}
            onChange={(next) => setScopes(next as Scope[])}
            comboboxProps={{ withinPortal: false }}
          />
          <Button
            disabled={!scopes.length}
            loading={make.isPending}
            onClick={() =>
              make.mutate(undefined, {
                onSuccess: (key) => {
                  close();
                  onKey(key);
                },
                onError: (error) => notifyError("The key was not made", error),
              })
            }
          >
            Make the key
          </Button>
        </>
      )}
    </PopoverButton>
  );
}
