import { Button, Checkbox, Group, Switch, Table, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Confirm } from "@/components/Confirm";
import { ACTIONS, Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { EndSelect, endOf } from "./EndSelect";
import { NewKeyText } from "./NewKeyText";
import { ServiceAccounts } from "./ServiceAccounts";
import { SettingsFrame } from "./SettingsFrame";
import { SCOPES } from "./scopes";
import classes from "./settings.module.css";

type Scope = components["schemas"]["Scope"];
type Key = components["schemas"]["KeyView"];
type NewKey = components["schemas"]["NewKey"];

const PATH = "/api/v1/keys";

export default function KeysPage() {
  const query = useGet(PATH, { params: { query: { limit: 1000 } } });
  const [revoked, setRevoked] = useState(false);
  const [made, setMade] = useState<NewKey | null>(null);
  return (
    <SettingsFrame title="API keys">
      <CreateKey made={made} onMade={setMade} />
      <ServiceAccounts />
      <Panel
        title="Keys of the account"
        aside={
          <Switch
            size="xs"
            label="Show revoked and expired"
            checked={revoked}
            onChange={(event) => setRevoked(event.currentTarget.checked)}
          />
        }
      >
        <QueryState
          query={query}
          isEmpty={(data) => !data.keys.some((key) => revoked || isValid(key))}
          empty={<Empty title="The account has no valid key">Make one above.</Empty>}
        >
          {(data) => (
            <KeyTable
              keys={data.keys.filter((key) => revoked || isValid(key)).reverse()}
              onNew={setMade}
            />
          )}
        </QueryState>
      </Panel>
    </SettingsFrame>
  );
}

function isValid(key: Key): boolean {
  return !key.revoked && (!key.expires || Date.parse(key.expires) > Date.now());
}

interface CreateProps {
  /** The newest key, whose text is shown until it is put away. */
  made: NewKey | null;
  onMade: (key: NewKey | null) => void;
}

function CreateKey({ made, onMade }: CreateProps) {
  const [name, setName] = useState("");
  const [scopes, setScopes] = useState<Scope[]>(["ingest"]);
  const [end, setEnd] = useState("");
  const create = useChange(
    () =>
      unwrap(
        client.POST(PATH, {
          body: {
            name,
            scopes,
            expires: endOf(end),
          },
        }),
      ),
    [PATH],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(undefined, {
      onSuccess: (key) => {
        onMade(key);
        setName("");
      },
    });
  };
  return (
    <Panel title="Make a key">
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          label="What it is for"
          required
          maxLength={128}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          w={220}
        />
        <Checkbox.Group
          label="What it may do"
          value={scopes}
          onChange={(next) => setScopes(next as Scope[])}
        >
          <Group gap="sm" mt={6}>
            {SCOPES.map(({ value, label, about }) => (
              <Checkbox key={value} size="xs" value={value} label={label} title={about} />
            ))}
          </Group>
        </Checkbox.Group>
        <EndSelect value={end} onChange={setEnd} />
        <Button type="submit" disabled={!scopes.length} loading={create.isPending}>
          Make the key
        </Button>
      </form>
      {create.error && <ErrorPanel error={create.error} />}
      {made && <NewKeyText made={made} onSeen={() => onMade(null)} />}
    </Panel>
  );
}

interface KeyTableProps {
  keys: readonly Key[];
  onNew: (key: NewKey) => void;
}

function KeyTable({ keys, onNew }: KeyTableProps) {
  const rotate = useChange(
    (id: string) =>
      unwrap(
        client.POST("/api/v1/keys/{key_id}/rotation", {
          params: { path: { key_id: id } },
          body: { overlap_hours: 24 },
        }),
      ),
    [PATH],
  );
  const revoke = useChange(
    (id: string) =>
      unwrap(client.DELETE("/api/v1/keys/{key_id}", { params: { path: { key_id: id } } })),
    [PATH],
  );
  const end = (key: Key) =>
    revoke.mutate(key.id, {
      onSuccess: () => notifyDone(`The key "${key.name}" is revoked`),
      onError: (error) => notifyError("The key was not revoked", error),
    });
  return (
    <Listing minWidth={720} dimHead columns={["Name", "May", "Made", "Last used", "Ends", ACTIONS]}>
      {keys.map((key) => (
        <Table.Tr key={key.id}>
          <Table.Td>
            <span className={isValid(key) ? undefined : classes.off}>{key.name}</span>
            <Text size="xs" c="dimmed" className="mono">
              {key.id}
            </Text>
          </Table.Td>
          <Table.Td>{key.scopes.join(", ")}</Table.Td>
          <Table.Td>
            <Moment at={key.created} />
            <Text size="xs" c="dimmed">
              by {key.created_by}
            </Text>
          </Table.Td>
          <Table.Td>
            <Moment at={key.last_used} ago />
          </Table.Td>
          <Table.Td>
            {key.revoked ? "revoked" : key.expires ? <Moment at={key.expires} /> : "never"}
          </Table.Td>
          <Table.Td ta="right">
            {isValid(key) && (
              <Group gap={6} justify="flex-end" wrap="nowrap">
                <Confirm
                  label="Rotate"
                  question={`A new key like "${key.name}" works at once, this one a day more.`}
                  confirm="Make the new key"
                  busy={rotate.isPending && rotate.variables === key.id}
                  onConfirm={() =>
                    rotate.mutate(key.id, {
                      onSuccess: onNew,
                      onError: (error) => notifyError("The key was not rotated", error),
                    })
                  }
                />
                <Confirm
                  label="Revoke"
                  question={`Whatever uses "${key.name}" is refused from now on.`}
                  confirm="Revoke the key"
                  busy={revoke.isPending && revoke.variables === key.id}
                  onConfirm={() => end(key)}
                />
              </Group>
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}
