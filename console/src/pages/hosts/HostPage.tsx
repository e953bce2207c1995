import { Box, Group, SimpleGrid, Table, Text } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useMemo } from "react";
import { useGet } from "@/api/query";
import { type Batch, chartOf, labelOf, metricQuery, useMetrics } from "@/charts/metricQuery";
import { TimePanel } from "@/charts/TimePanel";
import { formatBytes, formatCount, formatPercent } from "@/charts/units";
import { CreateAlarm } from "@/components/CreateAlarm";
import { Listing } from "@/components/Listing";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { writeTerm } from "@/search/terms";
import { useSession } from "@/session/SessionProvider";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "./hosts.module.css";
import { storageAlarm } from "./infra";
import { StorageTable } from "./StorageTable";
import {
  cpuByMode,
  filesByMount,
  HOST,
  hostQueries,
  loadAndCpus,
  memoryByState,
  throughput,
} from "./saturation";

const diskOf = (batch: Batch) => throughput(batch, "disk");
const networkOf = (batch: Batch) => throughput(batch, "network");

export default function HostPage() {
  const { host } = useParams({ strict: false }) as { host: string };
  const { query } = useTimeRange();
  const hosts = useGet("/api/v1/hosts", { params: { query } });
  const known = hosts.data?.hosts.find((one) => one.host === host);
  const asked = hostQueries(host);
  const metrics = useMetrics(asked, query);
  const alarm = (id: string) => (
    <CreateAlarm source={{ type: "metric", queries: asked.filter((one) => one.id === id) }} />
  );
  return (
    <>
      <PageHeader
        title={host}
        aside={known && [known.os_type, known.arch, known.region].filter(Boolean).join(" · ")}
      />
      <div className={classes.tools}>
        <Pivot to="/logs" search={{ q: writeTerm("host", host) }}>
          Logs
        </Pivot>
        <Pivot to="/traces" search={{ q: writeTerm("host", host) }}>
          Traces
        </Pivot>
        <Pivot to="/infrastructure" search={{ show: "sizes" }}>
          Right sizes
        </Pivot>
        {known?.services.map((service) => (
          <Pivot key={service} to="/services/$service" params={{ service }}>
            {service}
          </Pivot>
        ))}
      </div>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing={10} px={14} pb={10}>
        <TimePanel
          title="CPU"
          query={metrics}
          shape={cpuByMode}
          menu={alarm("cpu")}
          unit="share"
          kind="stack"
          min={0}
          max={1}
        />
        <TimePanel
          title="Load"
          description="Tasks that run or wait for a CPU. Above the number of CPUs some wait."
          query={metrics}
          shape={loadAndCpus}
          menu={alarm("load")}
        />
        <TimePanel
          title="Memory"
          query={metrics}
          shape={memoryByState}
          unit="By"
          kind="stack"
          menu={alarm("memory")}
        />
        <TimePanel
          title="File systems"
          query={metrics}
          shape={filesByMount}
          menu={alarm("files")}
          unit="share"
          min={0}
          max={1}
        />
        <TimePanel title="Disk" query={metrics} shape={diskOf} unit="By/s" menu={alarm("disk")} />
        <TimePanel
          title="Network"
          query={metrics}
          shape={networkOf}
          unit="By/s"
          menu={alarm("network")}
        />
      </SimpleGrid>
      <Storage host={host} />
      <Gpus host={host} />
      <Processes host={host} />
    </>
  );
}

/** When the host's disks are full, from the last 14 days, whatever range is shown. */
function Storage({ host }: { host: string }) {
  const { can } = useSession();
  const query = useGet("/api/v1/infrastructure/storage", { params: { query: { host } } });
  if (!query.data?.total) return null;
  return (
    <Box px={14} pb={10}>
      <Panel
        title="When storage is full"
        aside={
          <Group gap="xs">
            <Text size="xs" c="dimmed">
              from the last 14 days
            </Text>
            {can("catalog:write") && (
              <Pivot to="/alarms/new" search={storageAlarm(host) as never}>
                Alarm
              </Pivot>
            )}
          </Group>
        }
      >
        <StorageTable stores={query.data.stores} host={false} />
      </Panel>
    </Box>
  );
}

const gpuName = (series: Batch["results"][number]["series"][number]) =>
  labelOf(series, "hw.name", "hw.id", "gpu") || "GPU";
