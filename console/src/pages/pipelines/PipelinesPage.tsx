import { SegmentedControl, Table } from "@mantine/core";
import { useMemo } from "react";
import { useGet } from "@/api/query";
import { formatNumber, formatPercent, formatSeconds, formatValue } from "@/charts/units";
import { FindInput } from "@/components/FindInput";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { PageHeader } from "@/components/PageHeader";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Mark, type Pipeline, PipelineLink, RecentRuns } from "./health";
import classes from "./pipelines.module.css";

const PARAMS = { find: text(), show: oneOf(["all", "wrong"], "all") };
const FINE = new Set(["ok", "running", "unknown"]);
export const SNIPPET = `import vedette
vedette.init("etl")

@vedette.pipeline
def nightly():
    with vedette.task("load", reads=["s3://bucket/in.parquet"], writes=["orders"]) as task:
        task.write("orders", rows=1000)   # or any OpenLineage producer: dbt-ol, Airflow, Spark`;

export default function PipelinesPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const { query } = useTimeRange();
  const pipelines = useGet("/api/v1/pipelines", { params: { query: { ...query, limit: 1000 } } });
  const rows = useMemo(
    () =>
      (pipelines.data?.pipelines ?? []).filter(
        (one) =>
          one.job.toLowerCase().includes(url.find.toLowerCase()) &&
          (url.show === "all" || !FINE.has(one.health)),
      ),
    [pipelines.data, url.find, url.show],
  );
  return (
    <>
      <PageHeader
        title="Pipelines"
        aside={pipelines.data && `${pipelines.data.pipelines.length}`}
      />
      <div className={classes.tools}>
        <FindInput
          label="Search pipelines"
          placeholder="Search pipelines"
          value={url.find}
          onFind={(find) => setUrl({ find }, { replace: true })}
        />
        <SegmentedControl
          aria-label="Which pipelines"
          value={url.show}
          onChange={(show) => setUrl({ show: show as typeof url.show })}
          data={[
            { value: "all", label: "All" },
            { value: "wrong", label: "Not well" },
          ]}
        />
        <Pivot to="/lineage">Lineage</Pivot>
      </div>
      <QueryState
        query={pipelines}
        isEmpty={(data) => data.pipelines.length === 0}
        empty={
          <Empty title="No pipeline ran in this time range" snippet={SNIPPET}>
            Runs come from the SDK and from any producer of OpenLineage that is pointed at
            /api/v1/lineage:
          </Empty>
        }
        height={240}
      >
        {() =>
          rows.length === 0 ? (
            <Empty title="No pipeline is left by the filters">Take a filter away.</Empty>
          ) : (
            <Listing
              minWidth={1040}
              page
              highlightOnHover
              columns={[
                "Pipeline",
                "Health",
                "Last runs",
                "Runs",
                "Failed",
                "p50 / p95",
                "Rows written",
                "Rows a second",
                "Last success",
                "Slowest task",
              ]}
            >
              {rows.map((one) => (
                <Row key={one.job} one={one} />
              ))}
            </Listing>
          )
        }
      </QueryState>
    </>
  );
}

function Row({ one }: { one: Pipeline }) {
  return (
    <Table.Tr>
      <Table.Td>
        <PipelineLink job={one.job} />
        <div className="dimmed">
          {[one.integration || one.engine, one.expected?.owner].filter(Boolean).join(" · ")}
        </div>
      </Table.Td>
      <Table.Td>
        <Mark status={one.health} />
        {one.lateness > 0 && <div className="dimmed">due {formatSeconds(one.lateness)} ago</div>}
      </Table.Td>
      <Table.Td>
        <RecentRuns recent={one.recent} label={one.job} />
      </Table.Td>
      <Table.Td>{formatNumber(one.runs)}</Table.Td>
      <Table.Td className={one.failed ? classes.bad : undefined}>
        {one.runs ? formatPercent(one.failed / one.runs) : "–"}
      </Table.Td>
      <Table.Td>
        {formatSeconds(one.p50_seconds)} / {formatSeconds(one.p95_seconds)}
      </Table.Td>
      <Table.Td>{formatNumber(one.rows_out)}</Table.Td>
      <Table.Td>{formatValue(one.rows_per_second, "/s")}</Table.Td>
      <Table.Td className="dimmed">
        <Moment at={one.last_success} ago />
      </Table.Td>
      <Table.Td>{one.slowest_task && <PipelineLink job={one.slowest_task} />}</Table.Td>
    </Table.Tr>
  );
}
