"""What a band is told of series beside their values, and what it says of one moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
Side = Literal["outside", "above", "below"]

PAGING_SCORE = 10.0
"""A score from here on is worth waking somebody."""
PAGING_SHIFT = 4.0
"""A level shift from here on is, too: slow departures, which the level follows, show only there."""


@dataclass(frozen=True, slots=True)
class BandOptions:
    """What is known of the series beside their values.

    Attributes:
        minimum: no value lies below, as a count never lies below 0; the band neither. None: none.
        maximum: no value lies above, as a share never lies above 1.
        min_sigma: smallest standard deviation to assume, in the series' unit: what moves less is
            never unusual. 0: none beside the 5 % of the expected value.
        miss_rate: share of quiet points that lie outside of the shown band.
        relearn_after: seconds after which what pages without a break is the new normal: the series
            is learnt anew. Clipping would keep the band from ever getting there.

    """

    minimum: float | None = None
    maximum: float | None = None
    min_sigma: float = 0.0
    miss_rate: float = 0.01
    relearn_after: int = 86_400


@dataclass(frozen=True, slots=True)
class Step:
    """One moment of all series; every attribute is an array with one value a series.

    Attributes:
        expected: the expected value.
        sigma: its standard deviation.
        lower: lower edge of the shown band.
        upper: upper edge of the shown band.
        above: score of a value above the expected one, else 0; NaN where there is no value or the
            series is not warm yet.
        below: score of a value below the expected one.
        shift: how far the level of the last half hour lies from that of the last week beside what
            the season explains, signed, in its usual departures; 0 in the first day.
        held: ``max(severity, 0.9 of the last held one)``, which does not flicker.

    """

    expected: Array
    sigma: Array
    lower: Array
    upper: Array
    above: Array
    below: Array
    shift: Array
    held: Array

    def score(self, side: Side = "outside") -> Array:
        """Return the score of departures to one side or to both; ``PAGING_SCORE`` pages."""
        if side == "outside":
            return self.above + self.below
        return self.above if side == "above" else self.below

    def severity(self, side: Side = "outside") -> Array:
        """Return the larger of the score and the level shift, both with ``PAGING_SCORE`` paging."""
        shift = self.shift * np.float32(PAGING_SCORE / PAGING_SHIFT)
        if side == "outside":
            shift = np.abs(shift)
        elif side == "below":
            shift = -shift
        severity: Array = np.maximum(self.score(side), shift)
        return severity
