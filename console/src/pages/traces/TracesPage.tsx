import { Button, Group, SegmentedControl, Tabs } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconX } from "@tabler/icons-react";
import { type ReactNode, useMemo, useState } from "react";
import { useGet } from "@/api/query";
import { ChartFrame } from "@/charts/ChartFrame";
import { seriesTable } from "@/charts/ChartTable";
import { Histogram, useHistogramTable } from "@/charts/Histogram";
import { TimeChart } from "@/charts/TimeChart";
import { formatNanos } from "@/charts/units";
import { Facets } from "@/components/Facets";
import { PageHeader } from "@/components/PageHeader";
import { Empty } from "@/components/QueryState";
import { type ValueActions, ValueActionsProvider } from "@/components/ValueMenu";
import { Pills, SearchBox } from "@/search/SearchBox";
import { addTerm, removeTerm, split, writeTerm } from "@/search/terms";
import { useTimeRange } from "@/time/TimeProvider";
import { useUrlState } from "@/url/state";
import { Bottlenecks } from "./Bottlenecks";
import { Compare } from "./Compare";
import { densityOf, durationHistogram, scatterSeries } from "./latency";
import { SEARCH_PARAMS } from "./params";
import { SpanList } from "./SpanList";
import { TraceList } from "./TraceList";
import classes from "./trace.module.css";
import { useOpenTrace } from "./useOpenTrace";

export type SearchState = ReturnType<typeof useUrlState<typeof SEARCH_PARAMS>>;

/** The filter of the page as the API takes it. */
export function useFilter([url]: SearchState) {
  const { query } = useTimeRange();
  return useMemo(
    () => ({
      ...query,
      q: url.q || undefined,
      min_duration_ns: url.min || undefined,
      max_duration_ns: url.max || undefined,
    }),
    [query, url.q, url.min, url.max],
  );
}

export default function TracesPage() {
  const state = useUrlState(SEARCH_PARAMS);
  const [url, setUrl] = state;
  const actions = useMemo<ValueActions>(
    () => ({
      include: (field, value) => setUrl({ q: addTerm(url.q, writeTerm(field, value)) }),
      exclude: (field, value) =>
        setUrl({ q: addTerm(url.q, writeTerm(field, value, { not: true })) }),
    }),
    [url.q, setUrl],
  );
  return (
    <ValueActionsProvider actions={actions}>
      <PageHeader title="Traces" />
      <SearchRow state={state} />
      <div className={classes.charts}>
        <LatencyPanel state={state} />
        <DurationPanel state={state} />
      </div>
      <div className={classes.searchGrid}>
        <FacetsPanel state={state} />
        <Tabs
          value={url.tab}
          onChange={(tab) => setUrl({ tab: (tab ?? "traces") as typeof url.tab })}
          keepMounted={false}
        >
          <Tabs.List>
            <Tabs.Tab value="traces">Traces</Tabs.Tab>
            <Tabs.Tab value="spans">Spans</Tabs.Tab>
            <Tabs.Tab value="compare">Compare</Tabs.Tab>
            <Tabs.Tab value="bottlenecks">Bottlenecks</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="traces">
            <TraceList state={state} />
          </Tabs.Panel>
          <Tabs.Panel value="spans">
            <SpanList state={state} />
          </Tabs.Panel>
          <Tabs.Panel value="compare">
            <Compare state={state} />
          </Tabs.Panel>
          <Tabs.Panel value="bottlenecks">
            <Bottlenecks state={state} />
          </Tabs.Panel>
        </Tabs>
      </div>
    </ValueActionsProvider>
  );
}

function SearchRow({ state }: { state: SearchState }) {
  const [url, setUrl] = state;
  const filter = useFilter(state);
  // Asked by the list as well: one request, whose error is shown at its column in the box.
  const probe = useGet("/api/v1/spans/latency", {
    params: { query: { ...filter, view: "heatmap", points: 1 } },
  });
  const limited = url.min > 0 || url.max > 0;
  return (
    <>
      <Group px={14} pb={8} gap={6} wrap="nowrap">
        <SearchBox
          signal="spans"
          value={url.q}
          onChange={(q) => setUrl({ q })}
          error={probe.error ?? undefined}
          placeholder="service:checkout status:error duration:>200ms"
        />
        {limited && (
          <Button
            variant="light"
            rightSection={<IconX size={13} />}
            onClick={() => setUrl({ min: 0, max: 0 })}
            aria-label="Take the limits of duration away"
          >
            {url.min > 0 && `from ${formatNanos(url.min)} `}
            {url.max > 0 && `to ${formatNanos(url.max)}`}
          </Button>
        )}
      </Group>
      <Group px={14} pb={url.q ? 8 : 0}>
        <Pills value={url.q} onChange={(q) => setUrl({ q })} />
      </Group>
    </>
  );
}

const FACETS = ["service", "name", "status", "kind", "http.response.status_code"] as const;

