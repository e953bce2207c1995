import { Table } from "@mantine/core";
import { client, unwrap } from "@/api/client";
import { formatCount } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { Empty } from "@/components/QueryState";
import { MorePages } from "@/pages/traces/MorePages";
import { usePages } from "@/pages/traces/usePages";
import { Filtered } from "@/pages/training/Filtered";
import { formatAgo } from "@/time/format";
import { Experiments } from "./parts";
import { shownTags } from "./text";

const PATH = "/api/v1/evaluation-datasets";
const SNIPPET = `from mlflow.genai import datasets

questions = datasets.create_dataset("questions", experiment_id="1")
questions.merge_records([
    {"inputs": {"question": "How do I cancel?"},
     "expectations": {"expected_response": "In the settings."}},
])`;

interface Props {
  filter: string;
  onFilter: (filter: string) => void;
}

/** Datasets that models are evaluated on. */
export function Datasets({ filter, onFilter }: Props) {
  const query = { filter: filter || undefined, limit: 100 };
  const found = usePages([PATH, query], (cursor, signal) =>
    unwrap(
      client.GET(PATH, { params: { query: { ...query, cursor: cursor ?? undefined } }, signal }),
    ),
  );
  return (
    <Filtered
      filter={filter}
      onFilter={onFilter}
      placeholder="name LIKE 'quest%' AND tags.team = 'support'"
      label="Filter of evaluation datasets"
      query={found}
      isEmpty={(pages) => pages[0]?.datasets.length === 0}
      empty={
        <Empty
          title={filter ? "No dataset is found by this filter" : "There is no evaluation dataset"}
          snippet={filter ? undefined : SNIPPET}
        >
          {filter ? undefined : "The unmodified mlflow client makes one:"}
        </Empty>
      }
    >
      {(pages) => (
        <>
          <Listing
            minWidth={720}
            wrap
            highlightOnHover
            columns={["Dataset", numeric("Records"), "Experiments", "Tags", "Changed", "By"]}
          >
            {pages
              .flatMap((page) => page.datasets)
              .map((one) => (
                <Table.Tr key={one.id}>
                  <Table.Td>
                    <PageLink
                      to="/evaluation/datasets/$dataset"
                      params={{ dataset: one.id }}
                      className="link"
                    >
                      {one.name}
                    </PageLink>
                  </Table.Td>
                  <Table.Td className="number">{formatCount(one.records)}</Table.Td>
                  <Table.Td>
                    <Experiments of={one.experiments} />
                  </Table.Td>
                  <Table.Td className="dimmed">{shownTags(one.tags)}</Table.Td>
                  <Table.Td>{formatAgo(one.updated_ms, Date.now())}</Table.Td>
                  <Table.Td>{one.updated_by}</Table.Td>
                </Table.Tr>
              ))}
          </Listing>
          <MorePages query={found} what="datasets" />
        </>
      )}
    </Filtered>
  );
}
