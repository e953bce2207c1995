"""Deterministic sampling of whole traces, for questions over more spans than a bound.

A trace is in the sample where the hash of its id is a multiple of ``every``: the same traces every
time, each complete, so that parents and children pair and repeated questions agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.telemetry.ranges import bound_range, in_coarse_range
from vedette.telemetry.traces.filters import SpanFilter, where

if TYPE_CHECKING:
    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

_STORED = f"""
SELECT sum(Count) FROM @span_metrics_1m WHERE {in_coarse_range("Minute", "toStartOfMinute")}
"""
_MATCHING = "SELECT count() FROM @otel_traces WHERE {where}"


@dataclass(frozen=True, slots=True)
class Sampling:
    """One of how many traces is looked at.

    Attributes:
        every: 1 where all are; counts of a sample are to be multiplied by it.

    """

    every: int = 1

    @property
    def sampled(self) -> bool:
        """Whether only some traces are looked at."""
        return self.every > 1

    def condition(self) -> str:
        """Return the condition over ``@otel_traces``; it reads no column where all are kept."""
        return f"cityHash64(TraceId) % {self.every} = 0" if self.sampled else "1"

    @classmethod
    def of(cls, spans: int, bound: int) -> Sampling:
        """Return the sampling that keeps about ``bound`` of ``spans`` spans."""
        return cls(max(1, -(-spans // bound)))


def stored_spans(runner: QueryRunner, account: str, time_range: TimeRange) -> int:
    """Return how many spans a range holds, to the minute, without reading any."""
    return int(runner.run(account, _STORED, bound_range(time_range)).scalar() or 0)


def matching_spans(
    runner: QueryRunner, account: str, time_range: TimeRange, span_filter: SpanFilter
) -> int:
    """Return how many spans a filter keeps."""
    condition = where(span_filter, time_range)
    sql = _MATCHING.format(where=condition.sql)
    return int(runner.run(account, sql, condition.params).scalar() or 0)
