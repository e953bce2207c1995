"""Leases: which process does a piece of recurring work.

Whoever holds a lease must renew it before it expires; anyone may take it afterwards. On PostgreSQL
the database's clock decides, so that the clocks of replicas need not agree; SQLite's processes
share one host and its clock. Leases are operational state and leave no audit records.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, cast, delete, extract, func, literal, or_, update
from sqlalchemy.dialects import postgresql, sqlite

from vedette.core.errors import InvalidInputError
from vedette.store.catalog.checks import check_text
from vedette.store.catalog.models import LeaseRow

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from vedette.store.catalog.database import Database

MAX_NAME = 256
MAX_TTL = timedelta(days=1)


class Leases:
    """Repository of leases; every method is one atomic statement."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acquire(self, name: str, holder: str, ttl: timedelta) -> bool:
        """Take a lease that is free, expired or already ``holder``'s; tell whether it is now.

        Args:
            name: the work, such as ``retention`` or ``alarm/acme/checkout-errors``.
            holder: who takes it, unique over all processes.
            ttl: how long it is held without renewal, up to a day.

        """
        name, holder = _check(name, "name"), _check(holder, "holder")
        now = self._now()
        expires = now + _seconds(ttl)
        insert = (sqlite.insert if self._database.dialect == "sqlite" else postgresql.insert)(
            LeaseRow
        ).values(name=name, holder=holder, expires=expires)
        take = insert.on_conflict_do_update(
            index_elements=[LeaseRow.name],
            set_={"holder": holder, "expires": expires},
            where=or_(LeaseRow.expires <= now, LeaseRow.holder == holder),
        )
        return self._touches_one(take)

    def renew(self, name: str, holder: str, ttl: timedelta) -> bool:
        """Hold a lease longer; False where ``holder`` has lost it and must stop the work."""
        now = self._now()
        held = (
            LeaseRow.name == _check(name, "name"),
            LeaseRow.holder == _check(holder, "holder"),
            LeaseRow.expires > now,
        )
        return self._touches_one(update(LeaseRow).where(*held).values(expires=now + _seconds(ttl)))

    def release(self, name: str, holder: str) -> bool:
        """Give a lease back; False where ``holder`` did not have it."""
        held = (
            LeaseRow.name == _check(name, "name"),
            LeaseRow.holder == _check(holder, "holder"),
        )
        return self._touches_one(delete(LeaseRow).where(*held))

    def _touches_one(self, statement: Any) -> bool:  # noqa: ANN401 - an insert, update or delete
        with self._database.operate() as connection:
            return connection.execute(statement.returning(LeaseRow.name)).first() is not None

    def _now(self) -> ColumnElement[float]:
        if self._database.dialect == "postgresql":
            return cast(extract("epoch", func.clock_timestamp()), Float(53))
        return literal(self._database.clock.now().timestamp())


def _check(text: str, field: str) -> str:
    return check_text(text, field=field, max_length=MAX_NAME)


def _seconds(ttl: timedelta) -> float:
    if not timedelta(0) < ttl <= MAX_TTL:
        raise InvalidInputError(
            "a lease cannot be held for that long", field="ttl", remedy="give up to one day"
        )
    return ttl.total_seconds()
