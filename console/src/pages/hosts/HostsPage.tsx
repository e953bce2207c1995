import { Table } from "@mantine/core";
import { useMemo } from "react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import type { Values } from "@/charts/aligned";
import { useMetrics } from "@/charts/metricQuery";
import { Sparkline } from "@/charts/Sparkline";
import { formatBytes, formatNumber, formatPercent } from "@/charts/units";
import { FindInput } from "@/components/FindInput";
import { Listing, sorter } from "@/components/Listing";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Empty, ErrorPanel, QueryState } from "@/components/QueryState";
import { formatAgo } from "@/time/format";
import { useTimeRange } from "@/time/TimeProvider";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import classes from "./hosts.module.css";
import { hostQueries, latest, type Saturation, saturationOf } from "./saturation";

const SORTS = ["host", "cpu", "memory", "files", "disk", "network", "load"] as const;
type Sort = (typeof SORTS)[number];
const PARAMS = { find: text(), sort: oneOf(SORTS, "host") };
type Host = components["schemas"]["HostView"];

const LIST_POINTS = 40;
/** From here on a share is said to be high; the sign is text as well as colour. */
const HIGH = 0.9;
const SNIPPET = `vedette agent    # metrics of the host and its log files
# or any OpenTelemetry collector with the hostmetrics receiver`;

export default function HostsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const { query } = useTimeRange();
  const hosts = useGet("/api/v1/hosts", { params: { query } });
  const metrics = useMetrics(hostQueries(), query, { points: LIST_POINTS });
  const rows = useMemo(() => {
    const all = (hosts.data?.hosts ?? []).map((host) => ({
      host,
      now: metrics.data && saturationOf(metrics.data, host.host),
    }));
    const wanted = url.find.toLowerCase();
    return all
      .filter(({ host }) =>
        `${host.host} ${host.services.join(" ")}`.toLowerCase().includes(wanted),
      )
      .sort((a, b) => compare(a, b, url.sort));
  }, [hosts.data, metrics.data, url.find, url.sort]);
  const by = sorter(url.sort, "host", (sort) => setUrl({ sort }));
  return (
    <>
      <PageHeader title="Hosts" aside={hosts.data && `${hosts.data.hosts.length}`} />
      <div className={classes.tools}>
        <FindInput
          label="Search hosts by name or service"
          placeholder="Search hosts"
          value={url.find}
          onFind={(find) => setUrl({ find }, { replace: true })}
        />
      </div>
      {metrics.error && <ErrorPanel error={metrics.error} onRetry={() => void metrics.refetch()} />}
      <QueryState
        query={hosts}
        isEmpty={(data) => data.hosts.length === 0}
        empty={
          <Empty title="No host sent anything in this time range" snippet={SNIPPET}>
            Hosts are known by the resource attribute host.name. To see how busy they are, run on
            each:
          </Empty>
        }
        height={240}
      >
        {() => (
          <Listing
            minWidth={860}
            page
            highlightOnHover
            columns={[
              by("host", "Host"),
              by("cpu", "CPU"),
              by("load", "Load a CPU"),
              by("memory", "Memory"),
              by("files", "Fullest disk"),
              by("disk", "Disk"),
              by("network", "Network"),
              "Services",
              "Last seen",
            ]}
          >
            {rows.map(({ host, now }) => (
              <Row key={host.host} host={host} now={now} none={metrics.isPending ? "…" : "–"} />
            ))}
          </Listing>
        )}
      </QueryState>
    </>
  );
}

function compare(
  a: { host: Host; now?: Saturation },
  b: { host: Host; now?: Saturation },
  by: Sort,
): number {
  if (by === "host") return a.host.host.localeCompare(b.host.host);
  const value = (row: { now?: Saturation }) => (row.now ? (latest(row.now[by]) ?? -1) : -1);
  return value(b) - value(a) || a.host.host.localeCompare(b.host.host);
}

/** `none` stands for what is not known: not yet, or not at all. */
function Row({ host, now, none }: { host: Host; now?: Saturation; none: string }) {
  return (
    <Table.Tr>
      <Table.Td>
        <PageLink to="/hosts/$host" params={{ host: host.host }} className={classes.link}>
          {host.host}
        </PageLink>
        <div className="dimmed">
          {[host.os_type, host.arch, host.region].filter(Boolean).join(" · ")}
        </div>
      </Table.Td>
      <Share what={`CPU of ${host.host}`} values={now?.cpu} none={none} />
      <Table.Td>{now ? formatNumber(latest(now.load)) : none}</Table.Td>
      <Share what={`memory of ${host.host}`} values={now?.memory} none={none} />
      <Share
        what={`disk ${now?.fullest} of ${host.host}`}
        values={now?.files}
        none={none}
        note={now?.fullest}
      />
      <Flow what={`disk of ${host.host}`} values={now?.disk} none={none} />
      <Flow what={`network of ${host.host}`} values={now?.network} none={none} />
      <Table.Td className={classes.services} title={host.services.join(", ")}>
        {host.services.join(", ")}
      </Table.Td>
      <Table.Td className="dimmed">{formatAgo(Date.parse(host.last_seen), Date.now())}</Table.Td>
    </Table.Tr>
  );
}

interface FigureProps {
  what: string;
  values?: Values;
  none: string;
  note?: string;
}

function Share({ what, values, none, note }: FigureProps) {
  const now = values ? latest(values) : null;
  const high = now !== null && now >= HIGH;
  return (
    <Table.Td>
      <div className={classes.cell}>
        <div className={classes.meter} data-high={high || undefined}>
          <i style={{ width: `${(now ?? 0) * 100}%` }} />
        </div>
        <span className={high ? classes.high : undefined}>
          {values ? formatPercent(now) : none}
          {high && " high"}
        </span>
        {values && (
          <Sparkline
            values={values}
            label={`${what}, now ${formatPercent(now)}`}
            width={64}
            height={18}
          />
        )}
      </div>
      {note && <div className="dimmed">{note}</div>}
    </Table.Td>
  );
}

function Flow({ what, values, none }: FigureProps) {
  const now = values ? latest(values) : null;
  const shown = now === null ? (values ? "–" : none) : `${formatBytes(now)}/s`;
  return (
    <Table.Td>
      <div className={classes.cell}>
        <span className={classes.flow}>{shown}</span>
        {values && (
          <Sparkline values={values} label={`${what}, now ${shown}`} width={44} height={18} />
        )}
      </div>
    </Table.Td>
  );
}
