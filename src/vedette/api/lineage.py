"""Lineage: the graph, impact, provenance, columns. Marquez' clients read ``marquez``."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request, Response

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, Reader, run_query
from vedette.api.errors import error_responses
from vedette.api.lineage_views import (
    ColumnsView,
    GraphView,
    LineageImpactView,
    ProvenanceView,
)
from vedette.api.routing import Router
from vedette.business.kpis.lineage import KpiEdges
from vedette.core.errors import ForbiddenError
from vedette.core.identity import ResourceId
from vedette.lineage.graph import Graph, Node
from vedette.lineage.service import LineageService
from vedette.store.catalog import Principal
from vedette.web import Services

router = Router(tags=["lineage"])
Resource = Annotated[
    str, Query(min_length=3, max_length=8192, description="account/kind/name or …/version")
]


def lineage_of(services: Services) -> LineageService:
    """Return the lineage of runs, models and KPIs."""
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
    start, lineage = _node(caller, resource), lineage_of(services)

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
    start, lineage = _node(caller, resource), lineage_of(services)
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
    start, lineage = _node(caller, resource), lineage_of(services)
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
    columns = lineage_of(services).columns

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