const GPU_CHARTS = [
  {
    id: "utilization",
    title: "GPU utilization",
    metric: "hw.gpu.utilization",
    unit: "share",
    max: 1,
  },
  { id: "memory", title: "GPU memory", metric: "hw.gpu.memory.usage", unit: "By" },
  { id: "power", title: "GPU power", metric: "hw.power", unit: "W" },
  { id: "temperature", title: "GPU temperature", metric: "hw.temperature", unit: "Cel" },
] as const;

/** Only where the host has GPUs that are reported. */
function Gpus({ host }: { host: string }) {
  const { query } = useTimeRange();
  const queries = useMemo(
    () =>
      GPU_CHARTS.map(({ id, metric }) =>
        metricQuery(id, metric, {
          matchers: [{ label: HOST, operator: "=", value: host }],
          group_by: ["hw.name", "hw.id"],
        }),
      ),
    [host],
  );
  const metrics = useMetrics(queries, query);
  const shapes = useMemo(
    () =>
      GPU_CHARTS.map(
        ({ id }) =>
          (batch: Batch) =>
            chartOf(batch, id, gpuName),
      ),
    [],
  );
  if (!metrics.data?.results.some((one) => one.series.length)) return null;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing={10} px={14} pb={10}>
      {GPU_CHARTS.map((chart, index) => (
        <TimePanel
          key={chart.id}
          title={chart.title}
          unit={chart.unit}
          min={0}
          max={"max" in chart ? chart.max : undefined}
          query={metrics}
          shape={shapes[index] as (batch: Batch) => ReturnType<typeof chartOf>}
        />
      ))}
    </SimpleGrid>
  );
}

const TOP_EVENT = "vedette.host.top_process";
const TOP_RECORDS = 100;

interface Process {
  key: string;
  pid: string;
  name: string;
  owner: string;
  cpu: number;
  memory: number;
  threads: number;
}

/** The processes that the agent listed last. */
function Processes({ host }: { host: string }) {
  const { query, format } = useTimeRange();
  const logs = useGet("/api/v1/logs", {
    params: {
      query: {
        ...query,
        q: `${writeTerm("event", TOP_EVENT)} ${writeTerm("host", host)}`,
        limit: TOP_RECORDS,
      },
    },
  });
  return (
    <section className={classes.processes} aria-labelledby="processes">
      <h2 id="processes">Top processes</h2>
      <QueryState
        query={logs}
        isEmpty={(data) => data.records.length === 0}
        empty={
          <Empty title="No process list in this time range" snippet="vedette agent">
            The agent lists the processes that use most CPU and memory each minute:
          </Empty>
        }
      >
        {(data) => {
          const newest = data.records[0]?.timestamp ?? "";
          const rows = processesOf(data.records, newest);
          return (
            <>
              <Text size="xs" c="dimmed">
                As of {format(Date.parse(newest))}, by CPU
              </Text>
              <Listing
                minWidth={560}
                columns={["Process", "PID", "User", "CPU", "Memory", "Threads"]}
              >
                {rows.map((one) => (
                  <Table.Tr key={one.key}>
                    <Table.Td className="telemetry">{one.name}</Table.Td>
                    <Table.Td>{one.pid}</Table.Td>
                    <Table.Td>{one.owner}</Table.Td>
                    <Table.Td>{formatPercent(one.cpu)}</Table.Td>
                    <Table.Td>{formatBytes(one.memory)}</Table.Td>
                    <Table.Td>{formatCount(one.threads)}</Table.Td>
                  </Table.Tr>
                ))}
              </Listing>
            </>
          );
        }}
      </QueryState>
    </section>
  );
}

interface ProcessRecord {
  timestamp: string;
  attributes: Record<string, string>;
}

/** The records of the newest listing, which all have one timestamp, by CPU. */
export function processesOf(records: readonly ProcessRecord[], newest: string): Process[] {
  return records
    .filter((one) => one.timestamp === newest)
    .map(({ attributes }, index) => ({
      key: `${attributes["process.pid"]} ${index}`,
      pid: attributes["process.pid"] ?? "",
      name: attributes["process.executable.name"] ?? "",
      owner: attributes["process.owner"] ?? "",
      cpu: Number(attributes["process.cpu.utilization"] ?? 0),
      memory: Number(attributes["process.memory.usage"] ?? 0),
      threads: Number(attributes["process.thread.count"] ?? 0),
    }))
    .sort((a, b) => b.cpu - a.cpu || b.memory - a.memory);
}
