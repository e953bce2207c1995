import { Table } from "@mantine/core";
import { useGet } from "@/api/query";
import { formatPercent } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { PageHeader } from "@/components/PageHeader";
import { PageLink } from "@/components/PageLink";
import { Empty, QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import { compact } from "./format";
import classes from "./monitoring.module.css";

const SNIPPET = `import vedette

vedette.init("churn-api")
vedette.log_predictions("churn", ["stay"], [{"age": 34}], version=3)`;

export default function ProductionPage() {
  const { query } = useTimeRange();
  const found = useGet("/api/v1/model-production", { params: { query } });
  return (
    <>
      <PageHeader title="Models in production" aside={found.data && `${found.data.rows.length}`} />
      <div className={classes.body}>
        <QueryState
          query={found}
          height={240}
          isEmpty={(data) => data.rows.length === 0}
          empty={
            <Empty title="No prediction in this time range" snippet={SNIPPET}>
              Widen the time range, or send predictions from where the model answers.
            </Empty>
          }
        >
          {(data) => (
            <div className={classes.scroll} tabIndex={0} role="region" aria-label="Models">
              <Listing
                striped
                highlightOnHover
                columns={[
                  "Model",
                  "Version",
                  "Endpoint",
                  numeric("Predictions"),
                  numeric("Per second"),
                  numeric("p50"),
                  numeric("p95"),
                  numeric("Errors"),
                  numeric("Labelled"),
                ]}
              >
                {data.rows.map((row) => (
                  <Table.Tr key={`${row.model}/${row.version}/${row.endpoint}`}>
                    <Table.Td>
                      <PageLink
                        className="link"
                        to="/models/$name/monitoring"
                        params={{ name: row.model }}
                        search={{ version: row.version }}
                      >
                        {row.model}
                      </PageLink>
                    </Table.Td>
                    <Table.Td>{row.version || "—"}</Table.Td>
                    <Table.Td>{row.endpoint || "—"}</Table.Td>
                    <Table.Td className="number">{compact(row.predictions)}</Table.Td>
                    <Table.Td className="number">{compact(row.per_second)}</Table.Td>
                    <Table.Td className="number">{milliseconds(row.p50_ms)}</Table.Td>
                    <Table.Td className="number">{milliseconds(row.p95_ms)}</Table.Td>
                    <Table.Td className="number">
                      {row.calls ? formatPercent((row.errors ?? 0) / row.calls) : "—"}
                    </Table.Td>
                    <Table.Td className="number">{formatPercent(row.coverage)}</Table.Td>
                  </Table.Tr>
                ))}
              </Listing>
            </div>
          )}
        </QueryState>
      </div>
    </>
  );
}

function milliseconds(value: number | null): string {
  return value === null ? "—" : `${compact(value)} ms`;
}
