"""Facets of the log records of a search; see ``vedette.telemetry.facets``."""

from __future__ import annotations

from collections.abc import Sequence

from vedette.core.time import TimeRange
from vedette.query import QueryRunner
from vedette.query.language import LOGS, Signal, compile_search
from vedette.telemetry.facets import Facets, count_facets
from vedette.telemetry.ranges import bound_range


def facets(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    text: str,
    keys: Sequence[str],
    *,
    limit: int = 10,
    query_id: str | None = None,
) -> Facets:
    """Return the most frequent values of keys among the records of a search in a range."""
    condition = compile_search(text, Signal.LOGS)
    where = f"{LOGS.in_time_range()} AND ({condition.sql})"
    params = {**condition.params, **bound_range(time_range)}
    return count_facets(runner, account, LOGS, where, params, keys, limit=limit, query_id=query_id)
