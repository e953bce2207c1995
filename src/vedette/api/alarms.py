"""Alarms: what they are in, their definitions, comments, history and previews."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Request
from pydantic import Field

from vedette.alarms.causes import find_causes
from vedette.alarms.causes.rank import Causes
from vedette.alarms.checks import check_evaluable
from vedette.alarms.comments import AlarmComments
from vedette.alarms.composite_preview import preview_composite
from vedette.alarms.definition import MAX_NAME, AlarmSpec, Labels, Name
from vedette.alarms.model import State
from vedette.alarms.preview import Preview, preview, read_range
from vedette.alarms.service import AlarmService
from vedette.alarms.sources.bands import read_banded
from vedette.api import alarm_views as views
from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    Cursor,
    PageLimit,
    Range,
    Reader,
    actor_of,
    run_query,
)
from vedette.api.errors import READ_ONLY, error_responses
from vedette.api.models import Body
from vedette.api.routing import Router
from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange, parse_duration
from vedette.store.catalog import Permission, Principal
from vedette.store.catalog.checks import DEFAULT_PAGE

router = Router(tags=["alarms"], responses=error_responses(404))

AlarmName = Annotated[
    str, Path(max_length=MAX_NAME, description="its name or its id; a name with a slash by its id")
]
MIN_LOOKBACK, MAX_LOOKBACK = timedelta(minutes=5), timedelta(hours=6)


def get_alarms(services: AppServices) -> AlarmService:
    """Return the service of alarms."""
    return AlarmService(services.catalog, services.warehouse, services.runner)


def get_comments(services: AppServices) -> AlarmComments:
    """Return the service of comments on alarms."""
    return AlarmComments(services.catalog)


Alarms = Annotated[AlarmService, Depends(get_alarms)]
Comments = Annotated[AlarmComments, Depends(get_comments)]


class AlarmBody(Body):
    """An alarm's definition."""

    spec: AlarmSpec
    labels: Labels = Field(default={}, description="what routes and mute windows match")


class AlarmRequest(AlarmBody):
    """A new alarm."""

    name: Name


class PreviewRequest(Body):
    """A definition, and the range to try it on."""

    spec: AlarmSpec
    start: str = Field(default="-24h", max_length=64)
    end: str = Field(default="now", max_length=64)


class NoteRequest(Body):
    """What someone says."""

    comment: str = Field(default="", max_length=4096)


class CommentRequest(Body):
    """A comment."""

    text: str = Field(min_length=1, max_length=4096)


def require_sources(caller: Principal, spec: AlarmSpec) -> None:
    """Require what the caller needs for the data that a definition reads."""
    caller.require(Permission.TELEMETRY_READ)
    if spec.source.type == "sql":
        caller.require(Permission.SQL_READ)


