import { Badge, Button, Select, Stack, Table, TagsInput, Text, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Confirm } from "@/components/Confirm";
import { ACTIONS, Listing } from "@/components/Listing";
import { Matchers } from "@/components/Matchers";
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Period } from "@/components/Period";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { inZone } from "@/time/inZone";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./alarms.module.css";

type Window = components["schemas"]["MuteWindowView"];
type Matcher = components["schemas"]["MatcherBody"];
const PATH = "/api/v1/mute-windows";

/** When which alarms tell nobody. They are evaluated all the same. */
export default function MutesPage() {
  const { can } = useSession();
  const query = useGet(PATH, {});
  return (
    <>
      <PageHeader title="Mute windows" time={false} />
      <Stack gap="sm" className={classes.page}>
        {can("catalog:write") && <Create />}
        <Panel title="Windows">
          <QueryState
            query={query}
            isEmpty={(data) => data.windows.length === 0}
            empty={
              <Empty title="Nothing is muted">
                A window keeps messages back, once or by a schedule; what still fires when it ends
                is told then.
              </Empty>
            }
          >
            {(data) => <Windows windows={data.windows} />}
          </QueryState>
        </Panel>
      </Stack>
    </>
  );
}

function Windows({ windows }: { windows: readonly Window[] }) {
  const { can } = useSession();
  const remove = useChange(
    (name: string) =>
      unwrap(client.DELETE("/api/v1/mute-windows/{name}", { params: { path: { name } } })),
    [PATH, "/api/v1/alarms"],
  );
  return (
    <Listing
      minWidth={720}
      dimHead
      columns={["Window", "When", "Which alarms", "Made by", ACTIONS]}
    >
      {windows.map((one) => (
        <Table.Tr key={one.id}>
          <Table.Td className={classes.wrap}>
            <strong>{one.name}</strong>{" "}
            {one.active && (
              <Badge size="sm" variant="outline">
                open now
              </Badge>
            )}
            <Text size="xs" c="dimmed">
              {one.spec.comment}
            </Text>
          </Table.Td>
          <Table.Td>
            {one.spec.schedule ? (
              <>
                <span className="mono">{one.spec.schedule}</span>, {one.spec.duration ?? "1h"} long
              </>
            ) : (
              <>
                <Moment at={one.spec.start} /> to <Moment at={one.spec.end} />
              </>
            )}
          </Table.Td>
          <Table.Td className={classes.wrap}>{whichText(one.spec)}</Table.Td>
          <Table.Td>
            {one.updated_by}
            {one.owner && `, as code by ${one.owner}`}
          </Table.Td>
          <Table.Td ta="right">
            {can("catalog:write") && (
              <Confirm
                label="End"
                question={`Alarms of "${one.name}" tell again.`}
                confirm="End the window"
                onConfirm={() =>
                  remove.mutate(one.id, {
                    onError: (error) => notifyError("The window was not ended", error),
                  })
                }
              />
            )}
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}

function whichText(spec: Window["spec"]): string {
  const names = spec.alarms ?? [];
  const conditions = (spec.matchers ?? []).map(
    ({ label, operator, value }) => `${label}${operator ?? "="}${value}`,
  );
  return [...names, ...conditions].join(", ");
}

function Create() {
  const { timezone } = useTimeRange();
  const alarms = useGet("/api/v1/alarms", { params: { query: { limit: 1000 } } });
  const [name, setName] = useState("");
  const [kind, setKind] = useState("once");
  const [start, setStart] = useState("");
  const [end, setEnd] = useState("");
  const [cron, setCron] = useState(`CRON_TZ=${timezone} 0 2 * * SUN`);
  const [duration, setDuration] = useState("2h");
  const [names, setNames] = useState<string[]>([]);
  const [matchers, setMatchers] = useState<Matcher[]>([]);
  const [comment, setComment] = useState("");
  const put = useChange(() => {
    const when =
      kind === "once"
        ? { start: inZone(start || "now", timezone) ?? start, end: inZone(end, timezone) ?? end }
        : { schedule: cron, duration };
    const absolute =
      "start" in when && when.start === "now" ? { ...when, start: new Date().toISOString() } : when;
    return unwrap(
      client.POST(PATH, {
        body: { name: name.trim(), spec: { ...absolute, alarms: names, matchers, comment } },
      }),
    );
  }, [PATH, "/api/v1/alarms"]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    put.mutate(undefined, {
      onSuccess: () => {
        notifyDone(`The window "${name}" is kept`);
        setName("");
      },
    });
  };
  return (
    <Panel title="Make a window">
      <form onSubmit={submit} className={classes.form}>
        <TextInput
          label="Name"
          required
          maxLength={255}
          w={220}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label="It comes"
          w={130}
          allowDeselect={false}
          data={[
            { value: "once", label: "once" },
            { value: "again", label: "by a schedule" },
          ]}
          value={kind}
          onChange={(next) => setKind(next ?? "once")}
        />
        {kind === "once" ? (
          <Period start={start} onStart={setStart} end={end} onEnd={setEnd} />
        ) : (
          <>
            <TextInput
              label="Cron expression"
              className={classes.mono}
              w={280}
              value={cron}
              onChange={(event) => setCron(event.currentTarget.value)}
            />
            <TextInput
              label="Length"
              w={90}
              value={duration}
              onChange={(event) => setDuration(event.currentTarget.value)}
            />
          </>
        )}
        <TagsInput
          label="Alarms"
          placeholder="by name"
          miw={220}
          data={alarms.data?.alarms.map((one) => one.name) ?? []}
          value={names}
          onChange={setNames}
        />
        <Matchers label="And those that match" value={matchers} onChange={setMatchers} />
        <TextInput
          label="Why"
          className={classes.grow}
          value={comment}
          maxLength={4096}
          onChange={(event) => setComment(event.currentTarget.value)}
        />
        <Button type="submit" loading={put.isPending} disabled={!names.length && !matchers.length}>
          Mute
        </Button>
      </form>
      {put.error && <ErrorPanel error={put.error} />}
    </Panel>
  );
}
