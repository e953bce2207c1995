import { Table } from "@mantine/core";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { Listing, numeric } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { QueryState } from "@/components/QueryState";
import { resourceOf } from "@/components/resource";
import { formatMetric, lessIsBetter } from "@/pages/training/run";
import { useSession } from "@/session/SessionProvider";
import classes from "./registry.module.css";

type Item = components["schemas"]["ValueDifferenceView"];

interface Props {
  name: string;
  version: number;
  /** Another version; the one in production where it is left out. */
  other?: number;
}

/** What differs between a version and the one in production: what a reviewer looks at first. */
export function Difference({ name, version, other }: Props) {
  const { account } = useSession().session;
  const query = useGet("/api/v1/models/{name}/versions/{version}/comparison", {
    params: { path: { name, version }, query: { other: other ?? null } },
  });
  return (
    <QueryState query={query} height={200}>
      {(data) => {
        const head = data.other ? `v${data.other.version} (${data.other.stage})` : "none";
        return (
          <div className={classes.stack}>
            <Panel
              title="Metrics"
              aside={
                <span className="dimmed">
                  {data.other
                    ? `version ${data.this.version} beside version ${data.other.version}`
                    : "No other version is in production: there is nothing to compare with"}
                </span>
              }
            >
              <Values items={data.metrics} mine={`v${version}`} theirs={head} numbers />
            </Panel>
            <Panel title="Parameters">
              <Values
                items={data.params.filter((one) => !data.other || !one.same)}
                mine={`v${version}`}
                theirs={head}
                none={data.other ? "No parameter differs" : "No parameter is known"}
              />
            </Panel>
            <Panel title="Data that they were trained on">
              <Listing wrap columns={["Dataset", "Role", `v${version}`, head]}>
                {data.datasets.map((one) => (
                  <Table.Tr key={`${one.name} ${one.context}`}>
                    <Table.Td title={one.source}>{one.name}</Table.Td>
                    <Table.Td>{one.context || "–"}</Table.Td>
                    <Table.Td className={classes.code}>{one.this ?? "–"}</Table.Td>
                    <Table.Td className={classes.code}>
                      {one.other ?? "–"} {one.same && "(the same)"}
                    </Table.Td>
                  </Table.Tr>
                ))}
                {data.datasets.length === 0 && (
                  <Table.Tr>
                    <Table.Td colSpan={4}>The runs logged no datasets (mlflow.log_input)</Table.Td>
                  </Table.Tr>
                )}
              </Listing>
            </Panel>
            <Panel
              title="Code and lineage"
              aside={
                <Pivot
                  to="/lineage"
                  search={{ resource: resourceOf(account, "model", name, version) }}
                >
                  Show the lineage
                </Pivot>
              }
            >
              <Values
                items={data.code}
                mine={`v${version}`}
                theirs={head}
                none="Where the code is from is not known"
              />
            </Panel>
          </div>
        );
      }}
    </QueryState>
  );
}

function Values({
  items,
  mine,
  theirs,
  numbers,
  none = "Nothing is known",
}: {
  items: readonly Item[];
  mine: string;
  theirs: string;
  numbers?: boolean;
  none?: string;
}) {
  if (items.length === 0) return <p className={`${classes.pad} dimmed`}>{none}</p>;
  return (
    <Listing
      wrap
      columns={[
        "Name",
        numbers ? numeric(mine) : mine,
        numbers ? numeric(theirs) : theirs,
        numbers && numeric("Change"),
      ]}
    >
      {items.map((one) => (
        <Table.Tr key={one.name}>
          <Table.Th scope="row" fw={500}>
            {one.name}
          </Table.Th>
          <Table.Td className={numbers ? "number" : undefined}>
            {numbers ? formatMetric(one.this) : (one.this ?? "–")}
          </Table.Td>
          <Table.Td className={numbers ? "number" : undefined}>
            {numbers ? formatMetric(one.other) : (one.other ?? "–")}
          </Table.Td>
          {numbers && <Change item={one} />}
        </Table.Tr>
      ))}
    </Listing>
  );
}

function Change({ item }: { item: Item }) {
  if (typeof item.this !== "number" || typeof item.other !== "number") {
    return <Table.Td className="number">–</Table.Td>;
  }
  const change = item.this - item.other;
  const better = lessIsBetter(item.name) ? change < 0 : change > 0;
  const word = change === 0 ? "the same" : better ? "better" : "worse";
  return (
    <Table.Td className={`number ${change === 0 ? "" : better ? "good" : "bad"}`}>
      {change > 0 ? "+" : ""}
      {formatMetric(change)} {word}
    </Table.Td>
  );
}
