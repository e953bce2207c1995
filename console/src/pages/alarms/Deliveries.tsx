import { Badge, Text } from "@mantine/core";
import { useGet } from "@/api/query";
import { Moment } from "@/components/Moment";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { QueryState } from "@/components/QueryState";
import classes from "./alarms.module.css";
import { type Alarm, labelText } from "./model";

const REFRESH_MS = 15_000;
const COLORS: Record<string, string> = { delivered: "green", retrying: "yellow", failed: "red" };

function nobody({ state, quiet }: Alarm): string {
  if (state !== "ALARM") return "Nothing was sent yet.";
  return quiet
    ? `It fires, and nobody is told: ${quiet}.`
    : "It fires, and no route took it: nobody was told.";
}

/** Who was told, when and how it went; and whom it is escalated to. */
export function Deliveries({ alarm }: { alarm: Alarm }) {
  const query = useGet(
    "/api/v1/notification-deliveries",
    { params: { query: { alarm: alarm.name, limit: 50 } } },
    { refetchInterval: REFRESH_MS },
  );
  const escalations = useGet(
    "/api/v1/escalations",
    { params: { query: { alarm: alarm.id } } },
    { refetchInterval: REFRESH_MS },
  );
  return (
    <Panel
      title="Who was told"
      aside={<PageLink to="/notifications">Channels and routes</PageLink>}
    >
      {escalations.data?.escalations.map((one) => (
        <Text
          key={`${one.policy} ${labelText(one.series)}`}
          size="sm"
          className={`${classes.cause} ${classes.wrap}`}
        >
          Escalated by {one.policy}
          {labelText(one.series) && `, ${labelText(one.series)}`}: told{" "}
          {one.told.join(", ") || "nobody"}
          {one.next_step ? (
            <>
              , next step <Moment at={one.next_step} />
            </>
          ) : (
            one.ended && `; ${one.ended}`
          )}
        </Text>
      ))}
      <QueryState
        query={query}
        isEmpty={(data) => data.deliveries.length === 0}
        empty={
          <Text size="sm" c="dimmed" className={classes.pad}>
            {nobody(alarm)} A route sends alarms to channels by their labels.
          </Text>
        }
        height={40}
      >
        {(data) =>
          data.deliveries.map((one) => (
            <div key={one.id} className={classes.cause}>
              <Text size="sm" component="div" className={classes.wrap}>
                <Badge size="sm" variant="outline" color={COLORS[one.status] ?? "gray"}>
                  {one.status}
                </Badge>{" "}
                {one.channel} · <Moment at={one.at} />
              </Text>
              <Text size="xs" c="dimmed" className={classes.wrap}>
                {one.title}
                {one.attempt > 1 && ` · attempt ${one.attempt}`}
                {one.error && ` · ${one.error}`}
              </Text>
            </div>
          ))
        }
      </QueryState>
    </Panel>
  );
}
