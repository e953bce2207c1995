import { Button, Group, Select, Stack, Table, Tabs, Text, TextInput } from "@mantine/core";
import { IconBellPlus } from "@tabler/icons-react";
import { useGet } from "@/api/query";
import { Listing } from "@/components/Listing";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { EfficiencyTable } from "./EfficiencyTable";
import { findingOf, HISTORIES, KINDS, type Kind, money, storageAlarm } from "./infra";
import { MachineTypes } from "./MachineTypes";
import { SizeHints } from "./SizeHints";
import { StorageTable } from "./StorageTable";

const SHOWS = ["storage", "efficiency", "sizes", "costs", "prices"] as const;
const KIND_NAMES = KINDS.map(({ value }) => value);
const SIZED = KINDS.filter(({ value }) => ["host", "container", "run"].includes(value));
const PERCENTILES = ["0.5", "0.9", "0.95", "0.99", "0.995"] as const;
const HEADROOMS = ["0", "0.1", "0.2", "0.3", "0.5"] as const;
const PARAMS = {
  show: oneOf(SHOWS, "storage"),
  history: oneOf(
    HISTORIES.map(({ value }) => value),
    "14d",
  ),
  kind: oneOf(KIND_NAMES, "host"),
  percentile: oneOf(PERCENTILES, "0.95"),
  headroom: oneOf(HEADROOMS, "0.2"),
  tag: text("account"),
};
const AGENT = `vedette agent    # or a collector with the hostmetrics receiver
# or Prometheus' node exporter with remote write`;

type Values = {
  history: string;
  kind: Kind;
  percentile: string;
  headroom: string;
  tag: string;
};

export default function InfrastructurePage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const select = (name: "kind" | "percentile" | "headroom", label: string, data: never) => (
    <Select
      label={label}
      w={190}
      size="xs"
      allowDeselect={false}
      data={data}
      value={url[name]}
      onChange={(value) => value && setUrl({ [name]: value } as never)}
    />
  );
  const shares = (values: readonly string[], prefix: string) =>
    values.map((value) => ({
      value,
      label: `${prefix}${Number(value) * 100}${prefix ? "" : " %"}`,
    }));
  return (
    <>
      <PageHeader
        title="Infrastructure efficiency"
        time={false}
        actions={
          <Select
            aria-label="History that trends and percentiles come from"
            w={150}
            allowDeselect={false}
            data={HISTORIES as never}
            value={url.history}
            onChange={(history) => history && setUrl({ history: history as typeof url.history })}
          />
        }
      />
      <Stack gap="sm" px={14} pb="lg">
        <Tabs
          value={url.show}
          onChange={(show) => setUrl({ show: (show ?? "storage") as typeof url.show })}
        >
          <Tabs.List aria-label="Infrastructure">
            <Tabs.Tab value="storage">Storage</Tabs.Tab>
            <Tabs.Tab value="efficiency">Use and cost</Tabs.Tab>
            <Tabs.Tab value="sizes">Right sizes</Tabs.Tab>
            <Tabs.Tab value="costs">Costs by tag</Tabs.Tab>
            <Tabs.Tab value="prices">Prices</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value={url.show}>
            <Stack gap="sm" pt="sm">
              {url.show !== "storage" && url.show !== "prices" && (
                <Group gap="sm" align="flex-end">
                  {select("kind", "Of", (url.show === "sizes" ? SIZED : KINDS) as never)}
                  {url.show !== "costs" &&
                    select("percentile", "Percentile", shares(PERCENTILES, "p") as never)}
                  {url.show === "sizes" &&
                    select("headroom", "Headroom above it", shares(HEADROOMS, "") as never)}
                  {url.show === "costs" && (
                    <TextInput
                      label="Tag, or account"
                      size="xs"
                      value={url.tag}
                      onChange={(event) => setUrl({ tag: event.currentTarget.value })}
                    />
                  )}
                </Group>
              )}
              {url.show === "storage" && <Storage history={url.history} />}
              {url.show === "efficiency" && <Use url={url} />}
              {url.show === "sizes" && <Sizes url={url} />}
              {url.show === "costs" && <Costs url={url} />}
              {url.show === "prices" && <MachineTypes />}
            </Stack>
          </Tabs.Panel>
        </Tabs>
      </Stack>
    </>
  );
}

