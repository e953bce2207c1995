"""The service map: who calls whom, how often, how well and how fast.

A node's statistics come from the service's own Server and Consumer spans; a service without any
has those of its root spans. An edge's come from the caller's span, which sees what the caller sees:
the network, the time-outs and the calls that never arrived. Spans are paired when the map is asked
for, so that parents and children may arrive in any order.

What does not report itself becomes a node by what its callers say of it: a database by system,
address and namespace, a topic by system and destination, anything else by host. Messages go from
producer to topic to consumer; the consumer's edge carries how old messages were.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from vedette.core.time import TimeRange
from vedette.telemetry.ranges import bound_range
from vedette.telemetry.traces import service_map_sql as sql
from vedette.telemetry.traces.sampling import Sampling
from vedette.telemetry.traces.statistics import CallStatistics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vedette.query import QueryRunner
    from vedette.store.warehouse import Columns

SPAN_BOUND = 1_200_000
"""More spans than about this many are looked at by a sample of whole traces."""

MAX_NODES = 500
MAX_EDGES = 2000
PAIR_BEFORE = timedelta(minutes=1)
PAIR_AFTER = timedelta(minutes=15)
"""How much later than the range the other side of a call may begin."""
SENT_BEFORE = timedelta(hours=1)
"""How much earlier than the range a message may have been sent for its age to be known."""

_UNPAIRED_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class MapNode:
    """A node.

    Attributes:
        id: ``type:name``.
        type: ``service``, ``database``, ``messaging`` or ``external``; all but the first are
            inferred from callers.
        name: service name; ``system://address:port/namespace``; ``system topic``; ``host:port``.
        basis: what the statistics are of: ``server`` (Server and Consumer spans), ``root`` (root
            spans), ``callers`` (of an inferred node) or ``none`` (it only has other spans).
        statistics: of the calls it served.

    """

    id: str
    type: str
    name: str
    basis: str
    statistics: CallStatistics


@dataclass(frozen=True, slots=True)
class MessageAge:
    """How old messages were when their consumer began, in nanoseconds.

    Attributes:
        count: messages whose producer was found.
        mean_ns: mean age.
        p50_ns: median age.
        p95_ns: 95th percentile.
        max_ns: greatest age.

    """

    count: int
    mean_ns: float
    p50_ns: float
    p95_ns: float
    max_ns: float


@dataclass(frozen=True, slots=True)
class MapEdge:
    """A directed edge.

    Attributes:
        source: id of the calling or sending node.
        target: id of the called or receiving node.
        type: ``call``, ``publish`` (producer to topic) or ``consume`` (to the consumer).
        statistics: of the caller's spans; of the consumer's where ``type`` is ``consume``, and of
            the callee's where the caller has no client span.
        age: of the messages, where ``type`` is ``consume`` and a producer was found.

    """

    source: str
    target: str
    type: str
    statistics: CallStatistics
    age: MessageAge | None = None


@dataclass(frozen=True, slots=True)
class ServiceMap:
    """The map of a time range.

    Attributes:
        nodes: by id.
        edges: by source and target.
        spans: how many spans the range holds.
        sampled_every: 1 where all traces were looked at, else one in so many; counts are scaled.
        truncated: whether nodes or edges of small counts are left out.
        unresolved_calls: calls of clients that do not say whom they called.

    """

    nodes: tuple[MapNode, ...]
    edges: tuple[MapEdge, ...]
    spans: int
    sampled_every: int
    truncated: bool
    unresolved_calls: float


def service_map(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    *,
    span_bound: int = SPAN_BOUND,
    query_id: str | None = None,
) -> ServiceMap:
    """Return the service map of a range.

    Args:
        runner: runs the queries.
        account: whose spans.
        time_range: of the spans' starts.
        span_bound: sample traces where the range holds more spans than this.
        query_id: name for cancelling.

    """
    return _Building(runner, account, time_range, span_bound, query_id).map()


class _Building:
    """One map in the making."""

    def __init__(
        self,
        runner: QueryRunner,
        account: str,
        time_range: TimeRange,
        span_bound: int,
        query_id: str | None,
    ) -> None:
        self.runner, self.account, self.query_id = runner, account, query_id
        start, end = time_range.start, time_range.end
        self.params: dict[str, Any] = {
            **bound_range(time_range),
            **bound_range(TimeRange(start - PAIR_BEFORE, end + PAIR_AFTER), "pair_"),
            **bound_range(TimeRange(start - SENT_BEFORE, end), "sent_"),
            "most": MAX_EDGES,
        }
        inventory = runner.run(account, sql.INVENTORY, bound_range(time_range)).records()
        self.services = {str(row["service"]) for row in inventory}
        self.kinds = {str(row["kind"]) for row in inventory}
        self.spans = sum(int(row["spans"]) for row in inventory)
        self.sampling = Sampling.of(self.spans, span_bound)
        names_urls = runner.run(account, sql.NAMES_URLS, bound_range(time_range))
        self.names_urls = bool(names_urls.scalar())
        self.truncated = False
        self.unresolved = 0.0
        self.own: dict[str, tuple[int, CallStatistics]] = {}
        self.edges: dict[tuple[str, str, str], MapEdge] = {}
        self.inferred: dict[str, tuple[str, str]] = {}

    def map(self) -> ServiceMap:
        if self.spans:
            calls = self._run(sql.CALLS)
            self._read_calls(calls)
            if self._has_direct(calls):
                for row in self._run(sql.DIRECT).records():
                    source, sink = _service(row["source"]), _service(row["sink"])
                    self._add(MapEdge(source, sink, "call", self._statistics(row)))
            if "Consumer" in self.kinds:
                self._read_messages(self._run(sql.MESSAGES))
        nodes = self._nodes()
        known = {node.id for node in nodes}
        edges = sorted(self.edges.values(), key=lambda e: -e.statistics.count)[:MAX_EDGES]
        edges = [edge for edge in edges if edge.source in known and edge.target in known]
        self.truncated |= len(edges) < len(self.edges)
        return ServiceMap(
            nodes=tuple(sorted(nodes, key=lambda node: node.id)),
            edges=tuple(sorted(edges, key=lambda edge: (edge.source, edge.target))),
            spans=self.spans,
            sampled_every=self.sampling.every,
            truncated=self.truncated,
            unresolved_calls=self.unresolved,
        )

    def _run(self, statement: str) -> Columns:
        text = statement.replace("{sample}", self.sampling.condition())
        text = text.replace("{url_host}", sql.URL_HOST if self.names_urls else "''")
        names = {name: value for name, value in self.params.items() if f"{{{name}:" in text}
        answer = self.runner.run(self.account, text, names, query_id=self.query_id)
        self.truncated |= answer.rows >= MAX_EDGES
        return answer

    def _statistics(self, row: Mapping[str, Any]) -> CallStatistics:
        return CallStatistics.of(row, self.sampling.every)

    def _read_calls(self, calls: Columns) -> None:
        for row in calls.records():
            if row["role"] == "node":
                basis, known = row["basis"], self.own.get(row["source"])
                if known is None or basis < known[0]:
                    self.own[row["source"]] = (basis, self._statistics(row))
                continue
            statistics = self._statistics(row)
            target = self._target(row)
            if target is None:
                self.unresolved += statistics.count if row["sink_type"] != "ignored" else 0.0
                continue
            kind = "publish" if row["sink_type"] == "messaging" else "call"
            self._add(MapEdge(_service(row["source"]), target, kind, statistics))

    def _target(self, row: Mapping[str, Any]) -> str | None:
        """Return the id of the node that a caller's row leads to; None where it does not say."""
        kind, name = row["sink_type"], row["sink"]
        host = ":".join(filter(None, (row["sink_address"], row["sink_port"])))
        if kind == "service":
            return _service(name)
        if kind == "database":
            suffix = f"/{name}" if name else ""
            return self._infer("database", f"{row['sink_system']}://{host}{suffix}")
        if kind == "messaging" and name:
            return self._infer("messaging", f"{row['sink_system']} {name}")
        return self._infer("external", host) if kind == "external" and host else None

    def _infer(self, kind: str, name: str) -> str:
        node_id = f"{kind}:{name}"
        self.inferred[node_id] = (kind, name)
        return node_id

    def _has_direct(self, calls: Columns) -> bool:
        """Tell whether a notable share of servers was called by spans that are not clients'."""
        entries, paired = sum(calls["entries"]), sum(calls["paired"])
        return bool(entries - paired > _UNPAIRED_SHARE * entries)

    def _read_messages(self, messages: Columns) -> None:
        for row in messages.records():
            if row["topic"]:
                source = self._infer("messaging", f"{row['system']} {row['topic']}".strip())
            else:
                source = _service(row["source"])
            age = None
            if row["ages"]:
                p50, p95 = row["age_quantiles_ns"]
                age = MessageAge(row["ages"], row["age_mean_ns"], p50, p95, row["age_max_ns"])
            self._add(MapEdge(source, _service(row["sink"]), "consume", self._statistics(row), age))

    def _add(self, edge: MapEdge) -> None:
        key = (edge.source, edge.target, edge.type)
        known = self.edges.get(key)
        if known is not None:
            merged = CallStatistics.merged((known.statistics, edge.statistics))
            edge = replace(known, statistics=merged)
        self.edges[key] = edge

    def _nodes(self) -> list[MapNode]:
        nodes = []
        for service in sorted(self.services | set(self.own)):
            basis, statistics = self.own.get(service, (3, CallStatistics()))
            name = {1: "server", 2: "root"}.get(basis, "none")
            nodes.append(MapNode(_service(service), "service", service, name, statistics))
        into: dict[str, list[CallStatistics]] = {}
        for edge in self.edges.values():
            into.setdefault(edge.target, []).append(edge.statistics)
        for node_id, (kind, name) in sorted(self.inferred.items()):
            statistics = CallStatistics.merged(into.get(node_id, ()))
            nodes.append(MapNode(node_id, kind, name, "callers", statistics))
        if len(nodes) > MAX_NODES:
            self.truncated = True
            nodes = sorted(nodes, key=lambda node: -node.statistics.count)[:MAX_NODES]
        return nodes


def _service(name: str) -> str:
    return f"service:{name}"
