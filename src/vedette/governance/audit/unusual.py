"""Whether an account does more or less than it usually does at that time of day and week.

The counts are the metric ``vedette.audit.calls``, which an alarm may watch as well; the band is that of
every other metric (``telemetry.bands``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vedette.core.time import TimeRange
from vedette.governance.audit.metrics import CALLS
from vedette.query import QueryRunner
from vedette.statistics.band_step import BandOptions
from vedette.telemetry.bands import BandQuery, compute_band
from vedette.telemetry.metrics import MetricQuery
from vedette.telemetry.metrics.model import Matcher

Measure = Literal["all", "refused", "read", "change", "ingest"]
_MATCHERS: dict[str, tuple[Matcher, ...]] = {
    "all": (),
    "refused": (Matcher("outcome", "=", "refused"),),
    **{kind: (Matcher("kind", "=", kind),) for kind in ("read", "change", "ingest")},
}
_PERIODS = (60, 300, 900, 3600)
_POINTS = 300
_LEAST_SIGMA = 1.0
"""Calls of a period that are never unusual by themselves: a single refused one wakes nobody."""


@dataclass(frozen=True, slots=True, eq=False)
class Unusual:
    """Calls of each period with what is usual; arrays of one length, NaN where nothing is known.

    ``unusual`` tells of each period whether it departs as far as an alarm would page for.
    """

    period: int
    timestamps: NDArray[np.int64]
    calls: NDArray[np.float64]
    expected: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    unusual: NDArray[np.bool_]


def unusual_activity(
    runner: QueryRunner, account: str, within: TimeRange, measure: Measure, *, now: datetime
) -> Unusual:
    """Return an account's calls over a range with the band that was known at each moment.

    Args:
        runner: runs the statements.
        account: whose.
        within: the range; it is widened to whole periods.
        measure: which calls: all, refused ones, or those of one kind.
        now: a period that is not over is not judged.

    """
    seconds = (within.end - within.start).total_seconds()
    period = next((one for one in _PERIODS if seconds / one <= _POINTS), _PERIODS[-1])
    # Each series' own sum of its gauge first: kinds and outcomes are then added up.
    query = MetricQuery(CALLS, "Sum", _MATCHERS[measure], id="calls")
    options = BandOptions(minimum=0.0, min_sigma=_LEAST_SIGMA)
    found = compute_band(
        runner, account, within, BandQuery((query,), "calls", period, options), now=now
    )
    nothing = np.full(len(found.grid), np.nan)
    if not found.series:
        return Unusual(
            period, found.grid.timestamps, nothing, nothing, nothing, nothing,
            np.zeros(len(found.grid), np.bool_),
        )  # fmt: skip
    (series,) = found.series
    return Unusual(
        period=period,
        timestamps=found.grid.timestamps,
        calls=series.values,
        expected=series.expected,
        lower=series.lower,
        upper=series.upper,
        unusual=series.breaching(),
    )
