import { Switch, Table } from "@mantine/core";
import { Listing } from "@/components/Listing";
import { Panel } from "@/components/Panel";
import { bestOf, type Compared, formatMetric, lessIsBetter } from "./run";
import classes from "./training.module.css";

interface Props {
  runs: readonly Compared[];
  looks: ReadonlyMap<string, { label: string; color: string }>;
  /** Whether only what differs is shown. */
  differing: boolean;
  onDiffering: (differing: boolean) => void;
}

/** Parameters, metrics and tags of runs side by side; of each metric the best is marked. */
export function CompareTable({ runs, looks, differing, onDiffering }: Props) {
  const groups = [
    { title: "Parameters", keys: keysOf(runs.map((run) => run.params)), of: "params" as const },
    {
      title: "Metrics",
      keys: [...new Set(runs.flatMap((run) => run.metrics.map((one) => one.key)))].sort(),
      of: "metrics" as const,
    },
    {
      title: "Tags",
      keys: keysOf(runs.map((run) => run.tags)).filter((key) => !key.startsWith("mlflow.")),
      of: "tags" as const,
    },
  ];
  return (
    <>
      <Switch
        size="xs"
        mb="sm"
        label="Only what differs"
        checked={differing}
        onChange={(event) => onDiffering(event.currentTarget.checked)}
      />
      {groups.map(({ title, keys, of }) => {
        const rows = keys
          .map((key) => ({ key, values: runs.map((run) => read(run, of, key)) }))
          .filter((row) => !differing || new Set(row.values).size > 1);
        if (!rows.length) return null;
        return (
          <Panel key={title} title={`${title} (${rows.length})`}>
            <Listing
              minWidth={200 + runs.length * 120}
              wrap
              columns={[
                title,
                ...runs.map((run) => ({
                  children: (
                    <>
                      <i
                        className={classes.swatch}
                        style={{ background: looks.get(run.info.id)?.color }}
                      />
                      {run.info.name}
                    </>
                  ),
                })),
              ]}
            >
              {rows.map(({ key, values }) => {
                const best = of === "metrics" ? bestOf(values, !lessIsBetter(key)) : -1;
                return (
                  <Table.Tr key={key}>
                    <Table.Th scope="row" fw={500}>
                      {key}
                    </Table.Th>
                    {values.map((value, index) => (
                      <Table.Td
                        key={runs[index]?.info.id}
                        className={index === best ? "good" : undefined}
                      >
                        {of === "metrics" ? formatMetric(value) : (value ?? "–")}
                        {index === best && runs.length > 1 && " ★"}
                      </Table.Td>
                    ))}
                  </Table.Tr>
                );
              })}
            </Listing>
          </Panel>
        );
      })}
    </>
  );
}

function keysOf(maps: readonly Record<string, string>[]): string[] {
  return [...new Set(maps.flatMap((map) => Object.keys(map)))].sort();
}

function read(
  run: Compared,
  of: "params" | "metrics" | "tags",
  key: string,
): string | number | null {
  if (of === "metrics") return run.metrics.find((one) => one.key === key)?.value ?? null;
  return run[of][key] ?? null;
}
