"""Which spans a question is about: a search text, typed fields and durations, within a range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vedette.core.errors import InvalidInputError
from vedette.query.language import Signal, compile_search
from vedette.query.language.parameters import Parameters
from vedette.telemetry.ranges import bound_range

if TYPE_CHECKING:
    from vedette.core.time import TimeRange

SPAN_KINDS = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
ENTRY_KINDS = ("Server", "Consumer")
"""Kinds of a span that a service makes of what it was asked: the service's own side of a call."""


@dataclass(frozen=True, slots=True)
class SpanFilter:
    """The spans that a question is about; what is left empty does not narrow.

    Attributes:
        text: search-box syntax.
        service: exact service name.
        operation: exact span name.
        kinds: span kinds, any of them.
        min_duration_ns: shortest duration, inclusive.
        max_duration_ns: longest duration, inclusive.

    """

    text: str = ""
    service: str = ""
    operation: str = ""
    kinds: tuple[str, ...] = ()
    min_duration_ns: int | None = None
    max_duration_ns: int | None = None

    def __post_init__(self) -> None:
        for kind in self.kinds:
            if kind not in SPAN_KINDS:
                raise InvalidInputError(
                    f"{kind!r} is not a span kind",
                    field="kinds",
                    remedy=f"use {', '.join(SPAN_KINDS)}",
                )
        for field in ("min_duration_ns", "max_duration_ns"):
            value = getattr(self, field)
            if value is not None and not 0 <= value < 1 << 63:
                raise InvalidInputError(
                    f"{value} is not a duration", field=field, remedy="give nanoseconds from 0 up"
                )
        low, high = self.min_duration_ns or 0, self.max_duration_ns
        if high is not None and low > high:
            raise InvalidInputError(
                "the shortest duration is longer than the longest one",
                field="min_duration_ns",
                remedy="give a min_duration_ns that is at most max_duration_ns",
            )


@dataclass(frozen=True, slots=True)
class Where:
    """A condition over the columns of ``@otel_traces``.

    Attributes:
        sql: the boolean expression.
        params: its parameters.
        terms: words of the search text, for highlighting.

    """

    sql: str
    params: dict[str, Any]
    terms: tuple[str, ...] = ()


def in_range(prefix: str = "") -> str:
    """Return the condition that keeps spans that start in ``[start, end)``.

    The primary key and the partitions are functions of ``Timestamp``, so this alone prunes.
    """
    return (
        f"Timestamp >= {{{prefix}start:DateTime64(9, 'UTC')}}"
        f" AND Timestamp < {{{prefix}end:DateTime64(9, 'UTC')}}"
    )


def where(span_filter: SpanFilter, time_range: TimeRange, *, prefix: str = "") -> Where:
    """Return the condition for the spans of a filter that start in a range.

    Args:
        span_filter: what to keep.
        time_range: of the spans' starts.
        prefix: start of the parameters' names, where one statement holds two conditions.

    Raises:
        QuerySyntaxError: the filter's text does not parse.

    """
    bind = Parameters(f"{prefix}q")
    condition = compile_search(span_filter.text, Signal.SPANS, parameters=bind)
    parts = [in_range(prefix), *typed_conditions(span_filter, bind)]
    if span_filter.text.strip():
        parts.append(f"({condition.sql})")
    params = {**bind.values, **bound_range(time_range, prefix)}
    return Where(" AND ".join(parts), params, condition.terms)


def typed_conditions(span_filter: SpanFilter, bind: Parameters) -> list[str]:
    """Return the conditions of the typed fields; those before the durations fit rollups too."""
    parts = []
    if span_filter.service:
        parts.append(f"ServiceName = {bind.text(span_filter.service)}")
    if span_filter.operation:
        parts.append(f"SpanName = {bind.text(span_filter.operation)}")
    if span_filter.kinds:
        parts.append(f"SpanKind IN ({', '.join(map(bind.text, span_filter.kinds))})")
    if span_filter.min_duration_ns is not None:
        parts.append(f"Duration >= {bind.integer(span_filter.min_duration_ns)}")
    if span_filter.max_duration_ns is not None:
        parts.append(f"Duration <= {bind.integer(span_filter.max_duration_ns)}")
    return parts
