"""Single namespaces, datasets, jobs and runs in the shapes of Marquez' API.

Names hold slashes. Clients percent-encode them, and then every name is one part of the path; where
they do not, the first ``/datasets/`` or ``/jobs/`` parts the names.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import unquote

import orjson
from fastapi import Path, Query, Request, Response

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, Reader, run_query
from vedette.api.errors import error_responses
from vedette.api.lineage_views import MarquezNamespaceView
from vedette.api.marquez_views import (
    MarquezDatasetView,
    MarquezJobView,
    MarquezRunsView,
    MarquezRunView,
    MarquezVersionsView,
    MarquezVersionView,
)
from vedette.api.routing import Router
from vedette.lineage.entities import LineageEntities

router = Router(tags=["lineage"], responses=error_responses(404))
_Name = Annotated[str, Path(min_length=1, max_length=3072)]
_Limit = Annotated[int, Query(ge=1, le=1000)]
_Offset = Annotated[int, Query(ge=0, le=1_000_000)]
_STATES = {
    "running": "RUNNING",
    "completed": "COMPLETED",
    "failed": "FAILED",
    "aborted": "ABORTED",
}
_START = b"/namespaces/"


@router.get(
    "/namespaces/{namespace:path}/datasets/{dataset:path}/versions",
    response_model=MarquezVersionsView,
)
async def list_dataset_versions(
    request: Request, services: AppServices, caller: Reader, namespace: _Name, dataset: _Name,
    limit: _Limit = 100, offset: _Offset = 0,
) -> Response:  # fmt: skip
    """Return what runs wrote of a dataset, newest first, as Marquez does."""
    names = _names(request, namespace, dataset)
    entities = LineageEntities(services.runner)
    rows, total = await run_query(
        request, services, caller,
        lambda _: entities.versions(caller.account, *names, limit=limit, offset=offset),
    )  # fmt: skip
    return answer({"versions": [_version(names, row) for row in rows], "totalCount": total})


@router.get(
    "/namespaces/{namespace:path}/datasets/{dataset:path}/versions/{version}",
    response_model=MarquezVersionView,
)
async def get_dataset_version(
    request: Request, services: AppServices, caller: Reader, namespace: _Name, dataset: _Name,
    version: _Name,
) -> Response:  # fmt: skip
    """Return a version of a dataset, as Marquez does."""
    names = _names(request, namespace, dataset)
    entities = LineageEntities(services.runner)
    rows, _ = await run_query(
        request, services, caller,
        lambda _: entities.versions(caller.account, *names, version=version, limit=1, offset=0),
    )  # fmt: skip
    return answer(_version(names, rows[0]))


@router.get(
    "/namespaces/{namespace:path}/datasets/{dataset:path}", response_model=MarquezDatasetView
)
async def get_namespace_dataset(
    request: Request, services: AppServices, caller: Reader, namespace: _Name, dataset: _Name
) -> Response:
    """Return a dataset as it was last told of, as Marquez does."""
    names = _names(request, namespace, dataset)
    entities = LineageEntities(services.runner)
    row = await run_query(
        request, services, caller, lambda _: entities.dataset(caller.account, *names)
    )
    return answer(
        {
            **_dataset(names, row),
            "createdAt": _zulu(row["created"]),
            "updatedAt": _zulu(row["updated"]),
            "lastModifiedAt": _zulu(row["modified"]),
            "lastLifecycleState": row["lifecycle"] or None,
            "currentVersion": row["version"] or None,
            "deleted": row["lifecycle"] == "DROP",
        }
    )


@router.get("/namespaces/{namespace:path}/jobs/{job:path}/runs", response_model=MarquezRunsView)
async def list_job_runs(
    request: Request, services: AppServices, caller: Reader, namespace: _Name, job: _Name,
    limit: _Limit = 100, offset: _Offset = 0,
) -> Response:  # fmt: skip
    """Return the runs of a job, newest first, as Marquez does."""
    names = _names(request, namespace, job)
    entities = LineageEntities(services.runner)
    rows, total = await run_query(
        request, services, caller,
        lambda _: entities.runs(caller.account, *names, limit=limit, offset=offset),
    )  # fmt: skip
    return answer({"runs": [_run(row) for row in rows], "totalCount": total})


@router.get("/namespaces/{namespace:path}/jobs/{job:path}", response_model=MarquezJobView)
async def get_namespace_job(
    request: Request, services: AppServices, caller: Reader, namespace: _Name, job: _Name
) -> Response:
    """Return a job with its latest runs, as Marquez does."""
    names = _names(request, namespace, job)
    entities = LineageEntities(services.runner)
    row = await run_query(request, services, caller, lambda _: entities.job(caller.account, *names))
    runs = [_run(one) for one in row["runs"]]
    return answer(
        {
            "id": {"namespace": names[0], "name": names[1]},
            "type": "STREAM" if "STREAM" in row["job_type"].upper() else "BATCH",
            "name": names[1],
            "simpleName": names[1].rpartition(".")[2],
            "namespace": names[0],
            "createdAt": _zulu(row["first_seen"]),
            "updatedAt": _zulu(row["last_seen"]),
            "inputs": _ids(row["datasets"], "in"),
            "outputs": _ids(row["datasets"], "out"),
            "location": row["source_location"] or None,
            "description": row["description"] or None,
            "latestRun": runs[0] if runs else None,
            "latestRuns": runs,
            "facets": {"sql": {"query": row["sql"]}} if row["sql"] else {},
            "tags": _tags(row["tags"]),
        }
    )


@router.get("/jobs/runs/{run_id}", response_model=MarquezRunView)
async def get_job_run(
    request: Request, services: AppServices, caller: Reader, run_id: _Name
) -> Response:
    """Return a run of a job, as Marquez does."""
    entities = LineageEntities(services.runner)
    row = await run_query(request, services, caller, lambda _: entities.run(caller.account, run_id))
    return answer(_run(row))


# Behind the others: it takes whatever stands after the word.
@router.get("/namespaces/{namespace:path}", response_model=MarquezNamespaceView)
async def get_namespace(
    request: Request, services: AppServices, caller: Reader, namespace: _Name
) -> Response:
    """Return a namespace, as Marquez does."""
    entities = LineageEntities(services.runner)
    row = await run_query(
        request, services, caller, lambda _: entities.namespace(caller.account, namespace)
    )
    return answer(
        {
            "name": row["namespace"],
            "createdAt": _zulu(row["created"]),
            "updatedAt": _zulu(row["updated"]),
        }
    )


def _names(request: Request, namespace: str, name: str) -> tuple[str, str]:
    """Return namespace and name as the path has them, before it is decoded where that is known."""
    raw: bytes = request.scope.get("raw_path") or b""
    parts = raw.partition(b"?")[0].partition(_START)[2].split(b"/")
    behind = 1 if parts[-1] in {b"runs", b"versions"} else 2 if b"versions" in parts[-2:-1] else 0
    if len(parts) - behind == 3 and parts[1] in {b"datasets", b"jobs"}:  # noqa: PLR2004
        return unquote(parts[0].decode("latin-1")), unquote(parts[2].decode("latin-1"))
    return namespace, name


def _dataset(names: tuple[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
    namespace, name = names
    return {
        "id": {"namespace": namespace, "name": name},
        "type": "DB_TABLE",
        "name": name,
        "physicalName": name,
        "namespace": namespace,
        "sourceName": namespace,
        "fields": _fields(row["fields"]),
        "tags": _tags(row["tags"]),
        "description": row["description"] or None,
        "facets": {facet: {} for facet in row["facets"]},
    }


def _version(names: tuple[str, str], row: Mapping[str, Any]) -> dict[str, Any]:
    shown = _dataset(names, row)
    return {
        **shown,
        "id": {**shown["id"], "version": row["version"]},
        "version": row["version"],
        "createdAt": _zulu(row["created"]),
        "lifecycleState": row["lifecycle"] or None,
        "createdByRun": _run(row["run"]) if row["run"] else None,
    }


def _run(row: Mapping[str, Any]) -> dict[str, Any]:
    datasets = row.get("datasets", ())
    return {
        "id": row["run_id"],
        "createdAt": _zulu(row["started"]),
        "updatedAt": _zulu(row["last_event"]),
        "nominalStartTime": _zulu(row["nominal_start"]),
        "nominalEndTime": _zulu(row["nominal_end"]),
        "state": _STATES[row["status"]],
        "startedAt": _zulu(row["started"]),
        "endedAt": _zulu(row["ended"]),
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


def _ids(datasets: Any, direction: str) -> list[dict[str, str]]:  # noqa: ANN401 - rows
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


def _tags(tags: Mapping[str, str]) -> list[str]:
    """Return tags as Marquez has them, which are words: a key, with its value where it has one."""
    return [f"{key}:{value}" if value else key for key, value in sorted(tags.items())]


def _zulu(text: Any) -> str | None:  # noqa: ANN401 - a moment of the engine, or none
    if text is None:
        return None
    moment = datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    return moment.isoformat().replace("+00:00", "Z")
