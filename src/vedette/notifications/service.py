"""Channels, routes and deliveries as people see and change them.

A secret goes in and never comes out: it is stored encrypted, is no part of any answer or audit
record, and stays as it is where a change does not give another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import func, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.notifications.channel import Channel, check_secret
from vedette.notifications.model import Notice
from vedette.notifications.oncall.service import channel_user
from vedette.notifications.outbox import CHANNEL, routes_of
from vedette.notifications.routing import RouteSpec, ways_of
from vedette.store.catalog.alarm_models import (
    NotificationChannelRow,
    NotificationDeliveryRow,
    NotificationRouteRow,
)
from vedette.store.catalog.checks import DEFAULT_PAGE, Page, check_limit, check_text
from vedette.store.catalog.oncall_models import EscalationPolicyRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.core.encryption import SecretBox
    from vedette.notifications.dispatch import Dispatcher, Result
    from vedette.store.catalog import Actor, Catalog

MAX_CHANNELS = 200
MAX_ROUTES = 500
SOURCE = "vedette.notifications"


@dataclass(frozen=True, slots=True)
class ChannelView:
    """A channel as it is kept, without its secret."""

    id: str
    name: str
    channel: Channel
    has_secret: bool
    owner: str
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class RouteView:
    """A route as it is kept."""

    id: str
    name: str
    position: int
    spec: RouteSpec
    owner: str
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt to send; ``at`` is a Unix second."""

    id: str
    channel: str
    at: float
    status: str
    attempt: int
    title: str
    alarms: list[str]
    notices: int
    error: str | None
    seconds: float


