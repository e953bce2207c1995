"""Notifications: channels, routes, deliveries, and tests of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import Field

from vedette.alarms.definition import MAX_NAME, Name
from vedette.alarms.service import AlarmService
from vedette.api.alarms import Alarms
from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    Cursor,
    PageLimit,
    WholeWriter,
    actor_of,
)
from vedette.api.errors import error_responses
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.notifications.channel import Channel, Secret
from vedette.notifications.routing import RouteSpec
from vedette.notifications.service import SOURCE, NotificationService, probe_notice
from vedette.store.catalog import AuditEvent, Principal
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.web.notifications import make_notifications

if TYPE_CHECKING:
    from vedette.notifications.dispatch import Result
    from vedette.notifications.service import ChannelView as KeptChannel
    from vedette.notifications.service import RouteView as KeptRoute

router = Router(tags=["notifications"], responses=error_responses(404))

ChannelName = Annotated[str, Path(max_length=MAX_NAME)]


def get_notifications(services: AppServices) -> NotificationService:
    """Return the service of notifications."""
    return make_notifications(services)


Notifications = Annotated[NotificationService, Depends(get_notifications)]


class ChannelRequest(Body):
    """A channel; its secret goes in and never comes out."""

    name: Name
    settings: Channel
    secret: Secret | None = Field(
        default=None,
        description="a signing key, password, webhook address, integration key or Apprise URL, or"
        " ${env:VEDETTE_SECRET_...}; null keeps the one that is there",
    )


class ChannelView(View):
    """A channel."""

    id: str
    name: str
    settings: Channel
    has_secret: bool
    owner: str
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str

    @classmethod
    def of(cls, kept: KeptChannel) -> ChannelView:
        """Return the view of a channel."""
        return cls(
            id=kept.id, name=kept.name, settings=kept.channel, has_secret=kept.has_secret,
            owner=kept.owner, created=kept.created, created_by=kept.created_by,
            updated=kept.updated, updated_by=kept.updated_by,
        )  # fmt: skip


class Channels(View):
    """Channels by name."""

    channels: list[ChannelView]


class RouteRequest(Body):
    """A route."""

    name: Name
    position: int = Field(default=100, ge=0, le=100_000, description="lower ones are tried first")
    spec: RouteSpec


class RouteView(View):
    """A route."""

    id: str
    name: str
    position: int
    spec: RouteSpec
    owner: str
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str

    @classmethod
    def of(cls, kept: KeptRoute) -> RouteView:
        """Return the view of a route."""
        return cls(
            id=kept.id, name=kept.name, position=kept.position, spec=kept.spec, owner=kept.owner,
            created=kept.created, created_by=kept.created_by, updated=kept.updated,
            updated_by=kept.updated_by,
        )  # fmt: skip


class Routes(View):
    """Routes in the order in which they are tried."""

    routes: list[RouteView]


class DeliveryView(View):
    """One attempt to send."""

    id: str
    channel: str
    at: datetime
    status: str = Field(description="delivered, retrying or failed")
    attempt: int
    title: str
    alarms: list[str]
    notices: int
    error: str | None
    seconds: float


class Deliveries(View):
    """Attempts to send, newest first."""

    deliveries: list[DeliveryView]
    cursor: str | None


class TestResult(View):
    """How a test went."""

    channel: str
    delivered: bool
    error: str | None
    seconds: float

    @classmethod
    def of(cls, result: Result) -> TestResult:
        """Return the view of a result."""
        return cls(
            channel=result.channel, delivered=result.delivered, seconds=result.seconds,
            error=result.error.reason if result.error else None,
        )  # fmt: skip


class TestResults(View):
    """How a test went, by channel; empty where no route takes the alarm."""

    results: list[TestResult]


@router.get("/notification-channels")
async def list_channels(notifications: Notifications, caller: CatalogReader) -> Channels:
    """List channels by name, without their secrets."""
    found = await asyncio.to_thread(notifications.channels, caller.account)
    return Channels(channels=[ChannelView.of(one) for one in found])


@router.post("/notification-channels", operation_id="PutNotificationChannel")
async def put_channel(
    request: Request, notifications: Notifications, caller: CatalogWriter, body: ChannelRequest
) -> ChannelView:
    """Create a channel, or change the one of this name."""
    secret = body.secret.get_secret_value() if body.secret is not None else None
    made = await asyncio.to_thread(
        notifications.put_channel, actor_of(request, caller), caller.account, body.name,
        body.settings, secret,
    )  # fmt: skip
    return ChannelView.of(made)


@router.get("/notification-channels/{name}")
async def get_channel(
    notifications: Notifications, caller: CatalogReader, name: ChannelName
) -> ChannelView:
    """Return one channel, without its secret."""
    return ChannelView.of(await asyncio.to_thread(notifications.channel, caller.account, name))


@router.delete(
    "/notification-channels/{name}", status_code=204, operation_id="DeleteNotificationChannel",
    responses=error_responses(409),
)  # fmt: skip
async def delete_channel(
    request: Request, notifications: Notifications, caller: CatalogWriter, name: ChannelName
) -> None:
    """Delete a channel that no route names."""
    await asyncio.to_thread(
        notifications.delete_channel, actor_of(request, caller), caller.account, name
    )


@router.post("/notification-channels/{name}/test", operation_id="TestNotificationChannel")
async def test_channel(
    request: Request,
    services: AppServices,
    notifications: Notifications,
    caller: WholeWriter,
    name: ChannelName,
) -> TestResult:
    """Send a test notification to a channel now and say how it went."""
    result = await asyncio.to_thread(notifications.test_channel, caller.account, name)
    await _audit(request, services, caller, "TestNotificationChannel", name, [result])
    return TestResult.of(result)


@router.get("/notification-routes")
async def list_routes(notifications: Notifications, caller: CatalogReader) -> Routes:
    """List routes in the order in which they are tried."""
    found = await asyncio.to_thread(notifications.routes, caller.account)
    return Routes(routes=[RouteView.of(one) for one in found])


@router.post("/notification-routes", operation_id="PutNotificationRoute")
async def put_route(
    request: Request, notifications: Notifications, caller: CatalogWriter, body: RouteRequest
) -> RouteView:
    """Create a route, or change the one of this name."""
    made = await asyncio.to_thread(
        notifications.put_route, actor_of(request, caller), caller.account, body.name, body.spec,
        position=body.position,
    )  # fmt: skip
    return RouteView.of(made)


@router.delete(
    "/notification-routes/{name}", status_code=204, operation_id="DeleteNotificationRoute"
)
async def delete_route(
    request: Request, notifications: Notifications, caller: CatalogWriter, name: ChannelName
) -> None:
    """Delete a route."""
    await asyncio.to_thread(
        notifications.delete_route, actor_of(request, caller), caller.account, name
    )


@router.get("/notification-deliveries")
async def list_deliveries(
    notifications: Notifications,
    caller: CatalogReader,
    channel: Annotated[str, Query(max_length=MAX_NAME)] = "",
    alarm: Annotated[str, Query(max_length=MAX_NAME, description="an alarm's name")] = "",
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> Deliveries:
    """List attempts to send, newest first."""
    page = await asyncio.to_thread(
        notifications.deliveries,
        caller.account,
        channel=channel,
        alarm=alarm,
        limit=limit,
        after=cursor,
    )
    shown = [
        DeliveryView(
            id=one.id, channel=one.channel, at=datetime.fromtimestamp(one.at, UTC),
            status=one.status, attempt=one.attempt, title=one.title, alarms=one.alarms,
            notices=one.notices, error=one.error, seconds=one.seconds,
        )
        for one in page.items
    ]  # fmt: skip
    return Deliveries(deliveries=shown, cursor=page.next)


@router.post("/alarms/{alarm}/test", operation_id="TestAlarmNotification")
async def test_alarm(
    request: Request,
    services: AppServices,
    notifications: Notifications,
    alarms: Alarms,
    caller: WholeWriter,
    alarm: Annotated[str, Path(max_length=MAX_NAME)],
) -> TestResults:
    """Send a test notification the way that the alarm's would go, and say how it went."""
    results = await asyncio.to_thread(_test, notifications, alarms, caller.account, alarm)
    await _audit(request, services, caller, "TestAlarmNotification", alarm, results)
    return TestResults(results=[TestResult.of(one) for one in results])


async def _audit(
    request: Request,
    services: AppServices,
    caller: Principal,
    event: str,
    name: str,
    results: list[Result],
) -> None:
    record = AuditEvent(
        actor=actor_of(request, caller), name=event, source=SOURCE, request={"name": name},
        response={"delivered": {one.channel: one.delivered for one in results}},
    )  # fmt: skip
    await asyncio.to_thread(services.catalog.audit.record_event, record)


def _test(
    notifications: NotificationService, alarms: AlarmService, account: str, name: str
) -> list[Result]:
    alarm = alarms.get(account, name).alarm
    now = datetime.now(UTC).timestamp()
    notice = probe_notice(
        alarm.name, alarm.id, alarm.watched_labels, now, severity=alarm.spec.severity
    )
    return notifications.test_notice(account, notice)
