"""The audit chain: appending to it.

There is one chain in a catalog. Record n holds the hash of record n-1, so that no record can be
changed, removed, inserted or moved without the chain showing it. The row in ``audit_head`` holds
the end; it is locked before anything else is read in a change, which makes the chain's order the
order of the changes on PostgreSQL as ``BEGIN IMMEDIATE`` does on SQLite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import insert, select, update

from vedette.core.errors import InvalidInputError, StoreError
from vedette.store.catalog.audit_record import AuditEvent, build_record, canonical, hash_text
from vedette.store.catalog.models import AuditHeadRow, AuditRow
from vedette.store.catalog.prepared import Prepared

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

MAX_BATCH = 1000
_LOCK_HEAD = Prepared(select(AuditHeadRow.sequence, AuditHeadRow.hash).with_for_update())
_INSERT = Prepared(
    insert(AuditRow),
    [
        "sequence", "event_id", "event_time", "account", "actor_id", "event_name", "read_only",
        "error_code", "record", "hash",
    ],
)  # fmt: skip
_MOVE_HEAD = Prepared(update(AuditHeadRow), ["sequence", "hash"])


class Head(NamedTuple):
    """The end of the chain: the last record's number and hash."""

    sequence: int
    hash: str


def lock(connection: Connection) -> Head:
    """Begin to append: lock the end of the chain until the transaction ends."""
    row = _LOCK_HEAD.first(connection)
    if row is None:
        raise StoreError(
            "the audit chain has lost its head", remedy="restore the catalog from a backup"
        )
    return Head(*row)


def prune(connection: Connection, sequence: int, digest: str) -> None:
    """Say that the chain begins after record ``sequence``, whose hash is ``digest``."""
    connection.execute(update(AuditHeadRow).values(pruned_sequence=sequence, pruned_hash=digest))


def append(
    connection: Connection, events: Sequence[AuditEvent], *, now: datetime, head: Head
) -> None:
    """Append one record for each event, in order, after ``lock`` gave the head; the caller commits."""
    if len(events) > MAX_BATCH:
        raise InvalidInputError(
            f"{len(events)} audit events are too many at once",
            field="events",
            remedy=f"give up to {MAX_BATCH}",
        )
    sequence, previous = head.sequence, head.hash
    rows = []
    for event in events:
        sequence += 1
        record = build_record(event, now=now, sequence=sequence, previous_hash=previous)
        text = canonical(record)
        previous = hash_text(text)
        rows.append(
            {
                "sequence": sequence,
                "event_id": record["eventID"],
                "event_time": event.time or now,
                "account": record["recipientAccountId"],
                "actor_id": record["userIdentity"]["principalId"],
                "event_name": record["eventName"],
                "read_only": record["readOnly"],
                "error_code": record["errorCode"],
                "record": text,
                "hash": previous,
            }
        )
    _INSERT.run(connection, *rows)
    _MOVE_HEAD.run(connection, {"sequence": sequence, "hash": previous})
