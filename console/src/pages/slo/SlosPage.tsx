import { Table } from "@mantine/core";
import { useGet } from "@/api/query";
import { formatNumber, formatPercent, formatSeconds } from "@/charts/units";
import { DefinitionsPage } from "@/components/DefinitionsPage";
import { Listing } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { StateMark } from "@/components/Standing";
import classes from "@/components/Standing.module.css";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { formatGoal, formatGood } from "./shares";

const PARAMS = { find: text() };
const NEW_SLO = {
  goal: 0.999,
  period: "30d",
  source: { type: "traces", service: "checkout", latency: "300ms" },
};
const SNIPPET = `kind: SLO
metadata: {name: checkout}
spec: {goal: 0.999, source: {type: traces, service: checkout, latency: 300ms}}`;

export default function SlosPage() {
  const [url, setUrl] = useUrlState(PARAMS);
  const slos = useGet(
    "/api/v1/slos",
    { params: { query: { search: url.find, limit: 500 } } },
    { refetchInterval: 60_000 },
  );
  return (
    <DefinitionsPage
      title="Service level objectives"
      several="objectives"
      what="objective"
      kind="SLO"
      path="/api/v1/slos"
      spec={NEW_SLO}
      page={{ to: "/slos/$slo", name: "slo" }}
      find={url.find}
      onFind={(find) => setUrl({ find }, { replace: true })}
      query={slos}
      itemsOf={(data) => data.slos}
      about="An objective says which share of requests (or log records, metric counts or periods) is to be good. Make one above, or keep it as code with vedette apply:"
      snippet={SNIPPET}
    >
      {(items) => (
        <Listing
          minWidth={820}
          page
          highlightOnHover
          horizontalSpacing="sm"
          columns={[
            "Objective",
            "State",
            "Good",
            "Goal",
            "Budget left",
            "May still fail",
            "Burn 1 h / 1 d",
            "Used up in",
          ]}
        >
          {items.map((slo) => (
            <Table.Tr key={slo.id}>
              <Table.Td>
                <PageLink to="/slos/$slo" params={{ slo: slo.name }} className={classes.link}>
                  {slo.name}
                </PageLink>
                <div className="dimmed">{slo.spec.description}</div>
              </Table.Td>
              <Table.Td>
                <StateMark state={slo.status.state} />
              </Table.Td>
              <Table.Td>{formatGood(slo.status.sli)}</Table.Td>
              <Table.Td>
                {formatGoal(slo.spec.goal)} of {slo.spec.period ?? "30d"}
              </Table.Td>
              <Table.Td>{formatPercent(slo.status.budget_remaining)}</Table.Td>
              <Table.Td>{formatNumber(slo.status.bad_left)}</Table.Td>
              <Table.Td>
                {formatNumber(slo.status.burn_rates["1h"])} /{" "}
                {formatNumber(slo.status.burn_rates["1d"])}
              </Table.Td>
              <Table.Td>
                {slo.status.exhausted_in_seconds === 0
                  ? "used up"
                  : formatSeconds(slo.status.exhausted_in_seconds)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Listing>
      )}
    </DefinitionsPage>
  );
}
