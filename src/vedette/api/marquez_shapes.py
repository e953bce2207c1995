"""What lineage tells, in the shapes of Marquez' API (marquezproject.ai/docs/api)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from vedette.core.errors import InvalidInputError
from vedette.core.names import NAMESPACE, lineage_name, lineage_parts
from vedette.lineage.graph import Node

KINDS = {"dataset": "dataset", "job": "pipeline"}
"""Our kinds by Marquez'."""
_STATES = {
    "running": "RUNNING",
    "completed": "COMPLETED",
    "failed": "FAILED",
    "aborted": "ABORTED",
}


def node_of(text: str) -> Node:
    """Return the node of ``dataset:namespace:name``; namespaces hold colons, too."""
    kind, _, rest = text.partition(":")
    namespace, separator, name = rest.rpartition(":")
    if kind not in KINDS or not separator or not name:
        raise InvalidInputError(
            f"{text[:200]!r} is not a node",
            field="nodeId",
            remedy="write dataset:namespace:name or job:namespace:name",
        )
    return Node(KINDS[kind], lineage_name(namespace, name))


def id_of(node: Node) -> str:
    """Return a node as Marquez names it."""
    namespace, name = _parts(node)
    return f"{'job' if node.kind == 'pipeline' else 'dataset'}:{namespace}:{name}"


def _parts(node: Node) -> tuple[str, str]:
    if node.kind == "dataset":
        return lineage_parts(node.name)
    namespace, separator, name = node.name.rpartition("/")
    return (namespace, name) if separator else (NAMESPACE, node.name)


def data_of(node: Node, about: dict[str, Any]) -> dict[str, Any]:
    """Return what Marquez' graph says of a node."""
    namespace, name = _parts(node)
    return {
        "id": {"namespace": namespace, "name": name},
        "type": "BATCH" if node.kind == "pipeline" else "DB_TABLE",
        "name": name, "namespace": namespace, "description": str(about.get("description") or ""),
        "updatedAt": zulu(about.get("last_seen")),
    }  # fmt: skip


def namespace_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a namespace."""
    return {
        "name": row["namespace"],
        "createdAt": zulu(row["created"]),
        "updatedAt": zulu(row["updated"]),
    }


def listed(row: dict[str, Any], kind: str) -> dict[str, Any]:
    """Return a dataset or job of a listing."""
    return {
        "id": {"namespace": row["namespace"], "name": row["short"]}, "type": kind,
        "name": row["short"], "namespace": row["namespace"], "updatedAt": zulu(row["updated"]),
    }  # fmt: skip


def dataset_of(names: tuple[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a dataset and a version of it have in common."""
    namespace, name = names
    return {
        "id": {"namespace": namespace, "name": name},
        "type": "DB_TABLE",
        "name": name,
        "physicalName": name,
        "namespace": namespace,
        "sourceName": namespace,
        "fields": _fields(row["fields"]),
        "tags": tags_of(row["tags"]),
        "description": row["description"] or None,
        "facets": {facet: {} for facet in row["facets"]},
    }


def version_of(names: tuple[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run wrote of a dataset."""
    shown = dataset_of(names, row)
    return {
        **shown,
        "id": {**shown["id"], "version": row["version"]},
        "version": row["version"],
        "createdAt": zulu(row["created"]),
        "lifecycleState": row["lifecycle"] or None,
        "createdByRun": run_of(row["run"]) if row["run"] else None,
    }


def run_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run; its datasets and facets where it was asked for alone."""
    datasets = row.get("datasets", ())
    return {
        "id": row["run_id"],
        "createdAt": zulu(row["started"]),
        "updatedAt": zulu(row["last_event"]),
        "nominalStartTime": zulu(row["nominal_start"]),
        "nominalEndTime": zulu(row["nominal_end"]),
        "state": _STATES[row["status"]],
        "startedAt": zulu(row["started"]),
        "endedAt": zulu(row["ended"]),
        "durationMs": None if row["seconds"] is None else round(row["seconds"] * 1000),
        "args": {},
        "job": {"namespace": row["namespace"], "name": row["name"]},
        "inputDatasetVersions": _versions(datasets, "in"),
        "outputDatasetVersions": _versions(datasets, "out"),
        "facets": row.get("facets", {}),
    }


def _versions(datasets: Any, direction: str) -> list[dict[str, Any]]:  # noqa: ANN401 - rows
    return [
        {
            "datasetVersionId": {
                "namespace": one["namespace"],
                "name": one["name"],
                "version": one["version"] or (one["run_id"] if direction == "out" else None),
            }
        }
        for one in datasets
        if one["direction"] == direction
    ]


def ids_of(datasets: Any, direction: str) -> list[dict[str, str]]:  # noqa: ANN401 - rows
    """Return the datasets that were read (``in``) or written (``out``)."""
    return [
        {"namespace": one["namespace"], "name": one["name"]}
        for one in datasets
        if one["direction"] == direction
    ]


def _fields(text: str) -> list[dict[str, Any]]:
    try:
        fields = orjson.loads(text) if text else []
    except orjson.JSONDecodeError:
        fields = []
    return [
        {
            "name": str(one.get("name", "")),
            "type": one.get("type"),
            "tags": [],
            "description": one.get("description"),
        }
        for one in fields
        if isinstance(one, dict)
    ]


def tags_of(tags: Mapping[str, str]) -> list[str]:
    """Return tags as Marquez has them, which are words: a key, with its value where it has one."""
    return [f"{key}:{value}" if value else key for key, value in sorted(tags.items())]


def zulu(text: Any) -> str | None:  # noqa: ANN401 - a moment of the engine, or none
    """Return a moment as Marquez writes it."""
    if not text:
        return None
    moment = datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    return moment.isoformat().replace("+00:00", "Z")
