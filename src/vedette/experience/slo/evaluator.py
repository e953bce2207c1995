"""The evaluation of all objectives of an account, once a minute, and the metrics that tell of it.

Each tick counts the newest minutes (and some before them again, for what came late), at the turn of
an hour whole hours, and then sums windows from what is stored: few statements, however many
objectives there are. What was counted up to where is read from the counts themselves, so a restart
goes on where it was.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vedette.core.errors import VedetteError
from vedette.experience.slo.burn import Status, status_of
from vedette.experience.slo.counting import count
from vedette.experience.slo.counts import HOUR, MINUTE, SHORT_WINDOW, SloCounts, settled_hour
from vedette.experience.slo.definition import RequestSource, seconds
from vedette.experience.slo.service import Slo, SloService, key_of
from vedette.telemetry.emit import MAX_POINTS, MetricPoint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vedette.query import QueryRunner
    from vedette.scheduler import Claim
    from vedette.store.catalog import Catalog

    Emit = Callable[[str, Sequence[MetricPoint], str], None]

LATE = 9 * MINUTE
"""How far back minutes are counted again, for spans that come late."""
LATE_HOURS = 2
"""How many whole hours are counted again when another is over."""
DAY = 86_400
SHOWN_WINDOWS = ("5m", "1h", "6h", "1d", "3d")
"""Windows that are always computed, beside those of alarms."""
SCOPE = "vedette.slo"
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Evaluation:
    """What one evaluation did.

    Attributes:
        statuses: by objective id.
        failed: objective id to why it was not counted.
        statements: how many statements counted.
        points: metric points emitted.

    """

    statuses: dict[str, Status] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    statements: int = 0
    points: int = 0


class Evaluator:
    """Evaluates objectives. Thread-safe; every method blocks its thread.

    Args:
        catalog: definitions and clock.
        service: the objectives.
        counts: what was counted.
        runner: reads telemetry.
        emit: stores an account's metric points.

    """

    def __init__(
        self,
        catalog: Catalog,
        service: SloService,
        counts: SloCounts,
        runner: QueryRunner,
        emit: Emit | None = None,
    ) -> None:
        self._catalog = catalog
        self._service = service
        self._counts = counts
        self._runner = runner
        self._emit = emit

    def handle(self, claims: Sequence[Claim]) -> None:
        """Evaluate the accounts that are due; the scheduler's handler."""
        for claim in claims:
            account = str(claim.tick.account)
            try:
                now = self._catalog.clock.now().timestamp()
                self.evaluate(account, now)
            except VedetteError as error:
                _log.warning("objectives of %s: %s", account, error.message)
                claim.fail(error)

    def evaluate(self, account: str, now: float) -> Evaluation:
        """Count what is new, and emit how every objective of an account stands."""
        slos = [slo for slo in self._service.all(account) if slo.spec.enabled]
        evaluation = Evaluation()
        if not slos:
            return evaluation
        end = int(now) // MINUTE * MINUTE
        self._count(account, slos, end, evaluation)
        evaluation.statuses = read_statuses(self._counts, account, slos, end)
        points = [
            point
            for slo in slos
            if slo.id not in evaluation.failed
            for point in points_of(slo, evaluation.statuses[slo.id])
        ]
        evaluation.points = len(points)
        if self._emit:
            for first in range(0, len(points), MAX_POINTS):
                part = points[first : first + MAX_POINTS]
                self._emit(account, part, f"slo/{account}/{end}/{first}")
        return evaluation

    def _count(self, account: str, slos: Sequence[Slo], end: int, evaluation: Evaluation) -> None:
        by_key = {key_of(slo): slo for slo in slos}
        keys = list(by_key)
        boundary = settled_hour(end)
        hours = self._counts.cursors(account, HOUR, keys, boundary - 90 * DAY)
        minutes = self._counts.cursors(account, MINUTE, keys, end - DAY)
        whole: dict[int, list[str]] = defaultdict(list)
        single: dict[int, list[str]] = defaultdict(list)
        for key, slo in by_key.items():
            start = int(slo.spec.period_at(end)[0]) // HOUR * HOUR
            if key in hours:
                start = max(start, hours[key] + HOUR - LATE_HOURS * HOUR)
            if key not in hours or hours[key] + HOUR < boundary:
                whole[start].append(key)
            oldest = min(boundary, end - SHORT_WINDOW)
            single[max(oldest, minutes.get(key, 0) - LATE)].append(key)
        for start, some in whole.items():
            self._count_range(account, by_key, some, (start, boundary, HOUR), evaluation)
        for start, some in single.items():
            self._count_range(account, by_key, some, (start, end, MINUTE), evaluation)

    def _count_range(
        self,
        account: str,
        by_key: dict[str, Slo],
        keys: Sequence[str],
        what: tuple[int, int, int],
        evaluation: Evaluation,
    ) -> None:
        start, end, step = what
        if start >= end:
            return
        sources = {key: by_key[key].spec.source for key in keys}
        counted = count(self._runner, account, sources, start, end, step)
        done = [key for key in keys if key not in counted.failed]
        now = self._catalog.clock.now()
        self._counts.store(account, step, counted.table, done, start, end, now)
        evaluation.statements += counted.statements
        evaluation.failed |= {by_key[key].id: why for key, why in counted.failed.items()}


def read_statuses(
    counts: SloCounts, account: str, slos: Sequence[Slo], end: int
) -> dict[str, Status]:
    """Return how objectives stand by what was counted, by their ids; two statements in all."""
    names = {slo.id: _windows(slo) for slo in slos}
    periods = {slo.id: int(slo.spec.period_at(end)[0]) for slo in slos}
    starts = {int(end - seconds(name)) for windows in names.values() for name in windows}
    found = counts.windows(
        account, [key_of(slo) for slo in slos], sorted(starts | set(periods.values())), end
    )
    statuses = {}
    for slo in slos:
        by_start = found[key_of(slo)]
        windows = {name: by_start[int(end - seconds(name))] for name in names[slo.id]}
        statuses[slo.id] = status_of(slo.spec, by_start[periods[slo.id]], windows, now=float(end))
    return statuses


def points_of(slo: Slo, status: Status) -> list[MetricPoint]:
    """Return the metric points that tell how an objective stands."""
    labels = {"slo": slo.name}
    points = [
        MetricPoint(
            "vedette.slo.burn_rate", burn.rate, attributes={**labels, "windows": burn.windows}
        )
        for burn in status.burns
    ]
    points += [
        MetricPoint("vedette.slo.window_burn_rate", rate, attributes={**labels, "window": name})
        for name, rate in status.rates.items()
        if rate is not None
    ]
    if status.remaining is not None:
        points.append(
            MetricPoint("vedette.slo.budget_remaining", status.remaining, attributes=labels)
        )
    if status.period.sli is not None:
        points.append(MetricPoint("vedette.slo.sli", status.period.sli, attributes=labels))
    source = slo.spec.source
    apdex = status.period.apdex
    if apdex is not None and isinstance(source, RequestSource) and source.latency:
        points.append(MetricPoint("vedette.slo.apdex", apdex, attributes=labels))
    return points


def _windows(slo: Slo) -> list[str]:
    alarms = {name for alarm in slo.spec.alarms for name in (alarm.long, alarm.short)}
    return sorted({*SHOWN_WINDOWS, *alarms}, key=seconds)