@router.get("/alarms")
async def list_alarms(
    alarms: Alarms,
    caller: CatalogReader,
    state: Annotated[State | None, Query()] = None,
    search: Annotated[str, Query(max_length=MAX_NAME, description="part of the name")] = "",
    severity: Annotated[Literal["", "critical", "error", "warning", "info"], Query()] = "",
    label: Annotated[list[str], Query(max_length=10, description="key=value")] = [],  # noqa: B006 - the framework copies it
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> views.AlarmPage:
    """List alarms by name, with how many there are in each state."""
    page = await asyncio.to_thread(
        alarms.find, caller.account, state=state, search=search, severity=severity,
        labels=_labels(label), limit=limit, after=cursor,
    )  # fmt: skip
    counts = await asyncio.to_thread(alarms.counts, caller.account)
    return views.AlarmPage(
        alarms=[views.AlarmView.of(one) for one in page.items],
        counts={State(name): count for name, count in counts.items()},
        cursor=page.next,
    )


@router.post("/alarms", status_code=201, operation_id="CreateAlarm", responses=error_responses(409))
async def create_alarm(
    request: Request, alarms: Alarms, caller: CatalogWriter, body: AlarmRequest
) -> views.AlarmView:
    """Create an alarm; a metric that does not exist yet is allowed."""
    require_sources(caller, body.spec)
    made = await asyncio.to_thread(
        alarms.put, actor_of(request, caller), caller.account, body.name, body.spec,
        labels=body.labels, create=True,
    )  # fmt: skip
    return views.AlarmView.of(await asyncio.to_thread(alarms.get, caller.account, made.id))


@router.get("/alarms/{alarm}")
async def get_alarm(alarms: Alarms, caller: CatalogReader, alarm: AlarmName) -> views.AlarmView:
    """Return one alarm."""
    return views.AlarmView.of(await asyncio.to_thread(alarms.get, caller.account, alarm))


@router.put("/alarms/{alarm}", operation_id="PutAlarm")
async def put_alarm(
    request: Request, alarms: Alarms, caller: CatalogWriter, alarm: AlarmName, body: AlarmBody
) -> views.AlarmView:
    """Create an alarm or change its definition; states of its series are kept."""
    require_sources(caller, body.spec)
    name = await asyncio.to_thread(alarms.name_of, caller.account, alarm)
    made = await asyncio.to_thread(
        alarms.put, actor_of(request, caller), caller.account, name, body.spec, labels=body.labels
    )
    return views.AlarmView.of(await asyncio.to_thread(alarms.get, caller.account, made.id))


@router.delete(
    "/alarms/{alarm}", status_code=204, operation_id="DeleteAlarm", responses=error_responses(409)
)
async def delete_alarm(
    request: Request, alarms: Alarms, caller: CatalogWriter, alarm: AlarmName
) -> None:
    """Delete an alarm; its history stays."""
    name = await asyncio.to_thread(alarms.name_of, caller.account, alarm)
    await asyncio.to_thread(alarms.delete, actor_of(request, caller), caller.account, name)


@router.get("/alarms/{alarm}/contributors")
async def list_contributors(
    alarms: Alarms, caller: CatalogReader, alarm: AlarmName
) -> views.Contributors:
    """List an alarm's series with their own states, those in ALARM first."""
    found = await asyncio.to_thread(alarms.contributors, caller.account, alarm)
    return views.Contributors(contributors=[views.ContributorView.of(one) for one in found])


@router.get("/alarms/{alarm}/history")
async def get_history(
    alarms: Alarms,
    caller: Reader,
    alarm: AlarmName,
    time_range: Range,
    scope: Annotated[Literal["", "series", "alarm", "evaluation"], Query()] = "",
    limit: PageLimit = DEFAULT_PAGE,
) -> views.Events:
    """Return what happened to an alarm, newest first, each with its evidence."""
    found = await asyncio.to_thread(alarms.get, caller.account, alarm)
    events = await asyncio.to_thread(
        alarms.history.read, caller.account, time_range,
        alarm_id=found.alarm.id, scope=scope, limit=limit,
    )  # fmt: skip
    return views.Events(events=[views.AlarmEventView(**event) for event in events])


@router.get("/alarm-history")
async def get_all_history(
    alarms: Alarms,
    caller: Reader,
    time_range: Range,
    scope: Annotated[Literal["", "series", "alarm", "evaluation"], Query()] = "alarm",
    limit: PageLimit = DEFAULT_PAGE,
) -> views.Events:
    """Return what happened to all alarms, those since deleted too, newest first."""
    events = await asyncio.to_thread(
        alarms.history.read, caller.account, time_range, scope=scope, limit=limit
    )
    return views.Events(events=[views.AlarmEventView(**event) for event in events])


@router.get("/alarms/{alarm}/chart")
async def get_chart(
    request: Request,
    services: AppServices,
    alarms: Alarms,
    caller: Reader,
    alarm: AlarmName,
    time_range: Range,
) -> views.Chart:
    """Return the series that an alarm watches, over whole periods of a range."""
    spec = (await asyncio.to_thread(alarms.get, caller.account, alarm)).alarm.spec
    reading = await run_query(
        request, services, caller,
        lambda _: read_range(
            services.runner,
            caller.account,
            spec,
            time_range,
            bands=partial(read_banded, services.bands, services.runner, caller.account),
        ),
    )  # fmt: skip
    return views.Chart.of(reading, spec.period)


@router.get("/alarms/{alarm}/causes", responses=error_responses(409))
async def get_causes(
    request: Request,
    services: AppServices,
    alarms: Alarms,
    caller: Reader,
    alarm: AlarmName,
    lookback: Annotated[str, Query(max_length=16, description="such as 30m")] = "30m",
) -> views.CausesView:
    """Return what changed shortly before an alarm began, where it is and upstream, ranked."""
    length = parse_duration(lookback, field="lookback")
    if not MIN_LOOKBACK <= length <= MAX_LOOKBACK:
        raise InvalidInputError(
            "the lookback is too short or too long", field="lookback", remedy="give 5m to 6h"
        )

    def work() -> Causes:
        view = alarms.get(caller.account, alarm)
        firing = alarms.firing(caller.account, alarm)
        return find_causes(services.catalog, services.runner, view, firing, lookback=length)

    return views.CausesView.of(await run_query(request, services, caller, lambda _: work()))


@router.post("/alarm-preview", openapi_extra={READ_ONLY: True})
async def preview_alarm(
    request: Request,
    services: AppServices,
    alarms: Alarms,
    caller: CatalogReader,
    body: PreviewRequest,
) -> views.AlarmPreviewView:
    """Say what a definition, saved or not, would have done over a range of the past."""
    require_sources(caller, body.spec)
    check_evaluable(body.spec)
    time_range = TimeRange.parse(body.start, body.end)
    bands = partial(read_banded, services.bands, services.runner, caller.account)

    def replay(spec: AlarmSpec) -> Preview:
        require_sources(caller, spec)
        return preview(services.runner, caller.account, spec, time_range, bands=bands)

    def work() -> Preview:
        if body.spec.source.type != "composite":
            return replay(body.spec)
        find = partial(alarms.definition, caller.account)
        return preview_composite(body.spec, time_range, find=find, replay=replay)

    found = await run_query(request, services, caller, lambda _: work())
    return views.AlarmPreviewView.of(body.spec, found)


@router.post(
    "/alarms/{alarm}/acknowledgement", operation_id="AcknowledgeAlarm",
    responses=error_responses(409),
)  # fmt: skip
async def acknowledge(
    request: Request, alarms: Alarms, caller: CatalogWriter, alarm: AlarmName, body: NoteRequest
) -> views.AlarmView:
    """Say that you look after an alarm; it is not told again until its state changes."""
    done = await asyncio.to_thread(
        alarms.acknowledge, actor_of(request, caller), caller.account, alarm, body.comment
    )
    return views.AlarmView.of(done)


@router.delete(
    "/alarms/{alarm}/acknowledgement", status_code=204, operation_id="UnacknowledgeAlarm"
)
async def unacknowledge(
    request: Request, alarms: Alarms, caller: CatalogWriter, alarm: AlarmName
) -> None:
    """Take an acknowledgement back."""
    await asyncio.to_thread(alarms.unacknowledge, actor_of(request, caller), caller.account, alarm)


@router.get("/alarms/{alarm}/comments")
async def list_comments(
    comments: Comments, caller: CatalogReader, alarm: AlarmName, limit: PageLimit = DEFAULT_PAGE
) -> views.Comments:
    """List an alarm's comments, newest first."""
    found = await asyncio.to_thread(comments.page, caller.account, alarm, limit=limit)
    return views.Comments(
        comments=[views.CommentView(id=c.id, at=c.at, by=c.by, text=c.text) for c in found]
    )


@router.post("/alarms/{alarm}/comments", status_code=201, operation_id="CommentAlarm")
async def comment(
    request: Request,
    comments: Comments,
    caller: CatalogWriter,
    alarm: AlarmName,
    body: CommentRequest,
) -> views.CommentView:
    """Add a comment to an alarm."""
    made = await asyncio.to_thread(
        comments.add, actor_of(request, caller), caller.account, alarm, body.text
    )
    return views.CommentView(id=made.id, at=made.at, by=made.by, text=made.text)


def _labels(texts: list[str]) -> dict[str, str]:
    labels = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InvalidInputError(
                f"{text[:100]!r} is no label", field="label", remedy="write key=value"
            )
        labels[key] = value
    return labels
