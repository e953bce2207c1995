import { Button, Group, Tabs, Text, Tooltip } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Pivot } from "@/components/Pivot";
import { ErrorPanel, QueryState } from "@/components/QueryState";
import { resourceOf } from "@/components/resource";
import { useSession } from "@/session/SessionProvider";
import { formatMoment } from "@/time/format";
import { useTimeRange } from "@/time/TimeProvider";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Artifacts } from "./Artifacts";
import { BulkActions } from "./BulkActions";
import { Efficiency } from "./Efficiency";
import { RunCharts } from "./RunCharts";
import { RunOverview } from "./RunOverview";
import { RunTelemetry } from "./RunTelemetry";
import { durationOf } from "./run";
import { RunStatus } from "./Status";
import { SystemMetrics } from "./SystemMetrics";
import classes from "./training.module.css";

export type Run = components["schemas"]["TrainingRunView"];

const TABS = ["overview", "charts", "system", "artifacts", "telemetry", "cost"] as const;
const PARAMS = { tab: oneOf(TABS, "overview"), file: text() };
const RUNNING_MS = 5000;

export default function RunPage() {
  const { run: id } = useParams({ strict: false }) as { run: string };
  const [url, setUrl] = useUrlState(PARAMS);
  const { timezone } = useTimeRange();
  const { account } = useSession().session;
  const query = useGet(
    "/api/v1/runs/{run_id}",
    { params: { path: { run_id: id } } },
    { refetchInterval: RUNNING_MS, keepPrevious: false },
  );
  const run = query.data;
  if (query.error) {
    return (
      <>
        <PageHeader title="Run" time={false} />
        <ErrorPanel error={query.error} onRetry={() => void query.refetch()} />
      </>
    );
  }
  return (
    <>
      <PageHeader
        title={run?.info.name ?? "Run"}
        time={false}
        aside={
          run && (
            <Group gap="sm">
              <RunStatus
                status={run.info.status}
                deleted={run.info.lifecycle_stage === "deleted"}
              />
              <Pivot to="/experiments/$experiment" params={{ experiment: run.info.experiment_id }}>
                {run.experiment}
              </Pivot>
            </Group>
          )
        }
        actions={
          run && (
            <>
              <BulkActions
                ids={[id]}
                deleted={run.info.lifecycle_stage === "deleted"}
                onDone={() => void query.refetch()}
              />
              <Tooltip label="From where the data came and what came of it">
                <Button
                  variant="default"
                  component={PageLink}
                  to="/lineage"
                  search={{ resource: resourceOf(account, "run", id) }}
                >
                  Lineage
                </Button>
              </Tooltip>
            </>
          )
        }
      />
      <QueryState query={query} height={300}>
        {(loaded) => (
          <>
            <Text size="xs" c="dimmed" px="md" pb={6}>
              {loaded.info.start_ms !== null &&
                `started ${formatMoment(loaded.info.start_ms, timezone)}, `}
              took {durationOf(loaded.info, Date.now())}
              {loaded.info.user_id && `, by ${loaded.info.user_id}`} ·{" "}
              <span className={classes.code}>{id}</span>
            </Text>
            <Tabs
              value={url.tab}
              onChange={(tab) => setUrl({ tab: (tab ?? "overview") as "overview" })}
              keepMounted={false}
            >
              <Tabs.List className={classes.tabs}>
                <Tabs.Tab value="overview">Overview</Tabs.Tab>
                <Tabs.Tab value="charts">Charts</Tabs.Tab>
                <Tabs.Tab value="system">System metrics</Tabs.Tab>
                <Tabs.Tab value="artifacts">Artifacts</Tabs.Tab>
                <Tabs.Tab value="telemetry">Logs and traces</Tabs.Tab>
                <Tabs.Tab value="cost">Cost and efficiency</Tabs.Tab>
              </Tabs.List>
              <div className={classes.body}>
                <Tabs.Panel value="overview">
                  <RunOverview run={loaded} />
                </Tabs.Panel>
                <Tabs.Panel value="charts">
                  <RunCharts run={loaded} />
                </Tabs.Panel>
                <Tabs.Panel value="system">
                  <SystemMetrics run={loaded} />
                </Tabs.Panel>
                <Tabs.Panel value="artifacts">
                  <Artifacts
                    owner="run"
                    id={id}
                    path={url.file}
                    onPath={(file) => setUrl({ file })}
                  />
                </Tabs.Panel>
                <Tabs.Panel value="telemetry">
                  <RunTelemetry run={loaded} />
                </Tabs.Panel>
                <Tabs.Panel value="cost">
                  <Efficiency run={loaded} />
                </Tabs.Panel>
              </div>
            </Tabs>
          </>
        )}
      </QueryState>
    </>
  );
}
