import { Button, Progress, Select, Table, Text, TextInput } from "@mantine/core";
import type { FormEvent } from "react";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatBytes, formatCount, formatPercent, formatValue } from "@/charts/units";
import { BandChart } from "@/components/BandChart";
import { Fact, Facts } from "@/components/Facts";
import { Listing, numeric } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import classes from "../settings.module.css";

type UsageData = components["schemas"]["UsageView"];
type Day = components["schemas"]["UsageDay"];
type Quota = components["schemas"]["Quota"];
export type Days = "month" | "30" | "90";

export const QUOTAS: { value: Quota; label: string; format: (value: number) => string }[] = [
  { value: "ingest_bytes_per_day", label: "sent a day", format: formatBytes },
  { value: "ingest_requests_per_day", label: "requests a day", format: formatCount },
  { value: "series", label: "series of metrics", format: formatCount },
  { value: "storage_bytes", label: "stored", format: formatBytes },
  { value: "keys", label: "API keys", format: formatCount },
];

interface Props {
  days: Days;
  onDays: (days: Days) => void;
  tag: string;
  onTag: (tag: string) => void;
}

/** What was used and what that costs, by day, account and tag; and what is left of quotas. */
export function Usage({ days, onDays, tag, onTag }: Props) {
  const params = days === "month" ? {} : { since: dayBefore(Number(days) - 1) };
  const usage = useGet("/api/v1/organisation/usage", { params: { query: params } });
  const quotas = useGet("/api/v1/organisation/quotas", {});
  return (
    <div className={classes.stack}>
      <Panel
        title="Cost by the price list"
        aside={
          <Select
            aria-label="Days"
            size="xs"
            value={days}
            onChange={(next) => onDays((next ?? "30") as Days)}
            allowDeselect={false}
            data={[
              { value: "month", label: "this month" },
              { value: "30", label: "30 days" },
              { value: "90", label: "90 days" },
            ]}
            w={120}
          />
        }
      >
        <QueryState
          query={usage}
          isEmpty={(data) => !data.days.length}
          empty={
            <Empty title="Nothing was measured yet">
              Use is measured from the first telemetry on; prices are the server's price list.
            </Empty>
          }
          height={260}
        >
          {(data) => <Costs data={data} />}
        </QueryState>
      </Panel>
      <Panel title="Quotas of this account, today">
        <QueryState query={quotas} height={120}>
          {(data) => <Quotas limits={data.limits} today={newest(usage.data?.days, data.account)} />}
        </QueryState>
      </Panel>
      <ByTag tag={tag} onTag={onTag} />
    </div>
  );
}

const dayBefore = (days: number) =>
  new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);

function newest(days: readonly Day[] | undefined, account: string): Day | undefined {
  const today = new Date().toISOString().slice(0, 10);
  return days?.find((one) => one.account === account && one.day === today);
}

function Costs({ data }: { data: UsageData }) {
  // Without a price list nothing costs anything: then the line is what was sent.
  const priced = data.cost > 0;
  const byDay = new Map<string, number>();
  const byAccount = new Map<string, Day>();
  for (const day of data.days) {
    byDay.set(day.day, (byDay.get(day.day) ?? 0) + (priced ? day.cost : day.ingest_bytes));
    const sum = byAccount.get(day.account);
    byAccount.set(day.account, {
      ...day,
      cost: (sum?.cost ?? 0) + day.cost,
      ingest_bytes: (sum?.ingest_bytes ?? 0) + day.ingest_bytes,
      ingest_requests: (sum?.ingest_requests ?? 0) + day.ingest_requests,
      refused_requests: (sum?.refused_requests ?? 0) + day.refused_requests,
      storage_bytes: Math.max(sum?.storage_bytes ?? 0, day.storage_bytes),
      series: Math.max(sum?.series ?? 0, day.series),
    });
  }
  const days = [...byDay].sort();
  const money = (value: number) => formatValue(value, data.currency);
  return (
    <>
      <Facts figures>
        <Fact name="cost together">{priced ? money(data.cost) : "no price list"}</Fact>
        {!priced && (
          <Fact name="sent together">
            {formatBytes([...byAccount.values()].reduce((sum, one) => sum + one.ingest_bytes, 0))}
          </Fact>
        )}
        <Fact name="accounts">{byAccount.size}</Fact>
      </Facts>
      {days.length > 1 && (
        <div className={classes.chart}>
          <BandChart
            label={priced ? "Cost by day" : "Sent by day"}
            unit={priced ? data.currency : "By"}
            width={1100}
            pastTimes={days.map(([day]) => Date.parse(day) / 1000)}
            past={days.map(([, value]) => value)}
            height={150}
          />
        </div>
      )}
      <Listing
        minWidth={620}
        dimHead
        columns={[
          "Account",
          numeric("Cost"),
          numeric("Sent"),
          numeric("Requests"),
          numeric("Over quota"),
          numeric("Most series"),
          numeric("Most stored"),
        ]}
      >
        {[...byAccount.values()]
          .sort((a, b) => b.cost - a.cost)
          .map((one) => (
            <Table.Tr key={one.account}>
              <Table.Td>{one.account}</Table.Td>
              <Table.Td ta="right">{money(one.cost)}</Table.Td>
              <Table.Td ta="right">{formatBytes(one.ingest_bytes)}</Table.Td>
              <Table.Td ta="right">{formatCount(one.ingest_requests)}</Table.Td>
              <Table.Td ta="right">{formatCount(one.refused_requests)}</Table.Td>
              <Table.Td ta="right">{formatCount(one.series)}</Table.Td>
              <Table.Td ta="right">{formatBytes(one.storage_bytes)}</Table.Td>
            </Table.Tr>
          ))}
      </Listing>
    </>
  );
}

