import { Text } from "@mantine/core";
import { useGet } from "@/api/query";
import { formatBytes } from "@/charts/units";
import { short } from "@/components/Facets";
import { Fact, Facts } from "@/components/Facts";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { QueryState } from "@/components/QueryState";
import { formatSpan } from "@/time/range";
import { useTimeRange } from "@/time/TimeProvider";

/** Whether telemetry comes in as it should. */
export function IngestPanel() {
  const time = useTimeRange();
  const stats = useGet("/api/v1/ingest/stats", {}, { staleTime: 5000 });
  const rejected = useGet("/api/v1/ingest/rejected", {
    params: { query: { ...time.query, limit: 1000 } },
  });
  const lost = rejected.data?.rejected.reduce((sum, { count }) => sum + count, 0);
  return (
    <Panel title="Ingest" aside={<PageLink to="/settings/ingest">Details</PageLink>}>
      <QueryState query={stats} height={80}>
        {(data) => (
          <>
            <Facts figures="first">
              <Fact name="requests">{short(data.requests)}</Fact>
              <Fact name="taken in">{formatBytes(data.bytes)}</Fact>
              <Fact name="a commit takes">
                {data.groups ? `${Math.round((1000 * data.commit_seconds) / data.groups)} ms` : "–"}
              </Fact>
              <Fact name="told to wait" bad={data.overloads > 0}>
                {short(data.overloads)}
              </Fact>
              <Fact name="rejected in this range" bad={Boolean(lost)}>
                {lost === undefined ? "…" : short(lost)}
              </Fact>
            </Facts>
            <Text size="xs" c="dimmed" px="sm" pb="xs">
              Of this server since its start {formatSpan(data.uptime_seconds * 1000)} ago, over all
              accounts; what is rejected, of this account.
            </Text>
          </>
        )}
      </QueryState>
    </Panel>
  );
}
