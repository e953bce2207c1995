"""Incidents: what went wrong together, who looks after it, what happened and what it cost."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Request
from fastapi.responses import Response
from pydantic import Field

from vedette.api import incident_views as views
from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    PageLimit,
    Reader,
    actor_of,
    run_query,
)
from vedette.api.errors import error_responses
from vedette.api.models import Body
from vedette.api.routing import Router
from vedette.business.kpis.service import KpiService
from vedette.business.kpis.values import KpiValues
from vedette.core.errors import InvalidInputError
from vedette.incidents.impact import Loss, read_losses
from vedette.incidents.model import MAX_NOTE, MAX_SECTION, MAX_TITLE, Incident, Status
from vedette.incidents.postmortem import render_html, render_markdown
from vedette.incidents.service import Edit, Incidents
from vedette.incidents.timeline import Timeline, read_timeline
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.web.services import Services

router = Router(prefix="/incidents", tags=["incidents"], responses=error_responses(404))

IncidentId = Annotated[str, Path(max_length=26, description="its number, or its id")]
AlarmName = Annotated[str, Path(max_length=255, description="its name or its id")]
Section = Annotated[str | None, Field(max_length=MAX_SECTION)]


_DOCUMENTS = {"markdown": "text/markdown", "html": "text/html"}


def get_incidents(services: AppServices) -> Incidents:
    """Return the service of incidents."""
    return Incidents(services.catalog)


Service = Annotated[Incidents, Depends(get_incidents)]


class IncidentRequest(Body):
    """An incident that someone opens by hand."""

    title: str = Field(min_length=1, max_length=MAX_TITLE)
    severity: Literal["critical", "error", "warning", "info"] = "error"
    owner: str = Field(default="", max_length=200)


class IncidentChange(Body):
    """What is to be changed; what is left out stays."""

    title: str | None = Field(default=None, min_length=1, max_length=MAX_TITLE)
    status: Status | None = None
    severity: Literal["critical", "error", "warning", "info"] | None = None
    owner: str | None = Field(default=None, max_length=200)


class IncidentNoteRequest(Body):
    """A note."""

    text: str = Field(min_length=1, max_length=MAX_NOTE)


class MergeRequest(Body):
    """Where an incident is to be moved."""

    into: str = Field(min_length=1, max_length=26, description="number or id of the other one")


class PostmortemRequest(Body):
    """Parts of a postmortem; what is left out stays."""

    summary: Section = None
    impact: Section = None
    root_cause: Section = None
    resolution: Section = None
    actions: Section = None


@router.get("")
async def list_incidents(
    incidents: Service,
    caller: CatalogReader,
    status: Annotated[Status | None, Query()] = None,
    unresolved: Annotated[bool, Query(description="only those that are not resolved")] = False,  # noqa: FBT002 - a query's parameter
    search: Annotated[str, Query(max_length=200, description="part of the title")] = "",
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> views.IncidentPage:
    """List the account's incidents, newest first, with how many are in each status."""
    page = await asyncio.to_thread(
        incidents.page, caller.account, status=status, unresolved=unresolved, search=search,
        limit=limit, after=cursor,
    )  # fmt: skip
    counts = await asyncio.to_thread(incidents.counts, caller.account)
    return views.IncidentPage(
        incidents=[views.IncidentView.of(one) for one in page.items], counts=counts,
        cursor=int(page.next) if page.next else None,
    )  # fmt: skip


@router.post("", status_code=201, operation_id="OpenIncident", responses=error_responses(409))
async def open_incident(
    request: Request, incidents: Service, caller: CatalogWriter, body: IncidentRequest
) -> views.IncidentView:
    """Open an incident by hand."""
    made = await asyncio.to_thread(
        incidents.open, actor_of(request, caller), caller.account, body.title,
        severity=body.severity, owner=body.owner,
    )  # fmt: skip
    return views.IncidentView.of(made)


@router.get("/{incident}")
async def get_incident(
    incidents: Service, caller: CatalogReader, incident: IncidentId
) -> views.IncidentView:
    """Return an incident."""
    return views.IncidentView.of(await asyncio.to_thread(incidents.get, caller.account, incident))


@router.patch("/{incident}", operation_id="UpdateIncident", responses=error_responses(409))
async def update_incident(
    request: Request,
    incidents: Service,
    caller: CatalogWriter,
    incident: IncidentId,
    body: IncidentChange,
) -> views.IncidentView:
    """Change an incident's title, status, severity or owner."""
    if not body.model_fields_set:
        raise InvalidInputError(
            "nothing is to be changed", field="body", remedy="give title, status, severity or owner"
        )
    edit = Edit(body.title, body.status.value if body.status else None, body.severity, body.owner)
    done = await asyncio.to_thread(
        incidents.edit, actor_of(request, caller), caller.account, incident, edit
    )
    return views.IncidentView.of(done)


@router.get("/{incident}/notes")
async def list_notes(
    incidents: Service, caller: CatalogReader, incident: IncidentId
) -> views.IncidentNotes:
    """Return what was said and done, oldest first."""
    found = await asyncio.to_thread(incidents.notes, caller.account, incident)
    return views.IncidentNotes(notes=[views.IncidentNoteView.of(one) for one in found])


