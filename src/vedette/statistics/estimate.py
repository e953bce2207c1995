"""A measured value with its uncertainty, and the intervals that are used for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MIN_STD_SAMPLES = 200
"""A standard deviation is told from so many samples on, as Amazon SageMaker's Model Monitor does."""
Z95 = 1.959963984540054
_STEP = 1e-6


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value of a metric.

    Attributes:
        value: the metric; NaN where it is not defined.
        low: lower end of the interval; NaN where there is none.
        high: upper end of the interval.
        std: standard error; NaN below ``MIN_STD_SAMPLES`` samples.
        method: how the interval was made.

    """

    value: float
    low: float = math.nan
    high: float = math.nan
    std: float = math.nan
    method: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON has it; what is not finite is None."""
        found = asdict(self)
        return {
            k: None if isinstance(v, float) and not math.isfinite(v) else v
            for k, v in found.items()
        }


def ratio(part: float, whole: float) -> float:
    """Return part over whole; 0 / 0 is 0, as libraries of metrics have it."""
    if whole:
        return part / whole
    return 0.0 if not part else math.inf


def proportion(part: float, whole: float, effective: float) -> Estimate:
    """Return a share with Wilson's 95 % score interval (1927).

    Args:
        part: weight of what counts.
        whole: weight of all.
        effective: number of equally weighted samples that the whole is worth (Kish 1965).

    """
    if whole <= 0 or effective <= 0:
        return Estimate(ratio(part, whole))
    p, n, z2 = min(1.0, max(0.0, part / whole)), effective, Z95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return Estimate(
        p,
        max(0.0, middle - half),
        min(1.0, middle + half),
        told(math.sqrt(p * (1 - p) / n), n),
        "Wilson",
    )


def normal(
    value: float,
    std: float,
    samples: float,
    *,
    method: str,
    least: float = -math.inf,
    most: float = math.inf,
) -> Estimate:
    """Return a value with the 95 % interval of a normal distribution, cut where the metric ends."""
    value, std = float(value), float(std)  # not numpy's
    if not math.isfinite(value) or not math.isfinite(std) or samples <= 0:
        return Estimate(value)
    low, high = max(least, value - Z95 * std), min(most, value + Z95 * std)
    return Estimate(value, low, high, told(std, samples), method)


def told(std: float, samples: float) -> float:
    """Return a standard deviation if there are samples enough for one, else NaN."""
    return std if samples >= MIN_STD_SAMPLES else math.nan


def effective_size(weight: float, squares: float) -> float:
    """Return Kish's effective sample size, (sum w)^2 / sum w^2."""
    return weight * weight / squares if squares > 0 else 0.0


def delta(function: Callable[[Floats], float], cells: Floats, effective: float) -> float:
    """Return the standard error of a function of multinomial counts, by the delta method.

    Args:
        function: of counts of any shape.
        cells: the counts, weighted.
        effective: what they are worth in equally weighted samples.

    """
    total = cells.sum()
    if total <= 0 or effective <= 0:
        return math.nan
    shares = cells / total
    flat = shares.ravel()
    gradient = np.empty(flat.size)
    for index in range(flat.size):
        step = np.zeros(flat.size)
        step[index] = _STEP
        up = function((flat + step).reshape(cells.shape))
        down = function(np.maximum(flat - step, 0).reshape(cells.shape))
        gradient[index] = (up - down) / (_STEP + min(_STEP, flat[index]))
    mean = float(flat @ gradient)
    return math.sqrt(max(0.0, float(flat @ (gradient - mean) ** 2)) / effective)


def jackknife(
    function: Callable[[Floats], Mapping[str, float]], groups: Floats, samples: float
) -> dict[str, Estimate]:
    """Return metrics of summed groups with delete-a-group jackknife intervals (Kott 2001).

    Args:
        function: metrics of one row of sums.
        groups: a row a random group of the data, a column a sum.
        samples: how many samples there are.

    """
    from scipy.special import stdtrit  # noqa: PLC0415 - only where it is needed

    groups = groups[groups[:, 0] > 0]
    total = groups.sum(axis=0)
    whole = function(total)
    count = len(groups)
    if count < 2:  # noqa: PLR2004 - nothing to leave out
        return {name: Estimate(value) for name, value in whole.items()}
    parts = [function(total - group) for group in groups]
    t = float(stdtrit(count - 1, 0.975))
    found = {}
    for name, value in whole.items():
        left = np.array([part[name] for part in parts])
        std = math.sqrt((count - 1) / count * float(((left - left.mean()) ** 2).sum()))
        found[name] = Estimate(
            value, value - t * std, value + t * std, told(std, samples), "delete-a-group jackknife"
        )
    return found


def difference(first: Estimate, second: Estimate) -> tuple[float, float]:
    """Return the z statistic and two-sided p-value that two independent estimates are one value."""
    spread = math.hypot(_spread(first), _spread(second))
    apart = first.value - second.value
    if not math.isfinite(apart) or not math.isfinite(spread):
        return math.nan, math.nan
    if spread == 0:
        return (0.0, 1.0) if apart == 0 else (math.copysign(math.inf, apart), 0.0)
    z = apart / spread
    return z, math.erfc(abs(z) / math.sqrt(2))


def _spread(one: Estimate) -> float:
    """Return the standard error, from the interval where it is not told."""
    return one.std if math.isfinite(one.std) else (one.high - one.low) / (2 * Z95)


def at_most(values: Sequence[float] | Floats, count: int) -> NDArray[np.int64]:
    """Return places of up to ``count`` values spread evenly over a curve, its ends among them."""
    size = len(values)
    if size <= count:
        return np.arange(size)
    return np.unique(np.round(np.linspace(0, size - 1, count)).astype(np.int64))
