"""Value that a model is given credit for, as draws of what it may be: every uncertainty in one place.

Each method returns draws; the costs, shares and worths that are assumed are drawn beside them, so that
the interval of the return has all of them in it (Monte Carlo propagation, JCGM 101:2008).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vedette.business.roi.definition import AbTest, Estimate
from vedette.statistics.forecast import MIN_VALUES, forecast

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS = 20_000
MIN_PAIRS = 5


class UnknownValueError(Exception):
    """The value cannot be told; the text says why."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """A number that the result rests on."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    why: str = ""


@dataclass(slots=True)
class Attributed:
    """Value of a model.

    Attributes:
        draws: what it may be, ``DRAWS`` of them.
        method: what was done, in a sentence.
        p_value: of no effect at all; None where nothing is tested.
        notes: what a reader should know.
        assumptions: numbers that it rests on.
        times: starts of periods, for a chart; empty where there is none.
        actual: values of the periods, NaN for none.
        expected: values without the model.

    """

    draws: Floats
    method: str
    p_value: float | None = None
    notes: list[str] = field(default_factory=list)
    assumptions: list[Assumption] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    actual: Floats = field(default_factory=lambda: np.array([]))
    expected: Floats = field(default_factory=lambda: np.array([]))


def drawn(estimate: Estimate, random: Generator, many: int = DRAWS) -> Floats:
    """Return draws of an estimate: triangular between low and high, the value itself without them."""
    if estimate.low is None or estimate.high is None or estimate.low == estimate.high:
        return np.full(many, estimate.value)
    return random.triangular(estimate.low, estimate.value, estimate.high, many)


def assumption(name: str, estimate: Estimate) -> Assumption:
    """Return an estimate under its name."""
    return Assumption(name, estimate.value, estimate.low, estimate.high, estimate.why)


def of_experiment(test: AbTest, random: Generator) -> Attributed:
    """Return the value by an experiment's groups: Welch's t."""
    from scipy.special import stdtr  # noqa: PLC0415 - only where it is needed

    control, treatment = test.control, test.treatment
    difference = treatment.mean - control.mean
    parts = (control.sd**2 / control.n, treatment.sd**2 / treatment.n)
    error = float(np.sqrt(sum(parts)))
    if error > 0:
        freedom = sum(parts) ** 2 / (
            parts[0] ** 2 / (control.n - 1) + parts[1] ** 2 / (treatment.n - 1)
        )
        p_value = float(2 * stdtr(freedom, -abs(difference) / error))
        draws = difference + error * random.standard_t(freedom, DRAWS)
    else:
        p_value, draws = (0.0 if difference else 1.0), np.full(DRAWS, difference)
    worth = drawn(test.units, random) * drawn(test.unit_value, random)
    return Attributed(
        draws * worth,
        f"difference of {difference:g} a unit between {treatment.n:,} treated and {control.n:,} "
        "control units, Welch's t-test, times units and worth of one",
        p_value,
        assumptions=[
            assumption("units served", test.units),
            assumption("worth of one", test.unit_value),
        ],
    )


def of_pairs(
    control: Floats, treatment: Floats, ratio: Estimate, worth: Estimate, random: Generator
) -> Attributed:
    """Return the value by periods in which both groups have a value: a paired t-test."""
    from scipy.special import stdtr  # noqa: PLC0415 - only where it is needed

    both = np.isfinite(control) & np.isfinite(treatment)
    count = int(both.sum())
    if count < MIN_PAIRS:
        raise UnknownValueError(
            f"{count} periods have a value of both groups, {MIN_PAIRS} are needed"
        )
    differences = treatment[both] - ratio.value * control[both]
    mean, error = float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(count))
    p_value = float(2 * stdtr(count - 1, -abs(mean) / error)) if error > 0 else float(mean == 0)
    ratios = drawn(ratio, random)
    draws = mean + error * random.standard_t(count - 1, DRAWS)
    draws = draws - (ratios - ratio.value) * float(control[both].mean())
    notes = []
    if left_out := len(both) - count:
        notes.append(f"{left_out} periods without a value of both groups are left out")
    return Attributed(
        draws * count * drawn(worth, random),
        f"sum of the differences of {count} periods between the groups, paired t-test",
        p_value,
        notes,
        [assumption("traffic ratio", ratio), assumption("worth of one", worth)],
        actual=treatment,
        expected=ratio.value * control,
    )


def of_counterfactual(
    before: Floats,
    after: Floats,
    *,
    season: int,
    sign: int,
    worth: Estimate,
    random: Generator,
) -> Attributed:
    """Return the value by what came after a launch against a forecast from before it.

    Args:
        before: values before, oldest first, NaN for gaps.
        after: values since.
        season: steps of the season.
        sign: 1 where more is better, -1 where less is.
        worth: of one of the KPI.
        random: draws.

    """
    known = np.isfinite(after)
    if not known.any():
        raise UnknownValueError("there is no value since the launch")
    if np.isfinite(before).sum() < MIN_VALUES:
        raise UnknownValueError(f"there are fewer than {MIN_VALUES} values before the launch")
    made = forecast(before, len(after), season=season)
    effect = float((after - made.mean)[known].sum())
    errors = _total_errors(made.total_errors, made, known)
    notes = list(made.notes)
    if len(made.total_errors) < MIN_VALUES:
        notes.append("the time before is short: errors of the forecast's total are extrapolated")
    if missing := int((~known).sum()):
        notes.append(f"{missing} periods since the launch have no value and are left out of both")
    p_value = float((1 + np.sum(np.abs(errors) >= abs(effect))) / (len(errors) + 1))
    draws = sign * (effect - random.choice(errors, DRAWS)) * drawn(worth, random)
    return Attributed(
        draws,
        f"{int(known.sum())} periods since the launch against a forecast from "
        f"{int(np.isfinite(before).sum())} before it"
        + (f", season of {made.season} periods" if made.season else ""),
        p_value,
        notes,
        [assumption("worth of one", worth)],
        actual=after,
        expected=made.mean,
    )


def _total_errors(known: Floats, made: object, used: NDArray[np.bool_]) -> Floats:
    """Return errors of the forecast's total; where the past is short, from its bands, as a normal."""
    from scipy.special import ndtri  # noqa: PLC0415 - only where it is needed

    share = float(np.sqrt(used.sum() / len(used)))
    if len(known) >= MIN_VALUES:
        return np.asarray((known - 0.0) * share)
    lower, upper = made.lower[0.8], made.upper[0.8]  # type: ignore[attr-defined]
    # Errors of steps that follow each other go together: their widths add up.
    width = float(np.sum((upper - lower)[used])) / 2 / ndtri(0.9)
    return np.asarray(ndtri(np.linspace(0.005, 0.995, 199)) * width)
