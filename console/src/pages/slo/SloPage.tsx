import { SimpleGrid, Table } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { useOpenPage } from "@/app/useOpenPage";
import { TimePanel } from "@/charts/TimePanel";
import { formatNumber, formatPercent, formatSeconds } from "@/charts/units";
import { DefinitionDelete, DefinitionEditor } from "@/components/DefinitionEditor";
import { Listing } from "@/components/Listing";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Empty, QueryState } from "@/components/QueryState";
import { StateMark } from "@/components/Standing";
import classes from "@/components/Standing.module.css";
import { useTimeRange } from "@/time/TimeProvider";
import { formatGoal, formatGood } from "./shares";

type History = components["schemas"]["SloHistoryView"];
type Detail = components["schemas"]["SloDetail"];

const budgetOf = (data: History) => ({
  times: data.times,
  series: [{ key: "left", label: "budget left", values: data.budget_remaining }],
});
const burnOf = (data: History) => ({
  times: data.times,
  series: [{ key: "burn", label: "burn rate", values: data.burn_rate }],
});
const eventsOf = (data: History) => ({
  times: data.times,
  series: [
    { key: "good", label: "good", values: data.good, color: "var(--v-good)" },
    {
      key: "bad",
      label: "bad",
      values: data.total.map((all, at) => all - (data.good[at] ?? 0)),
      color: "var(--v-critical)",
    },
  ],
});

export default function SloPage() {
  const { slo: name } = useParams({ strict: false }) as { slo: string };
  const openPage = useOpenPage();
  const { query } = useTimeRange();
  const path = { name };
  const slo = useGet("/api/v1/slos/{name}", { params: { path } }, { refetchInterval: 60_000 });
  const history = useGet("/api/v1/slos/{name}/history", { params: { path, query } });
  const none = (
    <Empty title="Nothing was counted in this time range">
      Counts are by the hour: choose a day or more.
    </Empty>
  );
  return (
    <>
      <PageHeader
        title={name}
        aside={slo.data && <StateMark state={slo.data.status.state} />}
        actions={
          slo.data && (
            <>
              <DefinitionEditor
                what="objective"
                kind="SLO"
                path="/api/v1/slos"
                name={slo.data.name}
                spec={slo.data.spec}
                labels={slo.data.labels}
              />
              <DefinitionDelete
                what="objective"
                path="/api/v1/slos"
                name={slo.data.name}
                question="Its alarms go with it; what was counted stays."
                onDone={() => openPage("/slos")}
              />
            </>
          )
        }
      />
      <QueryState query={slo} height={160}>
        {(data) => <Status slo={data} />}
      </QueryState>
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing={10} px={14} pb={20}>
        <TimePanel
          title="Error budget left"
          description="Share of the period's budget at the end of each hour; below zero it is overspent."
          query={history}
          shape={budgetOf}
          unit="share"
          empty={none}
        />
        <TimePanel
          title="Burn rate by the hour"
          description="1 uses the budget up in exactly the period."
          query={history}
          shape={burnOf}
          empty={none}
          overlays={BURN_LINE}
        />
        <TimePanel title="Events" query={history} shape={eventsOf} kind="stack" empty={none} />
      </SimpleGrid>
    </>
  );
}

const BURN_LINE = { thresholds: [{ value: 1, label: "sustainable", severity: "info" as const }] };

function Status({ slo }: { slo: Detail }) {
  const { status, spec } = slo;
  const source = spec.source;
  const cards: [string, string, string][] = [
    ["Good", formatGood(status.sli), `goal ${formatGoal(spec.goal)} of ${spec.period ?? "30d"}`],
    [
      "Budget left",
      formatPercent(status.budget_remaining),
      `${formatNumber(status.bad_left)} more may fail`,
    ],
    [
      "Used up in",
      status.exhausted_in_seconds === 0 ? "used up" : formatSeconds(status.exhausted_in_seconds),
      "if the last day goes on",
    ],
    ["At the period's end", formatPercent(status.projected_remaining), "of the budget, likewise"],
  ];
  if (status.apdex != null) cards.push(["Apdex", status.apdex.toFixed(3), "of the period"]);
  return (
    <>
      <div className={classes.cards}>
        {cards.map(([label, value, note]) => (
          <div className={classes.card} key={label}>
            <span className="dimmed">{label}</span>
            <span className={classes.big}>{value}</span>
            <span className="dimmed">{note}</span>
          </div>
        ))}
      </div>
      <div className={classes.tools}>
        {source.type === "traces" && (
          <>
            <Pivot to="/services/$service" params={{ service: source.service }}>
              {source.service}
            </Pivot>
            <Pivot to="/experience" search={{ tab: "reach", affected: source.service }}>
              Users that failures reached
            </Pivot>
          </>
        )}
      </div>
      <div className={classes.stack} style={{ paddingBottom: 10 }}>
        <Panel title="Burn-rate alarms">
          <Listing
            minWidth={560}
            horizontalSpacing="sm"
            columns={["Windows", "Long", "Short", "Threshold", "Now", "Alarm"]}
          >
            {status.burns.map((burn) => {
              const alarm = slo.alarms.find((one) => one.name.endsWith(burn.windows));
              return (
                <Table.Tr key={burn.windows}>
                  <Table.Td>{burn.windows}</Table.Td>
                  <Table.Td>{formatNumber(burn.long)}</Table.Td>
                  <Table.Td>{formatNumber(burn.short)}</Table.Td>
                  <Table.Td>{formatNumber(burn.threshold)}</Table.Td>
                  <Table.Td>
                    <StateMark state={burn.breaches ? "burning" : "ok"} />
                  </Table.Td>
                  <Table.Td>
                    {alarm ? <StateMark state={alarm.state} /> : "–"} {alarm?.severity}
                  </Table.Td>
                </Table.Tr>
              );
            })}
          </Listing>
        </Panel>
      </div>
    </>
  );
}
