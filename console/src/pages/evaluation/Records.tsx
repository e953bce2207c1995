import { Table } from "@mantine/core";
import { client, unwrap } from "@/api/client";
import type { components } from "@/api/schema";
import { Listing } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { Panel } from "@/components/Panel";
import { Empty, QueryState } from "@/components/QueryState";
import { MorePages } from "@/pages/traces/MorePages";
import { usePages } from "@/pages/traces/usePages";
import { formatAgo } from "@/time/format";
import { Value } from "./parts";
import { asText, shownTags } from "./text";

type Row = components["schemas"]["EvaluationRecordView"];

const PATH = "/api/v1/evaluation-datasets/{dataset_id}/records";
const PAGE = 50;

/** Records of a dataset, a page at a time. */
export function Records({ dataset }: { dataset: string }) {
  const found = usePages([PATH, dataset], (cursor, signal) =>
    unwrap(
      client.GET(PATH, {
        params: {
          path: { dataset_id: dataset },
          query: { limit: PAGE, cursor: cursor ?? undefined },
        },
        signal,
      }),
    ),
  );
  return (
    <Panel title="Records">
      <QueryState
        query={found}
        isEmpty={(pages) => pages[0]?.records.length === 0}
        empty={<Empty title="The dataset has no record" snippet="dataset.merge_records([...])" />}
      >
        {(pages) => {
          const rows = pages.flatMap((page) => page.records);
          const answered = rows.some((row) => row.outputs !== null);
          return (
            <>
              <Listing
                minWidth={820}
                wrap
                columns={[
                  { children: "Inputs", w: answered ? "28%" : "36%" },
                  { children: "Expectations", w: answered ? "28%" : "36%" },
                  answered && { children: "Outputs", w: "18%" },
                  "Source",
                  "Tags",
                  "Changed",
                ]}
              >
                {rows.map((row) => (
                  <Table.Tr key={row.id}>
                    <Table.Td>
                      <Value of={row.inputs} />
                    </Table.Td>
                    <Table.Td>
                      <Value of={row.expectations} />
                    </Table.Td>
                    {answered && (
                      <Table.Td>
                        <Value of={row.outputs} />
                      </Table.Td>
                    )}
                    <Table.Td>
                      <Source of={row} />
                    </Table.Td>
                    <Table.Td className="dimmed">{shownTags(row.tags)}</Table.Td>
                    <Table.Td>
                      {formatAgo(row.updated_ms, Date.now())}
                      <div className="dimmed">{row.updated_by}</div>
                    </Table.Td>
                  </Table.Tr>
                ))}
              </Listing>
              <MorePages query={found} what="records" />
            </>
          );
        }}
      </QueryState>
    </Panel>
  );
}

/** Where a record came from; a trace is one click away. */
function Source({ of }: { of: Row }) {
  const kind = of.source_type.toLowerCase();
  if (of.source_type === "TRACE" && of.source_id) {
    const traceId = of.source_id.replace(/^tr-/, "");
    return (
      <PageLink to="/traces/$traceId" params={{ traceId }} className="link">
        trace {traceId.slice(0, 8)}
      </PageLink>
    );
  }
  if (kind === "unspecified") return <>–</>;
  const data = (of.source.source_data ?? {}) as Record<string, unknown>;
  return (
    <>
      {kind}
      <div className="dimmed">{asText(data.user_name ?? data.doc_uri ?? of.source_id)}</div>
    </>
  );
}
