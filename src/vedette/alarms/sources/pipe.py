"""Series of a query of the pipe language."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vedette.alarms.definition import AlarmSpec, PipeSource
from vedette.alarms.model import Points, Reading
from vedette.alarms.sources.sql import MAX_SECONDS, MAX_SERIES, text_of
from vedette.core.errors import InvalidInputError
from vedette.core.time import epoch_of
from vedette.query.language import Signal, compile_pipe
from vedette.query.language.pipe.values import Kind

if TYPE_CHECKING:
    from vedette.query import QueryRunner
    from vedette.query.language.pipe.compiler import Column, CompiledQuery

_FIELD = "spec.source.query"
_PERIOD = re.compile(r"\bbin\(\s*\$period\s*\)")


def compile_alarm_pipe(spec: AlarmSpec) -> tuple[CompiledQuery, Column, Column | None]:
    """Return the query with its period put in, the column that is watched, and that of time.

    Raises:
        QuerySyntaxError: the query does not parse.
        InvalidInputError: it gives no number, or no periods where N is above 1.

    """
    source = spec.source
    if not isinstance(source, PipeSource):
        raise TypeError("queries of the pipe language only")
    text = _PERIOD.sub(f"bin({spec.period}s)", source.query)
    default = Signal.LOGS if source.signal == "logs" else Signal.SPANS
    compiled = compile_pipe(text, default_signal=default)
    numbers = [one for one in compiled.columns if one.kind is Kind.NUMBER]
    named = [one for one in numbers if one.name == source.value] if source.value else numbers[-1:]
    if not named:
        raise InvalidInputError(
            f"the query gives no number {source.value!r}" if source.value
            else "the query gives no number", field=_FIELD,
            remedy="end with stats: stats count(*) as errors by service, bin($period)",
        )  # fmt: skip
    time = next((one for one in compiled.columns if one.kind is Kind.TIME), None)
    if time is not None and not _PERIOD.search(source.query):
        raise InvalidInputError(
            "its bins must be the alarm's periods", field=_FIELD, remedy="write bin($period)"
        )
    if time is None and spec.periods > 1:
        raise InvalidInputError(
            f"{spec.periods} periods need bins", field=_FIELD,
            remedy="write stats ... by ..., bin($period)",
        )  # fmt: skip
    return compiled, named[0], time


def read_pipe(runner: QueryRunner, account: str, spec: AlarmSpec, end: int) -> Reading:
    """Return the series of an alarm on a pipe query, up to ``end`` (Unix seconds)."""
    compiled, watched, time = compile_alarm_pipe(spec)
    length = spec.periods_read if time else 1
    first = end - spec.period * length
    moments = {
        "start": datetime.fromtimestamp(first, UTC), "end": datetime.fromtimestamp(end, UTC)
    }  # fmt: skip
    most = min(MAX_SERIES * length, 100_000)
    columns = runner.run(
        account, compiled.sql, {**compiled.params, **moments},
        limits=runner.bulk_limits(most, seconds=MAX_SECONDS),
    )  # fmt: skip
    labels = [
        one for one in compiled.columns if one.kind not in {Kind.NUMBER, Kind.TIME, Kind.LIST}
    ]
    total = spec.periods_read
    series: dict[tuple[str, ...], list[float | None]] = {}
    for number in range(columns.rows):
        key = tuple(text_of(columns[one.key][number]) for one in labels)
        slot = total - 1
        if time is not None:
            slot = (
                epoch_of(columns[time.key][number], field="spec.source.query") - first
            ) // spec.period
        value = columns[watched.key][number]
        if 0 <= slot < total and value is not None and math.isfinite(float(value)):
            series.setdefault(key, [None] * total)[slot] = float(value)
    shown = list(series.items())[:MAX_SERIES]
    left_out = len(series) - len(shown)
    names = [one.name for one in labels]
    return Reading(
        starts=list(range(end - spec.period * total, end, spec.period)),
        series=[
            Points({n: v for n, v in zip(names, key, strict=True) if v}, values)
            for key, values in shown
        ],
        partial=f"{left_out} of {len(series)} series are left out" if left_out else None,
    )
