"""Facets of spans: which values keys have within a filter, and which keys and values there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.query.language import SPANS
from vedette.query.language.parameters import Parameters
from vedette.telemetry.traces.filters import SpanFilter, bound_range, in_coarse_range, where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

MAX_KEYS = 20
MAX_VALUES = 100
MAX_COMPLETIONS = 200
_UNFIT = frozenset({"time", "duration", "event", "received_time"})

_FACETS = """
SELECT key, value, count() AS count, sum(count()) OVER (PARTITION BY key) AS total,
    count() OVER (PARTITION BY key) AS distinct
FROM
(
    SELECT arrayJoin(arrayZip({{keys:Array(String)}}, [{values}])) AS pair,
        pair.1 AS key, pair.2 AS value
    FROM @otel_traces
    WHERE {where}
)
WHERE value != ''
GROUP BY key, value
ORDER BY indexOf({{keys:Array(String)}}, key), count DESC, value
LIMIT {{limit:UInt32}} BY key
"""
_IN_BUCKETS = in_coarse_range("Bucket", "toStartOfFifteenMinutes")
_KNOWN = """
SELECT {column} AS name, sum(Count) AS count
FROM @attribute_values
WHERE Signal = 'traces' AND startsWith({column}, {{prefix:String}}) AND {key}
    AND {time}
GROUP BY name
ORDER BY count DESC, name
LIMIT {{limit:UInt32}}
"""


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of one key.

    Attributes:
        key: as asked for.
        values: value and number of spans, most frequent first; exact.
        distinct: how many values there are.
        present: spans that have the key.

    """

    key: str
    values: tuple[tuple[str, int], ...]
    distinct: int
    present: int


def facets(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    span_filter: SpanFilter,
    keys: Sequence[str],
    *,
    limit: int = 10,
    query_id: str | None = None,
) -> list[Facet]:
    """Return the most frequent values of keys within a filter, counted span by span.

    Args:
        runner: runs the query.
        account: whose spans.
        time_range: of the spans' starts.
        span_filter: what to keep.
        keys: built-in fields (``service``, ``name``, ``kind``, ``status``), attributes, or
            resource attributes with ``resource.`` before their name; at most ``MAX_KEYS``.
        limit: values a key, at most ``MAX_VALUES``.
        query_id: name for cancelling.

    """
    keys = list(dict.fromkeys(keys))
    if not 1 <= len(keys) <= MAX_KEYS:
        raise InvalidInputError(
            f"{len(keys)} keys", field="keys", remedy=f"name 1 to {MAX_KEYS} keys"
        )
    if not 1 <= limit <= MAX_VALUES:
        raise InvalidInputError(
            f"{limit} is not a number of values", field="limit", remedy=f"give 1 to {MAX_VALUES}"
        )
    condition = where(span_filter, time_range)
    bind = Parameters("k")
    values = ", ".join(value_of(key, bind) for key in keys)
    params = {**condition.params, **bind.values, "keys": keys, "limit": limit}
    statement = _FACETS.format(where=condition.sql, values=values)
    found: dict[str, list[dict[str, int | str]]] = {key: [] for key in keys}
    for row in runner.run(account, statement, params, query_id=query_id).records():
        found[row["key"]].append(row)
    return [
        Facet(
            key,
            tuple((str(row["value"]), int(row["count"])) for row in rows),
            int(rows[0]["distinct"]) if rows else 0,
            int(rows[0]["total"]) if rows else 0,
        )
        for key, rows in found.items()
    ]


def value_of(key: str, bind: Parameters) -> str:
    """Return SQL for a key's value as text, '' where a span has none.

    A name means what it means in the search box: a built-in field, else the span's attribute, else
    the resource's.

    Raises:
        InvalidInputError: the key is a built-in field without few values.

    """
    known = SPANS.field(key)
    if known is not None:
        if known.name in _UNFIT:
            raise InvalidInputError(
                f"{key} has no values to count", field="keys", remedy="name another key"
            )
        return f"toString({known.sql})"
    if key.startswith("resource."):
        return f"ResourceAttributes[{bind.text(key.removeprefix('resource.'))}]"
    name = bind.text(key)
    return (
        f"if(mapContains(SpanAttributes, {name}), SpanAttributes[{name}],"
        f" ResourceAttributes[{name}])"
    )


def known_keys(
    runner: QueryRunner, account: str, time_range: TimeRange, prefix: str = "", *, limit: int = 50
) -> list[tuple[str, int]]:
    """Return keys of spans that begin with a prefix and about how many spans have them."""
    sql = _KNOWN.format(time=_IN_BUCKETS, column="Key", key="1")
    return _known(runner, account, sql, {**bound_range(time_range), "prefix": prefix}, limit)


def known_values(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    key: str,
    prefix: str = "",
    *,
    limit: int = 50,
) -> list[tuple[str, int]]:
    """Return values of a key that begin with a prefix and about how many spans have them.

    Values of a key that tells spans apart, such as an id, are not kept and not found.
    """
    sql = _KNOWN.format(time=_IN_BUCKETS, column="Value", key="Key = {key:String} AND Value != ''")
    params = {**bound_range(time_range), "prefix": prefix, "key": key}
    return _known(runner, account, sql, params, limit)


def _known(
    runner: QueryRunner, account: str, sql: str, params: dict[str, str], limit: int
) -> list[tuple[str, int]]:
    bound = {**params, "limit": min(max(limit, 1), MAX_COMPLETIONS)}
    answer = runner.run(account, sql, bound)
    return list(zip(answer["name"], answer["count"], strict=True))
