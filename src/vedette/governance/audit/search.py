"""Searching the audit trail: changes in the catalog, calls in the warehouse."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import select

from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.query import QueryRunner
from vedette.store.catalog import Catalog, Page
from vedette.store.catalog.audit import AuditRecord
from vedette.store.catalog.checks import check_limit, is_storable
from vedette.store.catalog.models import AuditRow
from vedette.telemetry.ranges import bound_range

_CALLS = """
SELECT Time AS time, Chain AS chain, Sequence AS sequence, Hash AS hash, Record AS record
FROM @audit_calls
WHERE Time >= {start:DateTime64(9)} AND Time < {end:DateTime64(9)} $where
ORDER BY Time DESC, Chain DESC, Sequence DESC
LIMIT 1 BY Chain, Sequence
LIMIT {limit:UInt64}
"""
_ACTIVITY = """
SELECT toStartOfInterval(Time, toIntervalSecond({step:UInt32})) AS time,
       sumIf(Count, ErrorCode = '') AS done, sumIf(Count, ErrorCode != '') AS refused
FROM (
    SELECT Time, Count, ErrorCode FROM @audit_calls
    WHERE Time >= {start:DateTime64(9)} AND Time < {end:DateTime64(9)}
    LIMIT 1 BY Chain, Sequence
)
GROUP BY time ORDER BY time
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What records must have; None for anything.

    ``event_source`` and ``event_name`` are names, or beginnings of names with ``*`` at the end.
    ``text`` is looked for anywhere in the record, case aside. ``failed`` tells refused calls from others.
    """

    event_name: str | None = None
    event_source: str | None = None
    actor: str | None = None
    resource: str | None = None
    source_ip: str | None = None
    error_code: str | None = None
    text: str | None = None
    read_only: bool | None = None
    failed: bool | None = None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A stored call."""

    chain: str
    sequence: int
    hash: str
    record: dict[str, Any]


class AuditSearch:
    """Reads records of an account, newest first."""

    def __init__(self, catalog: Catalog, runner: QueryRunner) -> None:
        self._catalog = catalog
        self._runner = runner

    def changes(
        self, account: str, within: TimeRange, filters: Filters, *, limit: int, after: str | None
    ) -> Page[AuditRecord]:
        """Return a page of what changed something, and of refusals the catalog recorded."""
        query = select(AuditRow.sequence, AuditRow.hash, AuditRow.record).where(
            AuditRow.account == account,
            AuditRow.event_time >= within.start,
            AuditRow.event_time < within.end,
        )
        for condition in _conditions(filters):
            query = query.where(condition)
        if any(text and not is_storable(text) for text in _texts(filters)):
            return Page([])
        if after is not None:
            query = query.where(AuditRow.sequence < int(_position(after, 1)[0]))
        query = query.order_by(AuditRow.sequence.desc()).limit(check_limit(limit) + 1)
        with self._catalog.read() as session:
            rows = session.execute(query).all()
        items = [AuditRecord(number, digest, orjson.loads(text)) for number, digest, text in rows]
        page = items[:limit]
        more = len(items) > limit
        return Page(page, _cursor(str(page[-1].sequence)) if more else None)

    def calls(
        self, account: str, within: TimeRange, filters: Filters, *, limit: int, after: str | None
    ) -> Page[CallRecord]:
        """Return a page of calls that changed nothing or were refused."""
        where, params = _where(filters)
        if after is not None:
            time, chain, sequence = _position(after, 3)
            where += (
                " AND (Time, Chain, Sequence) < (parseDateTime64BestEffort({after_time:String}, 6, "
                "'UTC'), {after_chain:String}, {after_sequence:UInt64})"
            )
            params |= {"after_time": time, "after_chain": chain, "after_sequence": int(sequence)}
        answer = self._runner.run(
            account,
            _CALLS.replace("$where", where),
            {**bound_range(within), **params, "limit": check_limit(limit) + 1},
        )
        rows = answer.records()
        page = rows[:limit]
        cursor = None
        if len(rows) > limit:
            last = page[-1]
            cursor = _cursor(last["time"], last["chain"], str(last["sequence"]))
        return Page(
            [
                CallRecord(row["chain"], row["sequence"], row["hash"], orjson.loads(row["record"]))
                for row in page
            ],
            cursor,
        )

    def activity(self, account: str, within: TimeRange, step: int) -> dict[str, list[Any]]:
        """Return how many calls were done and refused in each step of ``step`` seconds."""
        params = {**bound_range(within), "step": step}
        answer = self._runner.run(account, _ACTIVITY, params)
        return {name: answer[name] for name in ("time", "done", "refused")}


