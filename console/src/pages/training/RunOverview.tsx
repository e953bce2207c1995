import { Table } from "@mantine/core";
import { Listing } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { Empty } from "@/components/QueryState";
import { Keyed } from "./Keyed";
import { statusOf } from "./LoggedModels";
import type { Run } from "./RunPage";
import { formatMetric } from "./run";
import { RunStatus } from "./Status";
import classes from "./training.module.css";

const CODE = [
  ["mlflow.source.name", "Entry point"],
  ["mlflow.source.type", "Kind"],
  ["mlflow.source.git.repoURL", "Repository"],
  ["mlflow.source.git.branch", "Branch"],
  ["mlflow.source.git.commit", "Commit"],
  ["mlflow.project.entryPoint", "Project entry point"],
] as const;
const CONTEXT = "mlflow.data.context";

/** What a run was given and what it led to. */
export function RunOverview({ run }: { run: Run }) {
  const metrics = run.metrics.filter((one) => !one.key.startsWith("system/"));
  const tags = Object.entries(run.tags).filter(([key]) => !key.startsWith("mlflow."));
  const code = CODE.filter(([key]) => run.tags[key]).map(([key, label]) => ({
    key: label,
    value: <span className={classes.code}>{run.tags[key]}</span>,
  }));
  return (
    <>
      {run.tags["mlflow.note.content"] && <p>{run.tags["mlflow.note.content"]}</p>}
      <div className={classes.grid}>
        <Keyed
          title="Metrics"
          empty="No metric is logged"
          snippet={'mlflow.log_metric("loss", 0.3, step=1)'}
          rows={metrics.map((one) => ({
            key: one.key,
            value: `${formatMetric(one.value)}${one.step ? ` (step ${one.step})` : ""}`,
          }))}
        />
        <Keyed
          title="Parameters"
          empty="No parameter is logged"
          snippet={'mlflow.log_param("depth", 4)'}
          rows={Object.entries(run.params).map(([key, value]) => ({ key, value }))}
        />
        <Panel title={`Datasets (${run.inputs.length})`}>
          {run.inputs.length === 0 ? (
            <Empty
              title="No dataset is logged"
              snippet={'mlflow.log_input(mlflow.data.from_pandas(df, name="train"), "training")'}
            />
          ) : (
            <Listing wrap columns={["Dataset", "Role", "Digest", "Rows"]}>
              {run.inputs.map((one) => (
                <Table.Tr key={`${one.name} ${one.digest} ${one.tags[CONTEXT]}`}>
                  <Table.Td title={one.source}>
                    {one.name}
                    <div className="dimmed">{one.source_type}</div>
                  </Table.Td>
                  <Table.Td>{one.tags[CONTEXT] ?? "–"}</Table.Td>
                  <Table.Td className={classes.code}>{one.digest}</Table.Td>
                  <Table.Td>{rowsOf(one.profile)}</Table.Td>
                </Table.Tr>
              ))}
            </Listing>
          )}
        </Panel>
        <Panel title={`Models (${run.models.length})`}>
          {run.models.length === 0 && run.versions.length === 0 ? (
            <Empty
              title="No model is logged"
              snippet={'mlflow.sklearn.log_model(model, name="model")'}
            />
          ) : (
            <Listing wrap>
              {run.models.map((one) => (
                <Table.Tr key={`${one.id} ${one.direction}`}>
                  <Table.Td>
                    <PageLink
                      to="/logged-models/$model"
                      params={{ model: one.id }}
                      className="link"
                    >
                      {one.name}
                    </PageLink>
                  </Table.Td>
                  <Table.Td>{one.direction === "input" ? "read" : "logged"}</Table.Td>
                  <Table.Td>{one.model_type}</Table.Td>
                  <Table.Td>{statusOf(one.status)}</Table.Td>
                </Table.Tr>
              ))}
              {run.versions.map((one) => (
                <Table.Tr key={`${one.model} ${one.version}`}>
                  <Table.Td>
                    <PageLink
                      to="/models/$name/versions/$version"
                      params={{ name: one.model, version: String(one.version) }}
                      className="link"
                    >
                      {one.model} v{one.version}
                    </PageLink>
                  </Table.Td>
                  <Table.Td>registered</Table.Td>
                  <Table.Td>{one.stage}</Table.Td>
                  <Table.Td>{one.stage_status}</Table.Td>
                </Table.Tr>
              ))}
            </Listing>
          )}
        </Panel>
        <Keyed title="Code version" empty="Where the code is from is not known" rows={code} />
        <Keyed
          title="Tags"
          empty="There are no tags"
          snippet={'mlflow.set_tag("team", "growth")'}
          rows={tags.map(([key, value]) => ({ key, value }))}
        />
        {(run.children.length > 0 || run.parent_id) && (
          <Panel title="Nested runs">
            <div className={classes.pad}>
              {run.parent_id && (
                <p>
                  Within{" "}
                  <Pivot to="/runs/$run" params={{ run: run.parent_id }}>
                    its parent run
                  </Pivot>
                </p>
              )}
              {run.children.map((one) => (
                <div key={one.id}>
                  <Pivot to="/runs/$run" params={{ run: one.id }}>
                    {one.name}
                  </Pivot>{" "}
                  <RunStatus status={one.status} />
                </div>
              ))}
            </div>
          </Panel>
        )}
      </div>
    </>
  );
}

/** The number of rows that a dataset's profile tells. */
function rowsOf(profile: string | null): string {
  try {
    const rows = (JSON.parse(profile ?? "{}") as { num_rows?: number }).num_rows;
    return rows === undefined ? "–" : rows.toLocaleString("en-US");
  } catch {
    return "–";
  }
}
