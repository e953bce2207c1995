import {
  Badge,
  Button,
  Drawer,
  Group,
  NumberInput,
  Stack,
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
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import classes from "../settings.module.css";
import { QUOTAS } from "./Usage";

type Account = components["schemas"]["AccountView"];
type Quota = components["schemas"]["Quota"];
type Limits = Partial<Record<Quota, number | null>>;
const PATHS = ["/api/v1/accounts", "/api/v1/organisation"];

/** Every account of the installation, for its admins. */
export function Installation() {
  const query = useGet("/api/v1/accounts", { params: { query: { limit: 1000 } } });
  const [editing, setEditing] = useState<string | null>(null);
  return (
    <Panel title="Accounts of the installation">
      <Create />
      <QueryState query={query} isEmpty={(data) => !data.accounts.length} height={160}>
        {(data) => <Accounts accounts={data.accounts} onQuotas={setEditing} />}
      </QueryState>
      <Drawer
        opened={editing !== null}
        onClose={() => setEditing(null)}
        position="right"
        title={`Quotas of ${editing ?? ""}`}
        closeButtonProps={{ "aria-label": "Close" }}
      >
        {editing !== null && <QuotaForm account={editing} onDone={() => setEditing(null)} />}
      </Drawer>
    </Panel>
  );
}

function Create() {
  const [name, setName] = useState("");
  const [shown, setShown] = useState("");
  const create = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/accounts", {
          body: { name: name.trim(), display_name: shown || null },
        }),
      ),
    PATHS,
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(undefined, {
      onSuccess: (made) => {
        notifyDone(`The account "${made.name}" is made; give somebody a role in it next`);
        setName("");
        setShown("");
      },
    });
  };
  return (
    <>
      <form className={classes.form} onSubmit={submit}>
        <TextInput
          label="Name"
          description="lower-case, digits, hyphens; it stays"
          required
          maxLength={63}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="Shown as"
          maxLength={128}
          value={shown}
          onChange={(event) => setShown(event.currentTarget.value)}
        />
        <Button type="submit" loading={create.isPending}>
          Make the account
        </Button>
      </form>
      {create.error && <ErrorPanel error={create.error} />}
    </>
  );
}

interface AccountsProps {
  accounts: readonly Account[];
  onQuotas: (account: string) => void;
}

function Accounts({ accounts, onQuotas }: AccountsProps) {
  const change = useChange(
    ({ name, disabled }: { name: string; disabled: boolean }) =>
      unwrap(
        client.PATCH("/api/v1/accounts/{name}", {
          params: { path: { name } },
          body: { disabled },
        }),
      ),
    PATHS,
  );
  return (
    <Listing minWidth={620} dimHead columns={["Name", "Shown as", "Made", ACTIONS]}>
      {accounts.map((one) => (
        <Table.Tr key={one.name}>
          <Table.Td>
            {one.name}{" "}
            {one.disabled && (
              <Badge color="gray" variant="default" tt="none">
                disabled
              </Badge>
            )}
          </Table.Td>
          <Table.Td>{one.display_name}</Table.Td>
          <Table.Td>
            <Moment at={one.created} />
          </Table.Td>
          <Table.Td ta="right">
            <Group gap={6} justify="flex-end">
              <Button
                variant="default"
                size="compact-xs"
                aria-label={`Quotas of ${one.name}`}
                onClick={() => onQuotas(one.name)}
              >
                Quotas
              </Button>
              {one.name !== "default" && (
                <Confirm
                  label={one.disabled ? "Enable" : "Disable"}
                  question={
                    one.disabled
                      ? `Keys and members of ${one.name} work again.`
                      : `No key and no member of ${one.name} works from now on; its data stays.`
                  }
                  confirm={one.disabled ? "Enable the account" : "Disable the account"}
                  onConfirm={() =>
                    change.mutate(
                      { name: one.name, disabled: !one.disabled },
                      { onError: (error) => notifyError("The account was not changed", error) },
                    )
                  }
                />
              )}
            </Group>
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}

function QuotaForm({ account, onDone }: { account: string; onDone: () => void }) {
  const query = useGet(
    "/api/v1/organisation/quotas/{account}",
    { params: { path: { account } } },
    { keepPrevious: false },
  );
  return (
    <QueryState query={query} empty={<Empty title="No quota" />}>
      {(data) => <Limits account={account} limits={data.limits} onDone={onDone} />}
    </QueryState>
  );
}

interface LimitsProps {
  account: string;
  limits: Limits;
  onDone: () => void;
}

function Limits({ account, limits, onDone }: LimitsProps) {
  const [next, setNext] = useState<Limits>(limits);
  const save = useChange(
    () =>
      unwrap(
        client.PUT("/api/v1/organisation/quotas/{account}", {
          params: { path: { account } },
          body: { limits: next as Record<Quota, number | null> },
        }),
      ),
    PATHS,
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(undefined, {
      onSuccess: () => {
        notifyDone(`The quotas of ${account} are saved`);
        onDone();
      },
    });
  };
  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <Text size="sm" c="dimmed">
          An empty field is no limit. What is sent over a limit is answered 429.
        </Text>
        {QUOTAS.map(({ value, label, format }) => (
          <NumberInput
            key={value}
            label={label}
            description={next[value] == null ? "no limit" : format(next[value] as number)}
            min={0}
            thousandSeparator=","
            value={next[value] ?? ""}
            onChange={(given) => setNext({ ...next, [value]: given === "" ? null : Number(given) })}
          />
        ))}
        <Button type="submit" loading={save.isPending}>
          Save the quotas
        </Button>
        {save.error && <ErrorPanel error={save.error} />}
      </Stack>
    </form>
  );
}
