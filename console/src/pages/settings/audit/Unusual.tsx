import { Button, Select, Table } from "@mantine/core";
import { IconBellPlus } from "@tabler/icons-react";
import { useMemo } from "react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { TimePanel } from "@/charts/TimePanel";
import { formatNumber } from "@/charts/units";
import { alarmSearch } from "@/components/CreateAlarm";
import { Listing, numeric } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "../settings.module.css";

type Activity = components["schemas"]["UnusualActivity"];
export type Measure = "all" | "refused" | "read" | "change" | "ingest";
const MEASURES: { value: Measure; label: string }[] = [
  { value: "all", label: "all calls" },
  { value: "refused", label: "refused calls" },
  { value: "read", label: "reads" },
  { value: "change", label: "changes" },
  { value: "ingest", label: "ingest" },
];
const MOST_MARKS = 40;

interface Props {
  measure: Measure;
  onMeasure: (measure: Measure) => void;
  onRecords: (outcome: "all" | "refused") => void;
}

const shape = (data: Activity) => ({
  times: data.times,
  series: [{ key: "calls", label: "calls", values: data.calls }],
});

/** Calls over time with the band that is usual at that time of day and week. */
export function Unusual({ measure, onMeasure, onRecords }: Props) {
  const { query: range } = useTimeRange();
  const query = useGet("/api/v1/audit/unusual", { params: { query: { ...range, measure } } });
  const { data } = query;
  const overlays = useMemo(() => {
    if (!data) return {};
    const marks = data.times.filter((_, at) => data.unusual[at]).slice(0, MOST_MARKS);
    return {
      bands: [{ label: "usual", lower: data.lower, upper: data.upper }],
      annotations: marks.map((time) => ({ time, label: "unusual" })),
    };
  }, [data]);
  return (
    <div className={classes.stack}>
      <div className={classes.rule}>
        <Select
          label="Calls"
          data={MEASURES}
          value={measure}
          allowDeselect={false}
          onChange={(next) => onMeasure((next ?? "all") as Measure)}
          w={160}
        />
        <Watch measure={measure} />
      </div>
      <TimePanel
        title="Calls of the account"
        description="The shaded band is what is usual at that time; it is learnt from the metric vedette.audit.calls."
        query={query}
        shape={shape}
        overlays={overlays}
        min={0}
        empty={
          <Empty title="No call was counted in this time range">
            Calls are counted by the minute and shown some two minutes later: choose a longer range.
          </Empty>
        }
      />
      <Panel title="Unusual in this time range">
        <QueryState
          query={query}
          isEmpty={(found) => !found.unusual.some(Boolean)}
          empty={
            <Empty title="Nothing unusual">
              {data?.expected.some((value) => value !== null)
                ? "All calls are as usual at their time."
                : "What is usual is known after thirty steps of calls."}
            </Empty>
          }
        >
          {(found) => (
            <Departures
              found={found}
              onRecords={() => onRecords(measure === "refused" ? "refused" : "all")}
            />
          )}
        </QueryState>
      </Panel>
    </div>
  );
}

/** The way to an alarm on the same metric and band. */
function Watch({ measure }: { measure: Measure }) {
  const { can } = useSession();
  if (!can("catalog:write")) return null;
  const matchers =
    measure === "all"
      ? []
      : [
          measure === "refused"
            ? { label: "outcome", operator: "=" as const, value: "refused" }
            : { label: "kind", operator: "=" as const, value: measure },
        ];
  const source = {
    type: "metric" as const,
    queries: [{ id: "m1", metric: "vedette.audit.calls", statistic: "Sum", matchers }],
  };
  const condition = { band: { direction: "outside" as const, score: 10 } };
  return (
    <Button
      component={PageLink}
      to="/alarms/new"
      search={alarmSearch(source as never, { condition } as never)}
      variant="default"
      leftSection={<IconBellPlus size={15} />}
    >
      Watch this with an alarm
    </Button>
  );
}

function Departures({ found, onRecords }: { found: Activity; onRecords: () => void }) {
  const { format, zoom } = useTimeRange();
  const rows = found.times
    .map((time, at) => ({ time, at }))
    .filter(({ at }) => found.unusual[at])
    .reverse()
    .slice(0, MOST_MARKS);
  return (
    <Listing
      minWidth={460}
      dimHead
      columns={["Time", numeric("Calls"), numeric("Usual"), numeric("Records")]}
    >
      {rows.map(({ time, at }) => (
        <Table.Tr key={time}>
          <Table.Td>{format(time * 1000)}</Table.Td>
          <Table.Td ta="right">{formatNumber(found.calls[at])}</Table.Td>
          <Table.Td ta="right">
            {formatNumber(found.lower[at])} to {formatNumber(found.upper[at])}
          </Table.Td>
          <Table.Td ta="right">
            <Button
              variant="default"
              size="compact-xs"
              onClick={() => {
                zoom(time * 1000, (time + found.step_seconds) * 1000);
                onRecords();
              }}
            >
              Show
            </Button>
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}
