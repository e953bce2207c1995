"""Edges that KPIs know: which models' predictions they are moved by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.business.kpis.service import KpiService
from vedette.lineage.graph import Edge, Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vedette.business.kpis.service import Kpi
    from vedette.store.catalog import Catalog

_RELATION = "ContributedTo"


class KpiEdges:
    """An ``EdgeSource``: predictions of a model, or one version of it, lead to the KPIs that name it."""

    kinds = frozenset({"predictions", "model", "kpi"})

    def __init__(self, catalog: Catalog) -> None:
        self._kpis = KpiService(catalog)

    def edges(
        self, account: str, nodes: Sequence[Node], *, down: bool, limit: int
    ) -> Iterable[Edge]:
        """See ``EdgeSource``."""
        wanted = set(nodes)
        found = 0
        for kpi in self._kpis.all(account):
            target = Node("kpi", kpi.name)
            for source in _sources(kpi):
                if (source if down else target) in wanted and found < limit:
                    found += 1
                    yield Edge(source, target, _RELATION)

    def describe(self, account: str, nodes: Sequence[Node]) -> Mapping[Node, Mapping[str, Any]]:
        """See ``EdgeSource``."""
        names = {node.name for node in nodes if node.kind == "kpi"}
        if not names:
            return {}
        return {
            Node("kpi", kpi.name): {"unit": kpi.spec.unit, "owners": list(kpi.spec.owners)}
            for kpi in self._kpis.all(account)
            if kpi.name in names
        }


def _sources(kpi: Kpi) -> Iterable[Node]:
    """Return what a KPI names: a version where it says one, else all predictions of the model."""
    for text in kpi.spec.models:
        name, _, version = text.partition("/")
        yield Node("model", name, version) if version else Node("predictions", name)
