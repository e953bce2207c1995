"""How much is done in each account, as metrics: alarms, bands and dashboards read them like others."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from vedette.store.catalog import Catalog
from vedette.store.catalog.models import AuditRow
from vedette.store.warehouse import QueryLimits, Warehouse
from vedette.telemetry.emit import MetricPoint
from vedette.telemetry.ranges import engine_time

CALLS = "vedette.audit.calls"
"""Calls in a minute, by ``kind`` (read, change, ingest) and ``outcome`` (done, refused)."""
MINUTE = timedelta(minutes=1)
_LIMITS = QueryLimits(rows=10_000, seconds=20.0)
_COUNTED = """
SELECT Account AS account,
       multiIf(EventSource = 'vedette.ingest', 'ingest', ReadOnly, 'read', 'change') AS kind,
       ErrorCode != '' AS refused, sum(Count) AS calls
FROM (
    SELECT Account, EventSource, ReadOnly, ErrorCode, Count FROM audit_calls
    WHERE Time >= {start:DateTime64(6)} AND Time < {end:DateTime64(6)}
    LIMIT 1 BY Chain, Sequence
)
GROUP BY account, kind, refused
"""
_ACTIVE = "SELECT DISTINCT Account AS account FROM audit_calls WHERE Time >= {start:DateTime64(6)}"
KINDS = ("read", "change", "ingest")
OUTCOMES = ("done", "refused")
LATELY = timedelta(days=1)
"""An account that was called in this time has points of zero in quiet minutes: silence is a value."""


def activity_points(
    catalog: Catalog, warehouse: Warehouse, slot: datetime
) -> dict[str, list[MetricPoint]]:
    """Return the points of the minute before the last full one, by account.

    An account without a call in the last day has none.

    By then the calls of that minute are written, those of ingest too.
    """
    end = slot.astimezone(UTC).replace(second=0, microsecond=0) - MINUTE
    start = end - MINUTE
    found: dict[tuple[str, str, str], float] = {}
    params = {"start": engine_time(start), "end": engine_time(end)}
    for row in warehouse.query(_COUNTED, params, limits=_LIMITS).records():
        outcome = "refused" if row["refused"] else "done"
        found[(row["account"], row["kind"], outcome)] = float(row["calls"])
    query = (
        select(AuditRow.account, AuditRow.error_code.is_not(None), func.count())
        .where(AuditRow.event_time >= start, AuditRow.event_time < end)
        .group_by(AuditRow.account, AuditRow.error_code.is_not(None))
    )
    with catalog.read() as session:
        for account, refused, count in session.execute(query):
            key = (account, "change", "refused" if refused else "done")
            found[key] = found.get(key, 0.0) + count
    for account in _lately_active(catalog, warehouse, end - LATELY):
        for kind in KINDS:
            for outcome in OUTCOMES:
                found.setdefault((account, kind, outcome), 0.0)
    points: dict[str, list[MetricPoint]] = {}
    for (account, kind, outcome), value in sorted(found.items()):
        labels = {"kind": kind, "outcome": outcome}
        point = MetricPoint(CALLS, value, "{call}", labels, start)
        points.setdefault(account, []).append(point)
    return points


def _lately_active(catalog: Catalog, warehouse: Warehouse, since: datetime) -> set[str]:
    params = {"start": engine_time(since)}
    called = set(warehouse.query(_ACTIVE, params, limits=_LIMITS)["account"])
    query = select(AuditRow.account).where(AuditRow.event_time >= since).distinct()
    with catalog.read() as session:
        return called | set(session.scalars(query))
