"""What the scheduler runs when, how far it is, and what went wrong."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from pydantic import Field

from vedette.api.dependencies import AppServices, InstallationAdmin
from vedette.api.models import View
from vedette.api.routing import Router

router = Router(prefix="/scheduled-work", tags=["installation"])


class WorkView(View):
    """One piece of scheduled work."""

    kind: str
    key: str
    account: str | None
    schedule: str
    next_due: datetime
    last_slot: datetime | None = Field(description="the scheduled moment that was done last")
    finished: datetime | None
    lag_seconds: float | None = Field(description="how late the last run was over")
    attempts: int = Field(description="how often the present slot failed")
    error: str | None
    note: str | None = Field(description="such as how many runs were missed")
    running: bool


class ScheduledWork(View):
    """Scheduled work by kind and key."""

    work: list[WorkView]


@router.get("")
async def list_scheduled_work(services: AppServices, caller: InstallationAdmin) -> ScheduledWork:
    """List what the scheduler runs, with how far it is and what went wrong."""
    del caller
    items = await asyncio.to_thread(services.catalog.scheduled_work.list)
    now = services.catalog.clock.now().timestamp()
    return ScheduledWork(
        work=[
            WorkView(
                kind=one.kind,
                key=one.key,
                account=one.account,
                schedule=one.schedule,
                next_due=datetime.fromtimestamp(one.next_due, UTC),
                last_slot=_moment(one.last_slot),
                finished=_moment(one.finished),
                lag_seconds=one.finished - one.last_slot
                if one.finished is not None and one.last_slot is not None
                else None,
                attempts=one.attempts,
                error=one.error,
                note=one.note,
                running=one.leased_until is not None and one.leased_until > now,
            )
            for one in items
        ]
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
