import { Button, SimpleGrid, Switch, Table } from "@mantine/core";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useParams } from "@tanstack/react-router";
import { client, unwrap } from "@/api/client";
import { useChange, useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { useOpenPage } from "@/app/useOpenPage";
import { TimePanel } from "@/charts/TimePanel";
import { formatValue } from "@/charts/units";
import { DefinitionDelete, DefinitionEditor } from "@/components/DefinitionEditor";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { notifyDone, notifyError } from "@/components/notify";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { StateMark } from "@/components/Standing";
import classes from "@/components/Standing.module.css";
import { useTimeRange } from "@/time/TimeProvider";
import { flag } from "@/url/params";
import { useUrlState } from "@/url/state";
import { lastState } from "./states";

type Runs = components["schemas"]["SyntheticRunsView"];
const PARAMS = { failed: flag() };

const latencyOf = ({ series }: Runs) => ({
  times: series.times,
  series: [
    { key: "p95", label: "p95", values: series.p95_ms },
    { key: "mean", label: "mean", values: series.mean_ms },
  ],
});
const passedOf = ({ series }: Runs) => ({
  times: series.times,
  series: [
    {
      key: "passed",
      label: "passed",
      values: series.runs.map((runs, at) => (runs ? (series.passed[at] ?? 0) / runs : null)),
      color: "var(--v-good)",
    },
  ],
});

export default function CheckPage() {
  const { check: name } = useParams({ strict: false }) as { check: string };
  const [url, setUrl] = useUrlState(PARAMS);
  const { query } = useTimeRange();
  const openPage = useOpenPage();
  const path = { name };
  const check = useGet("/api/v1/synthetic-checks/{name}", { params: { path } });
  const runs = useGet(
    "/api/v1/synthetic-checks/{name}/runs",
    { params: { path, query: { ...query, failed: url.failed } } },
    { refetchInterval: 30_000 },
  );
  const run = useChange(
    () => unwrap(client.POST("/api/v1/synthetic-checks/{name}/run", { params: { path } })),
    ["/api/v1/synthetic-checks"],
  );
  const now = () =>
    run.mutate(undefined, {
      onSuccess: (result) =>
        result.passed
          ? notifyDone(`${name} passed in ${formatValue(result.duration_ms, "ms")}`)
          : notifyError(`${name} failed`, new Error(result.error)),
      onError: (error) => notifyError(`${name} was not run`, error),
    });
  return (
    <>
      <PageHeader
        title={name}
        aside={
          check.data && (
            <StateMark state={lastState(check.data.day.last_passed, check.data.spec.enabled)} />
          )
        }
        actions={
          check.data && (
            <>
              <Button
                variant="default"
                size="compact-sm"
                leftSection={<IconPlayerPlay size={14} />}
                loading={run.isPending}
                onClick={now}
              >
                Run now
              </Button>
              <DefinitionEditor
                what="check"
                kind="SyntheticCheck"
                path="/api/v1/synthetic-checks"
                name={check.data.name}
                spec={check.data.spec}
                labels={check.data.labels}
              />
              <DefinitionDelete
                what="check"
                path="/api/v1/synthetic-checks"
                name={check.data.name}
                question="Its alarms go with it; its runs stay."
                onDone={() => openPage("/synthetic")}
              />
            </>
          )
        }
      />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing={10} px={14} pb={10}>
        <TimePanel title="Duration" query={runs} shape={latencyOf} unit="ms" />
        <TimePanel
          title="Share that passed"
          query={runs}
          shape={passedOf}
          unit="share"
          min={0}
          max={1}
        />
      </SimpleGrid>
      <div className={classes.stack}>
        <Panel
          title="Runs"
          aside={
            <Switch
              size="xs"
              label="Only those that failed"
              checked={url.failed}
              onChange={(event) => setUrl({ failed: event.currentTarget.checked })}
            />
          }
        >
          <QueryState
            query={runs}
            isEmpty={(data) => data.runs.length === 0}
            empty={
              <Empty title="No run in this time range">Run it now, or choose a longer range.</Empty>
            }
            height={200}
          >
            {(data) => (
              <Listing
                minWidth={640}
                horizontalSpacing="sm"
                columns={["When", "Result", "Took", "Steps", "Trace"]}
              >
                {data.runs.map((one) => (
                  <Table.Tr key={one.run}>
                    <Table.Td>
                      <Moment at={one.time} />
                    </Table.Td>
                    <Table.Td>
                      <StateMark state={one.passed ? "passed" : "failed"} />
                      <div className={classes.warn}>{one.error}</div>
                    </Table.Td>
                    <Table.Td>{formatValue(one.duration_ms, "ms")}</Table.Td>
                    <Table.Td>
                      {one.steps
                        .map(
                          (step) =>
                            `${step.name} ${step.status ?? ""} ${formatValue(step.duration_ms, "ms")}`,
                        )
                        .join(" · ")}
                    </Table.Td>
                    <Table.Td>
                      {one.trace_id && (
                        <Pivot to="/traces/$traceId" params={{ traceId: one.trace_id }}>
                          Trace
                        </Pivot>
                      )}
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Listing>
            )}
          </QueryState>
        </Panel>
      </div>
    </>
  );
}
