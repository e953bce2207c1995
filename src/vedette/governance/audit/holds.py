"""Legal holds, and the removal of audit records whose time is over.

The catalog's chain is removed from its start, up to the end of a run that a digest covers: what is left
still begins where a signed digest says that it does. A hold keeps everything from its moment on; it is
an account's or the installation's, and since the chain is one, either keeps the chain.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import delete, select

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.ids import new_id
from vedette.governance.audit.digests import CHANGES
from vedette.store.catalog import Actor, AuditEvent, Catalog
from vedette.store.catalog.checks import check_text, is_storable
from vedette.store.catalog.governance_models import AuditDigestRow, AuditHoldRow
from vedette.store.catalog.models import AuditHeadRow, AuditRow
from vedette.store.warehouse import Warehouse

MAX_HOLDS = 100
MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold; ``account`` is None for one of the whole installation."""

    id: str
    account: str | None
    reason: str
    since: datetime | None
    created: datetime
    created_by: str
    released: datetime | None


class Holds:
    """Repository of legal holds."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(
        self, actor: Actor, account: str, reason: str, *, since: datetime | None = None
    ) -> Hold:
        """Keep an account's records from ``since`` on, all of them where it is None."""
        text = check_text(reason, field="reason", max_length=MAX_REASON)
        request = {"reason": text, "since": since}
        with self._catalog.change(
            actor, "CreateLegalHold", account=account, request=request, source="vedette.audit"
        ) as change:
            query = select(AuditHoldRow).where(
                AuditHoldRow.account == account, AuditHoldRow.released.is_(None)
            )
            if len(change.session.scalars(query).all()) >= MAX_HOLDS:
                raise InvalidInputError(
                    f"the account has {MAX_HOLDS} holds",
                    field="reason",
                    remedy="release some first",
                )
            row = AuditHoldRow(
                id=new_id(),
                account=account,
                reason=text,
                since=since,
                created=self._catalog.clock.now(),
                created_by=f"{actor.type}:{actor.name}",
                released=None,
            )
            change.session.add(row)
            change.respond(holdId=row.id)
        return _hold(row)

    def release(self, actor: Actor, account: str, hold_id: str) -> Hold:
        """End a hold; ``NotFoundError`` where the account has none of this id."""
        request = {"holdId": hold_id}
        with self._catalog.change(
            actor, "ReleaseLegalHold", account=account, request=request, source="vedette.audit"
        ) as change:
            row = change.session.get(AuditHoldRow, hold_id) if is_storable(hold_id) else None
            if row is None or row.account != account:
                raise NotFoundError("the account has no such hold", field="hold_id")
            row.released = row.released or self._catalog.clock.now()
        return _hold(row)

    def list(self, account: str) -> list[Hold]:
        """Return the account's holds, newest first, released ones too."""
        query = select(AuditHoldRow).where(AuditHoldRow.account == account)
        with self._catalog.read() as session:
            rows = session.scalars(query.order_by(AuditHoldRow.id.desc()).limit(1000)).all()
        return [_hold(row) for row in rows]

    def earliest(self) -> datetime | None:
        """Return the moment from which some hold keeps records, the far past for all; None for none."""
        query = select(AuditHoldRow.since).where(AuditHoldRow.released.is_(None))
        with self._catalog.read() as session:
            moments = session.scalars(query).all()
        if not moments:
            return None
        always = datetime.min.replace(tzinfo=self._catalog.clock.now().tzinfo)
        return min(moment or always for moment in moments)


def prune(catalog: Catalog, warehouse: Warehouse, holds: Holds, days: float) -> int:
    """Remove audit records older than ``days``, but what a hold keeps; return how many changes went.

    Calls of the same age are deleted from the warehouse. What goes is recorded, and the newest digest
    that covers it stays.
    """
    cutoff = catalog.clock.now() - timedelta(days=days)
    held = holds.earliest()
    if held is not None:
        cutoff = min(cutoff, held)
    run = _newest_run_before(catalog, cutoff)
    with catalog.read() as session:
        pruned = session.scalar(select(AuditHeadRow.pruned_sequence)) or 0
    if run is None or run["last"] <= pruned:
        return 0
    event = AuditEvent(
        actor=Actor.system("audit"),
        name="PruneAudit",
        source="vedette.audit",
        request={"olderThan": cutoff, "through": run["last"], "hash": run["lastHash"]},
    )
    with catalog.prune_audit(event, sequence=run["last"], digest=run["lastHash"]) as session:
        chosen = delete(AuditRow).where(AuditRow.sequence <= run["last"])
        gone = len(session.scalars(chosen.returning(AuditRow.sequence)).all())
    local = "audit_calls_local" if warehouse.cluster else "audit_calls"
    on_cluster = f"ON CLUSTER '{warehouse.cluster}'" if warehouse.cluster else ""
    moment = int(cutoff.timestamp() * 1_000_000)
    warehouse.execute(
        f"DELETE FROM {local} {on_cluster} WHERE Time < fromUnixTimestamp64Micro({moment})"
    )
    return gone


def _newest_run_before(catalog: Catalog, cutoff: datetime) -> dict[str, Any] | None:
    """Return the catalog's run in the newest digest that ends before a moment."""
    query = (
        select(AuditDigestRow.text)
        .where(AuditDigestRow.ends <= cutoff)
        .order_by(AuditDigestRow.sequence.desc())
        .limit(1)
    )
    with catalog.read() as session:
        text = session.scalar(query)
    if text is None:
        return None
    found: list[dict[str, Any]] = orjson.loads(text)["segments"]
    return next((item for item in found if item["trail"] == CHANGES), None)


def _hold(row: AuditHoldRow) -> Hold:
    return Hold(
        id=row.id,
        account=row.account,
        reason=row.reason,
        since=row.since,
        created=row.created,
        created_by=row.created_by,
        released=row.released,
    )
