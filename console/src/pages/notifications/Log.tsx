import { Badge, Group, Select, Table, Text } from "@mantine/core";
import { useGet } from "@/api/query";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { Panel } from "@/components/Panel";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import classes from "@/pages/alarms/alarms.module.css";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { CHANNELS } from "./Channels";

const PARAMS = { channel: text() };
const COLORS: Record<string, string> = { delivered: "green", retrying: "yellow", failed: "red" };
const REFRESH_MS = 10_000;

/** Every attempt to send, newest first. */
export function Log() {
  const [url, setUrl] = useUrlState(PARAMS);
  const channels = useGet(CHANNELS, {});
  const query = useGet(
    "/api/v1/notification-deliveries",
    { params: { query: { channel: url.channel, limit: 200 } } },
    { refetchInterval: REFRESH_MS },
  );
  return (
    <Panel
      title="What was sent"
      aside={
        <Group gap={6}>
          <Select
            aria-label="Channel"
            size="xs"
            w={180}
            clearable
            placeholder="every channel"
            data={channels.data?.channels.map((one) => one.name) ?? []}
            value={url.channel || null}
            onChange={(channel) => setUrl({ channel: channel ?? "" })}
          />
        </Group>
      }
    >
      <QueryState
        query={query}
        isEmpty={(data) => data.deliveries.length === 0}
        empty={<Empty title="Nothing was sent yet">Send a test from the list of channels.</Empty>}
      >
        {(data) => (
          <>
            <Listing minWidth={680} dimHead columns={["When", "Channel", "How it went", "Message"]}>
              {data.deliveries.map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>
                    <Moment at={one.at} />
                  </Table.Td>
                  <Table.Td>{one.channel}</Table.Td>
                  <Table.Td className={classes.wrap}>
                    <Badge size="sm" variant="outline" color={COLORS[one.status] ?? "gray"}>
                      {one.status}
                    </Badge>
                    <Text size="xs" c="dimmed">
                      {one.seconds.toFixed(1)} s{one.attempt > 1 && `, attempt ${one.attempt}`}
                      {one.error && `: ${one.error}`}
                    </Text>
                  </Table.Td>
                  <Table.Td className={classes.wrap}>
                    {one.title}
                    {one.notices > 1 && (
                      <Text size="xs" c="dimmed">
                        {one.notices} notices
                      </Text>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </Listing>
            {data.cursor && <Partial>Older attempts are not shown.</Partial>}
          </>
        )}
      </QueryState>
    </Panel>
  );
}