@router.post(
    "/{incident}/notes",
    status_code=201,
    operation_id="NoteIncident",
    responses=error_responses(409),
)
async def add_note(
    request: Request,
    incidents: Service,
    caller: CatalogWriter,
    incident: IncidentId,
    body: IncidentNoteRequest,
) -> views.IncidentNoteView:
    """Say something about an incident."""
    made = await asyncio.to_thread(
        incidents.note, actor_of(request, caller), caller.account, incident, body.text
    )
    return views.IncidentNoteView.of(made)


@router.put(
    "/{incident}/alarms/{alarm}", operation_id="LinkIncidentAlarm", responses=error_responses(409)
)
async def link_alarm(
    request: Request,
    incidents: Service,
    caller: CatalogWriter,
    incident: IncidentId,
    alarm: AlarmName,
) -> views.IncidentView:
    """Put an alarm into an incident."""
    done = await asyncio.to_thread(
        incidents.link, actor_of(request, caller), caller.account, incident, alarm
    )
    return views.IncidentView.of(done)


@router.delete("/{incident}/alarms/{alarm}", operation_id="UnlinkIncidentAlarm")
async def unlink_alarm(
    request: Request,
    incidents: Service,
    caller: CatalogWriter,
    incident: IncidentId,
    alarm: AlarmName,
) -> views.IncidentView:
    """Take an alarm out of an incident."""
    done = await asyncio.to_thread(
        incidents.unlink, actor_of(request, caller), caller.account, incident, alarm
    )
    return views.IncidentView.of(done)


@router.post("/{incident}/merge", operation_id="MergeIncident", responses=error_responses(409))
async def merge_incident(
    request: Request,
    incidents: Service,
    caller: CatalogWriter,
    incident: IncidentId,
    body: MergeRequest,
) -> views.IncidentView:
    """Move an incident into another one; returns that one."""
    done = await asyncio.to_thread(
        incidents.merge, actor_of(request, caller), caller.account, incident, body.into
    )
    return views.IncidentView.of(done)


@router.patch("/{incident}/postmortem", operation_id="WritePostmortem")
async def write_postmortem(
    request: Request,
    incidents: Service,
    caller: CatalogWriter,
    incident: IncidentId,
    body: PostmortemRequest,
) -> views.IncidentView:
    """Write parts of what was learned."""
    done = await asyncio.to_thread(
        incidents.write_postmortem, actor_of(request, caller), caller.account, incident,
        body.model_dump(exclude_unset=True),
    )  # fmt: skip
    return views.IncidentView.of(done)


@router.get("/{incident}/timeline")
async def get_timeline(
    request: Request, services: AppServices, incidents: Service, caller: Reader,
    incident: IncidentId,
) -> views.TimelineView:  # fmt: skip
    """Return what happened around an incident: alarms, causes, changes, notes."""

    def work() -> Timeline:
        return _timeline(services, incidents, incidents.get(caller.account, incident))

    return views.TimelineView.of(await run_query(request, services, caller, lambda _: work()))


@router.get("/{incident}/impact")
async def get_impact(
    request: Request, services: AppServices, incidents: Service, caller: Reader,
    incident: IncidentId,
) -> views.IncidentImpactView:  # fmt: skip
    """Return what happened to KPIs during an incident, against what was to be expected."""

    def work() -> list[Loss]:
        return _losses(services, incidents.get(caller.account, incident))

    found = await run_query(request, services, caller, lambda _: work())
    return views.IncidentImpactView(kpis=[views.LossView.of(one) for one in found])


@router.get(
    "/{incident}/postmortem",
    response_class=Response,
    responses={
        200: {"content": {kind: {"schema": {"type": "string"}} for kind in _DOCUMENTS.values()}}
    },
)
async def export_postmortem(
    request: Request,
    services: AppServices,
    incidents: Service,
    caller: Reader,
    incident: IncidentId,
    format: Annotated[Literal["markdown", "html"], Query()] = "markdown",  # noqa: A002 - its name in the address
) -> Response:
    """Return the incident as a document: what happened, what it cost, what was learned."""
    render = render_html if format == "html" else render_markdown

    def work() -> tuple[int, str]:
        found = incidents.get(caller.account, incident)
        text = render(
            found, _timeline(services, incidents, found), _losses(services, found),
            services.catalog.clock.now(),
        )  # fmt: skip
        return found.number, text

    number, text = await run_query(request, services, caller, lambda _: work())
    ending, kind = "html" if format == "html" else "md", _DOCUMENTS[format]
    headers = {
        "Content-Disposition": f'attachment; filename="incident-{number}.{ending}"',
        # What it tells of is telemetry: nothing of it may run.
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    return Response(text, media_type=f"{kind}; charset=utf-8", headers=headers)


def _timeline(services: Services, incidents: Incidents, incident: Incident) -> Timeline:
    notes = incidents.notes(incident.account, incident.id)
    return read_timeline(services.catalog, services.warehouse, services.runner, incident, notes)


def _losses(services: Services, incident: Incident) -> list[Loss]:
    values = KpiValues(services.warehouse, services.runner)
    kpis = KpiService(services.catalog).all(incident.account)
    return read_losses(values, kpis, incident, services.catalog.clock.now())
