"""Where a failure shown by the service map comes from: the farthest anomalous node downstream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vedette.telemetry.traces.service_map import MapNode, ServiceMap

MIN_CALLS = 10
"""Fewer calls than this say nothing about a rate."""


@dataclass(frozen=True, slots=True)
class RootCause:
    """A node that fails without anything below it failing.

    Attributes:
        node: id of the node.
        path: node ids from where the failure is seen to the node, both included.
        fault_rate: of the node, or of the calls into it where that is higher.

    """

    node: str
    path: tuple[str, ...]
    fault_rate: float


def root_causes(
    service_map: ServiceMap,
    *,
    symptom: str | None = None,
    threshold: float = 0.05,
    usual: Mapping[str, float] | None = None,
) -> list[RootCause]:
    """Return the farthest downstream anomalous nodes, the longest path first.

    From each node where a failure is seen, edges are followed only to anomalous nodes; a node from
    which no edge leads to another anomalous one is a cause. In a circle of failing nodes the one
    reached last is taken.

    Args:
        service_map: the map of the failing period.
        symptom: id of the node where the failure was noticed; without it, every anomalous node
            that no anomalous node calls.
        threshold: how far over its usual rate a node's fault rate has to be, 0 to 1.
        usual: usual fault rate by node id, from a map of a good period; 0 where not given.

    """
    usual = usual or {}
    rates = {
        node_id: rate
        for node_id, rate in _fault_rates(service_map).items()
        if rate > usual.get(node_id, 0.0) + threshold
    }
    calls: dict[str, list[str]] = {}
    called = set()
    for edge in service_map.edges:
        failing = edge.statistics.fault_rate > threshold or edge.type != "call"
        if edge.source in rates and edge.target in rates and edge.source != edge.target and failing:
            calls.setdefault(edge.source, []).append(edge.target)
            called.add(edge.target)
    if symptom is not None:
        starts = [symptom] if symptom in rates else []
    else:
        # Nodes that only fail in a circle have no beginning: then each of them is one.
        starts = [node for node in rates if node not in called] or list(rates)
    found: dict[str, RootCause] = {}
    for start in starts:
        for path in _deepest(start, calls):
            cause = RootCause(path[-1], path, rates[path[-1]])
            known = found.get(cause.node)
            if known is None or len(path) > len(known.path):
                found[cause.node] = cause
    return sorted(found.values(), key=lambda c: (-len(c.path), -c.fault_rate, c.node))


def _deepest(start: str, calls: Mapping[str, list[str]]) -> list[tuple[str, ...]]:
    """Return a path to each node that is reached and leads no further."""
    ends: list[tuple[str, ...]] = []
    seen = {start}
    waiting: list[tuple[str, ...]] = [(start,)]
    while waiting:
        path = waiting.pop()
        further = [node for node in calls.get(path[-1], ()) if node not in seen]
        seen.update(further)
        waiting.extend((*path, node) for node in further)
        onward = [node for node in calls.get(path[-1], ()) if node not in path]
        if not onward:
            ends.append(path)
    return ends


def _fault_rates(service_map: ServiceMap) -> dict[str, float]:
    """Return each node's fault rate: its own, or its callers' view where that is worse."""
    rates = {node.id: _own_rate(node) for node in service_map.nodes}
    faults: dict[str, float] = {}
    counts: dict[str, float] = {}
    for edge in service_map.edges:
        faults[edge.target] = faults.get(edge.target, 0.0) + edge.statistics.faults
        counts[edge.target] = counts.get(edge.target, 0.0) + edge.statistics.count
    for node_id, count in counts.items():
        if count >= MIN_CALLS:
            rates[node_id] = max(rates.get(node_id, 0.0), faults[node_id] / count)
    return rates


def _own_rate(node: MapNode) -> float:
    return node.statistics.fault_rate if node.statistics.count >= MIN_CALLS else 0.0
