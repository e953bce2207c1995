"""One trace by its id, one span with all it carries, and the logs of a span."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.store.warehouse import Columns
from vedette.telemetry.traces.extent import extents
from vedette.telemetry.traces.span_tree import Span, SpanTree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vedette.query import QueryRunner

MAX_SPANS = 50_000
MAX_LOGS = 1000
LOG_SLACK_SECONDS = 60
"""How far outside its trace a log record of the trace may be."""

_TRACE_ID = re.compile(r"[0-9a-f]{32}")
_SPAN_ID = re.compile(r"[0-9a-f]{16}")

_EXTENTS = extents("TraceId = {trace_id:String}")
_EXTENT = f"""
SELECT toString(min(Start), 'UTC') AS first, toString(max(End) + 1, 'UTC') AS last, count() AS found
FROM {_EXTENTS}
"""
# An unknown trace has an extent without spans. The engine prunes wrongly where a DateTime64 column
# is compared with a constant DateTime, hence the casts.
_WITH_EXTENT = f"""
WITH (
    SELECT (toDateTime64(min(Start), 9, 'UTC'), toDateTime64(max(End) + 1, 9, 'UTC'))
    FROM {_EXTENTS}
) AS extent
"""
_IN_TRACE = """
TraceId = {trace_id:String} AND Timestamp >= extent.1 AND Timestamp < extent.2
"""
# A client that sends a batch twice makes every span of it double: LIMIT 1 BY keeps one of each.
_SPANS = f"""
{_WITH_EXTENT}
SELECT
    SpanId AS span_id, ParentSpanId AS parent_span_id, ServiceName AS service_name,
    SpanName AS name, SpanKind AS kind, toUnixTimestamp64Nano(Timestamp) AS start_ns,
    Duration AS duration_ns, StatusCode AS status, StatusMessage AS status_message,
    ResourceAttributes['host.name'] AS host, length(Events.Name) AS events,
    toBool(has(Events.Name, 'exception')) AS exception,
    length(Links.SpanId) AS links
FROM @otel_traces
WHERE {_IN_TRACE}
ORDER BY Timestamp, SpanId
LIMIT 1 BY SpanId
LIMIT {{limit:UInt32}}
"""
_TOTAL = f"{_WITH_EXTENT} SELECT uniqExact(SpanId) FROM @otel_traces WHERE {_IN_TRACE}"
_SPAN = f"""
{_WITH_EXTENT}
SELECT
    Timestamp AS timestamp, TraceId AS trace_id, SpanId AS span_id,
    ParentSpanId AS parent_span_id, TraceState AS trace_state, ServiceName AS service_name,
    SpanName AS name, SpanKind AS kind, Duration AS duration_ns, StatusCode AS status,
    StatusMessage AS status_message, ScopeName AS scope_name, ScopeVersion AS scope_version,
    SpanAttributes AS attributes, ResourceAttributes AS resource,
    Events.Timestamp AS event_timestamps, Events.Name AS event_names,
    Events.Attributes AS event_attributes,
    Links.TraceId AS link_trace_ids, Links.SpanId AS link_span_ids,
    Links.Attributes AS link_attributes, ReceivedTime AS received_time
FROM @otel_traces
WHERE {_IN_TRACE} AND SpanId = {{span_id:String}}
LIMIT 1
"""
_LOGS = """
SELECT
    Timestamp AS timestamp, SeverityText AS severity_text, SeverityNumber AS severity_number,
    ServiceName AS service_name, Body AS body, SpanId AS span_id, EventName AS event_name,
    LogAttributes AS attributes
FROM @otel_logs
WHERE TraceId = {{trace_id:String}}
    AND TimestampTime >= {{first:DateTime('UTC')}} - {{slack:UInt32}}
    AND TimestampTime <= {{last:DateTime('UTC')}} + {{slack:UInt32}} {span}
