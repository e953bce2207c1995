"""Dashboards: made, changed, restored, brought in and given out; ready-made ones beside them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal

import orjson
import yaml
from fastapi import Depends, Query, Request, Response
from pydantic import Field

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
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.core.errors import InvalidInputError
from vedette.dashboards import ready
from vedette.dashboards.definition import MAX_NAME, DashboardSpec, slug
from vedette.dashboards.exchange import exported, read_import
from vedette.dashboards.service import Dashboard, Dashboards, DashboardVersion
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.web import Services

router = Router(prefix="/dashboards", tags=["dashboards"])

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Comment = Annotated[str, Field(max_length=500, description="said in the history")]
MAX_IMPORT = 4 * 1024 * 1024


def get_dashboards(services: Annotated[Services, Depends(get_services)]) -> Dashboards:
    """Return the repository."""
    return Dashboards(services.catalog)


Boards = Annotated[Dashboards, Depends(get_dashboards)]


class DashboardRequest(Body):
    """A dashboard to be made."""

    name: Name
    spec: DashboardSpec
    comment: Comment = ""


class DashboardChange(Body):
    """What is to be changed; what is left out stays."""

    name: Name | None = None
    spec: DashboardSpec | None = None
    version: int | None = Field(
        default=None, ge=1, description="the version that was edited; another by now is a conflict"
    )
    comment: Comment = ""


class DuplicateRequest(Body):
    """A copy to be made."""

    name: Name | None = Field(default=None, description="null: the name with '(copy)'")


class RestoreRequest(Body):
    """A former version that is to be the newest."""

    version: int = Field(ge=1)


class DashboardImport(Body):
    """A file: an export of ours in JSON or YAML, or a dashboard of Grafana in JSON."""

    text: str = Field(min_length=1, max_length=MAX_IMPORT)
    name: Name | None = Field(default=None, description="null: the name in the file")
    dry_run: bool = Field(default=False, description="only say what would come over")


class DashboardView(View):
    """A dashboard."""

    id: str
    name: str
    spec: DashboardSpec
    owner: str = Field(description="who keeps it as code; empty where nobody does")
    version: int
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str


class DashboardSummary(View):
    """A dashboard in a list."""

    id: str
    name: str
    description: str
    tags: list[str]
    panels: int
    owner: str
    version: int
    updated: datetime
    updated_by: str


class DashboardPage(View):
    """Dashboards by name."""

    dashboards: list[DashboardSummary]
    cursor: str | None


class DashboardVersionView(View):
    """What a dashboard was."""

    version: int
    name: str
    comment: str
    created: datetime
    created_by: str
    panels: int


class DashboardHistory(View):
    """Versions, newest first."""

    versions: list[DashboardVersionView]


class FormerDashboard(View):
    """A version with its definition."""

    version: int
    name: str
    spec: DashboardSpec


class ImportNote(View):
    """What did not come over as it was."""

    panel: str = Field(description="title; empty where it concerns the dashboard")
    reason: str


class DashboardImportView(View):
    """What a file became."""

    format: Literal["vedette", "grafana"]
    name: str
    spec: DashboardSpec
    notes: list[ImportNote]
    dashboard: DashboardView | None = Field(description="none where it was only asked")


class ReadyView(View):
    """A ready-made dashboard."""

    id: str
    name: str
    summary: str
    available: bool = Field(description="whether there are data for it in the range")


class ReadyList(View):
    """The ready-made dashboards."""

    dashboards: list[ReadyView]


class ReadyDashboard(View):
    """A ready-made dashboard with its definition."""

    id: str
    name: str
    spec: DashboardSpec


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
    return DashboardPage(dashboards=[_summary(one) for one in page.items], cursor=page.next)


@router.post("", status_code=201, operation_id="CreateDashboard", responses=error_responses(409))
async def create_dashboard(
    request: Request, boards: Boards, caller: CatalogWriter, body: DashboardRequest
) -> DashboardView:
    """Make a dashboard."""
    made = await asyncio.to_thread(
        boards.create, actor_of(request, caller), caller.account, body.name, body.spec,
        comment=body.comment,
    )  # fmt: skip
    return _view(made)


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
            dashboard=None if made is None else _view(made),
        )  # fmt: skip

    return await asyncio.to_thread(work)


@router.get("/{dashboard}", responses=error_responses(404))
async def get_dashboard(boards: Boards, caller: CatalogReader, dashboard: str) -> DashboardView:
    """Return one dashboard, by its id or name."""
    return _view(await asyncio.to_thread(boards.get, caller.account, dashboard))


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
    return _view(changed)


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
    return _view(made)


@router.get("/{dashboard}/versions", responses=error_responses(404))
async def list_versions(boards: Boards, caller: CatalogReader, dashboard: str) -> DashboardHistory:
    """Return what a dashboard was, newest first; the last 100 versions are kept."""
    found = await asyncio.to_thread(boards.versions, caller.account, dashboard)
    return DashboardHistory(versions=[_former(one) for one in found])


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
    return _view(made)


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


def _view(one: Dashboard) -> DashboardView:
    return DashboardView(
        id=one.id, name=one.name, spec=one.spec, owner=one.owner, version=one.version,
        created=one.created, created_by=one.created_by, updated=one.updated,
        updated_by=one.updated_by,
    )  # fmt: skip


def _summary(one: Dashboard) -> DashboardSummary:
    return DashboardSummary(
        id=one.id, name=one.name, description=one.spec.description, tags=one.spec.tags,
        panels=len(one.spec.panels), owner=one.owner, version=one.version, updated=one.updated,
        updated_by=one.updated_by,
    )  # fmt: skip


def _former(one: DashboardVersion) -> DashboardVersionView:
    return DashboardVersionView(
        version=one.version, name=one.name, comment=one.comment, created=one.created,
        created_by=one.created_by, panels=len(one.spec.panels),
    )  # fmt: skip
