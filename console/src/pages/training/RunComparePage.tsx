import { MultiSelect, Select, Tabs, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useGet } from "@/api/query";
import { formatCounted } from "@/charts/units";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Empty, QueryState } from "@/components/QueryState";
import { seriesColor } from "@/theme/colors";
import { flag, list, oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { SameFile } from "./Artifacts";
import { CompareTable } from "./CompareTable";
import { CURVE_PARAMS } from "./CurveControls";
import { Curves } from "./Curves";
import { Parallel } from "./Parallel";
import { type Compared, columnValue, curvesFirst } from "./run";
import { Scatter } from "./Scatter";
import classes from "./training.module.css";
import { useHistories } from "./useHistories";

const TABS = ["curves", "parallel", "scatter", "values", "files"] as const;
const PARAMS = {
  ...CURVE_PARAMS,
  run: list([], 100),
  tab: oneOf(TABS, "curves"),
  metrics: list([], 12),
  dims: list([], 12),
  x: text(),
  y: text(),
  file: text(),
  same: flag(false),
};
const SHOWN_METRICS = 4;
const MOST_FILES = 12;

export default function RunComparePage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const query = useGet(
    "/api/v1/runs",
    { params: { query: { id: [...url.run] } } },
    { enabled: url.run.length > 0 },
  );
  return (
    <>
      <PageHeader title="Compare runs" time={false} aside={formatCounted(url.run.length, "run")} />
      {url.run.length === 0 ? (
        <Empty title="No runs are chosen">
          Choose runs in the table of an <Link to="/experiments">experiment</Link>, then Compare.
        </Empty>
      ) : (
        <QueryState query={query} height={300}>
          {(data) => <Compare runs={data.runs} url={url} setUrl={setUrl} />}
        </QueryState>
      )}
    </>
  );
}

type Url = ReturnType<typeof useUrlState<typeof PARAMS>>[0];
type SetUrl = ReturnType<typeof useUrlState<typeof PARAMS>>[1];

function Compare({ runs, url, setUrl }: { runs: readonly Compared[]; url: Url; setUrl: SetUrl }) {
  const looks = useMemo(
    () =>
      new Map(
        runs.map((run, index) => [
          run.info.id,
          { label: run.info.name, color: seriesColor(index) },
        ]),
      ),
    [runs],
  );
  const columns = useMemo(() => columnsOf(runs), [runs]);
  const own = columns.filter((one) => one.startsWith("metrics."));
  const numeric = columns.filter((one) =>
    runs.some((run) => {
      const value = columnValue(one, run);
      return value !== null && value !== "" && Number.isFinite(Number(value));
    }),
  );
  return (
    <>
      <div className={classes.tools} role="list" aria-label="The runs">
        {runs.slice(0, 24).map((run) => (
          <span key={run.info.id} role="listitem">
            <i className={classes.swatch} style={{ background: looks.get(run.info.id)?.color }} />
            <PageLink to="/runs/$run" params={{ run: run.info.id }} className="link">
              {run.info.name}
            </PageLink>
          </span>
        ))}
      </div>
      <Tabs
        value={url.tab}
        onChange={(tab) => setUrl({ tab: (tab ?? "curves") as "curves" })}
        keepMounted={false}
      >
        <Tabs.List className={classes.tabs}>
          <Tabs.Tab value="curves">Curves</Tabs.Tab>
          <Tabs.Tab value="parallel">Parallel coordinates</Tabs.Tab>
          <Tabs.Tab value="scatter">Scatter</Tabs.Tab>
          <Tabs.Tab value="values">Parameters and metrics</Tabs.Tab>
          <Tabs.Tab value="files">Files</Tabs.Tab>
        </Tabs.List>
        <div className={classes.body}>
          <Tabs.Panel value="curves">
            <CurvesTab runs={runs} url={url} setUrl={setUrl} looks={looks} own={own} />
          </Tabs.Panel>
          <Tabs.Panel value="parallel">
            <MultiSelect
              label="Axes, from left to right; the last one gives the colour"
              data={columns}
              value={[...(url.dims.length ? url.dims : usualDims(columns, runs))]}
              onChange={(dims) => setUrl({ dims })}
              maxValues={12}
              searchable
              mb="sm"
            />
            <Parallel runs={runs} columns={url.dims.length ? url.dims : usualDims(columns, runs)} />
          </Tabs.Panel>
          <Tabs.Panel value="scatter">
            <div className={classes.tools}>
              <Select
                label="To the right"
                data={numeric}
                value={url.x || numeric[0] || null}
                onChange={(x) => setUrl({ x: x ?? "" })}
                searchable
              />
              <Select
                label="Upwards"
                data={numeric}
                value={url.y || numeric[1] || numeric[0] || null}
                onChange={(y) => setUrl({ y: y ?? "" })}
                searchable
              />
            </div>
            <Scatter
              runs={runs}
              looks={looks}
              x={url.x || numeric[0] || ""}
              y={url.y || numeric[1] || numeric[0] || ""}
            />
          </Tabs.Panel>
          <Tabs.Panel value="values">
            <CompareTable
              runs={runs}
              looks={looks}
              differing={url.same}
              onDiffering={(same) => setUrl({ same })}
            />
          </Tabs.Panel>
          <Tabs.Panel value="files">
            <TextInput
              label="The file of every run"
              placeholder="confusion_matrix.png"
              className={classes.mono}
              defaultValue={url.file}
              onBlur={(event) => setUrl({ file: event.currentTarget.value.trim() })}
              onKeyDown={(event) =>
                event.key === "Enter" && setUrl({ file: event.currentTarget.value.trim() })
              }
              maw={480}
              mb="sm"
            />
            {url.file ? (
              <SameFile
                path={url.file}
                runs={runs
                  .slice(0, MOST_FILES)
                  .map((run) => ({ id: run.info.id, label: run.info.name }))}
              />
            ) : (
              <Empty title="Name a file that the runs logged">
                The first {MOST_FILES} runs' pictures, tables and texts stand side by side.
              </Empty>
            )}
          </Tabs.Panel>
        </div>
      </Tabs>
    </>
  );
}

