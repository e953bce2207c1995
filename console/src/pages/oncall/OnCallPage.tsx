import { Button, Group, Select, Stack, Table, Tabs, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Confirm } from "@/components/Confirm";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Period } from "@/components/Period";
import { Empty, ErrorPanel, QueryState, Snippet } from "@/components/QueryState";
import classes from "@/pages/alarms/alarms.module.css";
import { useSession } from "@/session/SessionProvider";
import { inZone } from "@/time/inZone";
import { useTimeRange } from "@/time/TimeProvider";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Policies } from "./Policies";
import { Rota } from "./Rota";
import { ScheduleForm } from "./ScheduleForm";

type Schedule = components["schemas"]["OnCallScheduleView"];
const PARAMS = { tab: oneOf(["schedules", "policies"], "schedules"), schedule: text() };
const REFRESH_MS = 30_000;
const SNIPPET = `kind: OnCallSchedule
metadata: {name: payments}
spec:
  time_zone: Europe/Berlin
  people: {anna: [anna-pager], ben: [ben-mail]}
  layers: [{people: [anna, ben], start: 2026-01-05, handover: "09:00", unit: weeks}]`;

/** Who is on call now and next, and whom alarms go to where nobody answers. */
export default function OnCallPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  return (
    <>
      <PageHeader title="On call" time={false} />
      <div className={classes.page}>
        <Tabs
          value={url.tab}
          keepMounted={false}
          onChange={(tab) => setUrl({ tab: (tab ?? "schedules") as typeof url.tab })}
        >
          <Tabs.List aria-label="On call">
            <Tabs.Tab value="schedules">Schedules</Tabs.Tab>
            <Tabs.Tab value="policies">Escalation policies</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value={url.tab}>
            <Stack gap="sm" pt="sm">
              {url.tab === "policies" ? (
                <Policies />
              ) : (
                <Schedules chosen={url.schedule} onChoose={(schedule) => setUrl({ schedule })} />
              )}
            </Stack>
          </Tabs.Panel>
        </Tabs>
      </div>
    </>
  );
}

const NEW = "\u0000new";

function Schedules({ chosen, onChoose }: { chosen: string; onChoose: (name: string) => void }) {
  const { can } = useSession();
  const [edited, setEdited] = useState<string | null>(null);
  const now = useGet("/api/v1/oncall", {}, { refetchInterval: REFRESH_MS });
  const schedules = useGet("/api/v1/oncall-schedules", {});
  const shown = schedules.data?.schedules.find((one) => one.name === chosen);
  const editing = schedules.data?.schedules.find((one) => one.name === edited);
  return (
    <>
      <Panel
        title="Now"
        aside={
          can("catalog:write") && (
            <Button size="compact-xs" onClick={() => setEdited(NEW)}>
              New schedule
            </Button>
          )
        }
      >
        <QueryState
          query={now}
          isEmpty={(data) => data.schedules.length === 0}
          empty={
            <Empty title="Nobody takes turns yet" snippet={SNIPPET}>
              Make a schedule here, or keep it as code. A policy then names it, and a route the
              policy.
            </Empty>
          }
        >
          {(data) => (
            <Listing
              minWidth={560}
              dimHead
              columns={["Schedule", "On call", "Until", "Then", "Told by"]}
            >
              {data.schedules.map((one) => (
                <Table.Tr key={one.schedule}>
                  <Table.Td>
                    <Button
                      variant={one.schedule === chosen ? "light" : "subtle"}
                      size="compact-sm"
                      aria-pressed={one.schedule === chosen}
                      onClick={() => onChoose(one.schedule === chosen ? "" : one.schedule)}
                    >
                      {one.schedule}
                    </Button>
                  </Table.Td>
                  <Table.Td>
                    <strong>{one.person || "nobody"}</strong>
                    {one.layer === -1 && (
                      <Text size="xs" c="dimmed">
                        took over
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td>
                    <Moment at={one.until} />
                  </Table.Td>
                  <Table.Td>{one.next_person || "–"}</Table.Td>
                  <Table.Td className={classes.wrap}>{one.channels.join(", ")}</Table.Td>
                </Table.Tr>
              ))}
            </Listing>
          )}
        </QueryState>
      </Panel>
      {edited !== null && (edited === NEW || editing) && (
        <ScheduleForm key={edited} schedule={editing} onDone={() => setEdited(null)} />
      )}
      {shown && <Details schedule={shown} onEdit={() => setEdited(shown.name)} />}
    </>
  );
}

function Details({ schedule, onEdit }: { schedule: Schedule; onEdit: () => void }) {
  const { can } = useSession();
  const remove = useChange(
    () =>
      unwrap(
        client.DELETE("/api/v1/oncall-schedules/{name}", {
          params: { path: { name: schedule.name } },
        }),
      ),
    ["/api/v1/oncall"],
  );
  return (
    <Panel
      title={schedule.name}
      aside={
        can("catalog:write") && (
          <Group gap={6}>
            <Button variant="default" size="compact-xs" onClick={onEdit}>
              Edit
            </Button>
            <Confirm
              label="Delete"
              question={`"${schedule.name}" goes, with its overrides.`}
              confirm="Delete the schedule"
              onConfirm={() =>
                remove.mutate(undefined, {
                  onError: (error) => notifyError("The schedule was not deleted", error),
                })
              }
            />
          </Group>
        )
      }
    >
      <Text size="sm" className={classes.pad}>
        {schedule.spec.description} Hours are those of {schedule.spec.time_zone ?? "UTC"}.
      </Text>
      <Rota schedule={schedule} />
      {can("catalog:write") && <TakeOver schedule={schedule} />}
      <div className={classes.pad}>
        <Snippet
          text={JSON.stringify(
            { kind: "OnCallSchedule", metadata: { name: schedule.name }, spec: schedule.spec },
            null,
            2,
          )}
        />
      </div>
    </Panel>
  );
}

function TakeOver({ schedule }: { schedule: Schedule }) {
  const { timezone } = useTimeRange();
  const [person, setPerson] = useState<string | null>(null);
  const [start, setStart] = useState("");
  const [end, setEnd] = useState("");
  const [comment, setComment] = useState("");
  const add = useChange(
    () =>
      unwrap(
        client.POST("/api/v1/oncall-schedules/{name}/overrides", {
          params: { path: { name: schedule.name } },
          body: {
            person: person ?? "",
            start: start ? (inZone(start, timezone) ?? start) : "now",
            end: inZone(end, timezone) ?? end,
            comment,
          },
        }),
      ),
    ["/api/v1/oncall"],
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate(undefined, {
      onSuccess: () => {
        notifyDone(`${person} takes over`);
        setEnd("");
      },
    });
  };
  return (
    <>
      <form onSubmit={submit} className={classes.form}>
        <Select
          label="Takes over"
          w={160}
          data={Object.keys(schedule.spec.people)}
          value={person}
          onChange={setPerson}
        />
        <Period start={start} onStart={setStart} end={end} onEnd={setEnd} />
        <TextInput
          label="Why"
          w={220}
          value={comment}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        <Button type="submit" loading={add.isPending} disabled={!person}>
          Take over
        </Button>
      </form>
      {add.error && <ErrorPanel error={add.error} />}
    </>
  );
}
