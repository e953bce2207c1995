"""Dashboards: made, changed, restored, brought in and given out; ready-made ones beside them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import orjson
import yaml
from fastapi import Depends, Query, Request, Response

from vedette.api.dashboard_views import (
    DashboardChange,
    DashboardHistory,
    DashboardImport,
    DashboardImportView,
    DashboardPage,
    DashboardRequest,
    DashboardView,
    DuplicateRequest,
    FormerDashboard,
    ImportNote,
    ReadyDashboard,
    ReadyList,
    ReadyView,
    RestoreRequest,
    dashboard_summary,
    dashboard_view,
    version_view,
)
from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    Cursor,
    PageLimit,
    Range,
    Reader,
    actor_of,
    get_services,
    run_query,
)
from vedette.api.errors import READ_ONLY, error_responses
from vedette.api.routing import Router
from vedette.core.errors import InvalidInputError
from vedette.dashboards import ready
from vedette.dashboards.definition import MAX_NAME, slug
from vedette.dashboards.exchange import exported, read_import
from vedette.dashboards.service import Dashboards
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.web import Services

router = Router(prefix="/dashboards", tags=["dashboards"])


def get_dashboards(services: Annotated[Services, Depends(get_services)]) -> Dashboards:
    """Return the repository."""
    return Dashboards(services.catalog)


Boards = Annotated[Dashboards, Depends(get_dashboards)]


@router.get("")
async def list_dashboards(
    boards: Boards,
    caller: CatalogReader,
    search: Annotated[str, Query(max_length=MAX_NAME, description="part of the name")] = "",
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> DashboardPage:
    """List the account's dashboards by name."""
    page = await asyncio.to_thread(
        boards.page, caller.account, search=search, limit=limit, after=cursor
    )
    return DashboardPage(
        dashboards=[dashboard_summary(one) for one in page.items], cursor=page.next
    )


@router.post("", status_code=201, operation_id="CreateDashboard", responses=error_responses(409))
async def create_dashboard(
    request: Request, boards: Boards, caller: CatalogWriter, body: DashboardRequest
) -> DashboardView:
    """Make a dashboard."""
    made = await asyncio.to_thread(
        boards.create, actor_of(request, caller), caller.account, body.name, body.spec,
        comment=body.comment,
    )  # fmt: skip
    return dashboard_view(made)


@router.get("/ready-made")
async def list_ready_made(
    request: Request, services: AppServices, caller: Reader, time_range: Range
) -> ReadyList:
    """List the ready-made dashboards, and whether there are data for each in the range."""
    there = await run_query(
        request,
        services,
        caller,
        lambda _: ready.find_available(services.runner, caller.account, time_range),
    )
    return ReadyList(
        dashboards=[
            ReadyView(id=one.id, name=one.name, summary=one.summary, available=one.id in there)
            for one in ready.READY.values()
        ]
    )


@router.get("/ready-made/{name}", responses=error_responses(404))
async def get_ready_made(_: CatalogReader, name: str) -> ReadyDashboard:
    """Return a ready-made dashboard."""
    found = ready.ready_made(name)
    return ReadyDashboard(id=found.id, name=found.name, spec=ready.spec_of(found))


@router.post("/import", operation_id="ImportDashboard", responses=error_responses(409))
async def import_dashboard(
    request: Request, boards: Boards, caller: CatalogWriter, body: DashboardImport
) -> DashboardImportView:
    """Make a dashboard of a file; of one of Grafana's as far as its parts have equals."""

    def work() -> DashboardImportView:
        found = read_import(body.text)
        name = body.name or boards.free_name(caller.account, found.name)
        made = None
        if not body.dry_run:
            made = boards.create(
                actor_of(request, caller), caller.account, name, found.spec,
                comment=f"imported from {found.form}",
            )  # fmt: skip
        return DashboardImportView(
            format=found.form, name=name, spec=found.spec,
            notes=[ImportNote(panel=one.panel, reason=one.reason) for one in found.notes],
            dashboard=None if made is None else dashboard_view(made),
        )  # fmt: skip

    return await asyncio.to_thread(work)


@router.get("/{dashboard}", responses=error_responses(404))
async def get_dashboard(boards: Boards, caller: CatalogReader, dashboard: str) -> DashboardView:
    """Return one dashboard, by its id or name."""
    return dashboard_view(await asyncio.to_thread(boards.get, caller.account, dashboard))


