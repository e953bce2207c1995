import { Table } from "@mantine/core";
import { useGet } from "@/api/query";
import { Sparkline } from "@/charts/Sparkline";
import { formatPercent, formatValue } from "@/charts/units";
import { DefinitionsPage } from "@/components/DefinitionsPage";
import { Listing } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { StateMark } from "@/components/Standing";
import classes from "@/components/Standing.module.css";
import { useTimeRange } from "@/time/TimeProvider";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";

const PARAMS = { find: text() };
const NEW_KPI = {
  unit: "EUR",
  direction: "up",
  every: "1d",
  source: { type: "pushed" },
  targets: [{ period: "month", value: 100000 }],
  owners: [],
  models: [],
};
const SNIPPET = `import vedette
vedette.kpi("orders.revenue", 1240.5, dimensions={"region": "eu"})
# or: vedette kpi push orders.revenue 1240.5 -d region=eu`;

export default function KpisPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const time = useTimeRange();
  const kpis = useGet("/api/v1/kpis", { params: { query: { search: url.find } } });
  return (
    <DefinitionsPage
      title="KPIs"
      several="KPIs"
      what="KPI"
      kind="KPI"
      path="/api/v1/kpis"
      spec={NEW_KPI}
      page={{ to: "/business/kpis/$kpi", name: "kpi" }}
      find={url.find}
      onFind={(find) => setUrl({ find }, { replace: true })}
      query={kpis}
      itemsOf={(data) => data.kpis}
      about="Make one above, then push values, or let it be computed from metrics, SQL, logs or traces. Values are metrics: alarms and bands work on them."
      snippet={SNIPPET}
    >
      {(items) => (
        <Listing
          minWidth={760}
          page
          highlightOnHover
          horizontalSpacing="sm"
          columns={["KPI", "Latest", "Change", "Trend", "Targets", "Gaps", "Owners"]}
        >
          {items.map((kpi) => (
            <Table.Tr key={kpi.id}>
              <Table.Td>
                <PageLink
                  to="/business/kpis/$kpi"
                  params={{ kpi: kpi.name }}
                  className={classes.link}
                >
                  {kpi.name}
                </PageLink>
                <div className="dimmed">{kpi.description}</div>
              </Table.Td>
              <Table.Td>
                {formatValue(kpi.latest, kpi.unit)}
                <div className="dimmed">
                  {kpi.latest_time &&
                    `${time.format(Date.parse(kpi.latest_time))}, every ${kpi.every}`}
                </div>
              </Table.Td>
              <Table.Td>
                {kpi.change == null
                  ? "–"
                  : `${kpi.change > 0 ? "▲" : kpi.change < 0 ? "▼" : ""} ${formatPercent(Math.abs(kpi.change))}`}
              </Table.Td>
              <Table.Td>
                <Sparkline values={kpi.values} label={`${kpi.name}, newest values`} />
              </Table.Td>
              <Table.Td>
                {kpi.standings.map((one) => (
                  <div key={`${one.period} ${one.target}`}>
                    <StateMark state={one.verdict} /> {one.period}
                  </div>
                ))}
              </Table.Td>
              <Table.Td>{kpi.missing > 0 ? `${kpi.missing} missing` : "none"}</Table.Td>
              <Table.Td>{kpi.owners.join(", ")}</Table.Td>
            </Table.Tr>
          ))}
        </Listing>
      )}
    </DefinitionsPage>
  );
}
