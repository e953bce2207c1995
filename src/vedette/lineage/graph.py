"""Walking the graph of lineage hop by hop; each source of edges is asked for a whole hop at once.

No edge is drawn by hand or copied: a source reads what it knows where that is. Another layer adds its
own by giving one more ``EdgeSource``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from vedette.core.errors import InvalidInputError
from vedette.core.identity import ResourceId

MAX_NODES = 5_000
MAX_DEPTH = 100
MAX_HOP_EDGES = 50_000


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """An entity: its resource identity without the account; an empty version is none."""

    kind: str
    name: str
    version: str = ""

    def resource(self, account: str) -> str:
        """Return its identity as text."""
        return str(ResourceId(account, self.kind, self.name, self.version or None))

    @classmethod
    def of(cls, resource: ResourceId) -> Node:
        """Return the node of a resource."""
        return cls(resource.kind, resource.name, resource.version or "")


@dataclass(frozen=True, slots=True)
class Edge:
    """What leads from a node to another.

    Attributes:
        relation: ``ContributedTo``, ``Produced``, ``DerivedFrom``, ``AssociatedWith`` or ``SameAs``
            (SageMaker's lineage entities have the same ones).

    """

    source: Node
    target: Node
    relation: str


class EdgeSource(Protocol):
    """Somebody who knows edges.

    Attributes:
        kinds: kinds of nodes that it can be asked about.

    """

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of nodes that it can be asked about."""

    def edges(
        self, account: str, nodes: Sequence[Node], *, down: bool, limit: int
    ) -> Iterable[Edge]:
        """Return up to ``limit`` edges out of (``down``) or into the nodes."""

    def describe(self, account: str, nodes: Sequence[Node]) -> Mapping[Node, Mapping[str, Any]]:
        """Return what is known of nodes, such as ``label``, ``status``, ``owners``."""


@dataclass(slots=True)
class Graph:
    """What was found around a node.

    Attributes:
        start: the node.
        hops: each node to its distance, negative upstream.
        edges: between these nodes.
        truncated: whether there is more than was asked for.
        about: what is known of nodes.

    """

    start: Node
    hops: dict[Node, int] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)
    truncated: bool = False
    about: dict[Node, dict[str, Any]] = field(default_factory=dict)


class Lineage:
    """The graph of every source. Thread-safe; every method blocks its thread."""

    def __init__(self, sources: Sequence[EdgeSource]) -> None:
        self._sources = sources

    def walk(
        self,
        account: str,
        start: Node,
        *,
        direction: str = "both",
        depth: int = 5,
        limit: int = MAX_NODES,
    ) -> Graph:
        """Return what lies up to ``depth`` hops away.

        Args:
            account: whose graph.
            start: where from.
            direction: ``up``, ``down`` or ``both``.
            depth: hops, up to 100.
            limit: most nodes; the nearest are kept.

        """
        if direction not in {"up", "down", "both"}:
            raise InvalidInputError(
                f"{direction!r} is no direction", field="direction", remedy="use up, down or both"
            )
        graph = Graph(start, {start: 0})
        limit = min(limit, MAX_NODES)
        for way in ("up", "down"):
            if direction in {way, "both"}:
                self._walk(account, graph, down=way == "down", depth=depth, limit=limit)
        return graph

    def _walk(self, account: str, graph: Graph, *, down: bool, depth: int, limit: int) -> None:
        seen, frontier = {graph.start}, [graph.start]
        for hop in range(1, min(depth, MAX_DEPTH) + 1):
            fresh: dict[Node, None] = {}
            for edge in self._hop(account, frontier, graph, down=down):
                other = edge.target if down else edge.source
                if other not in graph.hops and len(graph.hops) >= limit:
                    graph.truncated = True
                    continue
                graph.edges[edge] = None
                if other not in seen:
                    seen.add(other)
                    fresh[other] = None
                    graph.hops.setdefault(other, hop if down else -hop)
            frontier = list(fresh)
            if not frontier:
                return

    def _hop(
        self, account: str, frontier: Sequence[Node], graph: Graph, *, down: bool
    ) -> Iterable[Edge]:
        for source in self._sources:
            nodes = [node for node in frontier if node.kind in source.kinds]
            if not nodes:
                continue
            found = list(source.edges(account, nodes, down=down, limit=MAX_HOP_EDGES))
            graph.truncated = graph.truncated or len(found) >= MAX_HOP_EDGES
            yield from found

    def describe(self, account: str, graph: Graph) -> Graph:
        """Add what is known of the graph's nodes."""
        for source in self._sources:
            nodes = [node for node in graph.hops if node.kind in source.kinds]
            if nodes:
                for node, values in source.describe(account, nodes).items():
                    graph.about.setdefault(node, {}).update(values)
        return graph
