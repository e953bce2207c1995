import { Table } from "@mantine/core";
import { useGet } from "@/api/query";
import { Listing } from "@/components/Listing";
import { Moment } from "@/components/Moment";
import { Empty, Partial, QueryState } from "@/components/QueryState";
import { useSession } from "@/session/SessionProvider";
import { SNIPPET } from "../pipelines/PipelinesPage";
import classes from "./lineage.module.css";

const MOST = 100;

interface Entity {
  resource: string;
  kind: string;
  name: string;
  namespace: string;
  seen: string;
}

/** What a search finds; the last seen where nothing is searched for. */
export function Found({ q, onOpen }: { q: string; onOpen: (resource: string) => void }) {
  const { session } = useSession();
  const made = useGet("/api/v1/search", { params: { query: { q: q || "*", limit: MOST } } });
  const models = useGet("/api/v1/models", {
    params: {
      query: { filter: q ? `name ILIKE '%${q.replaceAll("'", "")}%'` : null, limit: MOST },
    },
  });
  return (
    <QueryState query={made}>
      {(data) => {
        const entities: Entity[] = [
          ...(models.data?.models ?? []).map((one) => ({
            resource: `${session.account}/model/${one.name}`,
            kind: "model",
            name: one.name,
            namespace: "",
            seen: new Date(one.updated_ms).toISOString(),
          })),
          ...data.results.map((one) => ({
            resource: one.resource,
            kind: one.type === "JOB" ? "pipeline" : "dataset",
            name: one.name,
            namespace: one.namespace,
            seen: one.updatedAt,
          })),
        ];
        if (entities.length === 0)
          return q ? (
            <Empty title="No dataset, pipeline or model has this in its name" />
          ) : (
            <Empty title="No lineage yet" snippet={SNIPPET}>
              Lineage comes from runs that say what they read and wrote:
            </Empty>
          );
        return (
          <>
            {data.totalCount > data.results.length && (
              <Partial>
                The {data.results.length} seen last of {data.totalCount} are shown: search for
                others.
              </Partial>
            )}
            <Entities entities={entities} onOpen={onOpen} />
          </>
        );
      }}
    </QueryState>
  );
}

function Entities({
  entities,
  onOpen,
}: {
  entities: readonly Entity[];
  onOpen: (resource: string) => void;
}) {
  return (
    <Listing page highlightOnHover columns={["Name", "Kind", "Namespace", "Seen"]}>
      {entities.map((one) => (
        <Table.Tr key={one.resource}>
          <Table.Td>
            <button type="button" className={classes.pick} onClick={() => onOpen(one.resource)}>
              {one.name}
            </button>
          </Table.Td>
          <Table.Td>{one.kind}</Table.Td>
          <Table.Td className="dimmed">{one.namespace}</Table.Td>
          <Table.Td className="dimmed">
            <Moment at={one.seen} ago />
          </Table.Td>
        </Table.Tr>
      ))}
    </Listing>
  );
}
