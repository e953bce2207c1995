import { SimpleGrid, Tabs } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { useGet } from "@/api/query";
import { useOpenPage } from "@/app/useOpenPage";
import { TimePanel } from "@/charts/TimePanel";
import { CreateAlarm } from "@/components/CreateAlarm";
import { PageHeader } from "@/components/PageHeader";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { type ValueActions, ValueActionsProvider } from "@/components/ValueMenu";
import { writeTerm } from "@/search/terms";
import { useTimeRange } from "@/time/TimeProvider";
import { oneOf } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Dependencies } from "./Dependencies";
import { Errors } from "./Errors";
import { Instances } from "./Instances";
import { Operations } from "./Operations";
import { durationSeries, ENTRY_KINDS, errorSeries, rateSeries, takesCalls } from "./red";
import classes from "./services.module.css";

const TABS = ["operations", "errors", "dependencies", "instances"] as const;
const PARAMS = { tab: oneOf(TABS, "operations") };

export default function ServicePage() {
  const { service } = useParams({ strict: false }) as { service: string };
  const [url, setUrl] = useUrlState(PARAMS);
  const { query } = useTimeRange();
  const term = writeTerm("service", service);
  const summary = useGet("/api/v1/spans/red/summary", { params: { query: { ...query, service } } });
  const calls = summary.data ? takesCalls(summary.data.rows) : undefined;
  const red = useGet(
    "/api/v1/spans/red",
    {
      params: {
        query: { ...query, service, group_by: "", kind: calls ? [...ENTRY_KINDS] : undefined },
      },
    },
    { enabled: calls !== undefined },
  );
  const own = calls ? `${term} kind:(server OR consumer)` : term;
  const spans = (statistic: string) => ({
    type: "traces" as const,
    query: own,
    statistic,
    group_by: [],
  });
  const what = calls ? "calls that it took" : "all of its spans: it takes no calls itself";
  const empty = (
    <Empty title="No span of this service in this time range">
      Widen the time range, or look at its{" "}
      <Pivot to="/logs" search={{ q: term }}>
        logs
      </Pivot>
      .
    </Empty>
  );
  return (
    <ValueActionsProvider actions={useFilterActions(term)}>
      <PageHeader title={service} />
      <div className={classes.tools}>
        <Pivot to="/traces" search={{ q: term }}>
          Traces
        </Pivot>
        <Pivot to="/traces" search={{ q: term, tab: "compare" }}>
          Slow against fast
        </Pivot>
        <Pivot to="/logs" search={{ q: term }}>
          Logs
        </Pivot>
        <Pivot to="/metrics" search={{ service }}>
          Metrics
        </Pivot>
        <Pivot to="/map" search={{ focus: `service:${service}` }}>
          Map
        </Pivot>
      </div>
      <SimpleGrid cols={{ base: 1, md: 3 }} spacing={10} px={14} pb={10}>
        <TimePanel
          title="Rate"
          unit="{call}/s"
          description={`Of ${what}`}
          query={red}
          shape={rateSeries}
          kind="bars"
          menu={<CreateAlarm source={spans("rate")} />}
          legend={["mean", "max"]}
          empty={empty}
        />
        <TimePanel
          title="Errors"
          unit="share"
          description={`Share of ${what} that ended with status Error`}
          query={red}
          shape={errorSeries}
          kind="area"
          menu={<CreateAlarm source={spans("error_rate")} />}
          legend={["mean", "max"]}
          empty={empty}
        />
        <TimePanel
          title="Duration"
          unit="s"
          description={`Of ${what}`}
          query={red}
          shape={durationSeries}
          menu={<CreateAlarm source={spans("p95")} />}
          legend={["mean", "max"]}
          empty={empty}
        />
      </SimpleGrid>
      <div className={classes.tabs}>
        <Tabs
          value={url.tab}
          onChange={(tab) => setUrl({ tab: tab as typeof url.tab })}
          keepMounted={false}
        >
          <Tabs.List>
            <Tabs.Tab value="operations">Operations</Tabs.Tab>
            <Tabs.Tab value="errors">Errors</Tabs.Tab>
            <Tabs.Tab value="dependencies">Dependencies</Tabs.Tab>
            <Tabs.Tab value="instances">Instances</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="operations">
            <QueryState query={summary} isEmpty={(data) => data.rows.length === 0} empty={empty}>
              {(data) => <Operations rows={data.rows} />}
            </QueryState>
          </Tabs.Panel>
          <Tabs.Panel value="errors">
            <Errors service={service} />
          </Tabs.Panel>
          <Tabs.Panel value="dependencies">
            <Dependencies service={service} />
          </Tabs.Panel>
          <Tabs.Panel value="instances">
            <Instances service={service} />
          </Tabs.Panel>
        </Tabs>
      </div>
    </ValueActionsProvider>
  );
}

/** A click on a value leads to the service's traces with it or without it. */
function useFilterActions(term: string): ValueActions {
  const openPage = useOpenPage();
  return useMemo(() => {
    const go = (not: boolean) => (field: string, value: string) =>
      openPage("/traces", { search: { q: `${term} ${writeTerm(field, value, { not })}` } });
    return { include: go(false), exclude: go(true) };
  }, [openPage, term]);
}
