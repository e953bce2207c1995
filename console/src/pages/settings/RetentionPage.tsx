import { Button, Group, NumberInput, Table, Text } from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatBytes, formatCount } from "@/charts/units";
import { Confirm } from "@/components/Confirm";
import { ACTIONS, Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { SettingsFrame } from "./SettingsFrame";

type Held = components["schemas"]["SignalRetention"];
const PATH = "/api/v1/retention";

export default function RetentionPage() {
  const query = useGet(PATH, {});
  return (
    <SettingsFrame title="Retention">
      <Panel title="How long telemetry is kept">
        <QueryState query={query} height={240}>
          {(data) => (
            <Listing
              minWidth={760}
              dimHead
              columns={[
                "Signal",
                "Kept for",
                "Records now",
                "Oldest",
                "Newest",
                data.disk && "On disk, all accounts",
                ACTIONS,
              ]}
            >
              {data.signals.map((held) => (
                <Row
                  key={held.signal}
                  held={held}
                  disk={data.disk?.find((item) => item.signal === held.signal)?.bytes}
                />
              ))}
            </Listing>
          )}
        </QueryState>
      </Panel>
    </SettingsFrame>
  );
}

function Row({ held, disk }: { held: Held; disk?: number }) {
  const { can } = useSession();
  const [days, setDays] = useState<number | string>(held.days);
  const path = { signal: held.signal };
  const set = useChange(
    () =>
      unwrap(
        client.PUT("/api/v1/retention/{signal}", {
          params: { path },
          body: { days: Number(days) },
        }),
      ),
    [PATH],
  );
  const clear = useChange(
    () => unwrap(client.DELETE("/api/v1/retention/{signal}", { params: { path } })),
    [PATH],
  );
  const shorter = Number(days) < held.days;
  const told = {
    onSuccess: () => notifyDone(`The retention of ${held.signal} is changed`),
    onError: (error: unknown) => notifyError("The retention was not changed", error),
  };
  return (
    <Table.Tr>
      <Table.Td>{held.signal}</Table.Td>
      <Table.Td>
        {held.days} days
        <Text size="xs" c="dimmed">
          {held.own_days === null ? "the default" : `the default is ${held.default_days}`}
        </Text>
      </Table.Td>
      <Table.Td>{formatCount(held.records)}</Table.Td>
      <Table.Td>
        <Moment at={held.oldest} />
      </Table.Td>
      <Table.Td>
        <Moment at={held.newest} />
      </Table.Td>
      {disk !== undefined && <Table.Td>{formatBytes(disk)}</Table.Td>}
      <Table.Td>
        {can("admin") && (
          <Group gap={6} justify="flex-end" wrap="nowrap">
            <NumberInput
              aria-label={`Days to keep ${held.signal}`}
              value={days}
              onChange={setDays}
              min={0.01}
              max={36_500}
              w={90}
            />
            {shorter ? (
              <Confirm
                label="Keep shorter"
                question={`Records of ${held.signal} older than ${days} days are deleted within the hour.`}
                confirm="Keep and delete"
                onConfirm={() => set.mutate(undefined, told)}
              />
            ) : (
              <Button
                variant="default"
                size="compact-xs"
                disabled={Number(days) === held.days}
                onClick={() => set.mutate(undefined, told)}
              >
                Keep longer
              </Button>
            )}
            {held.own_days !== null && (
              <Confirm
                label="Default"
                question={`${held.signal} is kept for the default of ${held.default_days} days.`}
                confirm="Use the default"
                onConfirm={() => clear.mutate(undefined, told)}
              />
            )}
          </Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}
