import { Table } from "@mantine/core";
import { Listing } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Keyed } from "@/pages/training/Keyed";
import { formatMetric, type MetricValue } from "@/pages/training/run";

/** What is gathered of a version for its card; see vedette.models.registry.cards. */
interface Facts {
  metrics?: Record<string, MetricValue>;
  params?: Record<string, string>;
  datasets?: readonly { name: string; digest: string; source_type: string }[];
  approvals?: readonly {
    stage: string;
    status: string;
    requested_by: string;
    decisions: readonly { by: string; decision: string; comment: string }[];
  }[];
}

/** What is known of a version without anybody having written it: a part of its card. */
export function CardFacts({ facts }: { facts: unknown }) {
  const { metrics = {}, params = {}, datasets = [], approvals = [] } = (facts ?? {}) as Facts;
  return (
    <>
      <Keyed
        title="Metrics"
        rows={Object.entries(metrics).map(([key, value]) => ({ key, value: formatMetric(value) }))}
        empty="No metric is known"
      />
      <Keyed
        title="Parameters"
        rows={Object.entries(params).map(([key, value]) => ({ key, value }))}
        empty="No parameter is known"
      />
      {datasets.length > 0 && (
        <Panel title={`Datasets (${datasets.length})`}>
          <Listing columns={["Dataset", "Digest", "Source"]}>
            {datasets.map((one) => (
              <Table.Tr key={one.name + one.digest}>
                <Table.Td>{one.name}</Table.Td>
                <Table.Td>{one.digest}</Table.Td>
                <Table.Td>{one.source_type}</Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        </Panel>
      )}
      {approvals.length > 0 && (
        <Panel title={`Approvals (${approvals.length})`}>
          <Listing columns={["To", "Status", "Asked by", "Decided"]}>
            {approvals.map((one, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: requests have no id here, and no state
              <Table.Tr key={index}>
                <Table.Td>{one.stage}</Table.Td>
                <Table.Td>{one.status}</Table.Td>
                <Table.Td>{one.requested_by}</Table.Td>
                <Table.Td>
                  {one.decisions.map((two) => `${two.decision} by ${two.by}`).join(", ") || "–"}
                </Table.Td>
              </Table.Tr>
            ))}
          </Listing>
        </Panel>
      )}
    </>
  );
}
