"""Lineage: the graph, impact, provenance, columns; and what Marquez's clients read.

``GET /lineage``, ``/namespaces/...`` and ``/search`` have the shapes of Marquez' API
(marquezproject.ai/docs/api). Names hold slashes: clients percent-encode them, or use parameters.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Query, Request, Response

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, Reader, run_query
from vedette.api.errors import error_responses
from vedette.api.lineage_views import (
    ColumnsView,
    GraphView,
    LineageImpactView,
    MarquezDatasetsView,
    MarquezJobsView,
    MarquezLineageView,
    MarquezNamespacesView,
    MarquezSearchView,
    ProvenanceView,
)
from vedette.api.routing import Router
from vedette.business.kpis.lineage import KpiEdges
from vedette.core.errors import ForbiddenError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.names import NAMESPACE, lineage_name, lineage_parts
from vedette.lineage.graph import Graph, Node
from vedette.lineage.service import LineageService
from vedette.store.catalog import Principal
from vedette.web import Services

router = Router(tags=["lineage"])
Resource = Annotated[
    str, Query(min_length=3, max_length=8192, description="account/kind/name or …/version")
]
_KINDS = {"dataset": "dataset", "job": "pipeline"}
_Limit = Annotated[int, Query(ge=1, le=1000)]
_Offset = Annotated[int, Query(ge=0, le=1_000_000)]


def _service(services: Services) -> LineageService:
    return LineageService(services.catalog, services.runner, more=[KpiEdges(services.catalog)])


def _node(caller: Principal, text: str) -> Node:
    resource = ResourceId.parse(text)
    if resource.account != caller.account:
        raise ForbiddenError(
            "that resource is another account's", field="resource", remedy="use your account's name"
        )
    return Node.of(resource)


@router.get("/lineage/graph", response_model=GraphView, responses=error_responses(403))
async def get_lineage_graph(
    request: Request,
    services: AppServices,
    caller: Reader,
    resource: Resource,
    direction: Annotated[str, Query(pattern="^(up|down|both)$")] = "both",
    depth: Annotated[int, Query(ge=1, le=100)] = 3,
    limit: Annotated[int, Query(ge=1, le=5000, description="most nodes")] = 500,
) -> Response:
    """Return what lies up to some hops upstream and downstream of an entity."""
    start, lineage = _node(caller, resource), _service(services)

    def work(_: str) -> Graph:
        return lineage.graph(caller.account, start, direction=direction, depth=depth, limit=limit)

    graph = await run_query(request, services, caller, work)
    account = caller.account
    nodes = [
        {
            "resource": node.resource(account), "kind": node.kind, "name": node.name,
            "version": node.version, "hop": hop, "about": graph.about.get(node, {}),
        }
        for node, hop in graph.hops.items()
    ]  # fmt: skip
    edges = [
        {
            "source": edge.source.resource(account), "target": edge.target.resource(account),
            "relation": edge.relation,
        }
        for edge in graph.edges
    ]  # fmt: skip
    return answer(
        {
            "resource": start.resource(account), "nodes": nodes, "edges": edges,
            "truncated": graph.truncated,
        }
    )  # fmt: skip


@router.get("/lineage/impact", response_model=LineageImpactView, responses=error_responses(403))
async def get_impact(
    request: Request,
    services: AppServices,
    caller: Reader,
    resource: Resource,
    column: Annotated[str, Query(max_length=512, description="only what this column reaches")] = "",
) -> Response:
    """Return what a change would reach: what trained on it, and what of that is in production."""
    start, lineage = _node(caller, resource), _service(services)
    return answer(
        await run_query(
            request, services, caller, lambda _: lineage.impact(caller.account, start, column)
        )
    )


@router.get("/lineage/provenance", response_model=ProvenanceView, responses=error_responses(403))
async def get_provenance(
    request: Request, services: AppServices, caller: Reader, resource: Resource
) -> Response:
    """Return the data that a model, logged model or training run was made of, and who wrote it."""
    start, lineage = _node(caller, resource), _service(services)
    return answer(
        await run_query(
            request, services, caller, lambda _: lineage.provenance(caller.account, start)
        )
    )


@router.get("/lineage/columns", response_model=ColumnsView)
async def get_column_lineage(
    request: Request,
    services: AppServices,
    caller: Reader,
    dataset: Annotated[str, Query(min_length=1, max_length=3072)],
    column: Annotated[
        list[str] | None, Query(max_length=1000, description="all where none")
    ] = None,
    direction: Annotated[str, Query(pattern="^(up|down)$")] = "up",
    depth: Annotated[int, Query(ge=1, le=50)] = 5,
) -> Response:
    """Return the columns of a dataset, and which columns they are made of or lead to."""
    columns = _service(services).columns

    def work(_: str) -> dict[str, Any]:
        known = columns.fields(caller.account, dataset)
        edges = columns.walk(
            caller.account,
            dataset,
            column or known,
            down=direction == "down",
            depth=depth,
            limit=5000,
        )
        return {"dataset": dataset, "columns": known, "edges": edges}

    return answer(await run_query(request, services, caller, work))


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
    start = _marquez_node(node_id)
    lineage = _service(services)
    graph = await run_query(
        request, services, caller,
        lambda _: lineage.graph(caller.account, start, direction="both", depth=depth, limit=5000),
    )  # fmt: skip
    if not graph.edges and not graph.about.get(start):
        raise NotFoundError(
            f"there is no {node_id[:200]!r}", field="nodeId", remedy="find it by GET /api/v1/search"
        )
    ids = {node: _marquez_id(node) for node in graph.hops if node.kind in _KINDS.values()}
    nodes: dict[str, dict[str, Any]] = {
        ids[node]: {
            "id": ids[node], "type": "JOB" if node.kind == "pipeline" else "DATASET",
            "data": _marquez_data(node, graph.about.get(node, {})), "inEdges": [], "outEdges": [],
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
            "name": row["short"], "namespace": row["namespace"], "updatedAt": _zulu(row["updated"]),
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
    lineage = _service(services)
    rows = await run_query(request, services, caller, lambda _: lineage.namespaces(caller.account))
    return answer({
        "namespaces": [
            {
                "name": row["namespace"], "createdAt": _zulu(row["created"]),
                "updatedAt": _zulu(row["updated"]),
            }
            for row in rows
        ]
    })  # fmt: skip


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
    return answer({"datasets": [_listed(row, "DB_TABLE") for row in rows], "totalCount": total})


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
    return answer({"jobs": [_listed(row, "BATCH") for row in rows], "totalCount": total})


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
    lineage = _service(services)

    def page(limit: int, offset: int) -> list[dict[str, Any]]:
        return lineage.search(
            caller.account, q, kind=kind, namespace=namespace, limit=limit, offset=offset
        )

    def work(_: str) -> tuple[list[dict[str, Any]], int]:
        rows = page(limit, offset)
        # A page behind the last one has no row that could tell.
        counted = rows if rows or not offset else page(1, 0)
        return rows, int(counted[0]["total"]) if counted else 0

    return await run_query(request, services, caller, work)


def _marquez_node(text: str) -> Node:
    """Return the node of ``dataset:namespace:name``; namespaces hold colons, too."""
    kind, _, rest = text.partition(":")
    namespace, separator, name = rest.rpartition(":")
    if kind not in _KINDS or not separator or not name:
        raise InvalidInputError(
            f"{text[:200]!r} is not a node",
            field="nodeId",
            remedy="write dataset:namespace:name or job:namespace:name",
        )
    return Node(_KINDS[kind], lineage_name(namespace, name))


def _marquez_id(node: Node) -> str:
    namespace, name = _parts(node)
    return f"{'job' if node.kind == 'pipeline' else 'dataset'}:{namespace}:{name}"


def _parts(node: Node) -> tuple[str, str]:
    if node.kind == "dataset":
        return lineage_parts(node.name)
    namespace, separator, name = node.name.rpartition("/")
    return (namespace, name) if separator else (NAMESPACE, node.name)


def _marquez_data(node: Node, about: dict[str, Any]) -> dict[str, Any]:
    namespace, name = _parts(node)
    updated = about.get("last_seen")
    return {
        "id": {"namespace": namespace, "name": name},
        "type": "BATCH" if node.kind == "pipeline" else "DB_TABLE",
        "name": name, "namespace": namespace, "description": str(about.get("description") or ""),
        "updatedAt": _zulu(updated) if updated else None,
    }  # fmt: skip


def _listed(row: dict[str, Any], kind: str) -> dict[str, Any]:
    return {
        "id": {"namespace": row["namespace"], "name": row["short"]}, "type": kind,
        "name": row["short"], "namespace": row["namespace"], "updatedAt": _zulu(row["updated"]),
    }  # fmt: skip


def _zulu(text: Any) -> str:  # noqa: ANN401 - a moment of the engine
    moment = datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    return moment.isoformat().replace("+00:00", "Z")
