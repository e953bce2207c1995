import { Table } from "@mantine/core";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatNumber, formatPercent, formatSeconds, formatValue } from "@/charts/units";
import { BandChart } from "@/components/BandChart";
import { Listing } from "@/components/Listing";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import { StateMark } from "@/components/Standing";
import classes from "@/components/Standing.module.css";
import { Standings } from "./standings";

type Overview = components["schemas"]["BusinessOverviewView"];
const SHOWN = 60;

export default function ExecutivePage() {
  const overview = useGet("/api/v1/business/overview", { params: {} }, { refetchInterval: 60_000 });
  return (
    <>
      <PageHeader title="Executive overview" time={false} />
      <QueryState
        query={overview}
        isEmpty={(data) =>
          data.kpis.length + data.slos.length + data.returns.length + data.alarms.length === 0
        }
        empty={
          <Empty
            title="Nothing is defined yet"
            snippet={"vedette kpi list\nvedette apply kpis.yaml"}
          >
            Define a KPI, a service level objective or the return on a model; this page shows how
            they stand, and reports send it.
          </Empty>
        }
        height={400}
      >
        {(data) => <Content data={data} />}
      </QueryState>
    </>
  );
}

function Content({ data }: { data: Overview }) {
  return (
    <>
      {Object.entries(data.left_out).map(
        ([part, many]) =>
          many > 0 && <Partial key={part}>{`${many} more ${part} are not shown.`}</Partial>,
      )}
      <div className={classes.cards}>
        {data.kpis.map((kpi) => (
          <article className={classes.card} key={kpi.name}>
            <h2>
              <PageLink
                to="/business/kpis/$kpi"
                params={{ kpi: kpi.name }}
                className={classes.link}
              >
                {kpi.name}
              </PageLink>
            </h2>
            <div>
              <span className={classes.big}>{formatValue(kpi.latest, kpi.unit)}</span>{" "}
              <span className="dimmed">newest of every {kpi.every}</span>
            </div>
            {kpi.outlook && (
              <BandChart
                label={`${kpi.name}: past, forecast and its 80 % band`}
                unit={kpi.unit}
                pastTimes={kpi.outlook.past_times.slice(-SHOWN)}
                past={kpi.outlook.past.slice(-SHOWN)}
                times={kpi.outlook.times.slice(0, SHOWN / 2)}
                expected={kpi.outlook.expected.slice(0, SHOWN / 2)}
                lower={kpi.outlook.bands[0]?.lower.slice(0, SHOWN / 2)}
                upper={kpi.outlook.bands[0]?.upper.slice(0, SHOWN / 2)}
                width={280}
                height={64}
                axes={false}
              />
            )}
            {kpi.outlook && <Standings standings={kpi.outlook.standings} unit={kpi.unit} />}
            {kpi.missing > 0 && (
              <div className={classes.warn}>{kpi.missing} periods without a value</div>
            )}
            {kpi.error && <div className={classes.warn}>{kpi.error}</div>}
            {kpi.owners.length > 0 && <div className="dimmed">{kpi.owners.join(", ")}</div>}
          </article>
        ))}
      </div>
      <div className={classes.stack}>
        {data.slos.length > 0 && <Slos slos={data.slos} />}
        {data.returns.length > 0 && <Returns returns={data.returns} />}
        {data.alarms.length > 0 && <Alarms alarms={data.alarms} />}
      </div>
    </>
  );
}

function Slos({ slos }: { slos: Overview["slos"] }) {
  return (
    <Panel title="Service level objectives">
      <Listing
        minWidth={620}
        horizontalSpacing="sm"
        columns={["Objective", "State", "Good", "Goal", "Budget left", "Lasts"]}
      >
        {slos.map((slo) => (
          <Table.Tr key={slo.name}>
            <Table.Td>
              <PageLink to="/slos/$slo" params={{ slo: slo.name }} className={classes.link}>
                {slo.name}
              </PageLink>
            </Table.Td>
            <Table.Td>
              <StateMark state={slo.state} />
            </Table.Td>
            <Table.Td>{slo.sli == null ? "–" : `${(slo.sli * 100).toFixed(3)} %`}</Table.Td>
            <Table.Td>
              {Number((slo.goal * 100).toPrecision(6))} % of {slo.period}
            </Table.Td>
            <Table.Td>{formatPercent(slo.budget_remaining)}</Table.Td>
            <Table.Td>
              {slo.exhausted_in_seconds === 0 ? "used up" : formatSeconds(slo.exhausted_in_seconds)}
            </Table.Td>
          </Table.Tr>
        ))}
      </Listing>
    </Panel>
  );
}

function Returns({ returns }: { returns: Overview["returns"] }) {
  return (
    <Panel title="Return of models">
      <Listing
        minWidth={620}
        horizontalSpacing="sm"
        columns={["Return", "Model", "Value", "Cost", "Return on cost (95 %)"]}
      >
        {returns.map((one) => (
          <Table.Tr key={one.name}>
            <Table.Td>
              <PageLink to="/business/returns" search={{ name: one.name }} className={classes.link}>
                {one.name}
              </PageLink>
            </Table.Td>
            <Table.Td>{one.model}</Table.Td>
            <Table.Td>
              {one.roi?.value ? formatValue(one.roi.value.value, one.currency) : "–"}
            </Table.Td>
            <Table.Td>{one.roi ? formatValue(one.roi.cost.value, one.currency) : "–"}</Table.Td>
            <Table.Td>
              {one.error ||
                (one.roi?.roi
                  ? `${formatPercent(one.roi.roi.value)} (${formatPercent(one.roi.roi.low)} to ${formatPercent(one.roi.roi.high)})`
                  : "–")}
            </Table.Td>
          </Table.Tr>
        ))}
      </Listing>
    </Panel>
  );
}

function Alarms({ alarms }: { alarms: Overview["alarms"] }) {
  return (
    <Panel title="Alarms that fire" aside={<span>{formatNumber(alarms.length)}</span>}>
      <Listing horizontalSpacing="sm">
        {alarms.map((one) => (
          <Table.Tr key={one.name}>
            <Table.Td>
              <StateMark state="ALARM" /> {one.name}
            </Table.Td>
            <Table.Td>{one.severity}</Table.Td>
            <Table.Td>{one.reason}</Table.Td>
          </Table.Tr>
        ))}
      </Listing>
    </Panel>
  );
}