function CurvesTab({
  runs,
  url,
  setUrl,
  looks,
  own,
}: {
  runs: readonly Compared[];
  url: Url;
  setUrl: SetUrl;
  looks: ReadonlyMap<string, { label: string; color: string }>;
  own: readonly string[];
}) {
  const names = own.map((one) => one.slice("metrics.".length));
  const chosen = url.metrics.length
    ? url.metrics
    : curvesFirst(names, runs).slice(0, SHOWN_METRICS);
  const most = Math.max(1, Math.floor(400 / runs.length));
  const metrics = chosen.slice(0, most);
  const query = useHistories({
    runs: runs.map((run) => run.info.id),
    metrics,
    axis: url.axis,
  });
  return (
    <>
      <MultiSelect
        label="Metrics"
        data={names}
        value={[...metrics]}
        onChange={(next) => setUrl({ metrics: next })}
        maxValues={Math.min(12, most)}
        searchable
        mb="sm"
      />
      <Curves
        axis={url.axis}
        smooth={url.smooth}
        log={url.log}
        onChange={(patch) => setUrl(patch, { replace: true })}
        metrics={metrics}
        query={query}
        looks={looks}
        sync="compare"
        large
        empty={<Empty title="None of the runs logged a metric" />}
      />
    </>
  );
}

/** Every metric and parameter that one of the runs has. */
function columnsOf(runs: readonly Compared[]): string[] {
  const metrics = new Set(runs.flatMap((run) => run.metrics.map((one) => one.key)));
  const params = new Set(runs.flatMap((run) => Object.keys(run.params)));
  return [
    ...[...metrics].sort().map((key) => `metrics.${key}`),
    ...[...params].sort().map((key) => `params.${key}`),
  ];
}

/** Parameters that differ, then a metric. */
function usualDims(columns: readonly string[], runs: readonly Compared[]): string[] {
  const differs = (column: string) => new Set(runs.map((run) => columnValue(column, run))).size > 1;
  const params = columns.filter((one) => one.startsWith("params.") && differs(one)).slice(0, 5);
  const metrics = columns
    .filter((one) => one.startsWith("metrics.") && !one.startsWith("metrics.system/"))
    .slice(0, 3);
  return [...params, ...metrics];
}
