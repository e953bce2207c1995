"""Who is on call: schedules, overrides, escalation policies and what is escalated now."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import Field

from vedette.alarms.definition import MAX_NAME, Name
from vedette.api.alarm_views import moment
from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    Range,
    actor_of,
)
from vedette.api.errors import error_responses
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.core.time import parse_moment
from vedette.notifications.oncall import EscalationSpec, OnCallService, OnCallSpec
from vedette.notifications.oncall.schedule import Person

if TYPE_CHECKING:
    from vedette.notifications.oncall import Override, Shift
    from vedette.notifications.oncall.records import Kept
    from vedette.notifications.oncall.service import Escalating
    from vedette.notifications.oncall.service import Now as NowKept

router = Router(tags=["oncall"], responses=error_responses(404))

KeptName = Annotated[str, Path(max_length=MAX_NAME, description="its name or its id")]


def get_oncall(services: AppServices) -> OnCallService:
    """Return the service of who is on call."""
    return OnCallService(services.catalog)


OnCall = Annotated[OnCallService, Depends(get_oncall)]


class OnCallScheduleRequest(Body):
    """A schedule."""

    name: Name
    spec: OnCallSpec


class OnCallScheduleView(View):
    """Who is on call when."""

    id: str
    name: str
    spec: OnCallSpec
    owner: str
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str

    @classmethod
    def of(cls, kept: Kept[OnCallSpec]) -> OnCallScheduleView:
        """Return the view of a schedule."""
        return cls(
            id=kept.id, name=kept.name, spec=kept.spec, owner=kept.owner, created=kept.created,
            created_by=kept.created_by, updated=kept.updated, updated_by=kept.updated_by,
        )  # fmt: skip


class Schedules(View):
    """Schedules by name."""

    schedules: list[OnCallScheduleView]


class OverrideRequest(Body):
    """Someone takes over for a while."""

    person: Person
    start: str = Field(default="now", max_length=64, description="RFC 3339")
    end: str = Field(max_length=64, description="RFC 3339")
    comment: str = Field(default="", max_length=1024)


class OverrideView(View):
    """Someone takes over for a while."""

    id: str
    person: str
    start: datetime
    end: datetime
    by: str
    comment: str

    @classmethod
    def of(cls, one: Override) -> OverrideView:
        """Return the view of an override."""
        return cls(
            id=one.id, person=one.person, start=one.start, end=one.end, by=one.by,
            comment=one.comment,
        )  # fmt: skip


class ShiftView(View):
    """A stretch of time with the same person."""

    start: datetime
    end: datetime
    person: str
    layer: int = Field(description="place of the layer from 0; -1 by an override")

    @classmethod
    def of(cls, one: Shift) -> ShiftView:
        """Return the view of a shift."""
        return cls(start=one.start, end=one.end, person=one.person, layer=one.layer)


class ShiftsView(View):
    """Who is on call over a range."""

    shifts: list[ShiftView] = Field(description="of all layers and overrides together")
    layers: list[list[ShiftView]] = Field(description="of each layer as if it stood alone")
    overrides: list[OverrideView]


class NowView(View):
    """Who is on call now by one schedule."""

    schedule: str
    person: str = Field(description="empty where nobody is")
    layer: int | None = Field(description="-1 by an override")
    until: datetime | None = Field(description="null where it does not change within 60 days")
    next_person: str
    channels: list[str]

    @classmethod
    def of(cls, one: NowKept) -> NowView:
        """Return the view of who is on call."""
        return cls(
            schedule=one.schedule, person=one.person, layer=one.layer, until=one.until,
            next_person=one.next_person, channels=list(one.channels),
        )  # fmt: skip


class OnCallNow(View):
    """Who is on call now, by schedule."""

    schedules: list[NowView]


class EscalationPolicyRequest(Body):
    """An escalation policy."""

    name: Name
    spec: EscalationSpec


class EscalationPolicyView(View):
    """An escalation policy."""

    id: str
    name: str
    spec: EscalationSpec
    owner: str
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str

    @classmethod
    def of(cls, kept: Kept[EscalationSpec]) -> EscalationPolicyView:
        """Return the view of a policy."""
        return cls(
            id=kept.id, name=kept.name, spec=kept.spec, owner=kept.owner, created=kept.created,
            created_by=kept.created_by, updated=kept.updated, updated_by=kept.updated_by,
        )  # fmt: skip


class Policies(View):
    """Escalation policies by name."""

    policies: list[EscalationPolicyView]


class EscalationView(View):
    """One series of an alarm that is escalated."""

    policy: str
    alarm_id: str
    alarm: str
    series: dict[str, str]
    began: datetime
    steps_taken: int
    next_step: datetime | None = Field(description="null where none is left")
    told: list[str] = Field(description="channels that were told")
    ended: str = Field(description="why no step is left; empty while one is")

    @classmethod
    def of(cls, one: Escalating) -> EscalationView:
        """Return the view of an escalation."""
        began = moment(one.began)
        if began is None:
            raise TypeError("an escalation has begun")
        return cls(
            policy=one.policy, alarm_id=one.alarm_id, alarm=one.alarm, series=one.series,
            began=began, steps_taken=one.step, next_step=moment(one.due), told=one.told,
            ended=one.ended,
        )  # fmt: skip


class Escalations(View):
    """Escalations under way, newest first."""

    escalations: list[EscalationView]


@router.get("/oncall")
async def who_is_on_call(oncall: OnCall, caller: CatalogReader) -> OnCallNow:
    """Say who is on call now, by schedule."""
    found = await asyncio.to_thread(oncall.now, caller.account)
    return OnCallNow(schedules=[NowView.of(one) for one in found])


@router.get("/oncall-schedules")
async def list_schedules(oncall: OnCall, caller: CatalogReader) -> Schedules:
    """List schedules by name."""
    found = await asyncio.to_thread(oncall.schedules, caller.account)
    return Schedules(schedules=[OnCallScheduleView.of(one) for one in found])


@router.post("/oncall-schedules", operation_id="PutOnCallSchedule")
async def put_schedule(
    request: Request, oncall: OnCall, caller: CatalogWriter, body: OnCallScheduleRequest
) -> OnCallScheduleView:
    """Create a schedule, or change the one of this name."""
    made = await asyncio.to_thread(
        oncall.put_schedule, actor_of(request, caller), caller.account, body.name, body.spec
    )
    return OnCallScheduleView.of(made)


@router.get("/oncall-schedules/{name}")
async def get_schedule(oncall: OnCall, caller: CatalogReader, name: KeptName) -> OnCallScheduleView:
    """Return one schedule."""
    return OnCallScheduleView.of(await asyncio.to_thread(oncall.schedule, caller.account, name))


@router.delete(
    "/oncall-schedules/{name}", status_code=204, operation_id="DeleteOnCallSchedule",
    responses=error_responses(409),
)  # fmt: skip
async def delete_schedule(
    request: Request, oncall: OnCall, caller: CatalogWriter, name: KeptName
) -> None:
    """Delete a schedule that no policy names, with its overrides."""
    await asyncio.to_thread(oncall.delete_schedule, actor_of(request, caller), caller.account, name)


@router.get("/oncall-schedules/{name}/shifts")
async def list_shifts(
    oncall: OnCall, caller: CatalogReader, name: KeptName, time_range: Range
) -> ShiftsView:
    """Return who is on call over a range, which may lie ahead, at most 100 days long."""

    def work() -> ShiftsView:
        all_, layers = oncall.shifts(caller.account, name, time_range.start, time_range.end)
        overrides = oncall.overrides(caller.account, name)
        return ShiftsView(
            shifts=[ShiftView.of(one) for one in all_],
            layers=[[ShiftView.of(one) for one in layer] for layer in layers],
            overrides=[OverrideView.of(one) for one in overrides if one.end > time_range.start],
        )

    return await asyncio.to_thread(work)


@router.post("/oncall-schedules/{name}/overrides", status_code=201, operation_id="OverrideOnCall")
async def add_override(
    request: Request, oncall: OnCall, caller: CatalogWriter, name: KeptName, body: OverrideRequest
) -> OverrideView:
    """Let someone take over for a while, whatever the layers say."""
    start = parse_moment(body.start, field="start")
    end = parse_moment(body.end, field="end")
    made = await asyncio.to_thread(
        oncall.add_override, actor_of(request, caller), caller.account, name,
        person=body.person, start=start, end=end, comment=body.comment,
    )  # fmt: skip
    return OverrideView.of(made)


@router.delete(
    "/oncall-schedules/{name}/overrides/{override}", status_code=204,
    operation_id="RemoveOnCallOverride",
)  # fmt: skip
async def remove_override(
    request: Request, oncall: OnCall, caller: CatalogWriter, name: KeptName,
    override: Annotated[str, Path(max_length=64)],
) -> None:  # fmt: skip
    """Take an override back."""
    await asyncio.to_thread(
        oncall.remove_override, actor_of(request, caller), caller.account, name, override
    )


@router.get("/escalation-policies")
async def list_policies(oncall: OnCall, caller: CatalogReader) -> Policies:
    """List escalation policies by name."""
    found = await asyncio.to_thread(oncall.policies, caller.account)
    return Policies(policies=[EscalationPolicyView.of(one) for one in found])


@router.post("/escalation-policies", operation_id="PutEscalationPolicy")
async def put_policy(
    request: Request, oncall: OnCall, caller: CatalogWriter, body: EscalationPolicyRequest
) -> EscalationPolicyView:
    """Create a policy, or change the one of this name."""
    made = await asyncio.to_thread(
        oncall.put_policy, actor_of(request, caller), caller.account, body.name, body.spec
    )
    return EscalationPolicyView.of(made)


@router.get("/escalation-policies/{name}")
async def get_policy(oncall: OnCall, caller: CatalogReader, name: KeptName) -> EscalationPolicyView:
    """Return one policy."""
    return EscalationPolicyView.of(await asyncio.to_thread(oncall.policy, caller.account, name))


@router.delete(
    "/escalation-policies/{name}", status_code=204, operation_id="DeleteEscalationPolicy",
    responses=error_responses(409),
)  # fmt: skip
async def delete_policy(
    request: Request, oncall: OnCall, caller: CatalogWriter, name: KeptName
) -> None:
    """Delete a policy that no route names, with what is escalated by it."""
    await asyncio.to_thread(oncall.delete_policy, actor_of(request, caller), caller.account, name)


@router.get("/escalations")
async def list_escalations(
    oncall: OnCall,
    caller: CatalogReader,
    alarm: Annotated[str, Query(max_length=64, description="an alarm's id")] = "",
) -> Escalations:
    """List escalations under way, newest first."""
    found = await asyncio.to_thread(oncall.escalating, caller.account, alarm_id=alarm)
    return Escalations(escalations=[EscalationView.of(one) for one in found])
