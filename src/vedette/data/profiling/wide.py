"""Sources of very many columns and few rows: columns that are alike are computed as one.

To plan a statement takes the engine some 15 ms a column, whatever the rows. So columns that are kept in
the same way go into an array that is unfolded: the statement is that of one column, grouped by place.
Where there are many rows it is the rows that take the time, and a table of values by place takes more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from vedette.data.profiling.columns import Column, Kind, quoted
from vedette.data.profiling.compute import (
    MAX_GROUPS,
    Windows,
    compute,
    group_by,
    members_of,
    too_many_groups,
)
from vedette.data.profiling.engine import Engine, Progress
from vedette.data.profiling.engine_errors import changed
from vedette.data.profiling.look import LOOK_ROWS, decided, look, look_at
from vedette.data.profiling.sources import Source

COLUMNS_A_STATEMENT = 200
"""Of columns that are not alike."""
WIDE_ROWS = 100_000
_ALIKE_A_STATEMENT = 500
_ALIKE_FROM = 8
_FOLDED = frozenset({Kind.NUMERIC, Kind.TEXT, Kind.TIME, Kind.BOOLEAN})
_VALUE, _VALUES, _PLACE = "vedette_value", "vedette_values", "vedette_place"
_UNFOLD = f"ARRAY JOIN {_VALUES} AS {_VALUE}, arrayEnumerate({_VALUES}) AS {_PLACE}"


def rows_of_wide(
    engine: Engine, source: Source, columns: Sequence[Column], windows: Windows | None
) -> int | None:
    """Return the rows of a source whose columns take more than its rows; None where they do not."""
    if len(columns) <= COLUMNS_A_STATEMENT or (windows and windows.rows):
        return None
    sql = f"SELECT count() FROM {source.expression}"
    ((rows,),) = engine.rows(sql, source.parameters, source.frame)
    return int(rows) if int(rows) <= WIDE_ROWS else None


def compute_empty(engine: Engine, source: Source, columns: Sequence[Column]) -> list[list[Any]]:
    """Return the row that ``compute`` does of a source without rows: columns of a type are the same.

    Raises:
        InvalidInputError: the source cannot be read.
        ConflictError: meanwhile there are rows.

    """
    firsts = list({column.type: column for column in reversed(columns)}.values())
    answers: dict[str, Any] = {}
    for start in range(0, len(firsts), COLUMNS_A_STATEMENT):
        part = firsts[start : start + COLUMNS_A_STATEMENT]
        ((begin, end, rows, *found),) = compute(engine, source, part, (), None)
        if rows:
            raise changed(source.label)
        answers |= {column.type: answer for column, answer in zip(part, found, strict=True)}
    return [[begin, end, 0, *(answers[column.type] for column in columns)]]


def look_wide(engine: Engine, source: Source, columns: Sequence[Column]) -> list[Column]:
    """Return the columns with what the first rows tell to keep of each; see ``look``."""
    found: dict[str, Column] = {}
    for part, alike in _parts(columns):
        if not alike:
            found |= {column.name: column for column in look(engine, source, part)}
            continue
        names = ", ".join(column.quoted for column in part)
        sql = (
            f"SELECT {_PLACE}, count(), ({', '.join(look_at(_stand_in(part)))}) "
            f"FROM (SELECT [{names}] AS {_VALUES} "
            f"FROM (SELECT {names} FROM {source.expression} LIMIT {LOOK_ROWS})) "
            f"{_UNFOLD} GROUP BY {_PLACE}"
        )
        for place, rows, answer in engine.rows(sql, source.parameters, source.frame):
            column = part[int(place) - 1]
            found[column.name] = decided(column, rows, answer)
    if len(found) != len(columns):
        raise changed(source.label)
    return [found[column.name] for column in columns]


def compute_wide(
    engine: Engine,
    source: Source,
    columns: Sequence[Column],
    segment_by: Sequence[str],
    windows: Windows | None,
    progress: Progress | None,
) -> list[list[Any]]:
    """Return a row a window and segment, as ``compute`` does.

    Raises:
        InvalidInputError: the source cannot be read, or there would be too many windows and segments.
        ConflictError: the source changed while it was read.

    """
    width = 2 + len(segment_by)
    counts: dict[tuple[Any, ...], int] = {}
    answers: dict[tuple[Any, ...], dict[str, Any]] = {}
    done = 0
    for part, alike in _parts(columns):
        if progress:
            progress(done / len(columns), f"{done:,} of {len(columns):,} columns")
        done += len(part)
        if alike:
            rows = _alike(engine, source, part, segment_by, windows)
        else:
            rows = [
                (row[: width + 1], list(zip(part, row[width + 1 :], strict=True)))
                for row in compute(engine, source, part, segment_by, windows)
            ]
        for head, found in rows:
            key = tuple(head[:width])
            if counts.setdefault(key, head[width]) != head[width]:
                raise changed(source.label)
            answers.setdefault(key, {}).update((column.name, answer) for column, answer in found)
    if any(len(found) != len(columns) for found in answers.values()):
        raise changed(source.label)
    ordered = sorted(counts, key=lambda key: [*key[2:], key[0]])
    return [[*key, counts[key], *(answers[key][c.name] for c in columns)] for key in ordered]


def _alike(
    engine: Engine,
    source: Source,
    columns: Sequence[Column],
    segment_by: Sequence[str],
    windows: Windows | None,
) -> list[tuple[list[Any], list[tuple[Column, Any]]]]:
    """Return window, segments and count with one column's answer, for each column of each window."""
    keys = group_by(segment_by, windows)
    named = [f"vedette_key_{index}" for index in range(len(keys))]
    inner = ", ".join(f"{key} AS {name}" for key, name in zip(keys, named, strict=True))
    where = f" WHERE isNotNull({quoted(windows.column)})" if windows else ""
    listed = ", ".join(column.quoted for column in columns)
    sql = (
        f"SELECT {', '.join(named)}, {_PLACE}, count(), {members_of(_stand_in(columns))} "
        f"FROM (SELECT {inner}, [{listed}] AS {_VALUES} FROM {source.expression}{where}) {_UNFOLD} "
        f"GROUP BY {', '.join(named)}, {_PLACE} LIMIT {MAX_GROUPS * len(columns) + 1}"
    )
    rows = engine.rows(sql, source.parameters, source.frame)
    if len(rows) > MAX_GROUPS * len(columns):
        raise too_many_groups(segment_by)
    return [
        ([*row[: len(keys)], row[-2]], [(columns[int(row[len(keys)]) - 1], row[-1])])
        for row in rows
    ]


def _stand_in(columns: Sequence[Column]) -> Column:
    """Return the column that stands for all that are alike."""
    return replace(columns[0], name=_VALUE)


def _parts(columns: Sequence[Column]) -> Iterator[tuple[list[Column], bool]]:
    """Yield the columns of one statement each, and whether they are alike."""
    groups: dict[Column, list[Column]] = {}
    for column in columns:
        groups.setdefault(replace(column, name="", position=0), []).append(column)
    others: list[Column] = []
    for kept, group in groups.items():
        if kept.kind not in _FOLDED or len(group) < _ALIKE_FROM:
            others += group
            continue
        for start in range(0, len(group), _ALIKE_A_STATEMENT):
            yield group[start : start + _ALIKE_A_STATEMENT], True
    for start in range(0, len(others), COLUMNS_A_STATEMENT):
        yield others[start : start + COLUMNS_A_STATEMENT], False
