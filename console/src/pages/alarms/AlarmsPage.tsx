import { Button, Group, Select, Stack, Tabs, TextInput } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useGet } from "@/api/query";
import { FindInput } from "@/components/FindInput";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { useTimeRange } from "@/time/TimeProvider";
import { oneOf, text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { AlarmTable } from "./AlarmTable";
import classes from "./alarms.module.css";
import { SEVERITIES, STATE_NAMES, STATES } from "./model";
import { Timeline } from "./Timeline";

const TABS = ["all", ...STATES, "history"] as const;
const PARAMS = {
  show: oneOf(TABS, "all"),
  find: text(),
  severity: oneOf(["", ...SEVERITIES], ""),
  label: text(),
};
const REFRESH_MS = 15_000;
const SNIPPET = "vedette alarms import rules.yml --output alarms.yaml && vedette apply alarms.yaml";

/** Alarms by state, and what happened to all of them. */
export default function AlarmsPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const { can } = useSession();
  const counts = useGet(
    "/api/v1/alarms",
    { params: { query: { limit: 1 } } },
    { refetchInterval: REFRESH_MS },
  );
  const by = counts.data?.counts;
  const total = by ? STATES.reduce((sum, state) => sum + (by[state] ?? 0), 0) : undefined;
  const filter = { search: url.find, severity: url.severity, label: url.label };
  const shown = url.show === "all" ? STATES : STATES.filter((state) => state === url.show);
  return (
    <>
      <PageHeader
        title="Alarms"
        actions={
          can("catalog:write") && (
            <Button component={PageLink} to="/alarms/new" leftSection={<IconPlus size={14} />}>
              New alarm
            </Button>
          )
        }
      />
      <Stack gap="sm" className={classes.page}>
        <Tabs
          value={url.show}
          onChange={(show) => setUrl({ show: (show ?? "all") as typeof url.show })}
        >
          <Tabs.List aria-label="Alarms by state">
            <Tabs.Tab value="all">All{total !== undefined && ` (${total})`}</Tabs.Tab>
            {STATES.map((state) => (
              <Tabs.Tab key={state} value={state}>
                {STATE_NAMES[state]}
                {by && ` (${by[state] ?? 0})`}
              </Tabs.Tab>
            ))}
            <Tabs.Tab value="history">History</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value={url.show}>
            <Stack gap="sm" pt="sm">
              {url.show === "history" ? (
                <AllHistory />
              ) : (
                <>
                  <Filters url={url} setUrl={setUrl} />
                  {total === 0 ? (
                    <Empty title="There is no alarm yet" snippet={SNIPPET}>
                      Make one here or from the menu of any chart; or bring over Prometheus' rules:
                    </Empty>
                  ) : (
                    shown.map((state) => (
                      <StatePanel
                        key={state}
                        state={state}
                        filter={filter}
                        alone={url.show !== "all"}
                      />
                    ))
                  )}
                </>
              )}
            </Stack>
          </Tabs.Panel>
        </Tabs>
      </Stack>
    </>
  );
}

function Filters({ url, setUrl }: { url: Url; setUrl: (patch: Partial<Url>) => void }) {
  return (
    <Group gap={8}>
      <FindInput
        label="Search alarms by name"
        placeholder="Search by name"
        value={url.find}
        w={260}
        onFind={(find) => setUrl({ find })}
      />
      <Select
        aria-label="Severity"
        w={150}
        value={url.severity}
        allowDeselect={false}
        onChange={(severity) => setUrl({ severity: (severity ?? "") as Url["severity"] })}
        data={[
          { value: "", label: "Any severity" },
          ...SEVERITIES.map((one) => ({ value: one, label: one })),
        ]}
      />
      <TextInput
        key={url.label}
        aria-label="Label"
        placeholder="Label: team=payments"
        defaultValue={url.label}
        w={200}
        onBlur={(event) => setUrl({ label: event.currentTarget.value.trim() })}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
      />
    </Group>
  );
}

interface Url {
  show: (typeof TABS)[number];
  find: string;
  severity: "" | (typeof SEVERITIES)[number];
  label: string;
}
interface Filter {
  search: string;
  severity: Url["severity"];
  label: string;
}
interface StateProps {
  state: (typeof STATES)[number];
  filter: Filter;
  alone: boolean;
}

function StatePanel({ state, filter, alone }: StateProps) {
  const query = useGet(
    "/api/v1/alarms",
    {
      params: {
        query: {
          state,
          search: filter.search,
          severity: filter.severity,
          label: filter.label ? [filter.label] : [],
          limit: alone ? 1000 : 100,
        },
      },
    },
    { refetchInterval: REFRESH_MS },
  );
  const filtered = Boolean(filter.search || filter.severity || filter.label);
  if (!alone && query.data?.alarms.length === 0) return null;
  return (
    <Panel title={STATE_NAMES[state]}>
      <QueryState
        query={query}
        isEmpty={(data) => data.alarms.length === 0}
        empty={
          <Empty title={filtered ? "No alarm matches" : `No alarm is in this state`}>
            {filtered ? "Change the search, the severity or the label." : ""}
          </Empty>
        }
      >
        {(data) => <AlarmTable alarms={data.alarms} more={data.cursor !== null} />}
      </QueryState>
    </Panel>
  );
}

function AllHistory() {
  const { query: range } = useTimeRange();
  const query = useGet("/api/v1/alarm-history", {
    params: { query: { ...range, scope: "alarm", limit: 500 } },
  });
  return (
    <Panel title="What happened">
      <QueryState
        query={query}
        isEmpty={(data) => data.events.length === 0}
        empty={<Empty title="No alarm changed in this time range" />}
      >
        {(data) => <Timeline events={data.events} named />}
      </QueryState>
    </Panel>
  );
}
