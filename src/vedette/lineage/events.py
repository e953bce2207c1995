"""Edges that events of OpenLineage and the SDK told, and those of columns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from vedette.lineage.graph import Edge, Node
from vedette.query import QueryRunner

_EDGES = """
SELECT Name AS name, OtherKind AS other_kind, OtherName AS other_name, Relation AS relation
FROM @lineage_edges
WHERE Kind = {kind:String} AND Name IN {names:Array(String)} AND Direction = {direction:String}
GROUP BY name, other_kind, other_name, relation
LIMIT {limit:UInt32}
"""
_JOBS = """
SELECT Job AS name, argMaxIf(EventType, Timestamp, EventType IN ('COMPLETE', 'FAIL', 'ABORT')) AS last,
    max(Timestamp) AS last_seen, argMaxIf(Parent, Timestamp, Parent != '') AS parent,
    argMaxIf(Owners, Timestamp, notEmpty(Owners)) AS owners,
    argMaxIf(Description, Timestamp, Description != '') AS description
FROM @lineage_events
WHERE Job IN {names:Array(String)}
GROUP BY Job
"""
_DATASETS = """
SELECT Dataset AS name, maxIf(Timestamp, Direction = 'out' AND EventType = 'COMPLETE') AS last_written,
    max(Timestamp) AS last_seen,
    argMaxIf(Owners, Timestamp, notEmpty(Owners)) AS owners,
    argMaxIf(Description, Timestamp, Description != '') AS description,
    argMaxIf(length(JSONExtractArrayRaw(Fields)), Timestamp, Fields NOT IN ('', '[]')) AS fields,
    argMaxIf(Rows, Timestamp, isNotNull(Rows)) AS rows
FROM @lineage_datasets
WHERE Dataset IN {names:Array(String)}
GROUP BY Dataset
"""
_COLUMNS = """
SELECT Dataset AS dataset, Field AS field, OtherDataset AS other_dataset, OtherField AS other_field,
    any(Job) AS job, any(Transformation) AS transformation
FROM @lineage_columns
WHERE (Dataset, Field) IN {columns:Array(Tuple(String, String))} AND Direction = {direction:String}
GROUP BY dataset, field, other_dataset, other_field
LIMIT {limit:UInt32}
"""
_FIELDS = """
SELECT argMaxIf(Fields, Timestamp, Fields NOT IN ('', '[]')) AS fields
FROM @lineage_datasets
WHERE Dataset = {dataset:String}
"""
_LINKED = """
SELECT DISTINCT Field AS field FROM @lineage_columns WHERE Dataset = {dataset:String} LIMIT 5000
"""
DESCRIBED = 1_000
_STATUS = {"COMPLETE": "completed", "FAIL": "failed", "ABORT": "aborted"}


class EventEdges:
    """What runs read and wrote."""

    kinds = frozenset({"dataset", "pipeline"})

    def __init__(self, runner: QueryRunner) -> None:
        self._runner = runner

    def edges(
        self, account: str, nodes: Sequence[Node], *, down: bool, limit: int
    ) -> Iterable[Edge]:
        """See ``EdgeSource``."""
        limits = self._runner.bulk_limits(limit)
        for kind in sorted(self.kinds):
            names = sorted({node.name for node in nodes if node.kind == kind and not node.version})
            if not names:
                continue
            params = {
                "kind": kind, "names": names, "direction": "down" if down else "up", "limit": limit,
            }  # fmt: skip
            found = self._runner.run(account, _EDGES, params, limits=limits)
            columns = (found[name] for name in ("name", "other_kind", "other_name", "relation"))
            for name, other_kind, other_name, relation in zip(*columns, strict=True):
                one, other = Node(kind, name), Node(other_kind, other_name)
                yield Edge(one, other, relation) if down else Edge(other, one, relation)

    def describe(self, account: str, nodes: Sequence[Node]) -> Mapping[Node, Mapping[str, Any]]:
        """See ``EdgeSource``; of the first 1,000 of each kind."""
        found: dict[Node, Mapping[str, Any]] = {}
        for kind, sql in (("pipeline", _JOBS), ("dataset", _DATASETS)):
            names = [node.name for node in nodes if node.kind == kind and not node.version]
            if not names:
                continue
            for row in self._runner.run(account, sql, {"names": names[:DESCRIBED]}).records():
                name = row.pop("name")
                if kind == "pipeline":
                    row["status"] = _STATUS.get(row.pop("last"), "")
                elif str(row["last_written"]).startswith("1970"):
                    row["last_written"] = None
                found[Node(kind, name)] = row
        return found


class Columns:
    """Lineage of columns."""

    def __init__(self, runner: QueryRunner) -> None:
        self._runner = runner

    def fields(self, account: str, dataset: str) -> list[str]:
        """Return the columns of a dataset that are known, in order."""
        import orjson  # noqa: PLC0415 - only here

        text = self._runner.run(account, _FIELDS, {"dataset": dataset}).records()[0]["fields"]
        names = [str(one.get("name", "")) for one in (orjson.loads(text) if text else [])]
        linked = self._runner.run(account, _LINKED, {"dataset": dataset})["field"]
        return [*names, *sorted(set(linked) - set(names))]

    def walk(
        self,
        account: str,
        dataset: str,
        fields: Sequence[str],
        *,
        down: bool,
        depth: int,
        limit: int,
    ) -> list[dict[str, Any]]:
        """Return the edges between columns up to ``depth`` hops away, nearest first."""
        seen = {(dataset, name) for name in fields}
        frontier = sorted(seen)
        edges: list[dict[str, Any]] = []
        for hop in range(1, depth + 1):
            if not frontier or len(edges) >= limit:
                break
            params = {
                "columns": frontier, "direction": "down" if down else "up",
                "limit": limit - len(edges),
            }  # fmt: skip
            fresh = set()
            for row in self._runner.run(account, _COLUMNS, params).records():
                here = {"dataset": row["dataset"], "field": row["field"]}
                other = {"dataset": row["other_dataset"], "field": row["other_field"]}
                source, target = (here, other) if down else (other, here)
                edges.append({
                    "source": source, "target": target, "job": row["job"],
                    "transformation": row["transformation"], "hop": hop,
                })  # fmt: skip
                fresh.add((other["dataset"], other["field"]))
            frontier = sorted(fresh - seen)
            seen |= fresh
        return edges
