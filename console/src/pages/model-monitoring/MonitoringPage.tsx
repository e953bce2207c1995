import { Button, Select, SimpleGrid, Tabs } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { useGet } from "@/api/query";
import { TimePanel } from "@/charts/TimePanel";
import { PageHeader } from "@/components/PageHeader";
import { Empty, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import { list, oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Bias } from "./Bias";
import classes from "./monitoring.module.css";
import { type Asked, Attributions, Compare, Predictions, Slices } from "./Parts";
import { Quality } from "./Quality";
import {
  coverageSeries,
  metricsOf,
  qualityBands,
  qualitySeries,
  type SeriesAnswer,
  volumeSeries,
} from "./series";

const TABS = ["quality", "segments", "bias", "attributions", "versions", "predictions"] as const;
const PARAMS = {
  tab: oneOf(TABS, "quality"),
  version: text(),
  metric: text(),
  filter: list(),
  facet: text(),
  disadvantaged: text(),
  stratum: text(),
  against: text(),
  state: text(),
};

export default function MonitoringPage() {
  const { name } = useParams({ strict: false }) as { name: string };
  const [url, setUrl] = useUrlState(PARAMS);
  const { query } = useTimeRange();
  const rows = useGet("/api/v1/model-production", { params: { query: { ...query, model: name } } });
  const versions = useMemo(
    () => [...new Set((rows.data?.rows ?? []).map((row) => row.version))].sort(),
    [rows.data],
  );
  const asked: Asked = {
    ...query,
    model: name,
    ...(url.version && { version: url.version }),
    ...(url.filter.length > 0 && { filter: [...url.filter] }),
  };
  const series = useGet("/api/v1/model-production/series", { params: { query: asked } });
  const report = useGet(
    "/api/v1/model-production/quality",
    { params: { query: asked } },
    { enabled: url.tab === "quality" },
  );
  const metric = url.metric || series.data?.main || "";
  const shape = useMemo(() => (answer: SeriesAnswer) => qualitySeries(answer, metric), [metric]);
  const overlays = useMemo(
    () => (series.data ? qualityBands(series.data, metric) : undefined),
    [series.data, metric],
  );
  const empty = (
    <Empty title="No prediction of this model in this time range">
      Widen the time range, or choose another version.
    </Empty>
  );
  return (
    <>
      <PageHeader title={name} aside="in production" />
      <div className={classes.tools}>
        <Select
          label="Version"
          data={[
            { value: "", label: "All versions" },
            ...versions.filter(Boolean).map((one) => ({ value: one, label: one })),
          ]}
          value={url.version}
          onChange={(value) => setUrl({ version: value ?? "" })}
          allowDeselect={false}
        />
        <Select
          label="Metric"
          data={series.data ? metricsOf(series.data) : [metric]}
          value={metric}
          onChange={(value) => value && setUrl({ metric: value })}
          allowDeselect={false}
        />
        {url.filter.length > 0 && (
          <Button variant="light" onClick={() => setUrl({ filter: [] })}>
            {url.filter.join(" and ")} ✕
          </Button>
        )}
      </div>
      <SimpleGrid cols={{ base: 1, md: 3 }} spacing={10} px={14} pb={10}>
        <TimePanel
          title={metric || "Quality"}
          description="By labels, and as expected before they come"
          query={series}
          shape={shape}
          overlays={overlays}
          empty={empty}
        />
        <TimePanel
          title="Label coverage"
          unit="share"
          query={series}
          shape={coverageSeries}
          min={0}
          max={1}
          empty={empty}
        />
        <TimePanel
          title="Predictions"
          unit="{prediction}"
          query={series}
          shape={volumeSeries}
          kind="bars"
          empty={empty}
        />
      </SimpleGrid>
      <Tabs
        value={url.tab}
        onChange={(tab) => setUrl({ tab: tab as (typeof TABS)[number] })}
        px={14}
        pb={24}
        keepMounted={false}
      >
        <Tabs.List aria-label="What of the model">
          <Tabs.Tab value="quality">Quality</Tabs.Tab>
          <Tabs.Tab value="segments">Segments</Tabs.Tab>
          <Tabs.Tab value="bias">Bias</Tabs.Tab>
          <Tabs.Tab value="attributions">Attributions</Tabs.Tab>
          <Tabs.Tab value="versions">Versions</Tabs.Tab>
          <Tabs.Tab value="predictions">Predictions</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="quality" pt="sm">
          <QueryState query={report} height={300}>
            {(data) => <Quality report={data} />}
          </QueryState>
        </Tabs.Panel>
        <Tabs.Panel value="segments" pt="sm">
          <Slices asked={asked} onFilter={(filter) => setUrl({ filter, tab: "quality" })} />
        </Tabs.Panel>
        <Tabs.Panel value="bias" pt="sm">
          <Bias asked={asked} between={url} onBetween={setUrl} />
        </Tabs.Panel>
        <Tabs.Panel value="attributions" pt="sm">
          <Attributions asked={asked} />
        </Tabs.Panel>
        <Tabs.Panel value="versions" pt="sm">
          <Compare
            asked={asked}
            versions={versions}
            against={url.against}
            onAgainst={(against) => setUrl({ against })}
          />
        </Tabs.Panel>
        <Tabs.Panel value="predictions" pt="sm">
          <Predictions asked={asked} state={url.state} onState={(state) => setUrl({ state })} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