function FacetsPanel({ state: [url, setUrl] }: { state: SearchState }) {
  // In a narrow window the list would be far below the facets.
  const narrow = useMediaQuery("(max-width: 900px)");
  const [open, setOpen] = useState(false);
  if (narrow && !open) {
    return (
      <Button variant="default" onClick={() => setOpen(true)}>
        Facets
      </Button>
    );
  }
  return (
    <Facets
      signal="spans"
      search={url.q}
      keys={FACETS}
      added={url.facet}
      onAdded={(facet) => setUrl({ facet }, { replace: true })}
      onFilter={(term) => {
        // A second click on a value takes its filter out again.
        const there = split(url.q).some((piece) => piece.text === term);
        setUrl({ q: there ? removeTerm(url.q, term) : addTerm(url.q, term) });
      }}
    />
  );
}

const SCATTER_LIMIT = 1000;
const HEIGHT = 190;
const NO_SPAN = <Empty title="No span matches in this time range" />;

function LatencyPanel({ state }: { state: SearchState }) {
  const [url, setUrl] = state;
  const actions = (
    <SegmentedControl
      aria-label="Latency as"
      value={url.plot}
      onChange={(plot) => setUrl({ plot: plot as typeof url.plot }, { replace: true })}
      data={[
        { value: "points", label: "Points" },
        { value: "density", label: "Density" },
      ]}
    />
  );
  const Panel = url.plot === "density" ? DensityPanel : PointsPanel;
  return <Panel state={state} actions={actions} />;
}

interface PanelProps {
  state: SearchState;
  actions: ReactNode;
}

function PointsPanel({ state, actions }: PanelProps) {
  const { format } = useTimeRange();
  const filter = useFilter(state);
  const open = useOpenTrace();
  const scatter = useGet("/api/v1/spans/latency", {
    params: { query: { ...filter, view: "scatter", limit: SCATTER_LIMIT } },
  });
  const points = scatter.data && "points" in scatter.data ? scatter.data.points : undefined;
  const data = useMemo(() => points && scatterSeries(points), [points]);
  return (
    <ChartFrame
      title="Latency"
      unit="s"
      description="Single spans: all of them, or of many the longest and a sample of the others. Circles went well, crosses failed."
      query={scatter}
      isEmpty={() => !data?.times.length}
      empty={NO_SPAN}
      height={HEIGHT}
      table={() => seriesTable(data ?? { times: [], series: [] }, "s", (at) => format(at * 1000))}
      actions={actions}
    >
      {() =>
        data && (
          <TimeChart
            label="Durations of spans over time"
            data={data}
            kind="points"
            unit="s"
            log
            height={HEIGHT}
            pickHint="click to open the trace"
            onPick={(index) => points && open(points.trace_id[index], points.span_id[index])}
          />
        )
      }
    </ChartFrame>
  );
}

const DENSITY_POINTS = 120;

function DensityPanel({ state, actions }: PanelProps) {
  const { format } = useTimeRange();
  const filter = useFilter(state);
  const heatmap = useGet("/api/v1/spans/latency", {
    params: { query: { ...filter, view: "heatmap", points: DENSITY_POINTS } },
  });
  const density = useMemo(
    () => (heatmap.data && "cells" in heatmap.data ? densityOf(heatmap.data) : undefined),
    [heatmap.data],
  );
  const overlays = useMemo(() => ({ cells: density?.cells }), [density]);
  return (
    <ChartFrame
      title="Latency"
      unit="s"
      description="How many spans took how long when: the darker, the more. Lines: median and, dashed, 95th percentile."
      query={heatmap}
      isEmpty={() => !density?.data.times.length}
      empty={NO_SPAN}
      height={HEIGHT}
      table={() =>
        seriesTable(density?.data ?? { times: [], series: [] }, "s", (at) => format(at * 1000))
      }
      actions={actions}
    >
      {() =>
        density && (
          <TimeChart
            label="Durations of spans over time, by density"
            data={density.data}
            unit="s"
            log
            min={density.min}
            max={density.max}
            height={HEIGHT}
            overlays={overlays}
          />
        )
      }
    </ChartFrame>
  );
}

function DurationPanel({ state }: { state: SearchState }) {
  const [url, setUrl] = state;
  const { query } = useTimeRange();
  // The histogram shows all durations, so that the limits can be moved.
  const heatmap = useGet("/api/v1/spans/latency", {
    params: { query: { ...query, q: url.q || undefined, view: "heatmap", points: 1 } },
  });
  const histogram = useMemo(
    () =>
      heatmap.data && "cells" in heatmap.data
        ? durationHistogram(heatmap.data)
        : { bins: [], series: [], total: 0 },
    [heatmap.data],
  );
  const table = useHistogramTable(histogram.bins, histogram.series, "s");
  const limited = url.min > 0 || url.max > 0;
  return (
    <ChartFrame
      title="Durations"
      unit="{span}"
      description="How many spans took how long. Drag over bars to see only those."
      query={heatmap}
      isEmpty={() => histogram.total === 0}
      height={HEIGHT}
      table={() => table}
    >
      {() => (
        <Histogram
          label="Spans by duration"
          bins={histogram.bins}
          series={histogram.series}
          unit="s"
          height={HEIGHT}
          selected={
            limited
              ? { from: url.min / 1e9, to: url.max ? url.max / 1e9 : Number.POSITIVE_INFINITY }
              : null
          }
          onSelect={({ from, to }) =>
            setUrl({ min: Math.round(from * 1e9), max: Math.round(to * 1e9) })
          }
        />
      )}
    </ChartFrame>
  );
}
