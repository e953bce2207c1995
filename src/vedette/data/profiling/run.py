"""Profiling a source: one pass of the engine over all columns, in groups where there are very many.

First a look at some rows decides what is worth keeping of each column (its frequent values, its
words, the pivot of its sketch); it never changes what a count means. Then one statement computes the
states of up to 200 columns, grouped by window and segment; of very many columns and few rows those
that are alike are computed as one (``wide``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.data.profiling.columns import Column, Kind, columns_of
from vedette.data.profiling.compute import Windows, compute
from vedette.data.profiling.engine import Engine, Progress
from vedette.data.profiling.engine_errors import changed
from vedette.data.profiling.look import look
from vedette.data.profiling.sources import Source
from vedette.data.profiling.states import MEMBERS
from vedette.data.profiling.wide import (
    COLUMNS_A_STATEMENT,
    compute_empty,
    compute_wide,
    look_wide,
    rows_of_wide,
)

MAX_SEGMENT_COLUMNS = 5


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
    _check_grouping(every, segment_by, windows)
    chosen = describe(engine, source, columns) if columns is not None else every
    before = source.fingerprint()
    rows = rows_of_wide(engine, source, chosen, windows)
    if rows is None:
        found = _in_groups(engine, source, chosen, segment_by, windows, progress)
    elif rows:
        with _noticing_change(engine, source, chosen):
            looked = look_wide(engine, source, chosen)
            answers = compute_wide(engine, source, looked, segment_by, windows, progress)
        found = list(_unfold(answers, looked, segment_by, windowed=windows is not None))
    else:
        found = _of_nothing(engine, source, chosen, grouped=bool(segment_by or windows))
    if source.fingerprint() != before:
        raise changed(source.label)
    return found


def _in_groups(
    engine: Engine,
    source: Source,
    chosen: Sequence[Column],
    segment_by: Sequence[str],
    windows: Windows | None,
    progress: Progress | None,
) -> list[ColumnStates]:
    found: list[ColumnStates] = []
    totals: dict[tuple[Any, ...], int] | None = None
    for start in range(0, len(chosen), COLUMNS_A_STATEMENT):
        part = chosen[start : start + COLUMNS_A_STATEMENT]
        if progress:
            progress(start / len(chosen), f"columns {start + 1} to {start + len(part)}")
        with _noticing_change(engine, source, part):
            looked = look(engine, source, part)
            rows = compute(engine, source, looked, segment_by, windows)
        counted = {tuple(row[: 2 + len(segment_by)]): row[2 + len(segment_by)] for row in rows}
        if totals is not None and counted != totals:
            raise changed(source.label)
        totals = counted
        found.extend(_unfold(rows, looked, segment_by, windowed=windows is not None))
    return found


def _of_nothing(
    engine: Engine, source: Source, chosen: Sequence[Column], *, grouped: bool
) -> list[ColumnStates]:
    if grouped:
        return []
    with _noticing_change(engine, source, chosen):
        return list(_unfold(compute_empty(engine, source, chosen), chosen, (), windowed=False))


@contextmanager
def _noticing_change(engine: Engine, source: Source, columns: Sequence[Column]) -> Iterator[None]:
    """Tell an error of a source that lost a column meanwhile from all others."""
    try:
        yield
    except InvalidInputError as error:
        if error.field != "source" or set(columns) <= set(describe(engine, source)):
            raise
        raise changed(source.label) from error


def _check_grouping(
    columns: Sequence[Column], segment_by: Sequence[str], windows: Windows | None
) -> None:
    names = {column.name: column for column in columns}
    wanted = [*segment_by, *([windows.column] if windows else [])]
    if missing := [name for name in wanted if name not in names]:
        raise InvalidInputError(
            f"the source has no column {missing[0]!r}",
            field="segment_by" if missing[0] in segment_by else "windows",
            remedy=f"its columns are {', '.join(sorted(names)[:20])}",
        )
    if windows and names[windows.column].kind is not Kind.TIME:
        raise InvalidInputError(
            f"{windows.column} is of the type {names[windows.column].type}, no time",
            field="time_column",
            remedy="name a column of dates or times; convert texts and numbers to them first",
        )
    if len(segment_by) > MAX_SEGMENT_COLUMNS:
        raise InvalidInputError(
            f"{len(segment_by)} columns are too many to segment by",
            field="segment_by",
            remedy=f"give up to {MAX_SEGMENT_COLUMNS}",
        )


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
