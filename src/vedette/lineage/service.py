"""Questions about lineage: impact of a change, provenance of a model, finding things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vedette.core.identity import ResourceId
from vedette.lineage.events import Columns, EventEdges
from vedette.lineage.graph import EdgeSource, Graph, Lineage, Node
from vedette.lineage.models import ServingEdges, TrainingEdges
from vedette.query import QueryRunner
from vedette.store.catalog import Catalog

IMPACT_DEPTH = 50
MAX_COLUMN_EDGES = 5_000
PRODUCTION = "Production"
# The write that was finished last before the run began to read.
_WRITTEN_BEFORE = """
SELECT argMax(RunId, Timestamp) AS run_id, argMax(Job, Timestamp) AS job, max(Timestamp) AS time,
    argMax(Version, Timestamp) AS version
FROM @lineage_datasets
WHERE Dataset IN {datasets:Array(String)} AND Direction = 'out' AND EventType = 'COMPLETE'
    AND (Version = {version:String} OR Timestamp <= fromUnixTimestamp64Milli({before:Int64}))
GROUP BY Version = {version:String} AND {version:String} != '' AS exact
ORDER BY exact DESC
LIMIT 1
"""


class LineageService:
    """Lineage of an account. Thread-safe; every method blocks its thread.

    Args:
        catalog: training runs, the registry.
        runner: events, predictions.
        more: sources of other layers, such as of KPIs.

    """

    def __init__(
        self, catalog: Catalog, runner: QueryRunner, more: Sequence[EdgeSource] = ()
    ) -> None:
        self._runner = runner
        self.columns = Columns(runner)
        sources: list[EdgeSource] = [
            EventEdges(runner),
            TrainingEdges(catalog),
            ServingEdges(runner),
            *more,
        ]
        self._lineage = Lineage(sources)

    def graph(self, account: str, start: Node, *, direction: str, depth: int, limit: int) -> Graph:
        """Return what lies around a node, with what is known of it."""
        found = self._lineage.walk(account, start, direction=direction, depth=depth, limit=limit)
        return self._lineage.describe(account, found)

    def distances(
        self, account: str, resource: ResourceId, depth: int, *, direction: str = "both"
    ) -> dict[str, int]:
        """Return how many hops away each resource around one is, by its identity."""
        found = self._lineage.walk(
            account, Node.of(resource), direction=direction, depth=depth, limit=1_000
        )
        return {node.resource(account): abs(hops) for node, hops in found.hops.items()}

    def impact(self, account: str, start: Node, column: str = "") -> dict[str, Any]:
        """Return what a change of a node, or of one column of a dataset, reaches.

        By column, datasets count that have a column made of it, and what is not data (training
        runs, models, endpoints) where it is made of such a dataset.
        """
        graph = self.graph(account, start, direction="down", depth=IMPACT_DEPTH, limit=5000)
        columns: list[dict[str, Any]] = []
        if column:
            columns = self.columns.walk(
                account, start.name, [column], down=True, depth=IMPACT_DEPTH, limit=MAX_COLUMN_EDGES
            )
            _keep(graph, {edge["target"]["dataset"] for edge in columns} | {start.name}, columns)
        reached: dict[str, list[dict[str, Any]]] = {}
        owners: set[str] = set()
        for node, hop in sorted(graph.hops.items(), key=lambda item: (item[1], item[0])):
            if node == start:
                continue
            about = graph.about.get(node, {})
            owners.update(about.get("owners", ()))
            reached.setdefault(node.kind, []).append(
                {"resource": node.resource(account), "name": node.name, "version": node.version,
                 "hop": hop, "about": about}
            )  # fmt: skip
        production = [
            one
            for one in reached.get("model", [])
            if one["about"].get("stage") == PRODUCTION or one["about"].get("serving")
        ]
        return {
            "resource": start.resource(account),
            "column": column,
            "counts": {kind: len(found) for kind, found in reached.items()},
            "reached": reached,
            "trained": reached.get("run", []),
            "in_production": production,
            "owners": sorted(owners),
            "columns": columns,
            "truncated": graph.truncated,
        }

    def provenance(self, account: str, start: Node) -> dict[str, Any]:
        """Return the data that a model version, logged model or training run was made of.

        Each dataset's version comes with the run of a pipeline that wrote it: the one that told that
        version, or the last one that had finished when the training began (``inferred``).
        """
        graph = self.graph(account, start, direction="up", depth=IMPACT_DEPTH, limit=5000)
        made: list[dict[str, Any]] = []
        for edge in graph.edges:
            if edge.source.kind != "dataset" or edge.target.kind != "run":
                continue
            about = graph.about.get(edge.target, {})
            names = {edge.source.name} | {
                other.source.name for other in graph.edges if other.target == edge.source
            }
            written = self._written(
                account, sorted(names), edge.source.version, int(about.get("started") or 0)
            )
            made.append({
                "training_run": edge.target.name, "run_name": about.get("label", ""),
                "dataset": edge.source.name, "version": edge.source.version,
                "sources": sorted(names), **written,
            })  # fmt: skip
        return {"resource": start.resource(account), "datasets": made}

    def _written(
        self, account: str, datasets: Sequence[str], version: str, before: int
    ) -> Mapping[str, Any]:
        params = {"datasets": datasets, "version": version, "before": before}
        rows = self._runner.run(account, _WRITTEN_BEFORE, params).records()
        if not rows:
            return {"pipeline": "", "pipeline_run": "", "written": None, "inferred": False}
        row = rows[0]
        return {
            "pipeline": row["job"], "pipeline_run": row["run_id"], "written": row["time"],
            "inferred": not version or row["version"] != version,
        }  # fmt: skip


def _keep(graph: Graph, datasets: set[str], columns: Sequence[Mapping[str, Any]]) -> None:
    """Leave of a graph what a column reaches."""
    jobs = {edge["job"] for edge in columns}
    kept = {
        node
        for node in graph.hops
        if (node.kind == "dataset" and not node.version and node.name in datasets)
        or (node.kind == "pipeline" and node.name in jobs)
    }
    frontier = set(kept)
    while frontier:
        fresh = {
            edge.target
            for edge in graph.edges
            if edge.source in frontier
            and (edge.target.kind not in {"dataset", "pipeline"} or edge.target.version)
        }
        frontier = fresh - kept
        kept |= fresh
    graph.hops = {node: hop for node, hop in graph.hops.items() if node in kept}
    graph.edges = {
        edge: None for edge in graph.edges if edge.source in kept and edge.target in kept
    }
