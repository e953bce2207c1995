"""Counting good and total events of many objectives in few statements."""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from vedette.core.errors import VedetteError
from vedette.core.time import TimeRange
from vedette.experience.slo import count_sql
from vedette.experience.slo.burn import Counts
from vedette.experience.slo.definition import (
    LogCounts,
    MetricCounts,
    PeriodCounts,
    RequestSource,
)
from vedette.query.metric_math import Grid
from vedette.telemetry.metrics.batch import query_grid
from vedette.telemetry.metrics.many import read_many
from vedette.telemetry.metrics.model import Expression, MetricQuery, RangeResult
from vedette.telemetry.ranges import bound_range

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from vedette.experience.slo.definition import Source
    from vedette.query import QueryRunner
    from vedette.query.metric_math.values import Floats

S = TypeVar("S")
MAX_ROWS = 2_000_000
_log = logging.getLogger(__name__)

Table = dict[str, dict[int, Counts]]
"""Objective's key to the starts of its slots, Unix seconds, and what was counted in them."""


@dataclass(slots=True)
class Counted:
    """What was counted; slots without events are not in it, objectives that failed neither."""

    table: Table = field(default_factory=lambda: defaultdict(dict))
    failed: dict[str, str] = field(default_factory=dict)
    statements: int = 0


