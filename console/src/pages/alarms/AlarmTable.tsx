import { Badge, Table, Text } from "@mantine/core";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { PageLink } from "@/components/PageLink";
import { Partial } from "@/components/QueryState";
import classes from "./alarms.module.css";
import { type Alarm, labelText } from "./model";
import { StateBadge } from "./StateBadge";

/** Alarms in rows. */
export function AlarmTable({ alarms, more }: { alarms: readonly Alarm[]; more: boolean }) {
  return (
    <>
      <Listing
        minWidth={760}
        dimHead
        columns={[{ w: 150, children: "State" }, "Alarm", "Severity", "Series", "Since"]}
      >
        {alarms.map((alarm) => (
          <Table.Tr key={alarm.id}>
            <Table.Td>
              <StateBadge state={alarm.state} />
            </Table.Td>
            <Table.Td>
              <PageLink to="/alarms/$alarm" params={{ alarm: alarm.id }} className={classes.name}>
                {alarm.name}
              </PageLink>{" "}
              <Marks alarm={alarm} />
              <Text size="xs" c="dimmed" className={classes.wrap}>
                {alarm.summary}
                {Object.keys(alarm.labels).length > 0 && ` · ${labelText(alarm.labels)}`}
              </Text>
            </Table.Td>
            <Table.Td>{alarm.spec.severity ?? "warning"}</Table.Td>
            <Table.Td>
              {alarm.in_alarm} of {alarm.series}
              {alarm.pending > 0 && `, ${alarm.pending} pending`}
            </Table.Td>
            <Table.Td>
              <Moment at={alarm.since} ago />
            </Table.Td>
          </Table.Tr>
        ))}
      </Listing>
      {more && (
        <div className={classes.pad}>
          <Partial>More alarms are not shown: choose their state, or search.</Partial>
        </div>
      )}
    </>
  );
}

/** What is to be known beside the state: never swallowed. */
export function Marks({ alarm }: { alarm: Alarm }) {
  return (
    <>
      {alarm.evaluation !== "OK" && alarm.evaluation !== "NONE" && (
        <Badge size="sm" variant="outline" color="orange" title={alarm.evaluation_reason}>
          {alarm.evaluation === "PARTIAL_DATA" ? "partial data" : "evaluation error"}
        </Badge>
      )}{" "}
      {alarm.quiet && (
        <Badge size="sm" variant="outline" color="gray" title={alarm.quiet}>
          quiet
        </Badge>
      )}{" "}
      {alarm.acknowledgement && (
        <Badge size="sm" variant="outline" color="blue" title={alarm.acknowledgement.comment}>
          acknowledged by {alarm.acknowledgement.by}
        </Badge>
      )}{" "}
      {alarm.spec.enabled === false && (
        <Badge size="sm" variant="outline" color="gray">
          off
        </Badge>
      )}
    </>
  );
}
