"""The audit trail: reading it, verifying it, and recording calls that change nothing.

Records of changes are written by ``Catalog.change`` itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from vedette.core.errors import InvalidInputError
from vedette.store.catalog import audit_verify
from vedette.store.catalog.checks import DEFAULT_PAGE, Page, check_limit, is_storable
from vedette.store.catalog.models import AuditRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vedette.core.time import TimeRange
    from vedette.store.catalog.audit_record import AuditEvent
    from vedette.store.catalog.database import Database


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A stored record; ``record`` has the CloudTrail names (``eventName``, ``userIdentity``...)."""

    sequence: int
    hash: str
    record: dict[str, Any]


class Audit:
    """Repository of audit records."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record_event(self, event: AuditEvent) -> None:
        """Append the record of a call that changed nothing, or failed (``event.error``)."""
        self._database.record([event])

    def record_events(self, events: Sequence[AuditEvent]) -> None:
        """Append up to 1000 such records in one transaction."""
        self._database.record(events)

    def list(
        self,
        account: str,
        *,
        within: TimeRange | None = None,
        event_name: str | None = None,
        actor_id: str | None = None,
        read_only: bool | None = None,
        limit: int = DEFAULT_PAGE,
        after: str | None = None,
    ) -> Page[AuditRecord]:
        """Return an account's records, newest first."""
        query = select(AuditRow).where(AuditRow.account == account)
        if within is not None:
            query = query.where(
                AuditRow.event_time >= within.start, AuditRow.event_time < within.end
            )
        for text in (event_name, actor_id):
            if text is not None and not is_storable(text):
                return Page([])
        if event_name is not None:
            query = query.where(AuditRow.event_name == event_name)
        if actor_id is not None:
            query = query.where(AuditRow.actor_id == actor_id)
        if read_only is not None:
            query = query.where(AuditRow.read_only.is_(read_only))
        if after is not None:
            query = query.where(AuditRow.sequence < _parse_after(after))
        query = query.order_by(AuditRow.sequence.desc()).limit(check_limit(limit) + 1)
        with self._database.read() as session:
            rows = session.scalars(query).all()
        records = [AuditRecord(row.sequence, row.hash, json.loads(row.record)) for row in rows]
        page = records[:limit]
        return Page(page, str(page[-1].sequence) if len(records) > limit else None)

    def verify(self, *, expected: tuple[int, str] | None = None) -> audit_verify.ChainReport:
        """Walk the whole chain and name each record that is not as it was written.

        Args:
            expected: number and hash of a record that were kept outside the catalog; shows a chain
                that was rewritten as a whole.

        """
        with self._database.read(snapshot=True) as session:
            return audit_verify.walk(session, expected=expected)


_MAX_SEQUENCE = 2**63 - 1


def _parse_after(after: str) -> int:
    if not (after.isascii() and after.isdigit()) or int(after[:20]) > _MAX_SEQUENCE:
        raise InvalidInputError(
            "the position in the list cannot be read",
            field="after",
            remedy="give the 'next' of the page before",
        )
    return int(after[:20])