def _texts(filters: Filters) -> tuple[str | None, ...]:
    return (
        filters.event_name, filters.event_source, filters.actor, filters.resource,
        filters.source_ip, filters.error_code, filters.text,
    )  # fmt: skip


def _conditions(filters: Filters) -> list[Any]:
    found: list[Any] = []
    if filters.event_name:
        found.append(_named(AuditRow.event_name, filters.event_name))
    if filters.event_source:
        wanted = filters.event_source
        end = "" if wanted.endswith("*") else '"'
        found.append(_holds(f'"eventSource":"{wanted.rstrip("*")}{end}'))
    if filters.actor:
        name = f'"userName":{_json(filters.actor)}'
        found.append((AuditRow.actor_id == filters.actor) | _holds(name))
    if filters.resource:
        found.append(_holds(_json(filters.resource).strip('"'), column_start='"resources":['))
    if filters.source_ip:
        found.append(_holds(f'"sourceIPAddress":{_json(filters.source_ip)}'))
    if filters.error_code:
        found.append(AuditRow.error_code == filters.error_code)
    if filters.text:
        found.append(AuditRow.record.icontains(filters.text, autoescape=True))
    if filters.read_only is not None:
        found.append(AuditRow.read_only.is_(filters.read_only))
    if filters.failed is not None:
        found.append(AuditRow.error_code.is_not(None) if filters.failed else _no_error())
    return found


def _no_error() -> Any:  # noqa: ANN401 - a condition
    return AuditRow.error_code.is_(None)


def _named(column: Any, wanted: str) -> Any:  # noqa: ANN401 - a column, a condition
    if wanted.endswith("*"):
        return column.startswith(wanted.rstrip("*"), autoescape=True)
    return column == wanted


def _holds(text: str, *, column_start: str = "") -> Any:  # noqa: ANN401 - a condition
    found = AuditRow.record.contains(text, autoescape=True)
    if column_start:
        found &= AuditRow.record.contains(column_start, autoescape=True)
    return found


def _json(text: str) -> str:
    return orjson.dumps(text).decode()


_CONDITIONS = {
    "event_name": "EventName = {event_name:String}",
    "event_source": "EventSource = {event_source:String}",
    "actor": "(ActorId = {actor:String} OR ActorName = {actor:String})",
    "source_ip": "SourceIp = {source_ip:String}",
    "error_code": "ErrorCode = {error_code:String}",
    "resource": "positionCaseInsensitiveUTF8(Record, {resource:String}) > 0",
    "text": "positionCaseInsensitiveUTF8(Record, {text:String}) > 0",
}


def _like(start: str) -> str:
    """Return the pattern of a name's beginning."""
    return re.sub(r"([%_\\\\])", r"\\\\\1", start) + "%"


def _where(filters: Filters) -> tuple[str, dict[str, Any]]:
    parts: list[str] = []
    params: dict[str, Any] = {}

    def add(condition: str, **values: Any) -> None:  # noqa: ANN401 - values of parameters
        parts.append(condition)
        params.update(values)

    for name, condition in _CONDITIONS.items():
        wanted = getattr(filters, name)
        if wanted and wanted.endswith("*") and name in {"event_name", "event_source"}:
            add(condition.replace("=", "LIKE"), **{name: _like(wanted.rstrip("*"))})
        elif wanted:
            add(condition, **{name: wanted})
    if filters.read_only is not None:
        add("ReadOnly = {read_only:Bool}", read_only=filters.read_only)
    if filters.failed is not None:
        add("(ErrorCode != '') = {failed:Bool}", failed=filters.failed)
    return "".join(f" AND {part}" for part in parts), params


def _cursor(*parts: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode()


def _position(cursor: str, size: int) -> list[str]:
    try:
        parts: list[str] = orjson.loads(base64.urlsafe_b64decode(cursor.encode()))
        if len(parts) != size or not all(isinstance(part, str) for part in parts):
            raise ValueError
        number = int(parts[-1])
        if not 0 <= number < 2**63:
            raise ValueError
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidInputError(
            "the position in the list cannot be read",
            field="cursor",
            remedy="give the 'cursor' of the page before",
        ) from error
    return parts
