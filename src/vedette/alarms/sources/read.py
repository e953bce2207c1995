"""All sources of many alarms, read in as few statements as can be."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vedette.alarms.definition import AbsenceSource, AlarmSpec, window
from vedette.alarms.sources.events import read_events
from vedette.alarms.sources.metric import read_metrics
from vedette.alarms.sources.pipe import read_pipe
from vedette.alarms.sources.sql import read_sql
from vedette.core.errors import QueryLimitError, StoreError, VedetteError
from vedette.query.metric_math import Grid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vedette.alarms.model import Reading
    from vedette.query import QueryRunner

_LENGTHS = (8, 64, 512, 4096)
"""Alarms with about as many periods are read together."""
_THREADS = 2
"""Statements of single alarms at a time: people's queries need the engine, too."""
_SHARE_OF_INTERVAL = 0.6
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """An alarm to be read."""

    id: str
    spec: AlarmSpec


def read_sources(
    runner: QueryRunner,
    account: str,
    jobs: Sequence[Job],
    slot: float,
    bands: Callable[[Sequence[Job], float], Mapping[str, Reading | VedetteError]] | None = None,
) -> dict[str, Reading | VedetteError]:
    """Return each alarm's reading, or the error that it alone got, by its id.

    Args:
        runner: runs the statements.
        account: whose alarms.
        jobs: what to read; no composites.
        slot: Unix second of the evaluation.
        bands: reads those that are compared with a band.

    """
    readings: dict[str, Reading | VedetteError] = {}
    metrics: dict[tuple[int, int], list[Job]] = defaultdict(list)
    banded: list[Job] = []
    single: list[Job] = []
    for job in jobs:
        if job.spec.condition and job.spec.condition.band:
            banded.append(job)
        elif _is_metric(job.spec):
            length = next(n for n in _LENGTHS if job.spec.periods_read <= n)
            metrics[job.spec.period, length].append(job)
        else:
            single.append(job)
    readings |= _singles(runner, account, single, slot)
    for (period, _), group in metrics.items():
        readings |= _metrics(runner, account, period, group, slot)
    if banded and bands:
        readings |= bands(banded, slot)
    return readings


def _is_metric(spec: AlarmSpec) -> bool:
    source = spec.source
    if isinstance(source, AbsenceSource):
        return source.signal == "metric"
    return source.type == "metric"


def _metrics(
    runner: QueryRunner, account: str, period: int, jobs: Sequence[Job], slot: float
) -> dict[str, Reading | VedetteError]:
    _, end = window(jobs[0].spec, slot)
    length = max(job.spec.periods_read for job in jobs)
    starts = np.arange(end - period * length, end, period, dtype=np.int64)
    try:
        found = read_metrics(runner, account, Grid(starts, period), [job.spec for job in jobs])
    except VedetteError as error:
        return {job.id: error for job in jobs}
    return {job.id: reading for job, reading in zip(jobs, found, strict=True)}


def _singles(
    runner: QueryRunner, account: str, jobs: Sequence[Job], slot: float
) -> dict[str, Reading | VedetteError]:
    """Read alarms that take a statement each, a few at a time and within the interval."""
    if not jobs:
        return {}
    deadline = time.monotonic() + _SHARE_OF_INTERVAL * jobs[0].spec.interval

    def work(job: Job) -> Reading | VedetteError:
        if time.monotonic() > deadline:
            return QueryLimitError(
                "there was no time left for it in this evaluation",
                remedy="watch logs, traces and SQL by fewer alarms, or by metrics made of them",
            )
        return _single(runner, account, job, slot)

    with ThreadPoolExecutor(min(_THREADS, len(jobs)), thread_name_prefix="alarms") as pool:
        return dict(zip((job.id for job in jobs), pool.map(work, jobs), strict=True))


def _whole(spec: AlarmSpec, end: int) -> int:
    """Return where the last whole bin ends: bins of a statement lie at multiples of the period.

    The one that has only begun would look like a fall.
    """
    return end // spec.period * spec.period


def _single(runner: QueryRunner, account: str, job: Job, slot: float) -> Reading | VedetteError:
    _, end = window(job.spec, slot)
    try:
        if job.spec.source.type == "sql":
            return read_sql(runner, account, job.spec, _whole(job.spec, end))
        if job.spec.source.type == "pipe":
            return read_pipe(runner, account, job.spec, _whole(job.spec, end))
        return read_events(runner, account, job.spec, end)
    except VedetteError as error:
        return error
    except Exception as error:  # noqa: BLE001 - one alarm's fault must not stop the others
        _log.exception("an alarm could not be read")
        return StoreError(f"the alarm could not be read: {error!r}")
