"""A look at some rows, which decides what is worth keeping of each column.

It never changes what a count means.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from vedette.data.profiling.columns import Column, Kind
from vedette.data.profiling.engine import Engine
from vedette.data.profiling.sources import Source

LOOK_ROWS = 20_000
KEPT_DISTINCT = 1000
"""A column of numbers with more distinct values in the first look keeps no table of them."""
_MAX_VECTOR = 8192
_SCALE_STEP = 64
_MAX_STEPS = 15
"""One more would be a scale of infinity, or of 0."""
_WORDS_FROM = 3.0
_UNIQUE_SHARE = 0.5


def look(engine: Engine, source: Source, columns: Sequence[Column]) -> list[Column]:
    """Return the columns with what the first rows tell to keep of each."""
    asked = [f"({', '.join(look_at(column))})" for column in columns]
    names = ", ".join(column.quoted for column in columns)
    sql = (
        f"SELECT count(), {', '.join(asked)} "
        f"FROM (SELECT {names} FROM {source.expression} LIMIT {LOOK_ROWS})"
    )
    (row,) = engine.rows(sql, source.parameters, source.frame)
    rows = row[0]
    return [decided(column, rows, answer) for column, answer in zip(columns, row[1:], strict=True)]


def look_at(column: Column) -> tuple[str, ...]:
    """Return the two expressions that ``decided`` needs of a column."""
    x = column.quoted
    if column.kind in {Kind.NUMERIC, Kind.TIME}:
        number = f"toFloat64({x})"
        if column.kind is Kind.TIME and not column.inner_type.startswith("Time"):
            number = f"toFloat64(toUnixTimestamp64Micro(toDateTime64({x}, 6, 'UTC'))) / 1e6"
        guard = f"ifNull(isFinite({number}), 0)"
        levels = f"quantilesIf(0.05, 0.5, 0.95)(assumeNotNull({number}), {guard})"
        return (f"uniqExact({x})", levels)
    if column.kind is Kind.TEXT:
        text = f"toString({x})"
        return (f"uniqExact({x})", f"avgOrNull(length(splitByNonAlpha(assumeNotNull({text}))))")
    if column.kind is Kind.LIST:
        return (f"minOrNull(length({x}))", f"maxOrNull(length({x}))")
    return ("0", "0")


def decided(column: Column, rows: int, answer: Sequence[Any]) -> Column:
    """Return a column with what to keep of it, from the rows that were looked at and their answer."""
    first, second = answer
    values, words, vector, pivot, scale = True, False, 0, 0.0, 1.0
    if column.kind in {Kind.NUMERIC, Kind.TIME}:
        values = first <= KEPT_DISTINCT or rows <= KEPT_DISTINCT
        pivot, scale = pivot_of(second), scale_of(second)
    elif column.kind is Kind.TEXT:
        words = second is not None and second >= _WORDS_FROM
        # Of identifiers no value comes often enough to be worth a table.
        values = first <= KEPT_DISTINCT or first < _UNIQUE_SHARE * rows
    elif column.kind is Kind.LIST and first and first == second and first <= _MAX_VECTOR:
        numbers = ("Array(Float", "Array(Nullable(Float", "Array(BFloat")
        vector = int(first) if column.inner_type.startswith(numbers) else 0
    return replace(column, values=values, words=words, vector=vector, pivot=pivot, scale=scale)


def pivot_of(levels: Sequence[float | None]) -> float:
    """Return what to take away from numbers so that 24 bits tell them apart.

    0 unless the median is more than 1,000 times the spread away from 0. Then it is the median
    rounded to a power of two of 1,000 times the spread, so that neighbouring windows agree.
    """
    low, middle, high = levels
    if low is None or middle is None or high is None:
        return 0.0
    spread = max(high - low, abs(middle) * 1e-12)
    if math.isinf(spread * 1000):
        return 0.0
    grid = 2.0 ** max(-1000, min(1000, _log2(spread * 1000)))
    return round(middle / grid) * grid if abs(middle) > grid else 0.0


def scale_of(levels: Sequence[float | None]) -> float:
    """Return what to divide numbers by so that 32-bit floats hold them: mostly 1.

    A power of two, in steps of 2^64, so that neighbouring windows agree.
    """
    low, _, high = levels
    if low is None or high is None or high == low:
        return 1.0
    steps = round(_log2(high - low) / _SCALE_STEP)
    return float(2.0 ** (max(-_MAX_STEPS, min(_MAX_STEPS, steps)) * _SCALE_STEP))


def _log2(number: float) -> int:
    """Return the power of two below a number; of a difference that is beyond any float, 1024."""
    if math.isinf(number):
        return sys.float_info.max_exp
    return math.floor(math.log2(number)) if number > 0 else -1000
