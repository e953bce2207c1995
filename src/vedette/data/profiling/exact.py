"""Every value of a column with its count, for those who want exact distances of raw data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vedette.core.errors import InvalidInputError
from vedette.data.profiling.columns import Kind, quoted
from vedette.data.profiling.engine import Engine
from vedette.data.profiling.engine_errors import changed
from vedette.data.profiling.sources import Source
from vedette.data.profiling.summary import ColumnProfile, Counted

MAX_DISTINCT = 5_000_000


def with_every_value(
    engine: Engine, source: Source, profiles: Sequence[ColumnProfile]
) -> list[ColumnProfile]:
    """Return the profiles with all values of numbers and texts, read from the source again.

    Memory grows with the distinct values, so a column may have at most 5 million.

    Raises:
        InvalidInputError: a column has more.
        ConflictError: the source changed since it was profiled.

    """
    return [_exact(engine, source, profile) for profile in profiles]


def _exact(engine: Engine, source: Source, profile: ColumnProfile) -> ColumnProfile:
    if profile.kind not in {Kind.NUMERIC, Kind.TEXT} or profile.frequencies().complete:
        return profile
    name = quoted(profile.name)
    value, present = f"toString({name})", f"isNotNull({name})"
    if profile.kind is Kind.NUMERIC:
        value = f"toFloat64({name})"
        present = f"ifNull(isFinite({value}), 0)"
    rows = engine.rows(
        f"SELECT assumeNotNull({value}) AS value, toUInt64(count()) FROM {source.expression} "
        f"WHERE {present} GROUP BY value LIMIT {MAX_DISTINCT + 1}",
        source.parameters,
        source.frame,
    )
    if len(rows) > MAX_DISTINCT:
        raise InvalidInputError(
            f"{profile.name!r} has more than {MAX_DISTINCT:,} distinct values",
            field="exact",
            remedy="leave exact out: the sketch's error is stated",
        )
    if sum(row[1] for row in rows) != (
        profile.finite if profile.kind is Kind.NUMERIC else profile.present
    ):
        raise changed(source.label)
    counted = Counted({row[0]: row[1] for row in rows}, complete=True)
    if profile.kind is Kind.NUMERIC:
        return replace(profile, numbers=counted)
    return replace(profile, values=counted)
