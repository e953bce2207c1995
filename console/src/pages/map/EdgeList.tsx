import { Table } from "@mantine/core";
import { formatCount, formatNanos, formatPercent } from "@/charts/units";
import { Listing, numeric } from "@/components/Listing";
import { EDGE_WORDS, NodeName } from "../services/Dependencies";
import { HealthMark } from "../services/HealthMark";
import { healthOf } from "../services/health";
import type { MapEdge } from "./graph";
import classes from "./map.module.css";

/** The map as a table: who calls whom, how often and how well. */
export function EdgeList({ edges }: { edges: readonly MapEdge[] }) {
  return (
    <div className={classes.list}>
      <Listing
        minWidth={760}
        highlightOnHover
        columns={[
          "From",
          "How",
          "To",
          "Health",
          numeric("Calls"),
          numeric("Failed"),
          numeric("Refused"),
          numeric("p50"),
          numeric("p95"),
          numeric("p99"),
        ]}
      >
        {edges.map(({ source, target, type, statistics: calls }) => (
          <Table.Tr key={`${source} ${target} ${type}`}>
            <Table.Td className="telemetry">
              <NodeName id={source} />
            </Table.Td>
            <Table.Td>{EDGE_WORDS[type]}</Table.Td>
            <Table.Td className="telemetry">
              <NodeName id={target} />
            </Table.Td>
            <Table.Td>
              <HealthMark health={healthOf(calls)} />
            </Table.Td>
            <Table.Td ta="right">{formatCount(calls.count)}</Table.Td>
            <Table.Td ta="right">{formatPercent(calls.fault_rate)}</Table.Td>
            <Table.Td ta="right">{formatCount(calls.errors + calls.throttles)}</Table.Td>
            <Table.Td ta="right">{formatNanos(calls.p50_ns)}</Table.Td>
            <Table.Td ta="right">{formatNanos(calls.p95_ns)}</Table.Td>
            <Table.Td ta="right">{formatNanos(calls.p99_ns)}</Table.Td>
          </Table.Tr>
        ))}
      </Listing>
    </div>
  );
}
