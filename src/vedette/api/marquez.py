"""Lineage in the shapes of Marquez' API (marquezproject.ai/docs/api), which its clients read.

Names hold slashes. Clients percent-encode them, and then every name is one part of the path; where
they do not, the first ``/datasets/`` or ``/jobs/`` parts the names.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import unquote

from fastapi import Path, Query, Request, Response

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, Reader, run_query
from vedette.api.errors import error_responses
from vedette.api.lineage import lineage_of
from vedette.api.marquez_shapes import (
    KINDS,
    data_of,
    dataset_of,
    id_of,
    ids_of,
    listed,
    namespace_of,
    node_of,
    run_of,
    tags_of,
    version_of,
    zulu,
)
from vedette.api.marquez_views import (
    MarquezDatasetsView,
    MarquezDatasetView,
    MarquezJobsView,
    MarquezJobView,
    MarquezLineageView,
    MarquezNamespacesView,
    MarquezNamespaceView,
    MarquezRunsView,
    MarquezRunView,
    MarquezSearchView,
    MarquezVersionsView,
    MarquezVersionView,
)
from vedette.api.routing import Router
from vedette.core.errors import NotFoundError
from vedette.lineage.entities import LineageEntities
from vedette.lineage.graph import Node
from vedette.store.catalog import Principal
from vedette.web import Services

router = Router(tags=["lineage"], responses=error_responses(404))
_Name = Annotated[str, Path(min_length=1, max_length=3072)]
_Limit = Annotated[int, Query(ge=1, le=1000)]
_Offset = Annotated[int, Query(ge=0, le=1_000_000)]
_START = b"/namespaces/"


@router.get("/lineage", response_model=MarquezLineageView, responses=error_responses(404))
async def get_marquez_lineage(
    request: Request,
    services: AppServices,
    caller: Reader,
    node_id: Annotated[
        str,
        Query(alias="nodeId", max_length=8192, description="dataset:namespace:name or job:…"),
    ],
    depth: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:
    """Return the graph of datasets and jobs around a node, as Marquez does."""
    start = node_of(node_id)
    lineage = lineage_of(services)
    graph = await run_query(
        request, services, caller,
        lambda _: lineage.graph(caller.account, start, direction="both", depth=depth, limit=5000),
    )  # fmt: skip
    if not graph.edges and not graph.about.get(start):
        raise NotFoundError(
            f"there is no {node_id[:200]!r}", field="nodeId", remedy="find it by GET /api/v1/search"
        )
    ids = {node: id_of(node) for node in graph.hops if node.kind in KINDS.values()}
    nodes: dict[str, dict[str, Any]] = {
        ids[node]: {
            "id": ids[node], "type": "JOB" if node.kind == "pipeline" else "DATASET",
            "data": data_of(node, graph.about.get(node, {})), "inEdges": [], "outEdges": [],
        }
        for node in ids
    }  # fmt: skip
    for edge in graph.edges:
        if edge.source in ids and edge.target in ids:
            both = {"origin": ids[edge.source], "destination": ids[edge.target]}
            nodes[both["origin"]]["outEdges"].append(both)
            nodes[both["destination"]]["inEdges"].append(both)
    return answer({"graph": list(nodes.values())})


@router.get("/search", response_model=MarquezSearchView)
async def search_lineage(
    request: Request,
    services: AppServices,
    caller: Reader,
    q: Annotated[str, Query(min_length=1, max_length=200)],
    filter_: Annotated[str, Query(alias="filter", pattern="^(DATASET|JOB)?$")] = "",
    limit: _Limit = 100,
) -> Response:
    """Return datasets and jobs whose name has a text in it, as Marquez does."""
    kind = {"DATASET": "dataset", "JOB": "pipeline"}.get(filter_, "")
    q = "" if q == "*" else q
    rows, total = await _found(request, services, caller, q, kind, limit=limit)
    results = [
        {
            "name": row["short"], "namespace": row["namespace"], "updatedAt": zulu(row["updated"]),
            "type": "JOB" if row["kind"] == "pipeline" else "DATASET",
            "nodeId": f"{'job' if row['kind'] == 'pipeline' else 'dataset'}:{row['namespace']}:{row['short']}",
            "resource": Node(row["kind"], row["name"]).resource(caller.account),
        }
        for row in rows
    ]  # fmt: skip
    return answer({"totalCount": total, "results": results})


@router.get("/namespaces", response_model=MarquezNamespacesView)
async def list_namespaces(request: Request, services: AppServices, caller: Reader) -> Response:
    """Return the namespaces of datasets and jobs, as Marquez does."""
    entities = LineageEntities(services.runner)
    rows = await run_query(request, services, caller, lambda _: entities.namespaces(caller.account))
    return answer({"namespaces": [namespace_of(row) for row in rows]})


@router.get("/namespaces/{namespace:path}/datasets", response_model=MarquezDatasetsView)
async def list_namespace_datasets(
    request: Request,
    services: AppServices,
    caller: Reader,
    namespace: str,
    limit: _Limit = 100,
    offset: _Offset = 0,
) -> Response:
    """Return the datasets of a namespace, as Marquez does."""
    rows, total = await _found(
        request, services, caller, "", "dataset", namespace=namespace, limit=limit, offset=offset
    )
    return answer({"datasets": [listed(row, "DB_TABLE") for row in rows], "totalCount": total})


@router.get("/namespaces/{namespace:path}/jobs", response_model=MarquezJobsView)
async def list_namespace_jobs(
    request: Request,
    services: AppServices,
    caller: Reader,
    namespace: str,
    limit: _Limit = 100,
    offset: _Offset = 0,
) -> Response:
    """Return the jobs of a namespace, as Marquez does."""
    rows, total = await _found(
        request, services, caller, "", "pipeline", namespace=namespace, limit=limit, offset=offset
    )
    return answer({"jobs": [listed(row, "BATCH") for row in rows], "totalCount": total})


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
    return answer({"versions": [version_of(names, row) for row in rows], "totalCount": total})


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
    return answer(version_of(names, rows[0]))


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
            **dataset_of(names, row),
            "createdAt": zulu(row["created"]),
            "updatedAt": zulu(row["updated"]),
            "lastModifiedAt": zulu(row["modified"]),
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
    return answer({"runs": [run_of(row) for row in rows], "totalCount": total})


@router.get("/namespaces/{namespace:path}/jobs/{job:path}", response_model=MarquezJobView)
async def get_namespace_job(
    request: Request, services: AppServices, caller: Reader, namespace: _Name, job: _Name
) -> Response:
    """Return a job with its latest runs, as Marquez does."""
    names = _names(request, namespace, job)
    entities = LineageEntities(services.runner)
    row = await run_query(request, services, caller, lambda _: entities.job(caller.account, *names))
    runs = [run_of(one) for one in row["runs"]]
    return answer(
        {
            "id": {"namespace": names[0], "name": names[1]},
            "type": "STREAM" if "STREAM" in row["job_type"].upper() else "BATCH",
            "name": names[1],
            "simpleName": names[1].rpartition(".")[2],
            "namespace": names[0],
            "createdAt": zulu(row["first_seen"]),
            "updatedAt": zulu(row["last_seen"]),
            "inputs": ids_of(row["datasets"], "in"),
            "outputs": ids_of(row["datasets"], "out"),
            "location": row["source_location"] or None,
            "description": row["description"] or None,
            "latestRun": runs[0] if runs else None,
            "latestRuns": runs,
            "facets": {"sql": {"query": row["sql"]}} if row["sql"] else {},
            "tags": tags_of(row["tags"]),
        }
    )


@router.get("/jobs/runs/{run_id}", response_model=MarquezRunView)
async def get_job_run(
    request: Request, services: AppServices, caller: Reader, run_id: _Name
) -> Response:
    """Return a run of a job, as Marquez does."""
    entities = LineageEntities(services.runner)
    row = await run_query(request, services, caller, lambda _: entities.run(caller.account, run_id))
    return answer(run_of(row))


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
    return answer(namespace_of(row))


async def _found(
    request: Request,
    services: Services,
    caller: Principal,
    q: str,
    kind: str,
    *,
    limit: int,
    namespace: str = "",
    offset: int = 0,
) -> tuple[list[dict[str, Any]], int]:
    """Return a page, and how many there are on all pages."""
    entities = LineageEntities(services.runner)
    return await run_query(
        request, services, caller,
        lambda _: entities.search(
            caller.account, q, kind=kind, namespace=namespace, limit=limit, offset=offset
        ),
    )  # fmt: skip


def _names(request: Request, namespace: str, name: str) -> tuple[str, str]:
    """Return namespace and name as the path has them, before it is decoded where that is known."""
    raw: bytes = request.scope.get("raw_path") or b""
    parts = raw.partition(b"?")[0].partition(_START)[2].split(b"/")
    behind = 1 if parts[-1] in {b"runs", b"versions"} else 2 if b"versions" in parts[-2:-1] else 0
    if len(parts) - behind == 3 and parts[1] in {b"datasets", b"jobs"}:  # noqa: PLR2004
        return unquote(parts[0].decode("latin-1")), unquote(parts[2].decode("latin-1"))
    return namespace, name
