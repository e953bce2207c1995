"""Series that are compared with what is usual for them."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from vedette.alarms.definition import AlarmSpec, MetricSource
from vedette.alarms.model import Points, Reading
from vedette.core.errors import InvalidInputError, VedetteError
from vedette.core.time import TimeRange
from vedette.telemetry.bands import BandDetectors, BandQuery, BandResult, BandSeries, compute_band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vedette.alarms.sources.read import Job
    from vedette.query import QueryRunner

MAX_TRAIL = 200
"""More periods than a detector's state is kept behind for are computed on the spot: previews."""


def read_banded(
    detectors: BandDetectors,
    runner: QueryRunner,
    account: str,
    jobs: Sequence[Job],
    slot: float,
) -> dict[str, Reading | VedetteError]:
    """Return the readings of alarms with a band, or the error that one alone got, by alarm.

    Periods begin at multiples of their length: a band knows the time of day by them.
    """
    readings: dict[str, Reading | VedetteError] = {}
    together: dict[int, list[tuple[Job, BandQuery]]] = {}
    for job in jobs:
        try:
            query = _query(job.spec)
            if job.spec.periods_read > MAX_TRAIL:
                readings[job.id] = _reading(job.spec, _computed(runner, account, job, query, slot))
            else:
                together.setdefault(job.spec.periods_read, []).append((job, query))
        except VedetteError as error:
            readings[job.id] = error
    for periods, group in together.items():
        found = detectors.read(
            account, [query for _, query in group], end=int(slot), periods=periods
        )
        for (job, _), result in zip(group, found, strict=True):
            readings[job.id] = (
                result if isinstance(result, VedetteError) else _reading(job.spec, result)
            )
    return readings


def _query(spec: AlarmSpec) -> BandQuery:
    if not isinstance(spec.source, MetricSource):
        raise InvalidInputError("bands are of metrics", field="condition", remedy="use a threshold")
    queries = tuple(one.parsed() for one in spec.source.queries)
    return BandQuery(queries, spec.source.watched, spec.period)


def _computed(
    runner: QueryRunner, account: str, job: Job, query: BandQuery, slot: float
) -> BandResult:
    period = job.spec.period
    end = datetime.fromtimestamp(int(slot) // period * period, UTC)
    span = TimeRange(end - timedelta(seconds=period * job.spec.periods_read), end)
    return compute_band(runner, account, span, query, now=end)


def _reading(spec: AlarmSpec, result: BandResult) -> Reading:
    series = [_points(spec, one) for one in result.series]
    return Reading(result.grid.timestamps.tolist(), series, warnings=result.warnings)


def _points(spec: AlarmSpec, one: BandSeries) -> Points:
    band = spec.condition.band if spec.condition else None
    if band is None:
        raise InvalidInputError(
            "the alarm has no band", field="condition", remedy="give a threshold or a band"
        )
    there = [math.isfinite(value) for value in one.values]
    flags = one.breaching(band.direction, band.score)
    edges = zip(one.lower.tolist(), one.upper.tolist(), strict=True)
    return Points(
        labels=one.labels,
        values=[
            value if ok else None for value, ok in zip(one.values.tolist(), there, strict=True)
        ],
        thresholds=[(low, high) if math.isfinite(low) else None for low, high in edges],
        breaching=[bool(flag) if ok else None for flag, ok in zip(flags, there, strict=True)],
    )
