import { Table } from "@mantine/core";
import { formatCount, formatNanos, formatPercent } from "@/charts/units";
import { EDGE_WORDS, NodeName } from "../services/Dependencies";
import { HealthMark } from "../services/HealthMark";
import { healthOf } from "../services/health";
import type { MapEdge } from "./graph";
import classes from "./map.module.css";

/** The map as a table: who calls whom, how often and how well. */
export function EdgeList({ edges }: { edges: readonly MapEdge[] }) {
  return (
    <Table.ScrollContainer minWidth={760} className={classes.list}>
      <Table highlightOnHover horizontalSpacing="xs" fz={12.5}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>From</Table.Th>
            <Table.Th>How</Table.Th>
            <Table.Th>To</Table.Th>
            <Table.Th>Health</Table.Th>
            <Table.Th ta="right">Calls</Table.Th>
            <Table.Th ta="right">Failed</Table.Th>
            <Table.Th ta="right">Refused</Table.Th>
            <Table.Th ta="right">p50</Table.Th>
            <Table.Th ta="right">p95</Table.Th>
            <Table.Th ta="right">p99</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
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
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
