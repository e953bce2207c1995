"""Sends what waits: group by group, within each channel's rate, again after a failure.

Work of its own kind, so that a channel which does not answer holds up neither the evaluation of
alarms nor other accounts.
"""

from __future__ import annotations

import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import delete, func, insert, select, update

from vedette.core.errors import VedetteError
from vedette.core.ids import new_id
from vedette.notifications.channel import resolve_secret
from vedette.notifications.model import Message, Notice
from vedette.notifications.oncall.escalation import Escalations
from vedette.notifications.outbox import CHANNEL, KIND
from vedette.notifications.send import DeliveryError
from vedette.notifications.text import title_of
from vedette.store.catalog.alarm_models import (
    NotificationChannelRow,
    NotificationDeliveryRow,
    NotificationMessageRow,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vedette.core.encryption import SecretBox
    from vedette.notifications.channel import Channel
    from vedette.notifications.send import Sender
    from vedette.scheduler import Claim
    from vedette.store.catalog import Catalog

MAX_ATTEMPTS = 12
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 10.0, 1800.0
MAX_NOTICES = 200
"""Most notices of one message."""
KEPT_DELIVERIES = 2_000
_LOADED = 2_000
_THREADS = 8
_WINDOW_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """A channel that can be sent to."""

    id: str
    name: str
    channel: Channel
    secret: str


@dataclass(frozen=True, slots=True)
class _Group:
    """Messages that go together."""

    channel_id: str
    key: str
    rows: Sequence[tuple[str, int, Notice]]

    @property
    def attempt(self) -> int:
        return max(attempts for _, attempts, _ in self.rows) + 1


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt to send went."""

    channel: str
    error: DeliveryError | None
    seconds: float

    @property
    def delivered(self) -> bool:
        """Whether it got there."""
        return self.error is None


class Dispatcher:
    """The handler of the scheduled work of notifications.

    Args:
        catalog: channels, messages and deliveries.
        sender: sends.
        secrets: decrypts the channels' secrets.
        url: of the console, for links.
        picture: draws what a notice is about; None where there is nothing to draw.

    """

    def __init__(
        self,
        catalog: Catalog,
        sender: Sender,
        secrets: SecretBox,
        *,
        url: str = "",
        picture: Callable[[str, Notice], bytes | None] | None = None,
    ) -> None:
        self._catalog = catalog
        self._sender = sender
        self._secrets = secrets
        self._url = url.rstrip("/")
        self._picture = picture
        self._escalations = Escalations(catalog)

    def handle(self, claims: Sequence[Claim]) -> None:
        """Send what is due of the accounts, some at a time: a slow one holds up no other."""
        with ThreadPoolExecutor(min(_THREADS, len(claims))) as pool:
            list(pool.map(self._work, claims))

    def _work(self, claim: Claim) -> None:
        account = claim.tick.key
        try:
            self._send_due(account)
        except VedetteError as error:
            claim.fail(error)
            return
        with self._catalog.operate() as connection:
            # Completing first locks the row: who stores a message meanwhile waits, and then
            # schedules anew.
            claim.complete(connection)
            left = select(func.count()).where(NotificationMessageRow.account == account)
            waits = self._escalations.waiting(connection, account)
            if not waits and not connection.execute(left).scalar():
                self._catalog.scheduled_work.remove(connection, KIND, account)

    def send_test(self, account: str, channel_id: str, notice: Notice) -> Result:
        """Send one notice at once and record it; a failure is an answer, not an error."""
        group = _Group(channel_id, "test", [("", 0, notice)])
        result = self._send(account, group, self._load(account)[channel_id])
        self._record(account, group, result, final=True)
        return result

    def _send_due(self, account: str) -> None:
        now = self._now()
        channels = self._load(account)
        named = {one.name: (one.id, one.channel) for one in channels.values()}
        self._escalations.advance(account, named, now)
        groups = self._due(account, now)
        room = self._room(account, channels, now)
        ready, later = [], []
        for group in groups:
            if group.channel_id not in channels:
                self._forget(group)
            elif room[group.channel_id] > 0:
                room[group.channel_id] -= 1
                ready.append(group)
            else:
                later.append(group)
        self._postpone(later, now + _WINDOW_SECONDS / 4)
        if not ready:
            return
        with ThreadPoolExecutor(min(_THREADS, len(ready))) as pool:
            sent = pool.map(
                lambda group: (group, self._send(account, group, channels[group.channel_id])), ready
            )
            for group, result in sent:
                self._settle(account, group, result)

    def _due(self, account: str, now: float) -> list[_Group]:
        row = NotificationMessageRow
        waiting = (
            select(row.id, row.channel_id, row.group_key, row.attempts, row.payload, row.due)
            .where(row.account == account)
            .order_by(row.created, row.id)
            .limit(_LOADED)
        )
        found: dict[tuple[str, str], list[tuple[str, int, Notice]]] = defaultdict(list)
        new: dict[tuple[str, str], list[float]] = defaultdict(list)
        tried: dict[tuple[str, str], list[float]] = defaultdict(list)
        with self._catalog.read() as session:
            for id_, channel, key, attempts, payload, due in session.execute(waiting):
                found[channel, key].append((id_, attempts, Notice.from_json(payload)))
                (tried if attempts else new)[channel, key].append(due)
        # What failed waits; what came since joins it instead of going first.
        return [
            _Group(channel, key, rows)
            for (channel, key), rows in found.items()
            if (max(tried[channel, key]) if tried[channel, key] else min(new[channel, key])) <= now
        ]

    def _load(self, account: str) -> dict[str, Loaded]:
        row = NotificationChannelRow
        chosen = select(row.id, row.name, row.settings, row.secret).where(row.account == account)
        with self._catalog.read() as session:
            rows = session.execute(chosen).all()
        return {
            id_: Loaded(id_, name, CHANNEL.validate_json(settings), secret or "")
            for id_, name, settings, secret in rows
        }

    def _room(self, account: str, channels: dict[str, Loaded], now: float) -> dict[str, int]:
        """Return how many messages each channel may still get in this minute."""
        row = NotificationDeliveryRow
        counted = (
            select(row.channel_id, func.count())
            .where(row.account == account, row.at > now - _WINDOW_SECONDS)
            .group_by(row.channel_id)
        )
        with self._catalog.read() as session:
            used = {id_: count for id_, count in session.execute(counted)}  # noqa: C416 - rows are not pairs to mypy
        return {id_: one.channel.per_minute - used.get(id_, 0) for id_, one in channels.items()}

    def _send(self, account: str, group: _Group, loaded: Loaded) -> Result:
        notices = [notice for _, _, notice in group.rows]
        message = Message(
            # The same when it is tried again, so that a receiver can tell.
            id=f"dlv_{group.rows[0][0] or new_id()}",
            account=account,
            group_key=group.key,
            notices=notices[:MAX_NOTICES],
            url=self._url,
            left_out=max(0, len(notices) - MAX_NOTICES),
        )
        began = time.perf_counter()
        error: DeliveryError | None = None
        try:
            secret = resolve_secret(self._secrets.open_text(loaded.secret) if loaded.secret else "")
            if loaded.channel.image and self._picture and message.firing:
                message = replace(message, image=self._draw(account, message.firing[0]))
            self._sender.send(loaded.channel, secret, message)
        except DeliveryError as failure:
            error = failure
        except VedetteError as failure:
            error = DeliveryError(failure.message, retryable=False)
        except Exception as failure:  # noqa: BLE001 - a channel's fault must not stop the others
            error = DeliveryError(f"sending failed: {type(failure).__name__}")
        return Result(loaded.name, error, time.perf_counter() - began)

    def _draw(self, account: str, notice: Notice) -> bytes | None:
        try:
            return self._picture(account, notice) if self._picture else None
        except Exception:  # noqa: BLE001 - a message without a picture is better than none
            return None

    def _settle(self, account: str, group: _Group, result: Result) -> None:
        """Record an attempt; forget what was delivered or cannot be, try the rest again later."""
        error = result.error
        final = error is None or not error.retryable or group.attempt >= MAX_ATTEMPTS
        self._record(account, group, result, final=final)
        if final:
            self._forget(group)
            return
        wait = min(FIRST_RETRY_SECONDS * 2 ** (group.attempt - 1), LAST_RETRY_SECONDS)
        if error and error.retry_after:
            wait = max(wait, min(error.retry_after, LAST_RETRY_SECONDS))
        self._postpone([group], self._now() + wait, attempted=True)

    def _record(self, account: str, group: _Group, result: Result, *, final: bool) -> None:
        notices = [notice for _, _, notice in group.rows]
        error = result.error
        status = "delivered" if error is None else "failed" if final else "retrying"
        message = Message("", account, group.key, notices)
        row = {
            "id": new_id(), "account": account, "channel_id": group.channel_id,
            "channel": result.channel, "at": self._now(), "status": status,
            "attempt": group.attempt, "title": title_of(message),
            "alarms": orjson.dumps(sorted({n.alarm for n in notices})[:50]).decode(),
            "notices": len(notices), "error": error.reason[:1024] if error else None,
            "seconds": result.seconds,
        }  # fmt: skip
        kept = NotificationDeliveryRow
        oldest = (
            select(kept.id)
            .where(kept.account == account)
            .order_by(kept.id.desc())
            .offset(KEPT_DELIVERIES)
            .limit(1)
        )
        with self._catalog.operate() as connection:
            connection.execute(insert(kept), row)
            if bound := connection.execute(oldest).scalar():
                connection.execute(delete(kept).where(kept.account == account, kept.id <= bound))

    def _forget(self, group: _Group) -> None:
        self._each(group, lambda ids: delete(NotificationMessageRow).where(ids))

    def _postpone(self, groups: Sequence[_Group], due: float, *, attempted: bool = False) -> None:
        row = NotificationMessageRow
        for group in groups:
            self._each(
                group,
                lambda ids: (
                    update(row).where(ids).values(due=due, attempts=row.attempts + attempted)
                ),
            )

    def _each(self, group: _Group, statement: Callable[..., object]) -> None:
        ids = [id_ for id_, _, _ in group.rows]
        with self._catalog.operate() as connection:
            for start in range(0, len(ids), 500):
                chunk = NotificationMessageRow.id.in_(ids[start : start + 500])
                connection.execute(statement(chunk))  # type: ignore[call-overload]

    def _now(self) -> float:
        return self._catalog.clock.now().timestamp()
