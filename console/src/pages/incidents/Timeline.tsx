import { Text } from "@mantine/core";
import { IconBell, IconFlag, IconMessage, IconPencil, IconSearch } from "@tabler/icons-react";
import { useGet } from "@/api/query";
import { Moment } from "@/components/Moment";
import { AddressLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { NotAsked, QueryState } from "@/components/QueryState";
import classes from "./incidents.module.css";
import type { Entry } from "./model";

const SIGNS = {
  alarm: IconBell,
  cause: IconSearch,
  change: IconPencil,
  note: IconMessage,
  incident: IconFlag,
} as const;
const NAMES = {
  alarm: "Alarm",
  cause: "Possible cause",
  change: "Change",
  note: "Note",
  incident: "Incident",
} as const;

/** What happened around an incident: alarms, causes, changes and notes in one order. */
export function IncidentTimeline({ number }: { number: number }) {
  const query = useGet(
    "/api/v1/incidents/{incident}/timeline",
    { params: { path: { incident: String(number) } } },
    { refetchInterval: 30_000 },
  );
  return (
    <Panel title="Timeline">
      <QueryState query={query} height={200}>
        {(data) => (
          <>
            <NotAsked failed={data.failed} />
            <ol className={classes.timeline}>
              {data.entries.map((entry, at) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: entries have no id, and only grow
                <Line key={at} entry={entry} />
              ))}
            </ol>
          </>
        )}
      </QueryState>
    </Panel>
  );
}

function Line({ entry }: { entry: Entry }) {
  const Icon = SIGNS[entry.kind];
  return (
    <li
      className={classes.entry}
      data-kind={entry.kind}
      data-state={String(entry.data.state ?? "")}
    >
      <Icon size={15} role="img" aria-label={NAMES[entry.kind]} />
      <div className={classes.wrap}>
        <Text size="sm" component="div">
          <Moment at={entry.at} />{" "}
          <strong>
            <AddressLink address={entry.link}>{entry.title}</AddressLink>
          </strong>
          {entry.by && ` by ${entry.by}`}
        </Text>
        <Text size="xs" c="dimmed" className={classes.wrap}>
          {entry.detail}
        </Text>
      </div>
    </li>
  );
}
