import { Button, Table, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatCount } from "@/charts/units";
import { Confirm } from "@/components/Confirm";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import classes from "../settings.module.css";

type Hold = components["schemas"]["HoldView"];
const PATH = "/api/v1/audit/holds";

/** How long records are kept, and what keeps them longer. */
export function Holds() {
  const query = useGet(PATH, {});
  const { can } = useSession();
  return (
    <div className={classes.stack}>
      <Panel title="How long records are kept">
        <QueryState query={query} height={60}>
          {(data) => (
            <Text size="sm" className={classes.pad}>
              {formatCount(data.retention_days)} days, then they are removed; a signed digest says
              up to where. The server's setting VEDETTE_AUDIT_RETENTION_DAYS changes it.
            </Text>
          )}
        </QueryState>
      </Panel>
      <Panel title="Legal holds">
        {can("admin") && <Create />}
        <QueryState
          query={query}
          isEmpty={(data) => !data.holds.length}
          empty={
            <Empty title="No record is held">
              A hold keeps the account's records, however old they get, until it is released.
            </Empty>
          }
        >
          {(data) => <Listed holds={data.holds} />}
        </QueryState>
      </Panel>
    </div>
  );
}

function Create() {
  const [reason, setReason] = useState("");
  const [since, setSince] = useState("");
  const make = useChange(
    () =>
      unwrap(client.POST(PATH, { body: { reason, since: since ? `${since}T00:00:00Z` : null } })),
    [PATH],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate(undefined, {
      onSuccess: () => {
        notifyDone("The records are held");
        setReason("");
        setSince("");
      },
    });
  };
  return (
    <>
      <form className={classes.form} onSubmit={submit}>
        <TextInput
          label="Why"
          placeholder="case 2026-17"
          required
          maxLength={500}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
          w={300}
        />
        <TextInput
          label="Records since"
          description="all where it is empty"
          type="date"
          value={since}
          onChange={(event) => setSince(event.currentTarget.value)}
        />
        <Button type="submit" loading={make.isPending}>
          Hold the records
        </Button>
      </form>
      {make.error && <ErrorPanel error={make.error} />}
    </>
  );
}

function Listed({ holds }: { holds: readonly Hold[] }) {
  const { can } = useSession();
  const release = useChange(
    (id: string) =>
      unwrap(client.DELETE("/api/v1/audit/holds/{hold_id}", { params: { path: { hold_id: id } } })),
    [PATH],
  );
  return (
    <Listing minWidth={560} dimHead columns={["Why", "Records since", "Made", "State"]}>
      {holds.map((hold) => (
        <Table.Tr key={hold.id}>
          <Table.Td>{hold.reason}</Table.Td>
          <Table.Td>{hold.since ? <Moment at={hold.since} /> : "all"}</Table.Td>
          <Table.Td>
            <Moment at={hold.created} />
            <Text size="xs" c="dimmed">
              by {hold.created_by}
            </Text>
          </Table.Td>
          <Table.Td>
            {hold.released ? (
              <>
                released <Moment at={hold.released} />
              </>
            ) : can("admin") ? (
              <Confirm
                label="Release"
                question="What is past its time is removed from then on."
                confirm="Release the hold"
                onConfirm={() =>
                  release.mutate(hold.id, {
                    onError: (error) => notifyError("The hold was not released", error),
                  })
                }
              />
            ) : (
              "held"
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}
