import { Button, Group, Table, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import { Confirm } from "@/components/Confirm";
import { ACTIONS, Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { useTimeRange } from "@/time/TimeProvider";
import type { TabProps } from "./DatasetPage";
import classes from "./datasets.module.css";

/** Columns that came, went or changed their type, newest first. */
export function SchemaTab({ dataset }: TabProps) {
  const { query } = useTimeRange();
  const changes = useGet("/api/v1/datasets/{dataset}/schema-changes", {
    params: { path: { dataset }, query },
  });
  return (
    <Panel title="Schema changes">
      <QueryState
        query={changes}
        isEmpty={(data) => data.changes.length === 0}
        empty={<Empty title="The columns and their types are the same in all windows" />}
      >
        {(data) => (
          <Listing columns={["From window", "Column", "Change", "Was", "Is"]}>
            {data.changes.map((one) => (
              <Table.Tr key={`${one.window} ${one.column} ${one.change}`}>
                <Table.Td>
                  <Moment at={one.window} />
                </Table.Td>
                <Table.Td>{one.column}</Table.Td>
                <Table.Td className={one.change === "removed" ? classes.bad : classes.warn}>
                  {one.change === "type" ? "type changed" : one.change}
                </Table.Td>
                <Table.Td className="telemetry">{one.was || "–"}</Table.Td>
                <Table.Td className="telemetry">{one.is || "–"}</Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        )}
      </QueryState>
    </Panel>
  );
}

const STALE = ["/api/v1/datasets/{dataset}/baselines"];

/** Frozen baselines: ranges, or training sets that were profiled under a name. */
export function BaselinesTab({ dataset, state: [, setUrl] }: TabProps) {
  const { can } = useSession();
  const { query, label } = useTimeRange();
  const [name, setName] = useState("");
  const found = useGet("/api/v1/datasets/{dataset}/baselines", { params: { path: { dataset } } });
  const create = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/datasets/{dataset}/baselines", {
          params: { path: { dataset } },
          body: { name: name.trim(), ...query },
        }),
      ),
    STALE,
  );
  const remove = useChange(
    (one: string) =>
      unwrap(
        client.DELETE("/api/v1/datasets/{dataset}/baselines/{name}", {
          params: { path: { dataset, name: one } },
        }),
      ),
    STALE,
  );
  const freeze = (event: FormEvent) => {
    event.preventDefault();
    create.mutate(undefined, {
      onSuccess: () => {
        notifyDone(`The range is frozen as ${name}`);
        setName("");
      },
    });
  };
  return (
    <Panel title="Frozen baselines">
      <QueryState
        query={found}
        isEmpty={(data) => data.baselines.length === 0}
        empty={
          <Empty
            title="No baseline is frozen"
            snippet={`vedette profile train.parquet --dataset ${dataset} --baseline model:churn/3`}
          >
            Freeze the range that is shown, or profile a training set under a name:
          </Empty>
        }
      >
        {(data) => (
          <Listing columns={["Name", "Made of", "Frozen", "By", ACTIONS]}>
            {data.baselines.map((one) => (
              <Table.Tr key={one.id}>
                <Table.Td>{one.name}</Table.Td>
                <Table.Td>{one.origin}</Table.Td>
                <Table.Td>
                  <Moment at={one.created} ago />
                </Table.Td>
                <Table.Td>{one.created_by}</Table.Td>
                <Table.Td>
                  <Group gap={6} justify="flex-end">
                    <Button
                      variant="default"
                      size="compact-xs"
                      onClick={() => setUrl({ tab: "drift", baseline: one.name })}
                    >
                      Compare with it
                    </Button>
                    {can("catalog:write") && (
                      <Confirm
                        label="Forget"
                        question={`Monitors that compare with ${one.name} will fail.`}
                        confirm="Forget the baseline"
                        onConfirm={() =>
                          remove.mutate(one.name, {
                            onError: (error) => notifyError("It was not forgotten", error),
                          })
                        }
                      />
                    )}
                  </Group>
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        )}
      </QueryState>
      {can("catalog:write") && (
        <form onSubmit={freeze} className={classes.pad}>
          <Group align="flex-end" gap={8}>
            <TextInput
              label={`Freeze the range that is shown (${label})`}
              placeholder="before-the-sale"
              required
              maxLength={128}
              value={name}
              onChange={(event) => setName(event.currentTarget.value)}
              w={320}
            />
            <Button type="submit" loading={create.isPending}>
              Freeze
            </Button>
          </Group>
          {create.error && <ErrorPanel error={create.error} />}
        </form>
      )}
    </Panel>
  );
}