function Quotas({
  limits,
  today,
}: {
  limits: Partial<Record<Quota, number | null>>;
  today: Day | undefined;
}) {
  const used: Partial<Record<Quota, number>> = {
    ingest_bytes_per_day: today?.ingest_bytes ?? 0,
    ingest_requests_per_day: today?.ingest_requests ?? 0,
    series: today?.series ?? 0,
    storage_bytes: today?.storage_bytes ?? 0,
  };
  return (
    <Listing
      dimHead
      columns={["Quota", numeric("Used"), numeric("Limit"), { w: "40%", children: "Share" }]}
    >
      {QUOTAS.map(({ value, label, format }) => {
        const limit = limits[value];
        const now = used[value];
        const share = limit && now !== undefined ? now / limit : null;
        return (
          <Table.Tr key={value}>
            <Table.Td>{label}</Table.Td>
            <Table.Td ta="right">{now === undefined ? "–" : format(now)}</Table.Td>
            <Table.Td ta="right">{limit == null ? "none" : format(limit)}</Table.Td>
            <Table.Td>
              {share !== null && (
                <>
                  <Progress
                    aria-label={`${label}: ${formatPercent(share)} used`}
                    value={Math.min(100, share * 100)}
                    color={share >= 1 ? "red" : share >= 0.8 ? "yellow" : "blue"}
                  />
                  <Text size="xs" c="dimmed">
                    {formatPercent(share)}
                  </Text>
                </>
              )}
            </Table.Td>
          </Table.Tr>
        );
      })}
    </Listing>
  );
}

/** The account's use shared out by what its services are tagged with. */
function ByTag({ tag, onTag }: { tag: string; onTag: (tag: string) => void }) {
  const { query: range } = useTimeRange();
  const query = useGet(
    "/api/v1/organisation/usage/by-tag",
    { params: { query: { ...range, key: tag } } },
    { enabled: Boolean(tag) },
  );
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    onTag(String(new FormData(event.currentTarget).get("key") ?? "").trim());
  };
  return (
    <Panel
      title="Cost by tag, in this time range"
      aside={
        <Text size="xs" c="dimmed">
          shares of the records that services sent
        </Text>
      }
    >
      <form className={classes.form} onSubmit={submit}>
        <TextInput key={tag} name="key" label="Tag" defaultValue={tag} maxLength={128} />
        <Button type="submit" variant="default">
          Show
        </Button>
      </form>
      {tag && (
        <QueryState
          query={query}
          isEmpty={(data) => !data.values.length}
          empty={<Empty title="No service sent anything in this time range" />}
        >
          {(data) => (
            <Listing
              minWidth={460}
              dimHead
              columns={[
                data.key,
                numeric("Services"),
                numeric("Records"),
                numeric("Share"),
                numeric("Cost"),
              ]}
            >
              {data.values.map((one) => (
                <Table.Tr key={one.value}>
                  <Table.Td>{one.value || "without the tag"}</Table.Td>
                  <Table.Td ta="right">{one.services}</Table.Td>
                  <Table.Td ta="right">{formatCount(one.records)}</Table.Td>
                  <Table.Td ta="right">{formatPercent(one.share)}</Table.Td>
                  <Table.Td ta="right">{formatValue(one.cost, data.currency)}</Table.Td>
                </Table.Tr>
              ))}
            </Listing>
          )}
        </QueryState>
      )}
    </Panel>
  );
}