ORDER BY Timestamp
LIMIT {{limit:UInt32}}
"""


@dataclass(frozen=True, slots=True)
class Trace:
    """All spans of one trace.

    Attributes:
        trace_id: 32 lower-case hexadecimal digits.
        start_ns: earliest start, Unix time in nanoseconds.
        duration_ns: from the earliest start to the latest end.
        spans: by start: ``span_id``, ``parent_span_id``, ``service_name``, ``name``, ``kind``,
            ``offset_ns`` (start after the trace's), ``duration_ns``, ``status``,
            ``status_message``, ``host``, ``events`` and ``links`` (how many), ``exception``
            (whether an event is one).
            Attributes come with ``fetch_span``, so that a large trace stays light.
        total_spans: how many spans the trace has.
        truncated: whether ``spans`` holds only the first ``MAX_SPANS`` of them.
        roots: span ids that a reader starts at: without parent, or with a missing one.
        missing_parents: ids that spans name as parent and that are not there.

    """

    trace_id: str
    start_ns: int
    duration_ns: int
    spans: Columns
    total_spans: int
    truncated: bool
    roots: tuple[str, ...]
    missing_parents: tuple[str, ...]

    def tree(self) -> SpanTree:
        """Return the spans as a tree, for the critical path."""
        return SpanTree(spans_of(self.spans))


def check_trace_id(trace_id: str) -> str:
    """Return a trace id in lower case.

    Raises:
        InvalidInputError: it is not 32 hexadecimal digits.

    """
    return _hexadecimal(trace_id, _TRACE_ID, "trace_id", 32)


def fetch_trace(
    runner: QueryRunner,
    account: str,
    trace_id: str,
    *,
    max_spans: int = MAX_SPANS,
    query_id: str | None = None,
) -> Trace:
    """Return one trace.

    Raises:
        InvalidInputError: the id is short or not hexadecimal.
        NotFoundError: the account has no such trace.

    """
    params = {"trace_id": check_trace_id(trace_id)}
    limit = min(max(max_spans, 1), MAX_SPANS)
    limits = replace(runner.limits(), rows=limit + 1)
    spans = runner.run(
        account, _SPANS, {**params, "limit": limit + 1}, limits=limits, query_id=query_id
    )
    if not spans.rows:
        raise _unknown_trace(trace_id)
    truncated = spans.rows > limit
    total = int(runner.run(account, _TOTAL, params).scalar()) if truncated else spans.rows
    return _trace(params["trace_id"], spans, min(limit, spans.rows), total)


def fetch_span(runner: QueryRunner, account: str, trace_id: str, span_id: str) -> dict[str, Any]:
    """Return one span with its attributes, resource, events and links.

    Raises:
        InvalidInputError: an id is short or not hexadecimal.
        NotFoundError: there is no such span.

    """
    params = {"trace_id": check_trace_id(trace_id)}
    params["span_id"] = _hexadecimal(span_id, _SPAN_ID, "span_id", 16)
    records = runner.run(account, _SPAN, params).records()
    if not records:
        _extent(runner, account, params["trace_id"])
        raise NotFoundError(f"the trace has no span {span_id}", field="span_id")
    span = records[0]
    span["events"] = _rows(span, "event", ("timestamp", "name", "attributes"))
    span["links"] = _rows(span, "link", ("trace_id", "span_id", "attributes"))
    return span


def fetch_logs(
    runner: QueryRunner,
    account: str,
    trace_id: str,
    span_id: str = "",
    *,
    limit: int = MAX_LOGS,
) -> Columns:
    """Return the log records of a trace, or of one span of it, by time.

    Records are looked for from ``LOG_SLACK_SECONDS`` before the trace to as long after it.

    Raises:
        InvalidInputError: an id is short or not hexadecimal.
        NotFoundError: the account has no such trace.

    """
    params = _extent(runner, account, check_trace_id(trace_id))
    params.update(slack=LOG_SLACK_SECONDS, limit=min(max(limit, 1), MAX_LOGS))
    condition = ""
    if span_id:
        params["span_id"] = _hexadecimal(span_id, _SPAN_ID, "span_id", 16)
        condition = "AND SpanId = {span_id:String}"
    return runner.run(account, _LOGS.format(span=condition), params)


def spans_of(columns: Columns) -> list[Span]:
    """Return spans from columns that have ids, service, kind, ``start_ns`` or ``offset_ns``."""
    starts = columns["start_ns" if "start_ns" in columns.data else "offset_ns"]
    rows = zip(
        columns["span_id"],
        columns["parent_span_id"],
        columns["service_name"],
        columns["host"],
        columns["kind"],
        starts,
        columns["duration_ns"],
        strict=True,
    )
    return [
        Span(span_id, parent, service, host, kind, start, start + duration)
        for span_id, parent, service, host, kind, start, duration in rows
    ]


def _extent(runner: QueryRunner, account: str, trace_id: str) -> dict[str, Any]:
    """Return when a trace was: ``trace_id``, ``first`` and ``last``; raises where there is none."""
    found = runner.run(account, _EXTENT, {"trace_id": trace_id}).records()[0]
    if not found["found"]:
        raise _unknown_trace(trace_id)
    return {"trace_id": trace_id, "first": found["first"], "last": found["last"]}


def _unknown_trace(trace_id: str) -> NotFoundError:
    return NotFoundError(
        f"there is no trace {trace_id}",
        field="trace_id",
        remedy="it may not have arrived yet, or be older than the retention of traces",
    )


def _hexadecimal(text: str, pattern: re.Pattern[str], field: str, digits: int) -> str:
    lowered = text.strip().lower()
    if not pattern.fullmatch(lowered):
        what = f"has {len(lowered)} characters" if len(lowered) != digits else "is not hexadecimal"
        raise InvalidInputError(
            f"the {field} {what}", field=field, remedy=f"give all {digits} hexadecimal digits"
        )
    return lowered


def _trace(trace_id: str, answer: Columns, kept: int, total: int) -> Trace:
    data = {name: values[:kept] for name, values in answer.data.items()}
    starts, durations = data.pop("start_ns"), data["duration_ns"]
    first = starts[0]
    data["offset_ns"] = [start - first for start in starts]
    last = max(start + duration for start, duration in zip(starts, durations, strict=True))
    ids = set(data["span_id"])
    parents = data["parent_span_id"]
    missing = dict.fromkeys(parent for parent in parents if parent and parent not in ids)
    types = dict(zip(answer.names, answer.types, strict=True))
    types["offset_ns"] = types.pop("start_ns")
    spans = Columns(list(data), [types[name] for name in data], data, kept, answer.rows_read)
    return Trace(
        trace_id=trace_id,
        start_ns=first,
        duration_ns=last - first,
        spans=spans,
        total_spans=total,
        truncated=total > kept,
        roots=SpanTree(spans_of(spans)).roots,
        missing_parents=tuple(missing),
    )


def _rows(span: dict[str, Any], kind: str, members: Sequence[str]) -> list[dict[str, Any]]:
    """Take parallel arrays such as ``event_names`` out of a span and return them as rows."""
    arrays = [span.pop(f"{kind}_{member.removesuffix('s')}s") for member in members]
    return [dict(zip(members, row, strict=True)) for row in zip(*arrays, strict=True)]
