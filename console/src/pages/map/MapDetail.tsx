import { ActionIcon, Button, Group } from "@mantine/core";
import { IconFocus2, IconX } from "@tabler/icons-react";
import { useMemo } from "react";
import { type Bin, type Counts, Histogram } from "@/charts/Histogram";
import { formatCount, formatNanos, formatPercent } from "@/charts/units";
import { Fact, Facts } from "@/components/Facts";
import { Pivot } from "@/components/Pivot";
import { writeTerm } from "@/search/terms";
import { EDGE_WORDS, NodeName } from "../services/Dependencies";
import { HealthMark } from "../services/HealthMark";
import { type CallStatistics, healthOf } from "../services/health";
import type { MapEdge, MapNode, ServiceMap } from "./graph";
import classes from "./map.module.css";

interface Props {
  map: ServiceMap;
  selected: string;
  onFocus: (node: string) => void;
  onClose: () => void;
}

/** The statistics of the node or edge that was clicked, and ways on from it. */
export function MapDetail({ map, selected, onFocus, onClose }: Props) {
  const node = map.nodes.find((one) => one.id === selected);
  const edge = node ? undefined : map.edges.find((one) => sameEdge(one, selected));
  const calls = node?.statistics ?? edge?.statistics;
  if (!calls) return null;
  return (
    <aside className={classes.detail} aria-label={node ? `Node ${node.name}` : "Edge"}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <h2>{node ? <NodeName id={node.id} /> : edge && <EdgeTitle edge={edge} />}</h2>
        <ActionIcon size="sm" aria-label="Close" onClick={onClose}>
          <IconX size={16} />
        </ActionIcon>
      </Group>
      <HealthMark health={healthOf(calls)} />
      <Statistics calls={calls} basis={node?.basis} />
      {edge?.age && (
        <p>
          Messages were {formatNanos(edge.age.p50_ns)} old in the median when they were consumed,
          p95 {formatNanos(edge.age.p95_ns)}, at most {formatNanos(edge.age.max_ns)}.
        </p>
      )}
      <Group gap={6}>
        {node?.type === "service" && <ServiceLinks name={node.name} />}
        {edge && <EdgeLinks edge={edge} />}
        {node && (
          <Button
            variant="default"
            leftSection={<IconFocus2 size={14} />}
            onClick={() => onFocus(node.id)}
          >
            Only its surroundings
          </Button>
        )}
      </Group>
    </aside>
  );
}

function sameEdge(edge: MapEdge, selected: string): boolean {
  return JSON.stringify([edge.source, edge.target, edge.type]) === selected;
}

function EdgeTitle({ edge }: { edge: MapEdge }) {
  return (
    <>
      <NodeName id={edge.source} /> {EDGE_WORDS[edge.type]} <NodeName id={edge.target} />
    </>
  );
}

function ServiceLinks({ name }: { name: string }) {
  const term = writeTerm("service", name);
  return (
    <>
      <Pivot to="/traces" search={{ q: term }}>
        Traces
      </Pivot>
      <Pivot to="/traces" search={{ q: `${term} ${writeTerm("status", "error")}` }}>
        Failed spans
      </Pivot>
      <Pivot to="/logs" search={{ q: term }}>
        Logs
      </Pivot>
    </>
  );
}

function EdgeLinks({ edge }: { edge: MapEdge }) {
  const name = edge.source.replace(/^service:/, "");
  if (name === edge.source) return null;
  const kind = edge.type === "publish" ? "producer" : "client";
  return (
    <Pivot
      to="/traces"
      search={{ q: `${writeTerm("service", name)} kind:${kind}`, tab: "spans", sort: "duration" }}
    >
      Calls of {name}
    </Pivot>
  );
}

const BASIS: Record<MapNode["basis"], string> = {
  server: "of the calls that it took",
  root: "of the traces that it begins",
  callers: "as its callers see it",
  none: "it only has inner spans",
};

function Statistics({ calls, basis }: { calls: CallStatistics; basis?: MapNode["basis"] }) {
  const bins = useMemo<Bin[]>(
    () => calls.histogram.map((bar) => ({ from: bar.up_to_ns / 2e9, to: bar.up_to_ns / 1e9 })),
    [calls.histogram],
  );
  const series = useMemo<Counts[]>(
    () => [
      {
        key: "calls",
        label: "calls",
        color: "var(--v-series-0)",
        counts: calls.histogram.map((bar) => bar.count),
      },
    ],
    [calls.histogram],
  );
  const facts: [string, string][] = [
    ["Calls", formatCount(calls.count)],
    ["Went well", formatCount(calls.ok)],
    ["Failed", `${formatCount(calls.faults)} (${formatPercent(calls.fault_rate)})`],
    ["Refused (4xx)", formatCount(calls.errors)],
    ["Throttled", formatCount(calls.throttles)],
    ["Mean", formatNanos(calls.mean_ns)],
    ["p50", formatNanos(calls.p50_ns)],
    ["p95", formatNanos(calls.p95_ns)],
    ["p99", formatNanos(calls.p99_ns)],
  ];
  return (
    <>
      {basis && <p className={classes.basis}>Statistics {BASIS[basis]}.</p>}
      <Facts className={classes.facts}>
        {facts.map(([name, value]) => (
          <Fact key={name} name={name}>
            {value}
          </Fact>
        ))}
      </Facts>
      {bins.length > 0 && (
        <Histogram label="Calls by duration" bins={bins} series={series} unit="s" height={120} />
      )}
    </>
  );
}
