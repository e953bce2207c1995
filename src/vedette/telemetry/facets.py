"""Facets: which values keys have among matching records, and which keys and values there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.query import QueryRunner
from vedette.query.language import Dialect, Parameters, Signal
from vedette.query.language.dialect import LEVEL_NAME, FieldKind
from vedette.telemetry.ranges import bound_range, in_coarse_range

MAX_KEYS = 20
MAX_VALUES = 100
MAX_COMPLETIONS = 200
COUNTED_RECORDS = 1_000_000
"""Facets count the newest matching records, up to this many; the answer says how many."""
_UNFIT = frozenset({"time", "duration", "event", "received_time"})
_STORED_SIGNAL = {Signal.LOGS: "logs", Signal.SPANS: "traces"}

_FACETS = """
WITH matching AS
(
    SELECT [{values}] AS found
    FROM {table}
    WHERE {where}
    ORDER BY toStartOfFiveMinutes({prune}) DESC, {time} DESC
    LIMIT {counted}
)
SELECT key, value, count() AS count, sum(count()) OVER (PARTITION BY key) AS total,
    count() OVER (PARTITION BY key) AS distinct
FROM
(
    SELECT arrayJoin(arrayZip({{keys:Array(String)}}, found)) AS pair, pair.1 AS key, pair.2 AS value
    FROM matching
)
WHERE value != ''
GROUP BY key, value
ORDER BY indexOf({{keys:Array(String)}}, key), count DESC, value
LIMIT {{limit:UInt32}} BY key
"""
_COUNT = "SELECT least(count(), {counted}) AS counted FROM {table} WHERE {where}"
_KNOWN = """
SELECT {column} AS name, sum(Count) AS count
FROM @attribute_values
WHERE Signal = {{signal:String}} AND startsWith(lower({column}), lower({{prefix:String}})) AND {key}
    AND {time}
GROUP BY name
ORDER BY count DESC, name
LIMIT {{limit:UInt32}}
"""
_IN_BUCKETS = in_coarse_range("Bucket", "toStartOfFifteenMinutes")


@dataclass(frozen=True, slots=True)
class Facet:
    """The values of one key.

    Attributes:
        key: as asked for.
        values: value and number of records, most frequent first.
        distinct: how many values there are.
        present: records that have the key.

    """

    key: str
    values: tuple[tuple[str, int], ...]
    distinct: int
    present: int


@dataclass(frozen=True, slots=True)
class Facets:
    """Facets, and how many of the newest matching records they were counted over."""

    facets: tuple[Facet, ...]
    counted: int


def count_facets(
    runner: QueryRunner,
    account: str,
    dialect: Dialect,
    where: str,
    params: Mapping[str, Any],
    keys: Sequence[str],
    *,
    limit: int = 10,
    query_id: str | None = None,
) -> Facets:
    """Return the most frequent values of keys among matching records.

    Args:
        runner: runs the queries.
        account: whose records.
        dialect: the table and what its keys mean.
        where: condition on the records, time range included.
        params: parameters of ``where``.
        keys: built-in fields (``service``, ``level``, ``kind``, ...), attributes, or resource
            attributes with ``resource.`` before their name; at most ``MAX_KEYS``.
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
    bind = Parameters("k")
    values = ", ".join(value_of(dialect, key, bind) for key in keys)
    parts = {"table": dialect.table, "where": where, "counted": COUNTED_RECORDS}
    statement = _FACETS.format(values=values, prune=dialect.time_prune, time=dialect.time, **parts)
    bound = {**params, **bind.values, "keys": keys, "limit": limit}
    found: dict[str, list[dict[str, Any]]] = {key: [] for key in keys}
    for row in runner.run(account, statement, bound, query_id=query_id).records():
        found[row["key"]].append(row)
    counted = runner.run(account, _COUNT.format(**parts), params, query_id=query_id).scalar()
    return Facets(tuple(_facet(key, rows) for key, rows in found.items()), int(counted))


def value_of(dialect: Dialect, key: str, bind: Parameters) -> str:
    """Return SQL for a key's value as text, '' where a record has none.

    A name means what it means in the search box: a built-in field, else the record's attribute,
    else the resource's.

    Raises:
        InvalidInputError: the key is a built-in field without few values.

    """
    known = dialect.field(key)
    if known is not None:
        if known.name in _UNFIT:
            raise InvalidInputError(
                f"{key} has no values to count", field="keys", remedy="name another key"
            )
        return LEVEL_NAME if known.kind is FieldKind.LEVEL else f"toString({known.sql})"
    if key.startswith("resource."):
        return f"{dialect.resource}[{bind.text(key.removeprefix('resource.'))}]"
    name = bind.text(key)
    own = f"{dialect.attributes}[{name}]"
    return f"if(mapContains({dialect.attributes}, {name}), {own}, {dialect.resource}[{name}])"


def known_keys(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    signal: Signal,
    prefix: str = "",
    *,
    limit: int = 50,
) -> list[tuple[str, int]]:
    """Return keys that begin with a prefix, whatever its case, and about how many records have them."""
    sql = _KNOWN.format(time=_IN_BUCKETS, column="Key", key="1")
    params = {**bound_range(time_range), "prefix": prefix}
    return _known(runner, account, sql, params, signal, limit)


def known_values(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    signal: Signal,
    key: str,
    prefix: str = "",
    *,
    limit: int = 50,
) -> list[tuple[str, int]]:
    """Return values of a key that begin with a prefix and about how many records have them.

    Values of a key that tells records apart, such as an id, are not kept and not found.
    """
    sql = _KNOWN.format(time=_IN_BUCKETS, column="Value", key="Key = {key:String} AND Value != ''")
    params = {**bound_range(time_range), "prefix": prefix, "key": key}
    return _known(runner, account, sql, params, signal, limit)


def _facet(key: str, rows: list[dict[str, Any]]) -> Facet:
    values = tuple((row["value"], row["count"]) for row in rows)
    return Facet(key, values, rows[0]["distinct"] if rows else 0, rows[0]["total"] if rows else 0)


def _known(
    runner: QueryRunner,
    account: str,
    sql: str,
    params: dict[str, str],
    signal: Signal,
    limit: int,
) -> list[tuple[str, int]]:
    most = min(max(limit, 1), MAX_COMPLETIONS)
    bound = {**params, "signal": _STORED_SIGNAL[signal], "limit": most}
    answer = runner.run(account, sql, bound)
    return list(zip(answer["name"], answer["count"], strict=True))
