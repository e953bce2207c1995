import { Stack, Table } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { Fragment } from "react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatBytes, formatNumber, formatPercent, formatSeconds } from "@/charts/units";
import { Fact, Facts } from "@/components/Facts";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { QueryState } from "@/components/QueryState";
import { SegmentOf } from "@/components/SegmentOf";
import { writeTerm } from "@/search/terms";
import { useSession } from "@/session/SessionProvider";
import { Mark, markOf, PipelineLink, RunLink } from "./health";
import classes from "./pipelines.module.css";

type Detail = components["schemas"]["RunDetailView"];
const SHOWN_TASKS = 500;

export default function RunPage() {
  const { runId = "" } = useParams({ strict: false }) as { runId?: string };
  const run = useGet("/api/v1/pipelines/runs/{run_id}", { params: { path: { run_id: runId } } });
  return (
    <>
      <PageHeader
        title={run.data ? `Run of ${run.data.run.job}` : "Run"}
        aside={run.data && <Mark status={run.data.run.status} />}
      />
      <QueryState query={run} height={420}>
        {(data) => <Loaded data={data} />}
      </QueryState>
    </>
  );
}

function Loaded({ data }: { data: Detail }) {
  const { run } = data;
  const { account } = useSession().session;
  const resource = `${account}/pipeline/${run.job.replaceAll("%", "%25").replaceAll("/", "%2F")}`;
  const facts: [string, React.ReactNode][] = [
    ["Pipeline", <PipelineLink key="p" job={run.job} />],
    ["Started", <Moment key="s" at={run.started} />],
    ["Took", formatSeconds(run.seconds)],
    ["Tasks", `${formatNumber(run.tasks)}, ${formatNumber(run.tasks_failed)} failed`],
    ["Retries", formatNumber(run.retries)],
    ["Rows read / written", `${formatNumber(run.rows_in)} / ${formatNumber(run.rows_out)}`],
    ["Bytes read / written", `${formatBytes(run.bytes_in)} / ${formatBytes(run.bytes_out)}`],
    [
      "Id",
      <span key="i" className="telemetry">
        {run.run_id}
      </span>,
    ],
  ];
  return (
    <>
      <div className={classes.tools}>
        {run.trace_id && (
          <>
            <Pivot to="/traces/$traceId" params={{ traceId: run.trace_id }}>
              Trace
            </Pivot>
            <Pivot to="/logs" search={{ q: writeTerm("trace_id", run.trace_id) }}>
              Logs
            </Pivot>
          </>
        )}
        <Pivot to="/lineage" search={{ resource }}>
          Lineage
        </Pivot>
        {run.parent_run_id && <RunLink runId={run.parent_run_id}>The run it is part of</RunLink>}
      </div>
      <Stack gap="sm" className={classes.body}>
        <Panel title="The run">
          <Facts className={classes.facts}>
            {facts.map(([name, value]) => (
              <Fact key={name} name={name}>
                {value}
              </Fact>
            ))}
          </Facts>
          {run.error && <p className={`${classes.bad} ${classes.facts}`}>{run.error}</p>}
        </Panel>
        {data.tasks.length > 0 && <Gantt data={data} />}
        {data.datasets.length > 0 && <Datasets data={data} />}
        {data.checks.length > 0 && <Checks checks={data.checks} />}
      </Stack>
    </>
  );
}

function Gantt({ data }: { data: Detail }) {
  const start = Date.parse(data.run.started);
  const ends = data.tasks.map((task) => Date.parse(task.ended ?? task.started));
  const end = Math.max(Date.parse(data.run.ended ?? data.run.started), ...ends, start + 1);
  const at = (moment: number) => `${(100 * (moment - start)) / (end - start)}%`;
  const path = new Map(data.path.filter((one) => one.task).map((one) => [one.task, one]));
  const [slowest] = data.time_by_task;
  return (
    <Panel
      title="Tasks over time"
      aside={
        slowest && (
          <span className="dimmed">
            most of the time: {slowest.job || "between tasks"} ({formatPercent(slowest.share)});
            underlined is what decided the end
          </span>
        )
      }
    >
      <div className={classes.gantt}>
        {data.tasks.slice(0, SHOWN_TASKS).map((task) => {
          const from = Date.parse(task.started);
          const until = task.ended ? Date.parse(task.ended) : end;
          const step = path.get(task.run_id);
          const mark = markOf(task.status);
          return (
            <Fragment key={task.run_id}>
              <RunLink runId={task.run_id}>
                {task.label}
                {task.attempt > 1 && ` (try ${task.attempt})`}
              </RunLink>
              <div className={classes.lane}>
                <div
                  className={classes.bar}
                  style={{
                    left: at(from),
                    width: `${(100 * (until - from)) / (end - start)}%`,
                    background: mark.color,
                  }}
                />
                {step && (
                  <div
                    className={classes.critical}
                    style={{
                      left: at(start + step.start * 1000),
                      width: `${(100 * step.seconds * 1000) / (end - start)}%`,
                    }}
                  />
                )}
              </div>
              <span>
                <Mark status={task.status} /> {formatSeconds(task.seconds)}
              </span>
            </Fragment>
          );
        })}
      </div>
      {data.tasks.length > SHOWN_TASKS && (
        <p className="dimmed">The first {SHOWN_TASKS} tasks are shown.</p>
      )}
    </Panel>
  );
}

function Datasets({ data }: { data: Detail }) {
  const { account } = useSession().session;
  return (
    <Panel title="Datasets">
      <Listing
        minWidth={620}
        columns={["Dataset", "Way", "Task", "Rows", "Bytes", "Version", "Columns"]}
      >
        {data.datasets.map((one) => (
          <Table.Tr key={`${one.run_id} ${one.direction} ${one.dataset}`}>
            <Table.Td>
              <Pivot
                to="/lineage"
                search={{
                  resource: `${account}/dataset/${one.dataset.replaceAll("%", "%25").replaceAll("/", "%2F")}`,
                }}
              >
                {one.dataset}
              </Pivot>
            </Table.Td>
            <Table.Td>{one.direction === "in" ? "read" : "written"}</Table.Td>
            <Table.Td>{one.job.replace(`${data.run.job}.`, "")}</Table.Td>
            <Table.Td>{formatNumber(one.rows)}</Table.Td>
            <Table.Td>{formatBytes(one.bytes)}</Table.Td>
            <Table.Td className="telemetry">{one.version}</Table.Td>
            <Table.Td>{Array.isArray(one.fields) ? one.fields.length : "–"}</Table.Td>
          </Table.Tr>
        ))}
      </Listing>
    </Panel>
  );
}

function Checks({ checks }: { checks: Detail["checks"] }) {
  return (
    <Panel title="Checks">
      <Listing minWidth={520} columns={["Dataset", "Column", "Check", "Status", "What"]}>
        {checks.map((one) => (
          <Table.Tr
            key={JSON.stringify([
              one.dataset,
              one.column,
              one.check,
              one.time,
              one.segment,
              one.description,
            ])}
          >
            <Table.Td>{one.dataset}</Table.Td>
            <Table.Td>{one.column}</Table.Td>
            <Table.Td>{one.check}</Table.Td>
            <Table.Td>
              <Mark status={one.status} />
            </Table.Td>
            <Table.Td>
              {one.description}
              <SegmentOf segment={one.segment} />
            </Table.Td>
          </Table.Tr>
        ))}
      </Listing>
    </Panel>
  );
}
