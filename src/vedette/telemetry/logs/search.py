"""Search of log records, newest first, their counts over time, and export."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.query import QueryRunner
from vedette.query.language import LOGS, Condition, Signal, compile_search
from vedette.telemetry.buckets import bucket_seconds
from vedette.telemetry.logs.record import RECORD
from vedette.telemetry.ranges import slices

MAX_PAGE = 1000
EXPORT_FORMATS = {"csv": "CSVWithNames", "ndjson": "JSONEachRow", "parquet": "Parquet"}
MAX_EXPORT_ROWS = 1_000_000

# Ordering by the sort key's coarse time first lets the engine read backwards and stop early; the
# order is that of Timestamp alone.
_ORDER = {
    "desc": "toStartOfFiveMinutes(TimestampTime) DESC, Timestamp DESC",
    "asc": "toStartOfFiveMinutes(TimestampTime) ASC, Timestamp ASC",
}
# Where few records match there is nothing to stop early for: the engine finds the first by their
# times alone, and reads only those whole.
_ORDER_OF_FEW = {"desc": "Timestamp DESC", "asc": "Timestamp ASC"}
_SEARCH = """
SELECT {record}
FROM @otel_logs
WHERE {time_range} AND ({condition}) {beyond}
ORDER BY {order}
LIMIT {{limit:UInt32}}
"""
# Records of one moment have no order of their own; sorting all records by content as well would
# cost the early stop, so only those of the moment that a page ends in are.
_AT_MOMENT = """
SELECT {record}
FROM @otel_logs
WHERE {time_range} AND ({condition}) AND Timestamp = {{moment:DateTime64(9, 'UTC')}}
    AND TimestampTime = toDateTime({{moment:DateTime64(9, 'UTC')}})
ORDER BY cityHash64(ServiceName, Body, TraceId, SpanId, LogAttributes)
LIMIT {{limit:UInt32}} OFFSET {{offset:UInt32}}
"""
_HISTOGRAM = """
SELECT
    toStartOfInterval(Timestamp, toIntervalSecond({{step:UInt32}})) AS time,
    {level} AS level,
    count() AS count