class NotificationService:
    """Channels and routes of an account. Thread-safe; everything blocks."""

    def __init__(
        self, catalog: Catalog, secrets: SecretBox, dispatcher: Dispatcher | None = None
    ) -> None:
        self._catalog = catalog
        self._secrets = secrets
        self._dispatcher = dispatcher

    def put_channel(
        self,
        actor: Actor,
        account: str,
        name: str,
        channel: Channel,
        secret: str | None = None,
        *,
        owner: str = "",
    ) -> ChannelView:
        """Create a channel or change it; without a secret the one that it has stays.

        Raises:
            InvalidInputError: the secret is missing, or not of the form that the type needs.

        """
        name = check_text(name, field="name", max_length=255)
        now = self._catalog.clock.now()
        settings = channel.model_dump(exclude_defaults=True) | {"type": channel.type}
        if secret is not None:
            check_secret(channel, secret)
        with self._catalog.change(
            actor, "PutNotificationChannel", account=account, source=SOURCE,
            request={"name": name, "settings": settings, "key_changed": secret is not None},
            resources=[ResourceId(account, "notification_channel", name)],
        ) as change:  # fmt: skip
            row = _find(change.session, NotificationChannelRow, account, name)
            if row is None:
                _check_count(change.session, NotificationChannelRow, account, MAX_CHANNELS)
                row = NotificationChannelRow(
                    id=new_id(), account=account, name=name, secret=None, created=now,
                    created_by=actor.name,
                )  # fmt: skip
                change.session.add(row)
            keeps = secret is None and row.secret is not None and row.kind == channel.type
            if not keeps:
                check_secret(channel, secret or "")
                row.secret = self._secrets.seal(secret) if secret else None
            row.kind, row.settings = channel.type, orjson.dumps(settings).decode()
            row.owner, row.updated, row.updated_by = owner, now, actor.name
            change.session.flush()
            return _channel_view(row)

    def delete_channel(self, actor: Actor, account: str, name: str) -> None:
        """Delete a channel with what waits for it.

        Raises:
            ConflictError: a route names it.

        """
        with self._catalog.change(
            actor, "DeleteNotificationChannel", account=account, source=SOURCE,
            request={"name": name}, resources=[ResourceId(account, "notification_channel", name)],
        ) as change:  # fmt: skip
            row = _existing(change.session, NotificationChannelRow, account, name)
            rows = change.session.scalars(
                select(NotificationRouteRow).where(NotificationRouteRow.account == account)
            )
            using = [
                one.name for one in rows if row.name in orjson.loads(one.spec).get("channels", [])
            ]
            if using:
                raise ConflictError(
                    f"the route {using[0]} sends to {row.name}", remedy="change the route first"
                )
            if user := channel_user(change.session, account, row.name):
                raise ConflictError(f"{user} tells {row.name}", remedy="change it first")
            change.session.delete(row)

    def channels(self, account: str) -> list[ChannelView]:
        """Return the channels by name."""
        row = NotificationChannelRow
        with self._catalog.read() as session:
            found = session.scalars(select(row).where(row.account == account).order_by(row.name))
            return [_channel_view(one) for one in found]

    def channel(self, account: str, name: str) -> ChannelView:
        """Return one channel, by its name or its id."""
        with self._catalog.read() as session:
            return _channel_view(_existing(session, NotificationChannelRow, account, name))

    def fingerprint(self, secret: str) -> str:
        """Return what tells whether two secrets are the same."""
        return self._secrets.fingerprint(secret)

    def stored_fingerprint(self, account: str, name: str) -> str | None:
        """Return the fingerprint of a channel's secret; None where it has none, or is not there."""
        with self._catalog.read() as session:
            row = _find(session, NotificationChannelRow, account, name)
        if row is None or row.secret is None:
            return None
        return self._secrets.fingerprint(self._secrets.open_text(row.secret))

    def put_route(
        self,
        actor: Actor,
        account: str,
        name: str,
        spec: RouteSpec,
        *,
        position: int = 100,
        owner: str = "",
    ) -> RouteView:
        """Create a route or change it.

        Raises:
            InvalidInputError: it names a channel that is not there.

        """
        name = check_text(name, field="name", max_length=255)
        now = self._catalog.clock.now()
        with self._catalog.change(
            actor, "PutNotificationRoute", account=account, source=SOURCE,
            request={"name": name, "position": position, "spec": spec.model_dump()},
            resources=[ResourceId(account, "notification_route", name)],
        ) as change:  # fmt: skip
            there = set(
                change.session.scalars(
                    select(NotificationChannelRow.name).where(
                        NotificationChannelRow.account == account
                    )
                )
            )
            if missing := [one for one in spec.channels if one not in there]:
                raise InvalidInputError(
                    f"there is no channel {missing[0]!r}", field="channels",
                    remedy="create the channel first",
                )  # fmt: skip
            if spec.policy and not _find(change.session, EscalationPolicyRow, account, spec.policy):
                raise InvalidInputError(
                    f"there is no policy {spec.policy!r}", field="policy",
                    remedy="create the policy first",
                )  # fmt: skip
            row = _find(change.session, NotificationRouteRow, account, name)
            if row is None:
                _check_count(change.session, NotificationRouteRow, account, MAX_ROUTES)
                row = NotificationRouteRow(
                    id=new_id(), account=account, name=name, created=now, created_by=actor.name
                )
                change.session.add(row)
            row.spec = spec.model_dump_json(exclude_defaults=True)
            row.position, row.owner = position, owner
            row.updated, row.updated_by = now, actor.name
            change.session.flush()
            return _route_view(row)

    def delete_route(self, actor: Actor, account: str, name: str) -> None:
        """Delete a route."""
        with self._catalog.change(
            actor, "DeleteNotificationRoute", account=account, source=SOURCE,
            request={"name": name}, resources=[ResourceId(account, "notification_route", name)],
        ) as change:  # fmt: skip
            change.session.delete(_existing(change.session, NotificationRouteRow, account, name))

    def routes(self, account: str) -> list[RouteView]:
        """Return the routes in the order in which they are tried."""
        row = NotificationRouteRow
        with self._catalog.read() as session:
            found = session.scalars(
                select(row).where(row.account == account).order_by(row.position, row.name)
            )
            return [_route_view(one) for one in found]

    def deliveries(
        self,
        account: str,
        *,
        channel: str = "",
        alarm: str = "",
        limit: int = DEFAULT_PAGE,
        after: str | None = None,
    ) -> Page[Delivery]:
        """Return attempts to send, newest first; of one channel or alarm where its name is given."""
        row = NotificationDeliveryRow
        chosen = select(row).where(row.account == account).order_by(row.id.desc())
        if channel:
            chosen = chosen.where(row.channel == channel)
        if alarm:
            name = orjson.dumps(alarm).decode()
            chosen = chosen.where(row.alarms.contains(name, autoescape=True))
        if after is not None:
            chosen = chosen.where(row.id < after)
        with self._catalog.read() as session:
            found = session.scalars(chosen.limit(check_limit(limit) + 1)).all()
        items = [
            Delivery(
                one.id, one.channel, one.at, one.status, one.attempt, one.title,
                orjson.loads(one.alarms), one.notices, one.error, one.seconds,
            )
            for one in found[:limit]
        ]  # fmt: skip
        return Page(items, items[-1].id if len(found) > limit else None)

    def test_channel(self, account: str, name: str) -> Result:
        """Send a test notice to a channel at once."""
        channel = self.channel(account, name)
        now = self._catalog.clock.now().timestamp()
        return self._sending().send_test(
            account, channel.id, probe_notice("test", "", {}, now, "info")
        )

    def test_notice(self, account: str, notice: Notice) -> list[Result]:
        """Send a test notice the way that routes choose; an empty list where none takes it."""
        channels = {one.name: one.id for one in self.channels(account)}
        ways = ways_of(routes_of(self._catalog, account), notice, notice.labels)
        return [
            self._sending().send_test(account, channels[way.channel], notice)
            for way in ways
            if way.channel in channels
        ]

    def _sending(self) -> Dispatcher:
        if self._dispatcher is None:
            raise RuntimeError("this service was made without a dispatcher")
        return self._dispatcher


