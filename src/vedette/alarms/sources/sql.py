"""Series of a user's own read-only SQL."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from vedette.alarms.definition import AlarmSpec, SqlSource
from vedette.alarms.model import Points, Reading
from vedette.core.errors import InvalidInputError
from vedette.core.time import epoch_of
from vedette.query.sql import compile_sql

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vedette.query import QueryRunner

MAX_SERIES = 1_000
MAX_SECONDS = 10.0
_VALUE, _TIME = "value", "time"


def compile_alarm_sql(text: str, start: int, end: int, period: int) -> str:
    """Return the statement with the range put in, checked and over ``@table`` names.

    Raises:
        QuerySyntaxError, InvalidInputError, ForbiddenError: see ``compile_sql``.

    """
    for name, value in (
        ("$start", f"fromUnixTimestamp64Nano({start}000000000)"),
        ("$end", f"fromUnixTimestamp64Nano({end}000000000)"),
        ("$period", str(period)),
    ):
        text = text.replace(name, value)
    return compile_sql(text)


def read_sql(runner: QueryRunner, account: str, spec: AlarmSpec, end: int) -> Reading:
    """Return the series of an alarm on SQL, up to ``end`` (Unix seconds).

    Raises:
        InvalidInputError: the answer has no column ``value``, or no ``time`` where N is above 1.

    """
    if not isinstance(spec.source, SqlSource):
        raise TypeError("SQL only")
    length = spec.periods_read
    first = end - spec.period * length
    sql = compile_alarm_sql(spec.source.sql, first, end, spec.period)
    most = min(MAX_SERIES * length, 100_000)
    columns = runner.run(account, sql, limits=runner.bulk_limits(most, seconds=MAX_SECONDS))
    _check_columns(columns.names, spec)
    labels = [name for name in columns.names if name not in {_VALUE, _TIME}]
    series: dict[tuple[str, ...], list[float | None]] = {}
    for number in range(columns.rows):
        key = tuple(text_of(columns[name][number]) for name in labels)
        slot = length - 1
        if _TIME in columns.names:
            slot = (
                epoch_of(columns[_TIME][number], field="spec.source.sql") - first
            ) // spec.period
        value = columns[_VALUE][number]
        if 0 <= slot < length and value is not None and math.isfinite(float(value)):
            series.setdefault(key, [None] * length)[slot] = float(value)
    shown = list(series.items())[:MAX_SERIES]
    left_out = len(series) - len(shown)
    return Reading(
        starts=list(range(first, end, spec.period)),
        series=[
            Points({n: v for n, v in zip(labels, key, strict=True) if v}, values)
            for key, values in shown
        ],
        partial=f"{left_out} of {len(series)} series are left out" if left_out else None,
    )


def _check_columns(names: Sequence[str], spec: AlarmSpec) -> None:
    if _VALUE not in names:
        raise InvalidInputError(
            "the statement has no column 'value'",
            field="spec.source.sql",
            remedy="name the number that is watched: SELECT count() AS value ...",
        )
    if _TIME not in names and spec.periods > 1:
        raise InvalidInputError(
            f"{spec.periods} periods need a column 'time'",
            field="spec.source.sql",
            remedy="add toStartOfInterval(Timestamp, toIntervalSecond($period)) AS time",
        )


def text_of(value: Any) -> str:  # noqa: ANN401 - whatever a column holds
    """Return a value of a column as the text of a label."""
    return "" if value is None else str(value)
