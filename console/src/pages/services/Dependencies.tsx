import { SimpleGrid, Table, Text } from "@mantine/core";
import { useGet } from "@/api/query";
import type { components } from "@/api/schema";
import { formatCount, formatNanos, formatPercent } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { PageLink } from "@/components/PageLink";
import { QueryState } from "@/components/QueryState";
import { useTimeRange } from "@/time/TimeProvider";
import { HealthMark } from "./HealthMark";
import { healthOf } from "./health";

type Edge = components["schemas"]["MapEdgeView"];
export const EDGE_WORDS = { call: "calls", publish: "publishes to", consume: "consumes" } as const;

/** Who calls a service and whom it calls. */
export function Dependencies({ service }: { service: string }) {
  const { query } = useTimeRange();
  const map = useGet("/api/v1/service-map", { params: { query } });
  const id = `service:${service}`;
  return (
    <QueryState query={map}>
      {(data) => (
        <SimpleGrid cols={{ base: 1, lg: 2 }} spacing={14} pt={10}>
          <EdgeTable
            title="Called by"
            edges={data.edges.filter((edge) => edge.target === id && edge.source !== id)}
            other={(edge) => edge.source}
          />
          <EdgeTable
            title="Calls"
            edges={data.edges.filter((edge) => edge.source === id)}
            other={(edge) => edge.target}
          />
        </SimpleGrid>
      )}
    </QueryState>
  );
}

interface Props {
  title: string;
  edges: readonly Edge[];
  other: (edge: Edge) => string;
}

function EdgeTable({ title, edges, other }: Props) {
  return (
    <section className="panel">
      <Text fw={600} size="sm" p={8}>
        {title}
      </Text>
      {edges.length === 0 ? (
        <Text size="sm" c="dimmed" p={8}>
          Nobody, as far as spans tell.
        </Text>
      ) : (
        <Listing
          minWidth={420}
          columns={["Node", "How", numeric("Calls"), numeric("Failed"), numeric("p95")]}
        >
          {[...edges]
            .sort((a, b) => b.statistics.count - a.statistics.count)
            .map((edge) => (
              <Table.Tr key={`${other(edge)} ${edge.type}`}>
                <Table.Td className="telemetry">
                  <HealthMark health={healthOf(edge.statistics)} short />{" "}
                  <NodeName id={other(edge)} />
                </Table.Td>
                <Table.Td>
                  {EDGE_WORDS[edge.type]}
                  {edge.age && ` (p95 age ${formatNanos(edge.age.p95_ns)})`}
                </Table.Td>
                <Table.Td className="number">{formatCount(edge.statistics.count)}</Table.Td>
                <Table.Td className="number">{formatPercent(edge.statistics.fault_rate)}</Table.Td>
                <Table.Td className="number">{formatNanos(edge.statistics.p95_ns)}</Table.Td>
              </Table.Tr>
            ))}
        </Listing>
      )}
    </section>
  );
}

/** A node's name; a service's leads to its page. */
export function NodeName({ id }: { id: string }) {
  const at = id.indexOf(":");
  const [type, name] = [id.slice(0, at), id.slice(at + 1)];
  if (type !== "service") {
    return (
      <>
        {name} <span className="dimmed">{type}</span>
      </>
    );
  }
  return (
    <PageLink to="/services/$service" params={{ service: name }} className="link">
      {name}
    </PageLink>
  );
}
