import { Table } from "@mantine/core";
import { client, unwrap } from "@/api/client";
import { Listing, numeric } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { Empty, QueryState } from "@/components/QueryState";
import { MorePages } from "@/pages/traces/MorePages";
import { usePages } from "@/pages/traces/usePages";
import training from "@/pages/training/training.module.css";
import { formatAgo } from "@/time/format";
import { Experiments } from "./parts";

const PATH = "/api/v1/scorers";
const SNIPPET = `from mlflow.genai.judges import make_judge

kind = make_judge(name="kind", instructions="Is {{ outputs }} kind?")
kind.register(experiment_id="1")`;

/** What judges answers, by its latest version. */
export function Scorers() {
  const found = usePages([PATH], (cursor, signal) =>
    unwrap(
      client.GET(PATH, { params: { query: { limit: 100, cursor: cursor ?? undefined } }, signal }),
    ),
  );
  return (
    <div className={training.body}>
      <QueryState
        query={found}
        isEmpty={(pages) => pages[0]?.scorers.length === 0}
        empty={
          <Empty title="No scorer is registered" snippet={SNIPPET}>
            The unmodified mlflow client registers one:
          </Empty>
        }
      >
        {(pages) => (
          <>
            <Listing
              minWidth={560}
              wrap
              highlightOnHover
              columns={["Scorer", "Experiment", numeric("Newest"), numeric("Versions"), "Changed"]}
            >
              {pages
                .flatMap((page) => page.scorers)
                .map((one) => (
                  <Table.Tr key={`${one.experiment.id} ${one.name}`}>
                    <Table.Td>
                      <PageLink
                        to="/evaluation/scorers/$experiment/$name"
                        params={{ experiment: one.experiment.id, name: one.name }}
                        className="link"
                      >
                        {one.name}
                      </PageLink>
                    </Table.Td>
                    <Table.Td>
                      <Experiments of={[one.experiment]} />
                    </Table.Td>
                    <Table.Td className="number">v{one.version}</Table.Td>
                    <Table.Td className="number">{one.versions}</Table.Td>
                    <Table.Td>{formatAgo(one.updated_ms, Date.now())}</Table.Td>
                  </Table.Tr>
                ))}
            </Listing>
            <MorePages query={found} what="scorers" />
          </>
        )}
      </QueryState>
    </div>
  );
}
