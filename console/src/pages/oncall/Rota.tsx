import { Button, Group, Table, Text } from "@mantine/core";
import { useState } from "react";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Confirm } from "@/components/Confirm";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyError } from "@/components/notify";
import { QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { serviceColor } from "@/theme/colors";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./oncall.module.css";

type Schedule = components["schemas"]["OnCallScheduleView"];
type Shift = components["schemas"]["ShiftView"];
const DAY_MS = 86_400_000;
const DAYS = 14;
const MOST_ROWS = 60;

/** Two weeks of a schedule: each layer, and who is on call when all is said. */
export function Rota({ schedule }: { schedule: Schedule }) {
  const { can } = useSession();
  const { format } = useTimeRange();
  const [page, setPage] = useState(0);
  // From the beginning of a day on, so that it is the same all day.
  const start = Math.floor(Date.now() / DAY_MS) * DAY_MS + page * DAYS * DAY_MS;
  const end = start + DAYS * DAY_MS;
  const range = { start: new Date(start).toISOString(), end: new Date(end).toISOString() };
  const query = useGet("/api/v1/oncall-schedules/{name}/shifts", {
    params: { path: { name: schedule.name }, query: range },
  });
  const remove = useChange(
    (override: string) =>
      unwrap(
        client.DELETE("/api/v1/oncall-schedules/{name}/overrides/{override}", {
          params: { path: { name: schedule.name, override } },
        }),
      ),
    ["/api/v1/oncall"],
  );
  return (
    <div className={classes.rota}>
      <Group gap={6}>
        <Button variant="default" size="compact-xs" onClick={() => setPage(page - 1)}>
          Before
        </Button>
        <Text size="sm">
          {format(start, "day")} to {format(end, "day")}
        </Text>
        <Button variant="default" size="compact-xs" onClick={() => setPage(page + 1)}>
          After
        </Button>
      </Group>
      <QueryState query={query} height={90}>
        {(data) => (
          <>
            {data.layers.map((shifts, at) => (
              <Lane
                // biome-ignore lint/suspicious/noArrayIndexKey: layers have no identity but their place
                key={at}
                name={schedule.spec.layers[at]?.name || `Layer ${at + 1}`}
                shifts={shifts}
                range={[start, end]}
              />
            ))}
            <Lane name="On call" shifts={data.shifts} range={[start, end]} />
            <Listing minWidth={420} dimHead columns={["From", "Until", "On call", "By"]}>
              {data.shifts.slice(0, MOST_ROWS).map((one) => (
                <Table.Tr key={one.start}>
                  <Table.Td>
                    <Moment at={one.start} />
                  </Table.Td>
                  <Table.Td>
                    <Moment at={one.end} />
                  </Table.Td>
                  <Table.Td>{one.person}</Table.Td>
                  <Table.Td>
                    {one.layer < 0
                      ? "taking over"
                      : schedule.spec.layers[one.layer]?.name || `layer ${one.layer + 1}`}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Listing>
            {data.overrides.map((one) => (
              <Group key={one.id} gap={8}>
                <Text size="sm">
                  {one.person} takes over, <Moment at={one.start} /> to <Moment at={one.end} />
                  {one.comment && `: ${one.comment}`} (by {one.by})
                </Text>
                {can("catalog:write") && (
                  <Confirm
                    label="Take back"
                    question="The layers say again who is on call."
                    confirm="Take the override back"
                    onConfirm={() =>
                      remove.mutate(one.id, {
                        onError: (error) => notifyError("It was not taken back", error),
                      })
                    }
                  />
                )}
              </Group>
            ))}
          </>
        )}
      </QueryState>
    </div>
  );
}

interface LaneProps {
  name: string;
  shifts: readonly Shift[];
  range: readonly [number, number];
}

/** A lane of time; what it shows is in the table below, too. */
function Lane({ name, shifts, range: [start, end] }: LaneProps) {
  const share = (moment: string) =>
    (Math.min(Math.max(Date.parse(moment), start), end) - start) / (end - start);
  return (
    <div className={classes.lane}>
      <span className={classes.name} title={name}>
        {name}
      </span>
      <div className={classes.bar} aria-hidden>
        {shifts.map((one) => (
          <span
            key={one.start}
            className={classes.shift}
            title={one.person}
            style={{
              left: `${share(one.start) * 100}%`,
              width: `${(share(one.end) - share(one.start)) * 100}%`,
              borderColor: serviceColor(one.person),
            }}
          >
            {one.person}
          </span>
        ))}
      </div>
    </div>
  );
}
