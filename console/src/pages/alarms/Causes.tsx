import { Text } from "@mantine/core";
import { useGet } from "@/api/query";
import { Moment } from "@/components/Moment";
import { AddressLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { NotAsked, QueryState } from "@/components/QueryState";
import classes from "./alarms.module.css";
import type { Alarm } from "./model";

/** Kinds of causes whose distance is told by lineage. */
const UPSTREAM = new Set(["run", "model_version"]);

/** What changed shortly before it began, the most likely cause first. */
export function Causes({ alarm }: { alarm: Alarm }) {
  const fires = alarm.state === "ALARM";
  const query = useGet(
    "/api/v1/alarms/{alarm}/causes",
    { params: { path: { alarm: alarm.id } } },
    { enabled: fires },
  );
  return (
    <Panel title="What happened before">
      {fires ? (
        <QueryState
          query={query}
          isEmpty={(data) => !data.causes.length && !Object.keys(data.failed).length}
          empty={
            <Text size="sm" c="dimmed" className={classes.pad}>
              Nothing changed in the half-hour before that telemetry tells of: no new version, no
              burst of errors, no slow or failing service below, no failed or slow pipeline run.
            </Text>
          }
        >
          {(data) => (
            <>
              {data.causes.map((cause) => (
                <div key={`${cause.kind} ${cause.title} ${cause.at}`} className={classes.cause}>
                  <Text size="sm" fw={600} className={classes.wrap}>
                    <AddressLink address={cause.link}>{cause.title}</AddressLink>
                  </Text>
                  <Text size="xs" className={classes.wrap}>
                    {cause.reason}
                  </Text>
                  <Text size="xs" c="dimmed" className={classes.wrap}>
                    {cause.kind.replaceAll("_", " ")} · <Moment at={cause.at} /> ·{" "}
                    {whenOf(cause.minutes_before)}
                    {cause.distance !== null &&
                      (cause.distance === 0
                        ? " · here"
                        : ` · ${cause.distance} ${UPSTREAM.has(cause.kind) ? "steps up the lineage" : "calls below"}`)}{" "}
                    · score {cause.score.toFixed(2)}
                  </Text>
                  <Text size="xs" c="dimmed" className={classes.wrap}>
                    {evidenceText(cause.evidence)}
                  </Text>
                </div>
              ))}
              <NotAsked failed={data.failed} />
            </>
          )}
        </QueryState>
      ) : (
        <Text size="sm" c="dimmed" className={classes.pad}>
          While the alarm fires, what changed shortly before is ranked here.
        </Text>
      )}
    </Panel>
  );
}

const whenOf = (minutes: number): string =>
  minutes >= 0 ? `${minutes.toFixed(0)} min before` : `${(-minutes).toFixed(0)} min after`;

function evidenceText(evidence: Readonly<Record<string, unknown>>): string {
  return Object.entries(evidence)
    .map(([name, value]) => `${name.replaceAll("_", " ")}: ${short(value)}`)
    .join(" · ")
    .slice(0, 600);
}

function short(value: unknown): string {
  if (typeof value === "number") return String(Number(value.toPrecision(4)));
  return typeof value === "string" ? value : JSON.stringify(value);
}
