"""Facets: the most frequent values of fields among the records that match, and completion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.query import QueryRunner
from vedette.query.language import Condition, Signal, compile_search, dialect_for
from vedette.query.language.dialect import Dialect

MAX_KEYS = 20
MAX_VALUES = 100
MAX_KEY_LENGTH = 256
COUNTED_ROWS = 1_000_000
"""Facets count the newest matching records, up to this many; the answer says how many."""
RESOURCE_PREFIX = "resource."

_FACETS = """
WITH matching AS
(
    SELECT {columns}
    FROM {table}
    WHERE {time_range} AND ({condition})
    ORDER BY {order} DESC
    LIMIT {counted}
)
SELECT pair.1 AS key_index, pair.2 AS value, count() AS count, (SELECT count() FROM matching) AS counted
FROM matching
ARRAY JOIN {pairs} AS pair
WHERE value != ''
GROUP BY key_index, value
ORDER BY key_index, count DESC, value
LIMIT {{values:UInt32}} BY key_index
"""
_KEYS = """
SELECT Key AS key, sum(Count) AS count, uniqExactIf(Value, Value != '') AS values
FROM @attribute_values
WHERE Signal = {signal:String} AND Bucket >= toStartOfFifteenMinutes({start:DateTime}) AND Bucket < {end:DateTime}
    AND positionCaseInsensitive(Key, {prefix:String}) > 0
GROUP BY key
ORDER BY count DESC, key
LIMIT {limit:UInt32}
"""
_VALUES = """
SELECT Value AS value, sum(Count) AS count
FROM @attribute_values
WHERE Signal = {signal:String} AND Bucket >= toStartOfFifteenMinutes({start:DateTime}) AND Bucket < {end:DateTime}
    AND Key = {key:String} AND Value != '' AND startsWith(lower(Value), lower({prefix:String}))
GROUP BY value
ORDER BY count DESC, value
LIMIT {limit:UInt32}
"""
_STORED_SIGNAL = {Signal.LOGS: "logs", Signal.SPANS: "traces"}


@dataclass(frozen=True, slots=True)
class Facet:
    """The most frequent values of one key.

    Attributes:
        key: the field or attribute, as a search names it.
        values: value and count, most frequent first.

    """

    key: str
    values: list[tuple[str, int]]


def facets(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    text: str = "",
    *,
    keys: list[str],
    values: int = 10,
    signal: Signal = Signal.LOGS,
    query_id: str | None = None,
) -> tuple[list[Facet], int]:
    """Return the top values of each key among matching records, and how many were counted."""
    _check_keys(keys)
    dialect = dialect_for(signal)
    condition = compile_search(text, signal)
    params = _params(time_range, condition, values)
    pairs = []
    for index, key in enumerate(keys):
        expression = _key_sql(dialect, key, f"facet_{index}", params)
        pairs.append(f"({index}, toString({expression}))")
    sql = _FACETS.format(
        columns=_columns(dialect),
        table=dialect.table,
        time_range=dialect.in_time_range(),
        condition=condition.sql,
        order=f"toStartOfFiveMinutes({dialect.time_prune}) DESC, Timestamp",
        counted=COUNTED_ROWS,
        pairs=f"[{', '.join(pairs)}]",
    )
    answer = runner.run(account, sql, params, query_id=query_id)
    found: list[Facet] = [Facet(key, []) for key in keys]
    for index, value, count in zip(
        answer["key_index"], answer["value"], answer["count"], strict=True
    ):
        found[index].values.append((value, count))
    return found, answer["counted"][0] if answer.rows else 0


def suggest_keys(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    prefix: str = "",
    *,
    signal: Signal = Signal.LOGS,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Return keys that contain ``prefix``: ``key``, about how many records have it, its values.

    ``values`` is 0 for a key that identifies things rather than groups them.
    """
    params = _suggestion(time_range, prefix, signal, limit)
    return runner.run(account, _KEYS, params).records()


def suggest_values(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    key: str,
    prefix: str = "",
    *,
    signal: Signal = Signal.LOGS,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """Return values of a key that begin with ``prefix``, about most frequent first."""
    params = {**_suggestion(time_range, prefix, signal, limit), "key": key}
    return runner.run(account, _VALUES, params).records()


def _check_keys(keys: list[str]) -> None:
    if not 1 <= len(keys) <= MAX_KEYS or any(not 0 < len(key) <= MAX_KEY_LENGTH for key in keys):
        raise InvalidInputError(
            f"facets take 1 to {MAX_KEYS} keys of up to {MAX_KEY_LENGTH} characters",
            field="key",
            remedy="name fewer or shorter keys",
        )


def _columns(dialect: Dialect) -> str:
    columns = ["Timestamp", "TraceId", "SpanId", "ServiceName", "ScopeName", dialect.attributes]
    columns += ["ResourceAttributes", "ReceivedTime"]
    if dialect.signal is Signal.LOGS:
        columns += ["TimestampTime", "SeverityText", "SeverityNumber", "Body", "EventName"]
    else:
        columns += [
            "SpanName",
            "SpanKind",
            "StatusCode",
            "StatusMessage",
            "Duration",
            "ParentSpanId",
        ]
    return ", ".join(columns)


def _key_sql(dialect: Dialect, key: str, name: str, params: dict[str, Any]) -> str:
    field = dialect.field(key)
    if field is not None and "Events" not in field.sql:
        return field.sql
    column, attribute = dialect.attributes, key
    if key.startswith(RESOURCE_PREFIX):
        column, attribute = "ResourceAttributes", key.removeprefix(RESOURCE_PREFIX)
    params[name] = attribute
    return f"{column}[{{{name}:String}}]"


def _params(time_range: TimeRange, condition: Condition, values: int) -> dict[str, Any]:
    return {
        **condition.params,
        "start": time_range.start,
        "end": time_range.end,
        "values": min(values, MAX_VALUES),
    }


def _suggestion(time_range: TimeRange, prefix: str, signal: Signal, limit: int) -> dict[str, Any]:
    return {
        "signal": _STORED_SIGNAL[signal],
        "start": int(time_range.start.timestamp()),
        "end": int(time_range.end.timestamp()) + 1,
        "prefix": prefix[:MAX_KEY_LENGTH],
        "limit": min(limit, 200),
    }
