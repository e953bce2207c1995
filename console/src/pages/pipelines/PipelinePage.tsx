import { Code, Stack, Table } from "@mantine/core";
import { useCallback } from "react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import type { Aligned } from "@/charts/aligned";
import { TimePanel } from "@/charts/TimePanel";
import { formatNumber, formatPercent, formatSeconds, formatValue } from "@/charts/units";
import { Fact, Facts } from "@/components/Facts";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { useTimeRange } from "@/time/TimeProvider";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { ExpectationsForm } from "./ExpectationsForm";
import { Mark, PipelineLink, RecentRuns, type Run, RunLink } from "./health";
import classes from "./pipelines.module.css";

type Detail = components["schemas"]["PipelineDetailView"];
type Series = components["schemas"]["PipelineSeriesView"];
const PARAMS = {
  pipeline: text(),
  status: oneOf(["", "running", "completed", "failed", "aborted"], ""),
};

export default function PipelinePage() {
  const [url] = useUrlState(PARAMS);
  const { query } = useTimeRange();
  const named = { ...query, pipeline: url.pipeline };
  const enabled = url.pipeline !== "";
  const detail = useGet("/api/v1/pipelines/detail", { params: { query: named } }, { enabled });
  const title = url.pipeline || "Pipeline";
  if (!enabled)
    return (
      <>
        <PageHeader title={title} />
        <Empty title="No pipeline is named">
          <Pivot to="/pipelines">Choose one of the list</Pivot>
        </Empty>
      </>
    );
  return (
    <>
      <PageHeader
        title={title}
        aside={detail.data?.summary && <Mark status={detail.data.summary.health} />}
      />
      <QueryState query={detail} height={420}>
        {(data) => <Loaded data={data} />}
      </QueryState>
    </>
  );
}

function Loaded({ data }: { data: Detail }) {
  const { query } = useTimeRange();
  const { account } = useSession().session;
  const named = { ...query, pipeline: data.job };
  const series = useGet("/api/v1/pipelines/series", { params: { query: named } });
  const runs = useGet("/api/v1/pipelines/runs", { params: { query: { ...named, limit: 50 } } });
  const resource = `${account}/pipeline/${data.job.replaceAll("%", "%25").replaceAll("/", "%2F")}`;
  return (
    <>
      <div className={classes.tools}>
        <Pivot to="/lineage" search={{ resource }}>
          Lineage
        </Pivot>
        {data.about?.service && (
          <Pivot to="/services/$service" params={{ service: data.about.service }}>
            Service
          </Pivot>
        )}
        {data.about?.parent && (
          <Pivot to="/pipelines/detail" search={{ pipeline: data.about.parent }}>
            Its pipeline
          </Pivot>
        )}
      </div>
      <Stack gap="sm" className={classes.body}>
        <About data={data} />
        <Charts job={data.job} series={series} />
        {data.tasks.length > 0 && <Tasks tasks={data.tasks} />}
        <Panel title="Runs">
          <QueryState
            query={runs}
            isEmpty={(found) => found.runs.length === 0}
            empty={<Empty title="No run in this time range">Widen the range.</Empty>}
          >
            {(found) => <Runs runs={found.runs} />}
          </QueryState>
        </Panel>
        {data.about?.sql && (
          <Panel title="Code">
            <Code block className={classes.sql} tabIndex={0}>
              {data.about.sql}
            </Code>
          </Panel>
        )}
      </Stack>
    </>
  );
}

