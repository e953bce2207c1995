import { Table, Text } from "@mantine/core";
import { useGet } from "@/api/query";
import { formatBytes, formatCount } from "@/charts/units";
import { Fact, Facts } from "@/components/Facts";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { visible } from "@/pages/logs/record";
import { formatSpan } from "@/time/range";
import { useTimeRange } from "@/time/TimeProvider";
import { SettingsFrame } from "./SettingsFrame";

export default function IngestPage() {
  const { query: range } = useTimeRange();
  const stats = useGet("/api/v1/ingest/stats", {}, { refetchInterval: 5000 });
  const rejected = useGet("/api/v1/ingest/rejected", {
    params: { query: { ...range, limit: 500 } },
  });
  return (
    <SettingsFrame title="Ingest" time>
      <Panel title="This server since its start, over all accounts">
        <QueryState query={stats} height={90}>
          {(data) => (
            <Facts figures>
              <Fact name="runs for">{formatSpan(data.uptime_seconds * 1000)}</Fact>
              <Fact name="requests">{formatCount(data.requests)}</Fact>
              <Fact name="taken in, unpacked">{formatBytes(data.bytes)}</Fact>
              <Fact name="commits">{formatCount(data.groups)}</Fact>
              <Fact name="a commit takes">
                {data.groups ? `${Math.round((1000 * data.commit_seconds) / data.groups)} ms` : "–"}
              </Fact>
              <Fact name="stored already (sent again)">{formatCount(data.duplicates)}</Fact>
              <Fact name="told to come again later">{formatCount(data.overloads)}</Fact>
              <Fact name="bodies refused">{formatCount(data.refused_bodies)}</Fact>
              <Fact name="records rejected">{formatCount(data.rejected_records)}</Fact>
            </Facts>
          )}
        </QueryState>
      </Panel>
      <Panel title="Rejected records of this account">
        <QueryState
          query={rejected}
          isEmpty={(data) => !data.rejected.length}
          empty={
            <Empty title="Nothing was rejected in this time range">
              Rejected records are kept for seven days.
            </Empty>
          }
        >
          {(data) => (
            <Listing
              minWidth={640}
              dimHead
              columns={["Received", "Signal", "Records", "Reason", "One of them"]}
            >
              {data.rejected.map((item, index) => (
                <Table.Tr key={`${item.received} ${index.toString()}`}>
                  <Table.Td>
                    <Moment at={item.received} />
                  </Table.Td>
                  <Table.Td>{item.signal}</Table.Td>
                  <Table.Td>{formatCount(item.count)}</Table.Td>
                  <Table.Td>{item.reason}</Table.Td>
                  <Table.Td>
                    <Text className="telemetry" lineClamp={3}>
                      {visible(item.sample)}
                    </Text>
                  </Table.Td>
                </Table.Tr>
              ))}
            </Listing>
          )}
        </QueryState>
      </Panel>
    </SettingsFrame>
  );
}