def probe_notice(
    alarm: str, alarm_id: str, labels: dict[str, str], now: float, severity: str
) -> Notice:
    """Return the notice that a test sends."""
    return Notice(
        id=new_id(), alarm_id=alarm_id, alarm=alarm, status="test", severity=severity,
        labels=labels, series={}, reason="someone asked for a test", summary="nothing happened",
        since=now,
    )  # fmt: skip


def _find(session: Session, row: Any, account: str, name: str) -> Any:  # noqa: ANN401 - a mapped class
    return session.scalar(select(row).where(row.account == account, row.name == name))


def _existing(session: Session, row: Any, account: str, name: str) -> Any:  # noqa: ANN401 - a mapped class
    found = _find(session, row, account, name) or session.get(row, name)
    if found is None or found.account != account:
        what = "channel" if row is NotificationChannelRow else "route"
        raise NotFoundError(
            f"there is no {what} {name[:255]!r}", field="name", remedy="see the list of them"
        )
    return found


def _check_count(session: Session, row: Any, account: str, most: int) -> None:  # noqa: ANN401 - a mapped class
    counted = select(func.count()).select_from(row).where(row.account == account)
    if (session.scalar(counted) or 0) >= most:
        raise InvalidInputError(
            f"the account has {most} already", field="name", remedy="delete what is not used"
        )


def _channel_view(row: NotificationChannelRow) -> ChannelView:
    return ChannelView(
        row.id, row.name, CHANNEL.validate_json(row.settings), row.secret is not None, row.owner,
        row.created, row.created_by, row.updated, row.updated_by,
    )  # fmt: skip


def _route_view(row: NotificationRouteRow) -> RouteView:
    return RouteView(
        row.id, row.name, row.position, RouteSpec.model_validate_json(row.spec), row.owner,
        row.created, row.created_by, row.updated, row.updated_by,
    )  # fmt: skip