FROM @otel_logs
WHERE {time_range} AND ({condition})
GROUP BY time, level
ORDER BY time, level
"""
_LEVEL = (
    "if(SeverityNumber BETWEEN 1 AND 24, "
    "['trace', 'debug', 'info', 'warn', 'error', 'fatal'][intDiv(SeverityNumber - 1, 4) + 1], 'unset')"
)
_CURSOR = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z):(\d{1,6})")


@dataclass(frozen=True, slots=True)
class LogPage:
    """One page of log records.

    Attributes:
        records: one mapping a record, in order.
        cursor: where the next page begins; None where there is none.
        terms: words of the search, for highlighting.
        rows_read: rows that the engine read.
        seconds: time that the engine took.

    """

    records: list[dict[str, Any]]
    cursor: str | None
    terms: tuple[str, ...]
    rows_read: int
    seconds: float


def search_logs(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    text: str = "",
    *,
    limit: int = 100,
    cursor: str | None = None,
    order: str = "desc",
    query_id: str | None = None,
) -> LogPage:
    """Return log records that match a search-box text.

    Args:
        runner: runs the query.
        account: whose records.
        time_range: of the records' timestamps.
        text: search-box syntax; empty matches everything.
        limit: records a page, at most ``MAX_PAGE``.
        cursor: from the page before.
        order: ``desc`` (newest first) or ``asc``.
        query_id: name for cancelling.

    """
    if order not in _ORDER:
        raise InvalidInputError(
            f"{order!r} is not an order", field="order", remedy="use desc or asc"
        )
    search = _Search(
        runner, account, time_range, compile_search(text, Signal.LOGS), order, query_id
    )
    limit = min(limit, MAX_PAGE)
    moment, shown = _parse_cursor(cursor)
    records = search.at_moment(moment, shown, limit) if moment else []
    wanted = limit - len(records)
    if wanted:
        further = search.beyond(moment, wanted)
        if len(further) == wanted:
            cut = _ending_together(further)
            further[-cut:] = search.at_moment(_bound(further[-1]["timestamp"]), 0, cut)
        records += further
    next_cursor = _next_cursor(records, cursor) if len(records) == limit else None
    return LogPage(records, next_cursor, search.condition.terms, search.rows_read, search.seconds)


@dataclass(slots=True)
class _Search:
    """The queries of one page, and what they cost together."""

    runner: QueryRunner
    account: str
    time_range: TimeRange
    condition: Condition
    order: str
    query_id: str | None
    rows_read: int = 0
    seconds: float = 0.0

    def beyond(self, moment: str | None, limit: int) -> list[dict[str, Any]]:
        """Return the records after a moment, in the order of the search."""
        newest_first = self.order == "desc"
        left: TimeRange | None = self.time_range
        beyond, params = "", {}
        if moment:
            beyond = f"AND Timestamp {'<' if newest_first else '>'} {{moment:DateTime64(9, 'UTC')}}"
            params["moment"] = moment
            left = _left_of(self.time_range, moment, newest_first=newest_first)
        records: list[dict[str, Any]] = []
        order = _ORDER[self.order]
        for part in slices(left, newest_first=newest_first) if left else ():
            bound = {**params, "limit": limit - len(records), "start": part.start, "end": part.end}
            records += self._run(_SEARCH, bound, beyond=beyond, order=order)
            if len(records) == limit:
                break
            order = _ORDER_OF_FEW[self.order]
        return records

    def at_moment(self, moment: str, offset: int, limit: int) -> list[dict[str, Any]]:
        """Return records of one moment, in an order that every page agrees on."""
        return self._run(_AT_MOMENT, {"moment": moment, "offset": offset, "limit": limit})

    def _run(
        self, template: str, params: dict[str, Any], *, beyond: str = "", order: str = ""
    ) -> list[dict[str, Any]]:
        sql = template.format(
            record=RECORD,
            time_range=LOGS.in_time_range(),
            condition=self.condition.sql,
            beyond=beyond,
            order=order,
        )
        bound = {**_params(self.time_range, self.condition), **params}
        answer = self.runner.run(self.account, sql, bound, query_id=self.query_id)
        self.rows_read += answer.rows_read
        self.seconds += answer.seconds
        return answer.records()


def histogram(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    text: str = "",
    *,
    points: int = 60,
    query_id: str | None = None,
) -> dict[str, Any]:
    """Return counts over time by level: ``step`` (s), ``times`` and ``series`` (level to counts).

    All series are as long as ``times``; an interval without records counts 0.
    """
    condition = compile_search(text, Signal.LOGS)
    step = bucket_seconds(time_range, points)
    sql = _HISTOGRAM.format(level=_LEVEL, time_range=LOGS.in_time_range(), condition=condition.sql)
    answer = runner.run(
        account, sql, {**_params(time_range, condition), "step": step}, query_id=query_id
    )
    first = int(time_range.start.timestamp()) // step * step
    last = int((time_range.end - timedelta(microseconds=1)).timestamp()) // step * step
    times = list(range(first, last + 1, step))
    series: dict[str, list[int]] = {}
    for moment, level, count in zip(answer["time"], answer["level"], answer["count"], strict=True):
        counts = series.setdefault(level, [0] * len(times))
        counts[(_epoch(moment) - first) // step] = count
    return {"step": step, "times": times, "series": series}


def export_logs(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    text: str,
    *,
    file_format: str,
    limit: int,
    query_id: str | None = None,
) -> Iterator[bytes]:
    """Yield matching records, newest first, as ``csv``, ``ndjson`` or ``parquet``."""
    if file_format not in EXPORT_FORMATS:
        raise InvalidInputError(
            f"{file_format!r} is not an export format",
            field="format",
            remedy=f"use one of {', '.join(EXPORT_FORMATS)}",
        )
    condition = compile_search(text, Signal.LOGS)
    sql = _SEARCH.format(
        record=RECORD,
        time_range=LOGS.in_time_range(),
        condition=condition.sql,
        beyond="",
        order=_ORDER["desc"],
    )
    params = {**_params(time_range, condition), "limit": min(limit, MAX_EXPORT_ROWS)}
    return runner.stream(
        account,
        sql,
        params,
        output_format=EXPORT_FORMATS[file_format],
        limits=runner.export_limits(MAX_EXPORT_ROWS),
        query_id=query_id,
    )


def _params(time_range: TimeRange, condition: Condition) -> dict[str, Any]:
    return {**condition.params, "start": time_range.start, "end": time_range.end}


def _parse_cursor(cursor: str | None) -> tuple[str | None, int]:
    """Return the moment that a page begins at and how many of its records came already."""
    if cursor is None:
        return None, 0
    match = _CURSOR.fullmatch(cursor)
    if not match:
        raise InvalidInputError(
            "the cursor is not one", field="cursor", remedy="pass the cursor of the page before"
        )
    return _bound(match[1]), int(match[2])


def _left_of(time_range: TimeRange, moment: str, *, newest_first: bool) -> TimeRange | None:
    """Return the part of a range that is not over at a moment, to the microsecond."""
    at = datetime.fromisoformat(f"{moment}Z")
    if newest_first:
        end = min(time_range.end, at + timedelta(microseconds=1))
        return TimeRange(time_range.start, end) if time_range.start < end else None
    start = max(time_range.start, at)
    return TimeRange(start, time_range.end) if start < time_range.end else None


def _bound(timestamp: str) -> str:
    """Return a timestamp as the engine takes it for a parameter."""
    return timestamp.replace("T", " ").rstrip("Z")


def _ending_together(records: list[dict[str, Any]]) -> int:
    """Return how many records at the end have the last one's timestamp."""
    last = records[-1]["timestamp"]
    return sum(1 for _ in takewhile(lambda record: record["timestamp"] == last, reversed(records)))


def _next_cursor(records: list[dict[str, Any]], previous: str | None) -> str:
    last = records[-1]["timestamp"]
    same = _ending_together(records)
    if previous and previous.rpartition(":")[0] == last:
        same += int(previous.rpartition(":")[2])
    return f"{last}:{same}"


def _epoch(moment: str) -> int:
    return int(datetime.fromisoformat(moment).timestamp())