function Storage({ history }: { history: string }) {
  const { can } = useSession();
  const query = useGet("/api/v1/infrastructure/storage", {
    params: { query: { start: `-${history}` } },
  });
  const alarm = can("catalog:write") && (
    <Button
      component={PageLink}
      to="/alarms/new"
      search={storageAlarm()}
      size="compact-xs"
      variant="default"
      leftSection={<IconBellPlus size={14} />}
    >
      Alarm: full within a week
    </Button>
  );
  return (
    <Panel title="When storage is full" aside={alarm}>
      <QueryState
        query={query}
        isEmpty={(data) => data.total === 0}
        empty={
          <Empty title="Nothing tells how full it is" snippet={AGENT}>
            File systems, volumes and databases are known by their metrics. To send them:
          </Empty>
        }
      >
        {(data) => (
          <>
            <Text size="sm" px={10}>
              {counted(data.counts)}
            </Text>
            <StorageTable stores={data.stores} />
            <More shown={data.stores.length} total={data.total} />
          </>
        )}
      </QueryState>
    </Panel>
  );
}

function Use({ url }: { url: Values }) {
  const query = useGet("/api/v1/infrastructure/efficiency", {
    params: {
      query: { start: `-${url.history}`, kind: url.kind, percentile: Number(url.percentile) },
    },
  });
  return (
    <Panel title="Use against what is reserved">
      <QueryState
        query={query}
        isEmpty={(data) => data.total === 0}
        empty={<NothingMeasured kind={url.kind} />}
      >
        {(data) => (
          <>
            <Text size="sm" px={10}>
              Cost {money(data.cost, data.currency)}, of it for nothing{" "}
              {money(data.idle, data.currency)}
              {data.items.every((one) => one.cost === null) && " (no prices are set)"}
            </Text>
            <EfficiencyTable
              items={data.items}
              kind={url.kind}
              currency={data.currency}
              percentile={data.percentile}
            />
            <More shown={data.items.length} total={data.total} />
          </>
        )}
      </QueryState>
    </Panel>
  );
}

function Sizes({ url }: { url: Values }) {
  const kind = url.kind === "container" || url.kind === "run" ? url.kind : "host";
  const query = useGet("/api/v1/infrastructure/rightsizing", {
    params: {
      query: {
        start: `-${url.history}`,
        kind,
        percentile: Number(url.percentile),
        headroom: Number(url.headroom),
      },
    },
  });
  return (
    <Panel title="Whether sizes are right">
      <QueryState
        query={query}
        isEmpty={(data) => data.total === 0}
        empty={<NothingMeasured kind={kind} />}
      >
        {(data) => (
          <>
            <Text size="sm" px={10}>
              {counted(data.counts)}
              {data.saving > 0 &&
                ` · could save ${money(data.saving, data.currency)}${kind === "run" ? "" : " a month"}`}
            </Text>
            <SizeHints items={data.items} currency={data.currency} />
            <More shown={data.items.length} total={data.total} />
          </>
        )}
      </QueryState>
    </Panel>
  );
}

function Costs({ url }: { url: Values }) {
  const tag = url.tag.trim() || "account";
  const query = useGet("/api/v1/infrastructure/costs", {
    params: { query: { start: `-${url.history}`, kind: url.kind, tag } },
  });
  return (
    <Panel title={`Costs by ${tag}`}>
      <QueryState
        query={query}
        isEmpty={(data) => data.groups.length === 0}
        empty={<NothingMeasured kind={url.kind} />}
      >
        {(data) => (
          <Listing minWidth={480} columns={[tag, "How many", "With a price", "Cost", "Idle"]}>
            {data.groups.map((one) => (
              <Table.Tr key={one.value}>
                <Table.Td>{one.value || "(none)"}</Table.Td>
                <Table.Td>{one.items}</Table.Td>
                <Table.Td>{one.priced}</Table.Td>
                <Table.Td>{money(one.cost, data.currency)}</Table.Td>
                <Table.Td>{money(one.idle, data.currency)}</Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        )}
      </QueryState>
    </Panel>
  );
}

const HINTS: Record<Kind, string> = {
  host: AGENT,
  container: "vedette agent    # on each host, sees Docker, containerd, Podman and Kubernetes",
  service: 'vedette.init(service_name="api")    # or any SDK that sends process metrics',
  endpoint: 'vedette.log_predictions(model="churn", version="3", ...)',
  run: "export MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING=true",
};

function NothingMeasured({ kind }: { kind: Kind }) {
  return (
    <Empty title="Nothing was measured in this history" snippet={HINTS[kind]}>
      What is used is known by metrics. To send them:
    </Empty>
  );
}

function More({ shown, total }: { shown: number; total: number }) {
  if (shown >= total) return null;
  return (
    <Partial>
      The first {shown} of {total}; the API gives up to 1,000
    </Partial>
  );
}

/** "2 full, 3 growing". */
const counted = (counts: Record<string, number>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${count} ${findingOf({ finding: name } as never)}`)
    .join(", ");
