import {
  ActionIcon,
  Button,
  Group,
  MultiSelect,
  NumberInput,
  Table,
  Text,
  TextInput,
} from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { EditDelete } from "@/components/EditDelete";
import { ACTIONS, Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone } from "@/components/notify";
import { OwnedName } from "@/components/OwnedName";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import classes from "@/pages/alarms/alarms.module.css";
import { labelText } from "@/pages/alarms/model";
import { CHANNELS } from "@/pages/notifications/Channels";
import { useSession } from "@/session/SessionProvider";

type Policy = components["schemas"]["EscalationPolicyView"];
type Spec = components["schemas"]["EscalationSpec"];
type Step = Spec["steps"][number];
const PATH = "/api/v1/escalation-policies";
const REFRESH_MS = 15_000;

/** Whom to tell first, and whom next; and what is escalated now. */
export function Policies() {
  const { can } = useSession();
  const [edited, setEdited] = useState<Policy | "new" | null>(null);
  const query = useGet(PATH, {});
  const running = useGet("/api/v1/escalations", {}, { refetchInterval: REFRESH_MS });
  const remove = useChange(
    (name: string) =>
      unwrap(client.DELETE("/api/v1/escalation-policies/{name}", { params: { path: { name } } })),
    [PATH],
  );
  return (
    <>
      <Panel
        title="Policies"
        aside={
          can("catalog:write") && (
            <Button size="compact-xs" onClick={() => setEdited("new")}>
              New policy
            </Button>
          )
        }
      >
        <QueryState
          query={query}
          isEmpty={(data) => data.policies.length === 0}
          empty={
            <Empty title="Nothing is escalated yet">
              A policy tells who is on call, waits for an acknowledgement, and then tells the next.
            </Empty>
          }
        >
          {(data) => (
            <Listing minWidth={520} dimHead columns={["Policy", "Steps", ACTIONS]}>
              {data.policies.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>
                    <OwnedName name={one.name} owner={one.owner} />
                  </Table.Td>
                  <Table.Td className={classes.wrap}>
                    <ol style={{ margin: 0, paddingLeft: 18 }}>
                      {one.spec.steps.map((step, at) => (
                        // biome-ignore lint/suspicious/noArrayIndexKey: steps are their places
                        <li key={at}>
                          {step.targets.map((to) => to.schedule ?? to.channel).join(", ")}, then{" "}
                          {step.wait ?? "10m"}
                        </li>
                      ))}
                    </ol>
                    {Boolean(one.spec.repeat) && (
                      <Text size="xs" c="dimmed">
                        again {one.spec.repeat} times
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td ta="right">
                    {can("catalog:write") && (
                      <Group gap={4} justify="flex-end">
                        <EditDelete
                          what="policy"
                          name={one.name}
                          question={`"${one.name}" goes, with what is escalated by it.`}
                          remove={remove}
                          onEdit={() => setEdited(one)}
                        />
                      </Group>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Listing>
          )}
        </QueryState>
      </Panel>
      {edited && (
        <PolicyForm
          key={edited === "new" ? "new" : edited.id}
          policy={edited === "new" ? undefined : edited}
          onDone={() => setEdited(null)}
        />
      )}
      <Panel title="Escalated now">
        <QueryState
          query={running}
          isEmpty={(data) => data.escalations.length === 0}
          empty={
            <Text size="sm" c="dimmed" className={classes.pad}>
              Nothing is escalated now.
            </Text>
          }
          height={40}
        >
          {(data) =>
            data.escalations.map((one) => (
              <Text
                key={`${one.policy} ${one.alarm_id} ${labelText(one.series)}`}
                size="sm"
                className={`${classes.cause} ${classes.wrap}`}
              >
                <PageLink to="/alarms/$alarm" params={{ alarm: one.alarm_id }}>
                  {one.alarm}
                </PageLink>{" "}
                {labelText(one.series)} by {one.policy}, since <Moment at={one.began} />: told{" "}
                {one.told.join(", ") || "nobody"}
                {one.next_step ? (
                  <>
                    ; next step <Moment at={one.next_step} />
                  </>
                ) : (
                  one.ended && `; ${one.ended}`
                )}
              </Text>
            ))
          }
        </QueryState>
      </Panel>
    </>
  );
}

const SCHEDULE = "schedule ";

function PolicyForm({ policy, onDone }: { policy?: Policy; onDone: () => void }) {
  const schedules = useGet("/api/v1/oncall-schedules", {});
  const channels = useGet(CHANNELS, {});
  const [name, setName] = useState(policy?.name ?? "");
  const [spec, setSpec] = useState<Spec>(
    policy?.spec ?? { steps: [{ targets: [], wait: "10m" }], repeat: 0 },
  );
  const put = useChange(
    () => unwrap(client.POST(PATH, { body: { name: name.trim(), spec } })),
    [PATH],
  );
  const targets = [
    ...(schedules.data?.schedules.map((one) => `${SCHEDULE}${one.name}`) ?? []),
    ...(channels.data?.channels.map((one) => one.name) ?? []),
  ];
  const setStep = (at: number, next: Step | null) =>
    setSpec({
      ...spec,
      steps: spec.steps.flatMap((one, place) => (place === at ? (next ?? []) : one)),
    });
  return (
    <Panel title={policy ? `Edit ${policy.name}` : "New policy"}>
      <div className={classes.form}>
        <TextInput
          label="Name"
          required
          w={200}
          disabled={policy !== undefined}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <NumberInput
          label="All steps again"
          w={130}
          min={0}
          max={20}
          value={spec.repeat ?? 0}
          onChange={(next) => setSpec({ ...spec, repeat: Number(next) || 0 })}
        />
      </div>
      {spec.steps.map((step, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: steps are their places
        <div key={at} className={classes.form}>
          <MultiSelect
            label={`Step ${at + 1} tells`}
            miw={280}
            data={targets}
            value={step.targets.map((to) =>
              to.schedule ? `${SCHEDULE}${to.schedule}` : (to.channel ?? ""),
            )}
            onChange={(next) =>
              setStep(at, {
                ...step,
                targets: next.map((one) =>
                  one.startsWith(SCHEDULE)
                    ? { schedule: one.slice(SCHEDULE.length) }
                    : { channel: one },
                ),
              })
            }
          />
          <TextInput
            label="Waits for an acknowledgement"
            w={200}
            value={step.wait ?? "10m"}
            onChange={(event) => setStep(at, { ...step, wait: event.currentTarget.value.trim() })}
          />
          {spec.steps.length > 1 && (
            <ActionIcon aria-label={`Remove step ${at + 1}`} onClick={() => setStep(at, null)}>
              <IconX size={14} />
            </ActionIcon>
          )}
        </div>
      ))}
      <Group gap={8} className={classes.pad}>
        <Button
          variant="default"
          leftSection={<IconPlus size={13} />}
          onClick={() => setSpec({ ...spec, steps: [...spec.steps, { targets: [], wait: "10m" }] })}
        >
          Step
        </Button>
        <Button
          loading={put.isPending}
          disabled={!name.trim() || spec.steps.some((one) => !one.targets.length)}
          onClick={() =>
            put.mutate(undefined, {
              onSuccess: () => {
                notifyDone(`The policy "${name}" is kept`);
                onDone();
              },
            })
          }
        >
          {policy ? "Save the policy" : "Make the policy"}
        </Button>
        <Button variant="default" onClick={onDone}>
          Cancel
        </Button>
      </Group>
      {put.error && <ErrorPanel error={put.error} />}
    </Panel>
  );
}
