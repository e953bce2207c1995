import { Group } from "@mantine/core";
import { useParams } from "@tanstack/react-router";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatCount } from "@/charts/units";
import { Fact, Facts } from "@/components/Facts";
import { PageHeader } from "@/components/PageHeader";
import { Panel } from "@/components/Panel";
import { Pivot } from "@/components/Pivot";
import { QueryState } from "@/components/QueryState";
import { Keyed } from "@/pages/training/Keyed";
import training from "@/pages/training/training.module.css";
import { formatAgo } from "@/time/format";
import { Experiments } from "./parts";
import { Records } from "./Records";

type Dataset = components["schemas"]["EvaluationDatasetView"];

/** One dataset that models are evaluated on, with its records. */
export default function EvaluationDatasetPage() {
  const { dataset } = useParams({ strict: false }) as { dataset: string };
  const query = useGet("/api/v1/evaluation-datasets/{dataset_id}", {
    params: { path: { dataset_id: dataset } },
  });
  return (
    <>
      <PageHeader
        title={query.data?.name ?? "Evaluation dataset"}
        time={false}
        aside={
          <Group gap="sm">
            {query.data && formatCount(query.data.records)}
            <Pivot to="/evaluation">All datasets</Pivot>
          </Group>
        }
      />
      <QueryState query={query} height={300}>
        {(found) => (
          <div className={training.body}>
            <About of={found} />
            <Records dataset={found.id} />
            <div className={training.grid}>
              <Keyed
                title="Columns"
                empty="Nothing is known of the records yet"
                rows={columnsOf(found)}
              />
              <Keyed
                title="Tags"
                empty="The dataset has no tag"
                rows={Object.entries(found.tags).map(([key, value]) => ({ key, value }))}
              />
            </div>
          </div>
        )}
      </QueryState>
    </>
  );
}

function About({ of }: { of: Dataset }) {
  const now = Date.now();
  return (
    <Panel title="About">
      <Facts>
        <Fact name="Experiments">
          <Experiments of={of.experiments} />
        </Fact>
        <Fact name="Digest">{of.digest}</Fact>
        <Fact name="Made">
          {formatAgo(of.created_ms, now)} by {of.created_by}
        </Fact>
        <Fact name="Changed">
          {formatAgo(of.updated_ms, now)} by {of.updated_by}
        </Fact>
      </Facts>
    </Panel>
  );
}

/** Types by name: `inputs.question` is a string. */
function columnsOf({ columns }: Dataset) {
  return Object.entries(columns).flatMap(([part, types]) =>
    Object.entries(types).map(([name, type]) => ({ key: `${part}.${name}`, value: type })),
  );
}
