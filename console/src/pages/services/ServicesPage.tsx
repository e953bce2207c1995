import { Table } from "@mantine/core";
import { useMemo } from "react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import type { Values } from "@/charts/aligned";
import { Sparkline } from "@/charts/Sparkline";
import { formatCount, formatNanos, formatNumber, formatPercent } from "@/charts/units";
import { FindInput } from "@/components/FindInput";
import { Listing, sorter } from "@/components/Listing";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Pivot } from "@/components/Pivot";
import { Empty, ErrorPanel, Partial, QueryState } from "@/components/QueryState";
import { serviceColor } from "@/theme/colors";
import { formatAgo } from "@/time/format";
import { useTimeRange } from "@/time/TimeProvider";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { HealthMark } from "./HealthMark";
import { type CallStatistics, healthOf } from "./health";
import classes from "./services.module.css";

const PARAMS = {
  find: text(),
  sort: oneOf(["name", "calls", "faults", "p95"], "name"),
};
const SPARK_POINTS = 30;
const NONE: CallStatistics = {
  count: 0,
  ok: 0,
  throttles: 0,
  errors: 0,
  faults: 0,
  fault_rate: 0,
  mean_ns: 0,
  p50_ns: 0,
  p90_ns: 0,
  p95_ns: 0,
  p99_ns: 0,
  histogram: [],
};
const SNIPPET = `import vedette
vedette.init("my-service")   # or any OpenTelemetry SDK, with service.name set`;

export default function ServicesPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const { query, start, end } = useTimeRange();
  const services = useGet("/api/v1/services", { params: { query } });
  const map = useGet("/api/v1/service-map", { params: { query } });
  const red = useGet("/api/v1/spans/red", {
    params: { query: { ...query, group_by: "service", points: SPARK_POINTS } },
  });
  const seconds = Math.max(1, (end - start) / 1000);
  const rows = useMemo(() => {
    const calls = new Map(map.data?.nodes.map((node) => [node.id, node.statistics]));
    const lines = new Map(red.data?.series.map((one) => [one.service, one.rates]));
    const wanted = url.find.toLowerCase();
    const found = (services.data?.services ?? [])
      .filter((one) =>
        `${one.service} ${one.namespace} ${one.environment}`.toLowerCase().includes(wanted),
      )
      .map((one) => ({
        one,
        calls: calls.get(`service:${one.service}`) ?? NONE,
        rates: lines.get(one.service),
      }));
    const order = {
      name: () => 0,
      calls: (row: { calls: CallStatistics }) => row.calls.count,
      faults: (row: { calls: CallStatistics }) => row.calls.fault_rate,
      p95: (row: { calls: CallStatistics }) => row.calls.p95_ns,
    }[url.sort];
    return found.sort((a, b) => order(b) - order(a) || a.one.service.localeCompare(b.one.service));
  }, [services.data, map.data, red.data, url.find, url.sort]);
  const by = sorter(url.sort, "name", (sort) => setUrl({ sort }));
  return (
    <>
      <PageHeader title="Services" aside={services.data && `${services.data.services.length}`} />
      <div className={classes.tools}>
        <FindInput
          label="Search services"
          placeholder="Search services"
          value={url.find}
          onFind={(find) => setUrl({ find }, { replace: true })}
        />
        <Pivot to="/map">As a map</Pivot>
      </div>
      {map.error && <ErrorPanel error={map.error} onRetry={() => void map.refetch()} />}
      {map.data && map.data.sampled_every > 1 && (
        <Partial>Calls are estimated from one trace in {map.data.sampled_every}.</Partial>
      )}
      <QueryState
        query={services}
        isEmpty={(data) => data.services.length === 0}
        empty={
          <Empty title="No service sent anything in this time range" snippet={SNIPPET}>
            A service is known by the resource attribute service.name:
          </Empty>
        }
        height={240}
      >
        {() => (
          <Listing
            minWidth={820}
            page
            highlightOnHover
            columns={[
              by("name", "Service"),
              "Health",
              by("calls", "Calls a second"),
              by("faults", "Failed"),
              by("p95", "p95"),
              "Spans over time",
              "Version",
              "Hosts",
              "Last seen",
            ]}
          >
            {rows.map((row) => (
              <Row
                key={row.one.service}
                {...row}
                known={map.data !== undefined}
                seconds={seconds}
              />
            ))}
          </Listing>
        )}
      </QueryState>
    </>
  );
}

interface RowProps {
  one: components["schemas"]["ServiceView"];
  calls: CallStatistics;
  rates?: Values;
  /** Whether the statistics have come. */
  known: boolean;
  seconds: number;
}

function Row({ one, calls, rates, known, seconds }: RowProps) {
  const none = known ? "–" : "…";
  return (
    <Table.Tr>
      <Table.Td>
        <PageLink to="/services/$service" params={{ service: one.service }} className="link">
          <i className={classes.swatch} style={{ background: serviceColor(one.service) }} />
          {one.service}
        </PageLink>
        <div className="dimmed">
          {[one.namespace, one.environment, one.language].filter(Boolean).join(" · ")}
        </div>
      </Table.Td>
      <Table.Td>{known ? <HealthMark health={healthOf(calls)} /> : "…"}</Table.Td>
      <Table.Td>{known ? formatNumber(calls.count / seconds) : "…"}</Table.Td>
      <Table.Td>{calls.count ? formatPercent(calls.fault_rate) : none}</Table.Td>
      <Table.Td>{calls.count ? formatNanos(calls.p95_ns) : none}</Table.Td>
      <Table.Td>
        {rates && (
          <Sparkline
            values={rates}
            color={serviceColor(one.service)}
            label={`spans of ${one.service} a second, now ${formatNumber(rates.at(-1))}`}
            width={110}
          />
        )}
      </Table.Td>
      <Table.Td className="telemetry">{one.version}</Table.Td>
      <Table.Td>{formatCount(one.hosts)}</Table.Td>
      <Table.Td className="dimmed">{formatAgo(Date.parse(one.last_seen), Date.now())}</Table.Td>
    </Table.Tr>
  );
}
