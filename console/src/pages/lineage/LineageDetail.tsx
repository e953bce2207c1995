import { Button, CloseButton } from "@mantine/core";
import { useState } from "react";
import { useGet } from "@/api/query";
import { Fact, Facts } from "@/components/Facts";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { QueryState } from "@/components/QueryState";
import { PipelineLink } from "../pipelines/health";
import { type Drawn, type LineageNode, labelOf } from "./graph";
import classes from "./lineage.module.css";

interface Props {
  node: Drawn;
  onOpen: (resource: string) => void;
  onExpand: (resource: string) => void;
  onClose: () => void;
}

/** What is known of a node, what a change of it reaches, and its columns; of a group its members. */
export function LineageDetail({ node, onOpen, onExpand, onClose }: Props) {
  const [only] = node.members;
  return (
    <div className={classes.detail}>
      <Panel
        title={node.label}
        aside={<CloseButton aria-label="Close the details" size="sm" onClick={onClose} />}
      >
        {node.members.length > 1 || !only ? (
          <div className={classes.part}>
            <ul>
              {node.members.slice(0, 500).map((one) => (
                <li key={one.resource}>
                  <button
                    type="button"
                    className={classes.pick}
                    onClick={() => onOpen(one.resource)}
                  >
                    {labelOf(one)}
                  </button>
                </li>
              ))}
            </ul>
          </div>
        ) : (
          <One key={only.resource} node={only} onOpen={onOpen} onExpand={onExpand} />
        )}
      </Panel>
    </div>
  );
}

function One({
  node,
  onOpen,
  onExpand,
}: { node: LineageNode } & Pick<Props, "onOpen" | "onExpand">) {
  const [impact, setImpact] = useState(false);
  const about = Object.entries(node.about).filter(
    ([, value]) => value !== null && value !== "" && !(Array.isArray(value) && value.length === 0),
  );
  return (
    <>
      <Facts className={classes.facts}>
        <Fact name="kind">{node.kind.replace("_", " ")}</Fact>
        <Fact name="name">{node.name}</Fact>
        {node.version && <Fact name="version">{node.version}</Fact>}
        {about.map(([name, value]) => (
          <Fact key={name} name={name.replace("_", " ")}>
            {Array.isArray(value) ? value.join(", ") : String(value)}
          </Fact>
        ))}
      </Facts>
      <div className={classes.buttons}>
        <Button variant="default" size="compact-xs" onClick={() => onOpen(node.resource)}>
          Look from here
        </Button>
        <Button variant="default" size="compact-xs" onClick={() => onExpand(node.resource)}>
          Expand a hop
        </Button>
        <Button variant="default" size="compact-xs" onClick={() => setImpact(true)}>
          Impact of a change
        </Button>
        {node.kind === "pipeline" && <PipelineLink job={node.name}>Runs</PipelineLink>}
        {node.kind === "model" && <Pivot to="/models">Models</Pivot>}
      </div>
      {impact && <Impact resource={node.resource} onOpen={onOpen} />}
      {node.kind === "dataset" && !node.version && <Columns dataset={node.name} />}
    </>
  );
}

function Impact({ resource, onOpen }: { resource: string; onOpen: Props["onOpen"] }) {
  const impact = useGet("/api/v1/lineage/impact", { params: { query: { resource } } });
  return (
    <QueryState query={impact}>
      {(data) => (
        <div className={classes.part}>
          <b>
            A change reaches{" "}
            {Object.entries(data.counts)
              .map(([kind, count]) => `${count} ${kind.replace("_", " ")}`)
              .join(", ") || "nothing that is known"}
          </b>
          {data.owners.length > 0 && <div>Tell: {data.owners.join(", ")}</div>}
          {(
            [
              ["Trained on it", data.trained],
              ["In production", data.in_production],
            ] as const
          ).map(
            ([title, found]) =>
              found.length > 0 && (
                <div key={title}>
                  {title}:
                  <ul>
                    {found.slice(0, 50).map((one) => (
                      <li key={one.resource}>
                        <button
                          type="button"
                          className={classes.pick}
                          onClick={() => onOpen(one.resource)}
                        >
                          {String(one.about.label ?? `${one.name} ${one.version}`)}
                        </button>
                      </li>
                    ))}
                  </ul>
                </div>
              ),
          )}
        </div>
      )}
    </QueryState>
  );
}

function Columns({ dataset }: { dataset: string }) {
  const [column, setColumn] = useState("");
  const columns = useGet("/api/v1/lineage/columns", { params: { query: { dataset } } });
  const [up, down] = (["up", "down"] as const).map((direction) =>
    // biome-ignore lint/correctness/useHookAtTopLevel: always two, in the same order
    useGet(
      "/api/v1/lineage/columns",
      { params: { query: { dataset, direction, column: column ? [column] : undefined } } },
      { enabled: column !== "" },
    ),
  );
  return (
    <QueryState query={columns} isEmpty={(data) => data.columns.length === 0} empty={<span />}>
      {(data) => (
        <div className={classes.part}>
          <b>Columns</b>
          <ul>
            {data.columns.slice(0, 300).map((name) => (
              <li key={name}>
                <button type="button" className={classes.pick} onClick={() => setColumn(name)}>
                  {name}
                </button>
                {name === column && (
                  <ul>
                    {(up?.data?.edges ?? []).map((edge) => (
                      <li key={`${edge.source.dataset} ${edge.source.field} ${edge.target.field}`}>
                        ← {edge.source.dataset}.{edge.source.field}{" "}
                        <span className="dimmed">{edge.transformation}</span>
                      </li>
                    ))}
                    {(down?.data?.edges ?? []).map((edge) => (
                      <li key={`${edge.target.dataset} ${edge.target.field} ${edge.source.field}`}>
                        → {edge.target.dataset}.{edge.target.field}{" "}
                        <span className="dimmed">{edge.transformation}</span>
                      </li>
                    ))}
                  </ul>
                )}
              </li>
            ))}
          </ul>
        </div>
      )}
    </QueryState>
  );
}
