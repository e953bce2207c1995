"""What a band is asked for and what it answers."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from vedette.core.errors import InvalidInputError
from vedette.statistics.band_step import PAGING_SCORE, PAGING_SHIFT, BandOptions, Side
from vedette.telemetry.metrics import Expression, MetricQuery
from vedette.telemetry.metrics.batch import check_queries
from vedette.telemetry.metrics.periods import check_period

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from vedette.query.metric_math import Grid

MAX_EXCLUSIONS = 50
MAX_HISTORY = timedelta(days=63)
_TRAINING_POINTS = 10_000
_SHORTEST_HISTORY, _LONGEST_HISTORY = timedelta(days=3), timedelta(days=28)
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class BandQuery:
    """Series and what is known of them.

    Attributes:
        queries: metric queries and expressions, as ``query_metrics`` takes them.
        of: id of the one whose series are watched.
        period: seconds.
        options: bounds and the share of points outside of the shown band.
        exclusions: windows ``(start, end)`` that are not learnt, such as a known incident.
        history: how far back the training goes; None: as far as 10,000 periods, 3 to 28 days.

    """

    queries: tuple[MetricQuery | Expression, ...]
    of: str
    period: int
    options: BandOptions = field(default_factory=BandOptions)
    exclusions: tuple[tuple[datetime, datetime], ...] = ()
    history: timedelta | None = None

    def checked(self) -> BandQuery:
        """Return the query for reading: of its series alone.

        Raises:
            InvalidInputError: an id, a period, a bound, a window or an expression is wrong.

        """
        check_period(self.period)
        if self.period > _DAY:
            raise InvalidInputError(
                "bands have periods of up to a day", field="period", remedy="use a shorter one"
            )
        self._check_options()
        if len(self.exclusions) > MAX_EXCLUSIONS or any(a >= b for a, b in self.exclusions):
            raise InvalidInputError(
                f"more than {MAX_EXCLUSIONS} windows are excluded, or one ends before it starts",
                field="exclusions",
                remedy="give start and end of each, and join windows",
            )
        if self.history is not None and not timedelta(hours=1) <= self.history <= MAX_HISTORY:
            raise InvalidInputError(
                "the history is too short or too long",
                field="history",
                remedy=f"give an hour to {MAX_HISTORY.days} days, or leave it out",
            )
        if self.of not in {query.id for query in self.queries}:
            raise InvalidInputError(
                f"there is no query with the id {self.of!r}",
                field="of",
                remedy="name the id of one of the queries",
            )
        shown = tuple(replace(query, hidden=query.id != self.of) for query in self.queries)
        check_queries(shown)
        return replace(self, queries=shown)

    def _check_options(self) -> None:
        low, high = self.options.minimum, self.options.maximum
        numbers = [one for one in (low, high, self.options.min_sigma) if one is not None]
        if not all(np.isfinite(numbers)) or self.options.min_sigma < 0:
            raise InvalidInputError(
                "a bound is not a number, or min_sigma is below 0",
                field="options",
                remedy="give finite numbers",
            )
        if low is not None and high is not None and low >= high:
            raise InvalidInputError(
                "the minimum is not below the maximum", field="minimum", remedy="swap them"
            )
        if not 0 < self.options.miss_rate <= 0.5:  # noqa: PLR2004 - a half
            raise InvalidInputError(
                "the share of points outside must be above 0 and at most 0.5",
                field="miss_rate",
                remedy="leave it out for 0.01",
            )

    @property
    def training(self) -> timedelta:
        """How far back the training goes."""
        if self.history is not None:
            return self.history
        usual = timedelta(seconds=self.period * _TRAINING_POINTS)
        return min(max(usual, _SHORTEST_HISTORY), _LONGEST_HISTORY)

    def learns(self, timestamps: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Tell of each period whether it is learnt."""
        out = np.ones(len(timestamps), np.bool_)
        for start, end in self.exclusions:
            inside = (timestamps + self.period > start.timestamp()) & (timestamps < end.timestamp())
            out &= ~inside
        return out

    def key(self, account: str) -> str:
        """Return the id of the detector of this query: the same query has the same one."""
        text = orjson.dumps([account, asdict(self)], default=_plain, option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(text, digest_size=16).hexdigest()


def _plain(value: Any) -> Any:  # noqa: ANN401 - members of queries
    if isinstance(value, timedelta):
        return value.total_seconds()
    return getattr(value, "value", str(value))


@dataclass(frozen=True, slots=True, eq=False)
class BandSeries:
    """One series with its band; every array has one value a period, NaN where there is none.

    Attributes:
        label: what a legend calls it.
        labels: the labels it was selected or grouped by.
        values: what was measured.
        expected: what was expected.
        lower: lower edge of the band.
        upper: upper edge of the band.
        above: score of a departure upwards, else 0.
        below: score of a departure downwards, else 0.
        shift: score of a slow shift of the level, signed.
        held: severity that falls slowly.

    """

    label: str
    labels: Mapping[str, str]
    values: NDArray[np.float64]
    expected: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    above: NDArray[np.float64]
    below: NDArray[np.float64]
    shift: NDArray[np.float64]
    held: NDArray[np.float64]

    def severity(self, side: Side = "outside") -> NDArray[np.float64]:
        """Return the larger of the score and the level shift, on the score's scale."""
        score = {"above": self.above, "below": self.below, "outside": self.above + self.below}[side]
        shift = {"above": self.shift, "below": -self.shift, "outside": np.abs(self.shift)}[side]
        severity: NDArray[np.float64] = np.fmax(score, shift * (PAGING_SCORE / PAGING_SHIFT))
        return severity

    def breaching(self, side: Side = "outside", score: float = PAGING_SCORE) -> NDArray[np.bool_]:
        """Tell of each period whether the value departs.

        Args:
            side: which departures count.
            score: from which severity on; 0: outside of the band.

        """
        if score > 0:
            return np.asarray(self.severity(side) >= score)
        above, below = self.values > self.upper, self.values < self.lower
        if side == "outside":
            return above | below
        return above if side == "above" else below


@dataclass(frozen=True, slots=True)
class BandResult:
    """Series with their bands on one grid."""

    grid: Grid
    series: tuple[BandSeries, ...]
    unit: str = ""
    warnings: tuple[str, ...] = ()
