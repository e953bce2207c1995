import { Table, Text } from "@mantine/core";
import { Fragment } from "react";
import { useGet } from "@/api/query";
import { formatValue } from "@/charts/units";
import { Listing } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { QueryState } from "@/components/QueryState";
import classes from "./incidents.module.css";
import type { Incident, Loss } from "./model";

/** What it cost: KPIs during the incident against what was to be expected. */
export function Impact({ one }: { one: Incident }) {
  const query = useGet("/api/v1/incidents/{incident}/impact", {
    params: { path: { incident: String(one.number) } },
  });
  return (
    <Panel title="What it cost">
      <QueryState
        query={query}
        isEmpty={(data) => data.kpis.length === 0}
        empty={
          <Text size="sm" c="dimmed" className={classes.pad}>
            No KPI is about these services or models, and no other was outside of what was to be
            expected. A KPI that names its services or models shows here what they cost.
          </Text>
        }
      >
        {(data) => (
          <Listing minWidth={420} dimHead columns={["KPI", "Expected", "Actual", "Loss"]}>
            {data.kpis.map((kpi) => (
              <Row key={kpi.kpi} kpi={kpi} />
            ))}
          </Listing>
        )}
      </QueryState>
    </Panel>
  );
}

function Row({ kpi }: { kpi: Loss }) {
  const shown = (value: number | null) => (value === null ? "–" : formatValue(value, kpi.unit));
  return (
    <Table.Tr>
      <Table.Td className={classes.title} style={{ overflowWrap: "break-word" }}>
        <PageLink to="/business/kpis/$kpi" params={{ kpi: kpi.kpi }}>
          <DottedName name={kpi.kpi} />
        </PageLink>
        <Text size="xs" c="dimmed">
          {kpi.note}
        </Text>
      </Table.Td>
      <Table.Td className="number">{shown(kpi.expected)}</Table.Td>
      <Table.Td className="number">{shown(kpi.actual)}</Table.Td>
      <Table.Td className="number">
        <strong>{shown(kpi.loss)}</strong>
        {kpi.lower !== null && (
          <Text size="xs" c="dimmed">
            {shown(kpi.lower)} to {shown(kpi.upper)}
          </Text>
        )}
        {kpi.loss !== null && (
          <Text size="xs" c={kpi.affected ? "var(--v-critical)" : "dimmed"}>
            {kpi.affected ? "outside of the usual" : "within the usual"}
          </Text>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

/** A name that is broken after its dots, where it has to be. */
function DottedName({ name }: { name: string }) {
  const [first, ...others] = name.split(".");
  return (
    <>
      {first}
      {others.map((part) => (
        <Fragment key={part}>
          .<wbr />
          {part}
        </Fragment>
      ))}
    </>
  );
}
