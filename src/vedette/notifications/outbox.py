"""Notices on their way: stored with what they tell of, sent by work of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from pydantic import TypeAdapter
from sqlalchemy import insert, select

from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.notifications.channel import Channel, wants
from vedette.notifications.oncall.escalation import Escalations
from vedette.notifications.routing import Route, RouteSpec, escalations_of, ways_of
from vedette.scheduler import Every, put_work
from vedette.store.catalog.alarm_models import (
    NotificationChannelRow,
    NotificationMessageRow,
    NotificationRouteRow,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from vedette.notifications.model import Notice
    from vedette.store.catalog import Catalog

KIND = "notifications"
"""Kind of scheduled work: one piece for each account that has something to send."""
SCHEDULE = Every(5)
SERVICE_LABEL = "service"
CHANNEL: TypeAdapter[Channel] = TypeAdapter(Channel)


class NotificationOutbox:
    """Puts notices into the messages of the channels that their routes name."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._escalations = Escalations(catalog)

    def store(
        self, connection: Connection, account: str, notices: Sequence[Notice], now: float
    ) -> None:
        """Store messages and schedule their sending, within the caller's transaction."""
        routes = routes_of(self._catalog, account)
        if not routes and all(notice.status == "firing" for notice in notices):
            return
        channels, ids = self._channels(account), self._ids(account)
        rows: list[dict[str, object]] = []
        escalated = False
        for notice in notices:
            labels = {**self._tags(account, notice), **notice.labels}
            if notice.status == "firing":
                for way in escalations_of(routes, labels):
                    due = now + way.wait_seconds
                    self._escalations.begin(
                        connection, account, way.channel, way.group_key, notice, due
                    )
                    escalated = True
            ways = {
                ids[way.channel]: (way.group_key, way.wait_seconds)
                for way in ways_of(routes, notice, labels)
                if way.channel in ids
            }
            for channel_id, key, wait in self._ways(connection, account, ways, notice):
                channel = channels.get(channel_id)
                if channel is None or not wants(channel, notice):
                    continue
                rows.append(
                    {
                        "id": new_id(), "account": account, "channel_id": channel_id,
                        "group_key": key, "created": now, "due": now + wait,
                        "attempts": 0, "payload": notice.to_json(),
                    }
                )  # fmt: skip
        if rows:
            connection.execute(insert(NotificationMessageRow), rows)
        if rows or escalated:
            put_work(self._catalog, KIND, account, SCHEDULE, executor=connection, account=account)

    def _ways(
        self, connection: Connection, account: str, ways: dict[str, tuple[str, float]],
        notice: Notice,
    ) -> list[tuple[str, str, float]]:  # fmt: skip
        """Return the channel, the group and the wait of each way, each channel once."""
        if notice.status == "resolved":
            # Whoever was told by a policy, too: what was true then need not be what routes say now.
            for channel, key in self._escalations.end(connection, account, notice):
                ways.setdefault(channel, (key, 0.0))
        return [(channel, key, wait) for channel, (key, wait) in ways.items()]

    def _channels(self, account: str) -> dict[str, Channel]:
        row = NotificationChannelRow
        chosen = select(row.id, row.settings).where(row.account == account)
        with self._catalog.read() as session:
            return {
                id_: CHANNEL.validate_json(settings) for id_, settings in session.execute(chosen)
            }

    def _ids(self, account: str) -> dict[str, str]:
        row = NotificationChannelRow
        chosen = select(row.name, row.id).where(row.account == account)
        with self._catalog.read() as session:
            return {name: id_ for name, id_ in session.execute(chosen)}  # noqa: C416 - rows are not pairs to mypy

    def _tags(self, account: str, notice: Notice) -> Mapping[str, str]:
        """Return the tags of the service that a notice is about, as ``tag.KEY``."""
        service = notice.labels.get(SERVICE_LABEL, "")
        if not service or len(service) > 255:  # noqa: PLR2004 - a name
            return {}
        tags = self._catalog.tags.get(ResourceId(account, "service", service))
        return {f"tag.{key}": value for key, value in tags.items()}


def routes_of(catalog: Catalog, account: str) -> list[Route]:
    """Return an account's routes in order."""
    row = NotificationRouteRow
    chosen = (
        select(row.name, row.position, row.spec)
        .where(row.account == account)
        .order_by(row.position, row.name)
    )
    with catalog.read() as session:
        rows = session.execute(chosen).all()
    return [
        Route(name, position, RouteSpec.model_validate(orjson.loads(spec)))
        for name, position, spec in rows
    ]