@router.patch("/{dashboard}", operation_id="UpdateDashboard", responses=error_responses(404, 409))
async def update_dashboard(
    request: Request, boards: Boards, caller: CatalogWriter, dashboard: str, body: DashboardChange
) -> DashboardView:
    """Change a dashboard's name or definition."""
    if body.name is None and body.spec is None:
        raise InvalidInputError(
            "nothing is to be changed", field="body", remedy="give name or spec"
        )
    changed = await asyncio.to_thread(
        boards.update, actor_of(request, caller), caller.account, dashboard,
        name=body.name, spec=body.spec, version=body.version, comment=body.comment,
    )  # fmt: skip
    return dashboard_view(changed)


@router.delete(
    "/{dashboard}",
    status_code=204,
    operation_id="DeleteDashboard",
    responses=error_responses(404, 409),
)
async def delete_dashboard(
    request: Request, boards: Boards, caller: CatalogWriter, dashboard: str
) -> None:
    """Delete a dashboard with its history."""
    await asyncio.to_thread(boards.delete, actor_of(request, caller), caller.account, dashboard)


@router.post(
    "/{dashboard}/copies",
    status_code=201,
    operation_id="DuplicateDashboard",
    responses=error_responses(404, 409),
)
async def duplicate_dashboard(
    request: Request, boards: Boards, caller: CatalogWriter, dashboard: str, body: DuplicateRequest
) -> DashboardView:
    """Make a copy of a dashboard."""
    made = await asyncio.to_thread(
        boards.duplicate, actor_of(request, caller), caller.account, dashboard, body.name
    )
    return dashboard_view(made)


@router.get("/{dashboard}/versions", responses=error_responses(404))
async def list_versions(boards: Boards, caller: CatalogReader, dashboard: str) -> DashboardHistory:
    """Return what a dashboard was, newest first; the last 100 versions are kept."""
    found = await asyncio.to_thread(boards.versions, caller.account, dashboard)
    return DashboardHistory(versions=[version_view(one) for one in found])


@router.get("/{dashboard}/versions/{version}", responses=error_responses(404))
async def get_version(
    boards: Boards, caller: CatalogReader, dashboard: str, version: int
) -> FormerDashboard:
    """Return a version with its definition."""
    found = await asyncio.to_thread(boards.version, caller.account, dashboard, version)
    return FormerDashboard(version=found.version, name=found.name, spec=found.spec)


@router.post(
    "/{dashboard}/restorations",
    operation_id="RestoreDashboard",
    responses=error_responses(404, 409),
)
async def restore_dashboard(
    request: Request, boards: Boards, caller: CatalogWriter, dashboard: str, body: RestoreRequest
) -> DashboardView:
    """Make a former version the newest one; what came between stays in the history."""
    made = await asyncio.to_thread(
        boards.restore, actor_of(request, caller), caller.account, dashboard, body.version
    )
    return dashboard_view(made)


_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "a document for 'vedette apply', or the same as JSON",
        "content": {
            "application/yaml": {"schema": {"type": "string", "format": "binary"}},
            "application/json": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "apiVersion": {"type": "string"},
                        "kind": {"const": "Dashboard"},
                        "metadata": {"type": "object"},
                        "spec": {"type": "object"},
                    },
                    "required": ["apiVersion", "kind", "metadata", "spec"],
                    "additionalProperties": False,
                }
            },
        },
    }
}


@router.get(
    "/{dashboard}/export",
    response_class=Response,
    responses={**_FILE, **error_responses(404)},
    openapi_extra={READ_ONLY: True},
)
async def export_dashboard(
    boards: Boards,
    caller: CatalogReader,
    dashboard: str,
    file_format: Annotated[Literal["json", "yaml"], Query(alias="format")] = "json",
) -> Response:
    """Return a dashboard as a file that 'import' and 'vedette apply' take."""
    found = await asyncio.to_thread(boards.get, caller.account, dashboard)
    document = exported(found.name, found.spec)
    if file_format == "json":
        body = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    else:
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)
        body = text.encode()
    name = slug(found.name).encode("ascii", "ignore").decode() or "dashboard"
    disposition = f'attachment; filename="{name}.{file_format}"'
    return Response(
        body, media_type=f"application/{file_format}", headers={"Content-Disposition": disposition}
    )
