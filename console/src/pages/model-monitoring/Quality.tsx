import { SimpleGrid, Table, Text } from "@mantine/core";
import type { components } from "@/api/schema";
import { formatCount } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Curve } from "./Curve";
import { compact } from "./format";
import classes from "./monitoring.module.css";

type Report = components["schemas"]["QualityView"];

/** A range looked at closely: metrics with intervals, and the curves behind them. */
export function Quality({ report }: { report: Report }) {
  const names = [...new Set([...Object.keys(report.metrics), ...Object.keys(report.estimated)])];
  const confusion = report.confusion as { classes: string[]; matrix: number[][] } | null;
  const lift = report.lift;
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing={10}>
      <Panel
        title="Metrics"
        aside={
          <Text size="xs" c="dimmed">
            {formatCount(report.labelled_rows)} of {formatCount(report.rows)} labelled
          </Text>
        }
      >
        <Listing
          columns={[
            "Metric",
            numeric("By labels"),
            numeric("Interval"),
            numeric("Expected"),
            numeric("Constant"),
          ]}
        >
          {names.map((name) => {
            const one = report.metrics[name];
            return (
              <Table.Tr key={name}>
                <Table.Td>{name}</Table.Td>
                <Table.Td className="number">{compact(one?.value)}</Table.Td>
                <Table.Td className={`number ${classes.dim}`} title={one?.method}>
                  {one?.low == null ? "—" : `${compact(one.low)} – ${compact(one.high)}`}
                </Table.Td>
                <Table.Td className="number">{compact(report.estimated[name]?.value)}</Table.Td>
                <Table.Td className={`number ${classes.dim}`}>
                  {compact(report.constant?.[name])}
                </Table.Td>
              </Table.Tr>
            );
          })}
        </Listing>
      </Panel>
      {confusion && (
        <Panel title="Confusion matrix">
          <Listing
            columns={["Actual", ...confusion.classes.map((name) => numeric(`said ${name}`))]}
          >
            {confusion.matrix.map((row, actual) => (
              <Table.Tr key={confusion.classes[actual]}>
                <Table.Td>{confusion.classes[actual]}</Table.Td>
                {row.map((weight, said) => (
                  <Table.Td
                    key={confusion.classes[said]}
                    className="number"
                    style={{ fontWeight: said === actual ? 600 : 400 }}
                  >
                    {compact(weight)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Listing>
        </Panel>
      )}
      {report.roc && (
        <Panel title="ROC">
          <Curve
            label="ROC curve"
            x={report.roc.fpr ?? []}
            y={report.roc.tpr ?? []}
            xLabel="false positive rate"
            yLabel="true positive rate"
            diagonal
          />
        </Panel>
      )}
      {report.calibration && (
        <Panel title="Calibration">
          <Curve
            label="Calibration curve"
            x={report.calibration.predicted ?? []}
            y={report.calibration.observed ?? []}
            xLabel="score"
            yLabel="share of positives"
            diagonal
          />
        </Panel>
      )}
      {lift && (
        <Panel title="Gain and lift">
          <Curve
            label="Gain curve"
            x={[0, ...(lift.share ?? [])]}
            y={[0, ...(lift.gain ?? [])]}
            xLabel="share of predictions, highest scores first"
            yLabel="share of positives"
            diagonal
          />
          <Text size="xs" c="dimmed" px="sm" pb="xs">
            The first tenth has {compact(lift.lift?.[0])} times its share of positives.
          </Text>
        </Panel>
      )}
    </SimpleGrid>
  );
}
