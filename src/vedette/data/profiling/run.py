"""Profiling a source: one pass of the engine over all columns, in groups where there are very many.

First a look at some rows decides what is worth keeping of each column (its frequent values, its
words, the pivot of its sketch); it never changes what a count means. Then one statement computes the
states of up to 200 columns, grouped by window and segment.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.data.profiling.columns import Column, Kind, columns_of, quoted
from vedette.data.profiling.engine import Engine, Progress
from vedette.data.profiling.engine_errors import changed
from vedette.data.profiling.sources import Source
from vedette.data.profiling.states import MEMBERS, expressions

COLUMNS_A_STATEMENT = 200
LOOK_ROWS = 20_000
MAX_GROUPS = 10_000
MAX_SEGMENT_COLUMNS = 5
KEPT_DISTINCT = 1000
"""A column of numbers with more distinct values in the first look keeps no table of them."""
_MAX_VECTOR = 8192
_SCALE_STEP = 64
_WORDS_FROM = 3.0
_UNIQUE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Windows:
    """How rows are put into windows: by a period of time, or so many rows in order of time.

    Attributes:
        column: the column that holds the time.
        seconds: length of a window; 0 where ``rows`` is given.
        rows: number of rows of a window.

    """

    column: str
    seconds: float = 0.0
    rows: int = 0


@dataclass(frozen=True, slots=True)
class ColumnStates:
    """States of one column in one window and segment: one row of the warehouse.

    Attributes:
        column: what it is.
        members: by name of ``states.MEMBERS``; counts, extremes, and states in base64.
        segment: segment column to value; empty where there are no segments.
        start: first moment of the window; None where there is one window.
        end: the moment after it.

    """

    column: Column
    members: Mapping[str, Any]
    segment: Mapping[str, str] = field(default_factory=dict)
    start: datetime | None = None
    end: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return it as the API takes it."""
        column = self.column
        found: dict[str, Any] = {
            "column": column.name,
            "position": column.position,
            "type": column.type,
            "kind": column.kind.value,
            "pivot": column.pivot,
            "scale": column.scale,
            "vector": column.vector,
            "segment": dict(self.segment),
            **{name: value for name, value in self.members.items() if value is not None},
        }
        if self.start and self.end:
            found |= {"start": self.start.isoformat(), "end": self.end.isoformat()}
        return found


def describe(engine: Engine, source: Source, wanted: Sequence[str] | None = None) -> list[Column]:
    """Return the source's columns, or those that are wanted, in the source's order.

    Raises:
        InvalidInputError: the source cannot be read, or lacks a wanted column.

    """
    described = engine.rows(f"DESCRIBE TABLE {source.expression}", source.parameters, source.frame)
    columns = columns_of([(row[0], row[1]) for row in described])
    if wanted is None:
        return columns
    known = {column.name for column in columns}
    if missing := [name for name in wanted if name not in known]:
        raise InvalidInputError(
            f"the source has no column {missing[0]!r}",
            field="columns",
            remedy=f"its columns are {', '.join(sorted(known)[:20])}",
        )
    return [column for column in columns if column.name in set(wanted)]


def profile_source(
    engine: Engine,
    source: Source,
    *,
    columns: Sequence[str] | None = None,
    segment_by: Sequence[str] = (),
    windows: Windows | None = None,
    progress: Progress | None = None,
) -> list[ColumnStates]:
    """Return the states of a source's columns, by window and segment.

    Args:
        engine: computes them.
        source: what is profiled.
        columns: only these; all where None.
        segment_by: up to 5 columns; every combination of their values is a segment.
        windows: how rows are put into windows; one window where None.
        progress: told of every group of columns.

    Raises:
        InvalidInputError: the source cannot be read, a column is missing, or there would be more
            than 10,000 windows times segments.
        ConflictError: the source changed while it was read.

    """
    every = describe(engine, source)
    _check_grouping({column.name for column in every}, segment_by, windows)
    chosen = describe(engine, source, columns) if columns is not None else every
    before = source.fingerprint()
    found: list[ColumnStates] = []
    totals: dict[tuple[Any, ...], int] | None = None
    for start in range(0, len(chosen), COLUMNS_A_STATEMENT):
        part = chosen[start : start + COLUMNS_A_STATEMENT]
        if progress:
            progress(start / len(chosen), f"columns {start + 1} to {start + len(part)}")
        looked, rows = _read(engine, source, part, segment_by, windows)
        counted = {tuple(row[: 2 + len(segment_by)]): row[2 + len(segment_by)] for row in rows}
        if totals is not None and counted != totals:
            raise changed(source.label)
        totals = counted
        found.extend(_unfold(rows, looked, segment_by, windowed=windows is not None))
    if source.fingerprint() != before:
        raise changed(source.label)
    return found


def _read(
    engine: Engine,
    source: Source,
    columns: Sequence[Column],
    segment_by: Sequence[str],
    windows: Windows | None,
) -> tuple[list[Column], list[list[Any]]]:
    """Return the columns with what to keep of each, and their states; see ``_compute``."""
    try:
        looked = _look(engine, source, columns)
        return looked, _compute(engine, source, looked, segment_by, windows)
    except InvalidInputError as error:
        if error.field != "source" or set(columns) <= set(describe(engine, source)):
            raise
        raise changed(source.label) from error


