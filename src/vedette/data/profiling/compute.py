"""The statement that computes the states of columns, grouped by window and segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.data.profiling.columns import Column, quoted
from vedette.data.profiling.engine import Engine
from vedette.data.profiling.sources import Source
from vedette.data.profiling.states import MEMBERS, expressions

MAX_GROUPS = 10_000


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


def group_by(segment_by: Sequence[str], windows: Windows | None) -> list[str]:
    """Return the expressions of a window's start and end, and of the segments."""
    window = ["0.", "0."]
    if windows and windows.rows:
        window = ["toFloat64(vedette_window)", "0."]
    elif windows:
        time = f"toUnixTimestamp64Micro(toDateTime64({quoted(windows.column)}, 6, 'UTC')) / 1e6"
        start = f"floor({time} / {windows.seconds}) * {windows.seconds}"
        window = [start, f"{start} + {windows.seconds}"]
    segments = [f"ifNull(toString({quoted(name)}), '\\0')" for name in segment_by]
    return [*window, *segments]


def compute(
    engine: Engine,
    source: Source,
    columns: Sequence[Column],
    segment_by: Sequence[str],
    windows: Windows | None,
) -> list[list[Any]]:
    """Return a row a window and segment: start, end, segments, count, then a tuple a column."""
    groups = group_by(segment_by, windows)
    tuples = [members_of(column) for column in columns]
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
        raise too_many_groups(segment_by)
    if windows and windows.rows:
        rows = [[row[-2], row[-1] + 1e-6, *row[2:-2]] for row in rows]
    rows.sort(key=lambda row: [*row[2 : 2 + len(segment_by)], row[0]])
    return rows


def members_of(column: Column) -> str:
    """Return the expression of everything that is kept of a column."""
    found = expressions(column)
    return f"tuple({', '.join(found.get(name, 'NULL') for name in MEMBERS)})"


def too_many_groups(segment_by: Sequence[str]) -> InvalidInputError:
    """Return the error of a source that has too many windows and segments."""
    return InvalidInputError(
        f"there are more than {MAX_GROUPS:,} windows and segments",
        field="segment_by" if segment_by else "windows",
        remedy="choose columns with fewer values, or longer windows",
    )


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
