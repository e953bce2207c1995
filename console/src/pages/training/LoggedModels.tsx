import { Table } from "@mantine/core";
import { useGet } from "@/api/query";
import { Listing } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { Empty } from "@/components/QueryState";
import { formatAgo } from "@/time/format";
import { text } from "@/url/params";
import { useUrlState } from "@/url/state";
import { Filtered } from "./Filtered";
import { formatMetric } from "./run";

const PARAMS = { models: text() };
const METRICS = 4;

/** Models that an experiment's runs logged. */
export function LoggedModels({ experiment }: { experiment: string }) {
  const [url, setUrl] = useUrlState(PARAMS);
  const query = useGet("/api/v1/logged-models", {
    params: {
      query: { experiment_id: [experiment], filter: url.models || null, limit: 500 },
    },
  });
  return (
    <Filtered
      filter={url.models}
      onFilter={(models) => setUrl({ models })}
      placeholder="metrics.auc > 0.8 AND params.depth = '4'"
      label="Filter of logged models"
      query={query}
      isEmpty={(data) => data.models.length === 0}
      empty={
        <Empty
          title={url.models ? "No model is found by this filter" : "No model is logged yet"}
          snippet={'mlflow.sklearn.log_model(model, name="model")   # autolog does it too'}
        />
      }
    >
      {(data) => (
        <Listing
          minWidth={760}
          wrap
          highlightOnHover
          columns={["Model", "Status", "Run", "Metrics", "Registered as", "Logged"]}
        >
          {data.models.map((one) => (
            <Table.Tr key={one.id}>
              <Table.Td>
                <PageLink to="/logged-models/$model" params={{ model: one.id }} className="link">
                  {one.name}
                </PageLink>
                <div className="dimmed">{one.model_type}</div>
              </Table.Td>
              <Table.Td>{statusOf(one.status)}</Table.Td>
              <Table.Td>
                {one.source_run_id && (
                  <PageLink to="/runs/$run" params={{ run: one.source_run_id }} className="link">
                    {one.source_run_id.slice(0, 8)}
                  </PageLink>
                )}
              </Table.Td>
              <Table.Td>
                {one.metrics
                  .slice(0, METRICS)
                  .map((item) => `${item.key} ${formatMetric(item.value)}`)
                  .join(", ")}
                {one.metrics.length > METRICS && " …"}
              </Table.Td>
              <Table.Td>
                {one.registrations.map((item) => (
                  <PageLink
                    key={`${item.model} ${item.version}`}
                    to="/models/$name/versions/$version"
                    params={{ name: item.model, version: String(item.version) }}
                    className="link"
                  >
                    {item.model} v{item.version}{" "}
                  </PageLink>
                ))}
              </Table.Td>
              <Table.Td>{formatAgo(one.created_ms, Date.now())}</Table.Td>
            </Table.Tr>
          ))}
        </Listing>
      )}
    </Filtered>
  );
}

/** `LOGGED_MODEL_READY` as people read it. */
export function statusOf(status: string): string {
  return status.replace("LOGGED_MODEL_", "").replaceAll("_", " ").toLowerCase();
}
