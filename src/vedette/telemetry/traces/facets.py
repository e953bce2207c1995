"""Facets of the spans of a filter; see ``vedette.telemetry.facets``."""

from __future__ import annotations

from collections.abc import Sequence

from vedette.core.time import TimeRange
from vedette.query import QueryRunner
from vedette.query.language import SPANS
from vedette.telemetry.facets import Facets, count_facets
from vedette.telemetry.traces.filters import SpanFilter, where


def facets(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    span_filter: SpanFilter,
    keys: Sequence[str],
    *,
    limit: int = 10,
    query_id: str | None = None,
) -> Facets:
    """Return the most frequent values of keys among the spans of a filter in a range."""
    condition = where(span_filter, time_range)
    return count_facets(
        runner,
        account,
        SPANS,
        condition.sql,
        condition.params,
        keys,
        limit=limit,
        query_id=query_id,
    )
