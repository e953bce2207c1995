"""Scheduled work: what is to run when, how far it ran, and which process is at it.

Rows are operational state: they leave no audit records, and may be written both by themselves and
inside the change of the entity that they belong to. Moments are Unix seconds of the clock of the
process; a claim's token, not a clock, decides whose result counts (``complete``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import and_, case, delete, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from vedette.core.errors import StoreError
from vedette.store.catalog.checks import check_text
from vedette.store.catalog.models import ScheduledWorkRow as Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.orm import Session

    from vedette.store.catalog.database import Database

MAX_KEY = 512
MAX_ERROR = 1024
LONGEST_LEASE_SECONDS = 86_400.0


@dataclass(frozen=True, slots=True)
class WorkItem:
    """One piece of scheduled work as the catalog has it; moments are Unix seconds.

    Attributes:
        kind: whose work it is, such as ``alarms``.
        key: which piece of that kind; empty where there is only one.
        account: whose resources it is about, or None.
        schedule: text of its schedule.
        payload: what its handler wants to know.
        next_due: when it is to run next.
        last_slot: the slot that was done last, or None before the first.
        finished: when that was done.
        attempts: how often the present slot failed.
        error: why it failed last, or None after a success.
        note: what an operator should know of the last run, such as runs that were missed.
        leased_until: until when a process holds it, or None.

    """

    kind: str
    key: str
    account: str | None
    schedule: str
    payload: Mapping[str, Any]
    next_due: float
    last_slot: float | None
    finished: float | None
    attempts: int
    error: str | None
    note: str | None
    leased_until: float | None


class ScheduledWork:
    """Repository of scheduled work; every method is one transaction, or part of the caller's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(
        self,
        executor: Connection | Session | None,
        kind: str,
        key: str,
        *,
        schedule: str,
        next_due: float,
        account: str | None = None,
        payload: Mapping[str, Any] | None = None,
    ) -> None:
        """Add a piece of work, or set its schedule and payload; how far it ran is kept.

        Args:
            executor: the session of a change, a connection of ``operate``, or None for neither.
            kind: whose work it is.
            key: which piece, unique within the kind.
            schedule: text of its schedule.
            next_due: when it runs first; left alone where the schedule is the same as before.
            account: whose resources it is about.
            payload: what its handler wants to know.

        """
        if executor is None:
            with self._database.operate() as connection:
                self.put(
                    connection, kind, key,
                    schedule=schedule, next_due=next_due, account=account, payload=payload,
                )  # fmt: skip
            return
        check_text(kind, field="kind", max_length=MAX_KEY)
        check_text(key, field="key", max_length=MAX_KEY, min_length=0)
        insert = (sqlite.insert if self._database.dialect == "sqlite" else postgresql.insert)(Row)
        values = {
            "account": account,
            "schedule": schedule,
            "payload": orjson.dumps(dict(payload or {})).decode(),
            "next_due": next_due,
        }
        unchanged = case((Row.schedule == schedule, Row.next_due), else_=next_due)
        executor.execute(
            insert.values(kind=kind, key=key, attempts=0, **values).on_conflict_do_update(
                index_elements=[Row.kind, Row.key], set_={**values, "next_due": unchanged}
            )
        )

    def remove(self, executor: Connection | Session | None, kind: str, key: str) -> None:
        """Forget a piece of work; whoever is at it cannot complete it."""
        if executor is None:
            with self._database.operate() as connection:
                self.remove(connection, kind, key)
            return
        executor.execute(delete(Row).where(Row.kind == kind, Row.key == key))

    def claim(
        self, kind: str, token: str, *, now: float, lease_seconds: float, back: float, limit: int
    ) -> list[WorkItem]:
        """Take work that is due and that nobody holds, the longest due first.

        Args:
            kind: whose work.
            token: names the claim, unique over all processes and claims.
            now: the present.
            lease_seconds: how long the claim holds without ``renew``, up to a day.
            back: work whose last slot is this many seconds in the future is due too: the clock was
                set back, and waiting for it would take too long.
            limit: most items.

        """
        if not 0 < lease_seconds <= LONGEST_LEASE_SECONDS:
            raise StoreError("a claim cannot be held for that long")
        due = or_(Row.next_due <= now, Row.last_slot > now + back)
        chosen = (
            select(Row)
            .where(Row.kind == kind, due, _free(now))
            .order_by(Row.next_due, Row.key)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        with self._database.operate() as connection:
            rows = connection.execute(chosen).mappings().all()
            keys = [row["key"] for row in rows]
            if keys:
                connection.execute(
                    update(Row)
                    .where(Row.kind == kind, Row.key.in_(keys))
                    .values(claim=token, lease_expires=now + lease_seconds)
                )
        return [_item(row) for row in rows]

    def renew(self, kind: str, token: str, *, until: float) -> int:
        """Hold everything of a claim longer; return how much of it is still held."""
        held = update(Row).where(Row.kind == kind, Row.claim == token)
        with self._database.operate() as connection:
            return len(
                connection.execute(held.values(lease_expires=until).returning(Row.key)).all()
            )

    def complete(
        self,
        executor: Connection,
        kind: str,
        key: str,
        token: str,
        *,
        slot: float,
        next_due: float,
        finished: float,
        note: str | None = None,
    ) -> bool:
        """Note that a slot is done and give the work back; False where the claim was lost.

        What is written by the same ``operate`` transaction counts together with this or not at all:
        a caller that gets False must roll back.
        """
        held = update(Row).where(Row.kind == kind, Row.key == key, Row.claim == token)
        values = {
            "claim": None,
            "lease_expires": None,
            "last_slot": slot,
            "next_due": next_due,
            "finished": finished,
            "attempts": 0,
            "error": None,
            "note": note,
        }
        done = executor.execute(held.values(**values).returning(Row.key)).first()
        return done is not None

    def fail(self, kind: str, key: str, token: str, *, error: str, next_due: float) -> bool:
        """Note that a run failed and give the work back; False where the claim was lost."""
        held = update(Row).where(Row.kind == kind, Row.key == key, Row.claim == token)
        values = {
            "claim": None,
            "lease_expires": None,
            "next_due": next_due,
            "attempts": Row.attempts + 1,
            "error": error[:MAX_ERROR],
        }
        with self._database.operate() as connection:
            return connection.execute(held.values(**values).returning(Row.key)).first() is not None

    def wake_ups(self, kinds: Sequence[str], *, now: float, back: float) -> dict[str, float]:
        """Return when each kind has something to claim, as Unix seconds; the past is ``now``."""
        leased = case(
            (and_(Row.lease_expires > now, Row.lease_expires > Row.next_due), Row.lease_expires),
            (and_(Row.last_slot > now + back, _free(now)), now),
            else_=Row.next_due,
        )
        query = select(Row.kind, func.min(leased)).where(Row.kind.in_(kinds)).group_by(Row.kind)
        with self._database.read() as session:
            return {kind: max(moment, now) for kind, moment in session.execute(query)}

    def list(self, *, kind: str | None = None, account: str | None = None) -> list[WorkItem]:
        """Return scheduled work by kind and key, of everyone or of one account."""
        query = select(Row.__table__).order_by(Row.kind, Row.key)
        if kind is not None:
            query = query.where(Row.kind == kind)
        if account is not None:
            query = query.where(Row.account == account)
        with self._database.read() as session:
            return [_item(row) for row in session.execute(query).mappings()]


def _free(now: float) -> ColumnElement[bool]:
    # A lease that ends later than any can was given before the clock was set back.
    return or_(
        Row.lease_expires.is_(None),
        Row.lease_expires <= now,
        Row.lease_expires > now + LONGEST_LEASE_SECONDS,
    )


def _item(row: Mapping[Any, Any]) -> WorkItem:
    return WorkItem(
        kind=row["kind"],
        key=row["key"],
        account=row["account"],
        schedule=row["schedule"],
        payload=orjson.loads(row["payload"]),
        next_due=row["next_due"],
        last_slot=row["last_slot"],
        finished=row["finished"],
        attempts=row["attempts"],
        error=row["error"],
        note=row["note"],
        leased_until=row["lease_expires"],
    )