function About({ data }: { data: Detail }) {
  const { summary, about, expected } = data;
  const owners = new Set([...(about?.owners ?? []), expected?.owner].filter(Boolean));
  const facts: [string, React.ReactNode][] = [
    ["Runs", formatNumber(summary?.runs)],
    ["Failed", summary?.runs ? formatPercent(summary.failed / summary.runs) : "–"],
    ["Retries", formatNumber(summary?.retries)],
    [
      "p50 / p95",
      `${formatSeconds(summary?.p50_seconds)} / ${formatSeconds(summary?.p95_seconds)}`,
    ],
    [
      "Rows read / written",
      `${formatNumber(summary?.rows_in)} / ${formatNumber(summary?.rows_out)}`,
    ],
    ["Throughput", formatValue(summary?.rows_per_second, "{row}/s")],
    ["Last success", <Moment key="m" at={summary?.last_success} ago />],
    ["Lateness", summary?.due ? formatSeconds(summary.lateness) : "no schedule known"],
    [
      "Slowest task",
      summary?.slowest_task ? <PipelineLink key="l" job={summary.slowest_task} /> : "–",
    ],
    ["Owners", [...owners].join(", ") || "–"],
  ];
  return (
    <Panel
      title="How it stands"
      aside={<ExpectationsForm key={data.job} job={data.job} expected={expected} />}
    >
      <Facts className={classes.facts}>
        {facts.map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
      </Facts>
      {summary?.last_error && (
        <p className={`${classes.bad} ${classes.facts}`}>{summary.last_error}</p>
      )}
    </Panel>
  );
}

function Charts({
  job,
  series,
}: {
  job: string;
  series: ReturnType<typeof useGet<"/api/v1/pipelines/series">>;
}) {
  const of = useCallback(
    (name: string) =>
      (data: Series): Aligned => ({
        times: data.times,
        series: Object.entries(data.jobs)
          .filter(([, columns]) => columns[name]?.some((value) => value !== null))
          .map(([key, columns]) => ({
            key,
            label: key === job ? "the pipeline" : key.replace(`${job}.`, ""),
            values: columns[name] ?? [],
          })),
      }),
    [job],
  );
  const shown = (series: Series, name: string) => of(name)(series);
  return (
    <div className={classes.charts}>
      {(
        [
          ["Processing time (median)", "p50_seconds", "s", "line"],
          ["Rows written", "rows_out", "{row}", "bars"],
          ["Rows a second", "rows_per_second", "{row}/s", "line"],
          ["Failures", "failed", "{run}", "bars"],
        ] as const
      ).map(([title, name, unit, kind]) => (
        <TimePanel
          key={name}
          title={title}
          query={series}
          shape={(data) => shown(data, name)}
          unit={unit}
          kind={kind}
          height={150}
          min={0}
        />
      ))}
    </div>
  );
}

function Tasks({ tasks }: { tasks: Detail["tasks"] }) {
  const whole = tasks.reduce((sum, one) => sum + (one.total_seconds ?? 0), 0) || 1;
  return (
    <Panel title="Tasks">
      <Listing
        minWidth={820}
        columns={[
          "Task",
          "Last runs",
          "Share of time",
          "p50 / p95",
          "Failed",
          "Retries",
          "Rows in / out",
          "Rows a second",
        ]}
      >
        {tasks.map((one) => (
          <Table.Tr key={one.job}>
            <Table.Td>
              <PipelineLink job={one.job}>{one.label}</PipelineLink>
            </Table.Td>
            <Table.Td>
              <RecentRuns recent={one.recent} label={one.label} />
            </Table.Td>
            <Table.Td>{formatPercent((one.total_seconds ?? 0) / whole)}</Table.Td>
            <Table.Td>
              {formatSeconds(one.p50_seconds)} / {formatSeconds(one.p95_seconds)}
            </Table.Td>
            <Table.Td className={one.failed ? classes.bad : undefined}>
              {formatPercent(one.failed / Math.max(1, one.runs))}
            </Table.Td>
            <Table.Td>{formatNumber(one.retries)}</Table.Td>
            <Table.Td>
              {formatNumber(one.rows_in)} / {formatNumber(one.rows_out)}
            </Table.Td>
            <Table.Td>{formatValue(one.rows_per_second, "/s")}</Table.Td>
          </Table.Tr>
        ))}
      </Listing>
    </Panel>
  );
}

function Runs({ runs }: { runs: readonly Run[] }) {
  return (
    <Listing
      minWidth={720}
      highlightOnHover
      columns={["Started", "Status", "Took", "Slowest task", "Retries", "Rows in / out", "Error"]}
    >
      {runs.map((run) => (
        <Table.Tr key={run.run_id}>
          <Table.Td>
            <RunLink runId={run.run_id}>
              <Moment at={run.started} />
            </RunLink>
          </Table.Td>
          <Table.Td>
            <Mark status={run.status} />
          </Table.Td>
          <Table.Td>{formatSeconds(run.seconds)}</Table.Td>
          <Table.Td>{run.slowest_task.replace(`${run.job}.`, "")}</Table.Td>
          <Table.Td>{formatNumber(run.retries)}</Table.Td>
          <Table.Td>
            {formatNumber(run.rows_in)} / {formatNumber(run.rows_out)}
          </Table.Td>
          <Table.Td className={classes.bad}>{run.error.slice(0, 160)}</Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}
