import { Button, Group, Table, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange } from "@/api/query";
import { ACTIONS, Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone } from "@/components/notify";
import { Panel } from "@/components/Panel";
import { ErrorPanel } from "@/components/QueryState";
import classes from "@/pages/datasets/datasets.module.css";
import { useSession } from "@/session/SessionProvider";
import { useTimeRange } from "@/time/TimeProvider";
import type { Masked, Spec } from "./form";

/** Ranges that a rolling baseline does not learn from, such as incidents. */
export function MaskPanel({ name, spec }: { name: string; spec: Spec }) {
  const { query, label } = useTimeRange();
  const { can } = useSession();
  const [reason, setReason] = useState("");
  const masked = spec.baseline?.masked ?? [];
  const put = useChange(
    (next: Masked[]) =>
      unwrap(
        client.PUT("/api/v1/monitors/{name}", {
          params: { path: { name } },
          body: { ...spec, baseline: { ...spec.baseline, masked: next } } as Spec,
        }),
      ),
    ["/api/v1/monitors"],
  );
  const add = (event: FormEvent) => {
    event.preventDefault();
    put.mutate([...masked, { ...absolute(query), reason }], {
      onSuccess: () => {
        notifyDone("The baseline does not learn from this range");
        setReason("");
      },
    });
  };
  return (
    <Panel title="Masked ranges">
      {masked.length > 0 && (
        <Listing columns={["From", "To", "Why", ACTIONS]}>
          {masked.map((one, at) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: two may be alike
            <Table.Tr key={at}>
              <Table.Td>
                <Moment at={one.start} />
              </Table.Td>
              <Table.Td>
                <Moment at={one.end} />
              </Table.Td>
              <Table.Td>{one.reason}</Table.Td>
              <Table.Td ta="right">
                {can("catalog:write") && (
                  <Button
                    variant="default"
                    size="compact-xs"
                    onClick={() => put.mutate(masked.filter((_, place) => place !== at))}
                  >
                    Learn from it again
                  </Button>
                )}
              </Table.Td>
            </Table.Tr>
          ))}
        </Listing>
      )}
      {can("catalog:write") && (
        <form onSubmit={add} className={classes.pad}>
          <Group gap={8} align="flex-end">
            <TextInput
              label={`Mask the range that is shown (${label})`}
              placeholder="outage of the payment service"
              required
              maxLength={500}
              value={reason}
              onChange={(event) => setReason(event.currentTarget.value)}
              w={340}
            />
            <Button type="submit" loading={put.isPending}>
              Mask
            </Button>
          </Group>
        </form>
      )}
      {put.error && <ErrorPanel error={put.error} />}
    </Panel>
  );
}

/** A masked range must not move with time. */
function absolute({ start, end }: { start: string; end: string }) {
  return { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
}
