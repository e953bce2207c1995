"""Retention: how long an account keeps each signal, where it differs from the default."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import select

from vedette.core.errors import InvalidInputError
from vedette.store.catalog.accounts import find_account
from vedette.store.catalog.models import RetentionRow

if TYPE_CHECKING:
    from vedette.store.catalog.actor import Actor
    from vedette.store.catalog.database import Database

MAX_DAYS = 36_500.0


class Signal(StrEnum):
    """What has a retention of its own."""

    LOGS = "logs"
    TRACES = "traces"
    METRICS = "metrics"
    ROLLUPS = "rollups"
    PREDICTIONS = "predictions"


class Retention:
    """Repository of retention settings. The warehouse deletes by them; here they are only kept."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def set(self, actor: Actor, account: str, signal: Signal, days: float) -> None:
        """Keep ``signal`` of ``account`` for ``days`` (above 0, at most 36,500)."""
        if not (math.isfinite(days) and 0 < days <= MAX_DAYS):
            raise InvalidInputError(
                f"{days} is not a number of days to keep data for",
                field="days",
                remedy=f"give a number above 0 and up to {MAX_DAYS:.0f}",
            )
        request = {"signal": signal, "days": float(days)}
        with self._database.change(
            actor, "SetRetention", account=account, request=request
        ) as change:
            find_account(change.session, account)
            change.session.merge(
                RetentionRow(account=account, signal=signal.value, days=float(days))
            )

    def clear(self, actor: Actor, account: str, signal: Signal) -> None:
        """Go back to the installation's default."""
        with self._database.change(
            actor, "ClearRetention", account=account, request={"signal": signal}
        ) as change:
            find_account(change.session, account)
            row = change.session.get(RetentionRow, (account, signal.value))
            if row is not None:
                change.session.delete(row)

    def get(self, account: str) -> dict[Signal, float]:
        """Return the days that the account has set, by signal."""
        query = select(RetentionRow).where(RetentionRow.account == account)
        with self._database.read() as session:
            return {Signal(row.signal): row.days for row in session.scalars(query)}

    def all(self) -> dict[str, dict[Signal, float]]:
        """Return every account's settings, for the job that deletes."""
        settings: dict[str, dict[Signal, float]] = {}
        query = select(RetentionRow).order_by(RetentionRow.account)
        with self._database.read() as session:
            for row in session.scalars(query):
                settings.setdefault(row.account, {})[Signal(row.signal)] = row.days
        return settings