def _check_grouping(names: set[str], segment_by: Sequence[str], windows: Windows | None) -> None:
    wanted = [*segment_by, *([windows.column] if windows else [])]
    if missing := [name for name in wanted if name not in names]:
        raise InvalidInputError(
            f"the source has no column {missing[0]!r}",
            field="segment_by" if missing[0] in segment_by else "windows",
            remedy=f"its columns are {', '.join(sorted(names)[:20])}",
        )
    if len(segment_by) > MAX_SEGMENT_COLUMNS:
        raise InvalidInputError(
            f"{len(segment_by)} columns are too many to segment by",
            field="segment_by",
            remedy=f"give up to {MAX_SEGMENT_COLUMNS}",
        )


def _look(engine: Engine, source: Source, columns: Sequence[Column]) -> list[Column]:
    """Return the columns with what the first rows tell to keep of each."""
    asked = [f"({', '.join(_look_at(column))})" for column in columns]
    names = ", ".join(column.quoted for column in columns)
    sql = (
        f"SELECT count(), {', '.join(asked)} "
        f"FROM (SELECT {names} FROM {source.expression} LIMIT {LOOK_ROWS})"
    )
    (row,) = engine.rows(sql, source.parameters, source.frame)
    rows = row[0]
    return [_decided(column, rows, answer) for column, answer in zip(columns, row[1:], strict=True)]


def _look_at(column: Column) -> tuple[str, ...]:
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


def _decided(column: Column, rows: int, answer: Sequence[Any]) -> Column:
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
    grid = 2.0 ** max(-1000, min(1000, _log2(spread * 1000)))
    return round(middle / grid) * grid if abs(middle) > grid else 0.0


def scale_of(levels: Sequence[float | None]) -> float:
    """Return what to divide numbers by so that 32-bit floats hold them: mostly 1.

    A power of two, in steps of 2^64, so that neighbouring windows agree.
    """
    low, _, high = levels
    if low is None or high is None or high == low:
        return 1.0
    return float(2.0 ** (round(_log2(high - low) / _SCALE_STEP) * _SCALE_STEP))


def _log2(number: float) -> int:
    return math.floor(math.log2(number)) if number > 0 else -1000


def _group_by(segment_by: Sequence[str], windows: Windows | None) -> list[str]:
    window = ["0.", "0."]
    if windows and windows.rows:
        window = ["toFloat64(vedette_window)", "0."]
    elif windows:
        time = f"toUnixTimestamp64Micro(toDateTime64({quoted(windows.column)}, 6, 'UTC')) / 1e6"
        start = f"floor({time} / {windows.seconds}) * {windows.seconds}"
        window = [start, f"{start} + {windows.seconds}"]
    segments = [f"ifNull(toString({quoted(name)}), '\\0')" for name in segment_by]
    return [*window, *segments]


def _compute(
    engine: Engine,
    source: Source,
    columns: Sequence[Column],
    segment_by: Sequence[str],
    windows: Windows | None,
) -> list[list[Any]]:
    """Return a row a window and segment: start, end, segments, count, then a tuple a column."""
    groups = _group_by(segment_by, windows)
    tuples = []
    for column in columns:
        found = expressions(column)
        tuples.append(f"tuple({', '.join(found.get(name, 'NULL') for name in MEMBERS)})")
    read, where = _read_from(source, columns, segment_by, windows)
    times = ""
    if windows and windows.rows:
        time = f"toFloat64(toUnixTimestamp64Micro(toDateTime64({quoted(windows.column)}, 6, 'UTC'))) / 1e6"
        groups[1] = "0."
        times = f", min({time}), max({time})"
    grouped = bool(segment_by or windows)
    keys = f" GROUP BY {', '.join(groups)}" if grouped else ""
    sql = (
        f"SELECT {', '.join(groups)}, count(), {', '.join(tuples)}{times} FROM {read}{where}{keys}"
        f"{f' LIMIT {MAX_GROUPS + 1}' if grouped else ''}"
    )
    rows = engine.rows(sql, source.parameters, source.frame)
    if len(rows) > MAX_GROUPS:
        raise InvalidInputError(
            f"there are more than {MAX_GROUPS:,} windows and segments",
            field="segment_by" if segment_by else "windows",
            remedy="choose columns with fewer values, or longer windows",
        )
    if windows and windows.rows:
        rows = [[row[-2], row[-1] + 1e-6, *row[2:-2]] for row in rows]
    rows.sort(key=lambda row: [*row[2 : 2 + len(segment_by)], row[0]])
    return rows


def _read_from(
    source: Source, columns: Sequence[Column], segment_by: Sequence[str], windows: Windows | None
) -> tuple[str, str]:
    if not windows:
        return source.expression, ""
    time = quoted(windows.column)
    where = f" WHERE isNotNull({time})"
    if not windows.rows:
        return source.expression, where
    names = dict.fromkeys([windows.column, *segment_by, *(c.name for c in columns)])
    listed = ", ".join(map(quoted, names))
    number = f"intDiv(row_number() OVER (ORDER BY {time}) - 1, {windows.rows})"
    return f"(SELECT {listed}, {number} AS vedette_window FROM {source.expression}{where})", ""


def _unfold(
    rows: Sequence[Sequence[Any]],
    columns: Sequence[Column],
    segment_by: Sequence[str],
    *,
    windowed: bool,
) -> Iterator[ColumnStates]:
    first = 3 + len(segment_by)
    for row in rows:
        segment = {
            name: "" if value == "\0" else value
            for name, value in zip(segment_by, row[2:], strict=False)
        }
        start = datetime.fromtimestamp(row[0], UTC) if windowed else None
        end = datetime.fromtimestamp(row[1], UTC) if windowed else None
        for column, answer in zip(columns, row[first:], strict=False):
            members = dict(zip(MEMBERS, answer, strict=True))
            yield ColumnStates(column, members, segment, start, end)