def count(
    runner: QueryRunner,
    account: str,
    sources: Mapping[str, Source],
    start: int,
    end: int,
    step: int,
) -> Counted:
    """Count the events of objectives in ``[start, end)``, by slots of ``step`` seconds.

    Args:
        runner: runs the statements.
        account: whose.
        sources: what is counted, by the objective's key.
        start: Unix seconds, a multiple of ``step``.
        end: Unix seconds, a multiple of ``step``.
        step: 60 or 3600.

    """
    counter = _Counter(runner, account, start, end, step)
    requests = _of(sources, RequestSource)
    plain = {key: one for key, one in requests.items() if not one.filter.strip()}
    counter.try_(counter.rollup, {k: s for k, s in plain.items() if s.latency is None})
    slow = {key: one for key, one in plain.items() if one.latency is not None}
    for part in _parts(slow, count_sql.MAX_THRESHOLDS // 2):
        counter.try_(counter.latency, part)
    filtered = {key: one for key, one in requests.items() if one.filter.strip()}
    for chunk in _parts(filtered, count_sql.MAX_CONDITIONS):
        counter.try_(counter.conditions, chunk)
    for logs in _parts(_of(sources, LogCounts), count_sql.MAX_CONDITIONS):
        counter.try_(counter.logs, logs)
    counter.try_(counter.metrics, _of(sources, MetricCounts))
    periods = _of(sources, PeriodCounts)
    for period in sorted({one.period for one in periods.values()}):
        counter.try_(
            counter.periods, {key: one for key, one in periods.items() if one.period == period}
        )
    return counter.counted


@dataclass(slots=True)
class _Counter:
    runner: QueryRunner
    account: str
    start: int
    end: int
    step: int
    counted: Counted = field(default_factory=Counted)

    def try_(self, work: Callable[[Mapping[str, S]], None], sources: Mapping[str, S]) -> None:
        """Do a part; where it fails, the others go on."""
        if not sources:
            return
        try:
            work(sources)
        except VedetteError as error:
            _log.warning("objectives of %s were not counted: %s", self.account, error.message)
            self.counted.failed |= dict.fromkeys(sources, error.message)

    def rollup(self, sources: Mapping[str, RequestSource]) -> None:
        """Count requests that did not fail, from the rollup."""
        self._joined(count_sql.ROLLUP, sources, [])

    def latency(self, sources: Mapping[str, RequestSource]) -> None:
        """Count requests that were fast enough, from spans."""
        within = {source.latency_ns or 0 for source in sources.values()}
        thresholds = sorted(within | {one * count_sql.TOLERATED for one in within})
        self._joined(count_sql.LATENCY, sources, thresholds)

    def conditions(self, sources: Mapping[str, RequestSource]) -> None:
        """Count requests that a search text narrows."""
        self._by_condition(*count_sql.of_requests(sources), list(sources))

    def logs(self, sources: Mapping[str, LogCounts]) -> None:
        """Count log records."""
        self._by_condition(*count_sql.of_logs(sources), list(sources))

    def metrics(self, sources: Mapping[str, MetricCounts]) -> None:
        """Add up counters."""
        queries: list[MetricQuery] = []
        for source in sources.values():
            queries.append(source.total.query("total"))
            part = source.good or source.bad
            if part is not None:
                queries.append(part.query("part"))
        grid = self._grid(self.step)
        answers = iter(read_many(self.runner, self.account, grid, queries).results)
        self.counted.statements += 1
        for key, source in sources.items():
            total, part_values = next(answers), next(answers)
            for result in (total, part_values):
                if isinstance(result, VedetteError):
                    self.counted.failed[key] = result.message
            if isinstance(total, VedetteError) or isinstance(part_values, VedetteError):
                continue
            totals = np.nan_to_num(_first(total, len(grid)))
            parts = np.nan_to_num(_first(part_values, len(grid)))
            good = parts if source.good is not None else np.maximum(totals - parts, 0)
            # Counters that are read at slightly different moments may disagree for a slot.
            totals = np.maximum(totals, good)
            self._add_values(key, grid, good, totals)

    def periods(self, sources: Mapping[str, PeriodCounts]) -> None:
        """Count periods in which a metric was as it should be."""
        period = next(iter(sources.values())).period
        grid = self._grid(period)
        asked = {
            key: [query.parsed() for query in source.queries] for key, source in sources.items()
        }
        flat = [
            query
            for queries in asked.values()
            for query in queries
            if isinstance(query, MetricQuery)
        ]
        answers = iter(read_many(self.runner, self.account, grid, flat).results)
        self.counted.statements += 1
        for key, source in sources.items():
            known = {
                query.id: next(answers) for query in asked[key] if isinstance(query, MetricQuery)
            }
            try:
                values = self._watched(grid, source, asked[key], known)
            except VedetteError as error:
                self.counted.failed[key] = error.message
                continue
            good, total = _judged(source, values)
            self._add_values(key, grid, good, total)

    def _watched(
        self,
        grid: Grid,
        source: PeriodCounts,
        queries: Sequence[MetricQuery | Expression],
        known: Mapping[str, RangeResult | VedetteError],
    ) -> Floats:
        results: dict[str, RangeResult] = {}
        for name, result in known.items():
            if isinstance(result, VedetteError):
                raise result
            results[name] = result
        if source.watched in results:
            return _first(results[source.watched], len(grid))
        hidden = [replace(query, hidden=query.id != source.watched) for query in queries]
        answer = query_grid(self.runner, self.account, grid, hidden, known=results).results[0]
        return answer.series[0].values if answer.series else np.full(len(grid), np.nan)

    def _joined(
        self, sql: str, sources: Mapping[str, RequestSource], thresholds: Sequence[int]
    ) -> None:
        params: dict[str, Any] = {
            **count_sql.joined(sources, thresholds),
            **self._range(),
            "step": self.step,
            "from": self.start,
            "to": self.end,
            "thresholds": list(thresholds),
        }
        if thresholds:
            del params["from"], params["to"]
        else:
            for name in ("thresholds", "start", "end"):
                del params[name]
        limits = self.runner.bulk_limits(MAX_ROWS)
        rows = self.runner.run(self.account, sql, params, limits=limits)
        self.counted.statements += 1
        for slo, slot, good, tolerating, total in zip(
            rows["Slo"], rows["Slot"], rows["Good"], rows["Tolerating"], rows["Total"], strict=True
        ):
            self.counted.table[slo][slot] = Counts(good, tolerating, total)

    def _by_condition(self, sql: str, params: dict[str, Any], keys: Sequence[str]) -> None:
        bound = {**params, **self._range(), "step": self.step}
        rows = self.runner.run(self.account, sql, bound, limits=self.runner.bulk_limits(MAX_ROWS))
        self.counted.statements += 1
        for slot, goods, tolerated, totals in zip(
            rows["Slot"], rows["Good"], rows["Tolerating"], rows["Total"], strict=True
        ):
            for key, good, tolerating, total in zip(keys, goods, tolerated, totals, strict=True):
                if total:
                    self.counted.table[key][slot] = Counts(good, tolerating, total)

    def _add_values(self, key: str, grid: Grid, good: Floats, total: Floats) -> None:
        slots = self.counted.table[key]
        for moment, well, all_ in zip(
            grid.timestamps.tolist(), good.tolist(), total.tolist(), strict=True
        ):
            if all_ > 0:
                slot = int(moment) // self.step * self.step
                slots[slot] = slots.get(slot, Counts()) + Counts(well, 0.0, all_)

    def _grid(self, period: int) -> Grid:
        # A slot is counted as a whole: a longer period than the step belongs to the slot it begins in.
        start = self.start // period * period
        return Grid(np.arange(start, self.end, period, dtype=np.int64), period)

    def _range(self) -> dict[str, Any]:
        return bound_range(TimeRange(_moment(self.start), _moment(self.end)))


def _judged(source: PeriodCounts, values: Floats) -> tuple[Floats, Floats]:
    missing = np.isnan(values)
    compare = {
        ">": np.greater,
        ">=": np.greater_equal,
        "<": np.less,
        "<=": np.less_equal,
    }[source.comparison]
    good = np.where(missing, source.missing == "good", compare(values, source.threshold))
    total = np.ones(len(values))
    if source.missing == "skip":
        total = np.where(missing, 0.0, total)
    return good.astype(np.float64) * total, total


def _first(result: RangeResult, length: int) -> Floats:
    return result.series[0].values if result.series else np.full(length, np.nan)


def _of(sources: Mapping[str, Any], kind: type[S]) -> dict[str, S]:
    return {key: source for key, source in sources.items() if isinstance(source, kind)}


def _parts(sources: Mapping[str, S], size: int) -> Iterator[dict[str, S]]:
    items = list(sources.items())
    for first in range(0, len(items), size):
        yield dict(items[first : first + size])


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
