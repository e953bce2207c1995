"""Measures between two profiles of a column, by name; each knows its scale and its direction."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette.data.profiling.columns import Kind
from vedette.data.profiling.summary import ColumnProfile, Counted
from vedette.statistics import binning, frequencies, samples, significance
from vedette.statistics.samples import Sample

Floats = NDArray[np.float64]
OTHER = "\x00other"
"""Stands for the categories that a profile does not list by name."""


@dataclass(frozen=True)
class Compared:
    """Two profiles of a column, with what measures take from them computed once.

    Attributes:
        reference: the baseline's profile.
        current: the window's profile.
        categorical: whether its values are compared as categories.

    """

    reference: ColumnProfile
    current: ColumnProfile
    categorical: bool

    @cached_property
    def samples(self) -> tuple[Sample, Sample]:
        """The numbers of both."""
        return self.reference.sample(), self.current.sample()

    @cached_property
    def categories(self) -> tuple[list[Any], Floats, Floats]:
        """The categories of both, and the counts of each in the two.

        A profile that lists only its frequent categories has the rest as one; a category that one
        lists and the other may hide in its rest is counted there too, so nothing is called new that
        may not be.
        """
        first, second = self.reference.frequencies(), self.current.frequencies()
        if first.complete and second.complete:
            names = sorted(set(first.counts) | set(second.counts), key=str)
        else:
            names = sorted(_listed(first, second) & _listed(second, first), key=str)
        p, q = (_counts(self.reference, first, names), _counts(self.current, second, names))
        if p[-1] or q[-1]:
            return [*names, OTHER], p, q
        return names, p[:-1], q[:-1]

    @cached_property
    def bins(self) -> tuple[Floats, Floats]:
        """The counts of both over the deciles of the reference, open at the ends."""
        if self.categorical:
            _, p, q = self.categories
            return p, q
        reference, current = self.samples
        if reference.is_empty or current.is_empty:
            return np.zeros(1), np.zeros(1)
        edges = decile_edges(reference)
        return reference.histogram(edges), current.histogram(edges)

    @cached_property
    def ks(self) -> float:
        """The largest difference of their CDFs."""
        return samples.kolmogorov_smirnov(*self.samples)

    @cached_property
    def wasserstein(self) -> float:
        """The distance of their numbers, in the unit of the values."""
        return samples.wasserstein(*self.samples)


def _listed(one: Counted, other: Counted) -> set[Any]:
    return set(one.counts) | (set(other.counts) if one.complete else set())


def _counts(profile: ColumnProfile, counted: Counted, names: Sequence[Any]) -> Floats:
    found = [float(counted.counts.get(name, 0)) for name in names]
    present = profile.finite if profile.has_numbers else profile.present
    return np.array([*found, max(0.0, present - sum(found))])


Measure = Callable[[Compared], float]


def decile_edges(sample: Sample, bins: int = 10) -> Floats:
    """Return edges that cut a sample into equal shares; the outer ones are infinite."""
    cumulative = np.cumsum(sample.weights) / sample.weights.sum()
    levels = np.arange(1, bins) / bins
    inner = sample.values[np.minimum(np.searchsorted(cumulative, levels), sample.values.size - 1)]
    # A bin begins above its edge, so that a value that fills several shares is in one bin.
    inner = np.unique(np.nextafter(inner, np.inf))
    return np.concatenate(([-np.inf], inner, [np.inf]))


def _binned(measure: Callable[[Floats, Floats], float]) -> Measure:
    return lambda compared: measure(*compared.bins)


def _of_numbers(measure: Measure) -> Measure:
    return lambda compared: math.nan if compared.categorical else measure(compared)


def _wasserstein_normed(compared: Compared) -> float:
    """Return the distance over the reference's standard deviation, of at least 0.001."""
    if compared.categorical or compared.reference.std is None:
        return math.nan
    return compared.wasserstein / max(compared.reference.std, 0.001)


def _simple(compared: Compared) -> float:
    """Return Model Monitor's Simple distance: of CDFs, or of the shares of categories."""
    if not compared.categorical:
        return compared.ks
    _, p, q = compared.categories
    return frequencies.l_infinity(p, q) if p.size else math.nan


def _robust(compared: Compared) -> float:
    return frequencies.robust(_simple(compared), *_sizes(compared))


def _sizes(compared: Compared) -> tuple[int, int]:
    numeric = not compared.categorical and compared.reference.has_numbers
    first, second = compared.reference, compared.current
    return (first.finite, second.finite) if numeric else (first.present, second.present)


def _js_doane(compared: Compared) -> float:
    """Return the distance over Doane's bins of the reference, in base 2, as NannyML.

    What lies outside of the bins, or in categories that the reference lacks, is one more bin.
    """
    if compared.categorical:
        names, p, q = compared.categories
        known = p > 0
        outside = float(q[~known].sum()) if len(names) else 0.0
        p, q = p[known], q[known]
    else:
        reference, current = compared.samples
        if reference.is_empty or current.is_empty:
            return math.nan
        edges = doane(compared.reference, reference)
        p, q = reference.histogram(edges), current.histogram(edges)
        outside = float(current.weights.sum() - q.sum())
    if outside > 0:
        p, q = np.append(p, 0.0), np.append(q, outside)
    return frequencies.jensen_shannon(p, q) if p.size else math.nan


def doane(profile: ColumnProfile, sample: Sample) -> Floats:
    """Return Doane's edges of a profile."""
    skewness = profile.skewness
    if sample.is_exact and sample.values.size > 1:
        centred = sample.values - sample.mean()
        moment = float(np.average(centred**3, weights=sample.weights))
        skewness = moment / sample.std() ** 3 if sample.std() else 0.0
    return binning.doane_edges(
        sample.size, float(sample.values[0]), float(sample.values[-1]), skewness or 0.0
    )


def _js_evidently(compared: Compared) -> float:
    """Return the distance over Sturges' bins of both, natural logarithm, as Evidently.

    Numbers with up to 20 distinct values are categories to it.
    """
    p, q = evidently_bins(compared)
    return frequencies.jensen_shannon(p, q, base=None) if p.size else math.nan


def evidently_bins(compared: Compared) -> tuple[Floats, Floats]:
    """Return the counts that Evidently's binned measures are over."""
    if compared.categorical or compared.reference.distinct <= 20:  # noqa: PLR2004 - Evidently's
        _, p, q = compared.categories
        return p, q
    reference, current = compared.samples
    if reference.is_empty or current.is_empty:
        return np.empty(0), np.empty(0)
    low = min(reference.values[0], current.values[0])
    high = max(reference.values[-1], current.values[-1])
    edges = binning.sturges_edges(reference.size + current.size, float(low), float(high))
    return reference.histogram(edges), current.histogram(edges)


def _psi_evidently(compared: Compared) -> float:
    p, q = evidently_bins(compared)
    if not p.sum() or not q.sum():
        return math.nan
    return frequencies.psi(p, q, fill=frequencies.fill_like_evidently)


def _cohens_d(compared: Compared) -> float:
    first, second = compared.reference, compared.current
    if compared.categorical or None in (first.mean, first.std, second.mean, second.std):
        return math.nan
    return samples.cohens_d(first.mean, first.std, second.mean, second.std)  # type: ignore[arg-type]


def _cramers_v(compared: Compared) -> float:
    if not compared.categorical:
        return math.nan
    _, p, q = compared.categories
    return significance.cramers_v(p, q) if p.size else math.nan


def _ks_p(compared: Compared) -> float:
    if compared.categorical:
        return math.nan
    return significance.ks_p_value(compared.ks, *_sizes(compared))


def _chi_square_p(compared: Compared) -> float:
    if not compared.categorical:
        return math.nan
    _, p, q = compared.categories
    return significance.chi_square_contingency(p, q, correction=False)[1] if p.size else math.nan


def _chi_square_fit_p(compared: Compared) -> float:
    """Return the p-value of the current counts against the reference's shares, as Evidently."""
    _, p, q = compared.categories
    if not p.sum() or not q.sum():
        return math.nan
    return significance.chi_square_fit(q, p * (q.sum() / p.sum()))[1]


def _z_p(compared: Compared) -> float:
    """Return the p-value of the share of rows that are not the first of two values."""
    names, p, q = compared.categories
    if not names or not p.sum() or not q.sum():
        return math.nan
    return significance.two_proportions(
        p.sum() - p[0], float(p.sum()), q.sum() - q[0], float(q.sum())
    )[1]


MEASURES: Mapping[str, Measure] = {
    "psi": _binned(frequencies.psi),
    "jensen_shannon": _binned(frequencies.jensen_shannon),
    "hellinger": _binned(frequencies.hellinger),
    "total_variation": _binned(frequencies.total_variation),
    "ks": _of_numbers(lambda compared: compared.ks),
    "wasserstein": _of_numbers(lambda compared: compared.wasserstein),
    "wasserstein_normed": _wasserstein_normed,
    "energy": _of_numbers(lambda compared: samples.energy(*compared.samples)),
    "l_infinity": _simple,
    "l_infinity_robust": _robust,
    "cohens_d": _cohens_d,
    "cramers_v": _cramers_v,
    "ks_p_value": _ks_p,
    "chi_square_p_value": _chi_square_p,
    "chi_square_fit_p_value": _chi_square_fit_p,
    "z_p_value": _z_p,
    "jensen_shannon_doane": _js_doane,
    "jensen_shannon_sturges": _js_evidently,
    "psi_sturges": _psi_evidently,
}
"""Name to measure. Those that end in ``_p_value`` tell of drift where they are low."""

SHOWN = (
    "psi", "jensen_shannon", "hellinger", "total_variation", "ks", "wasserstein",
    "wasserstein_normed", "l_infinity", "l_infinity_robust", "cohens_d", "cramers_v",
)  # fmt: skip
"""What a report shows of each column."""


def is_p_value(measure: str) -> bool:
    """Tell whether low values of a measure mean drift."""
    return measure.endswith("_p_value")


def _is_prose(profile: ColumnProfile) -> bool:
    """Tell whether a column holds sentences that mostly differ: its words are what compares."""
    return bool(profile.words.counts) and profile.distinct > profile.present / 2


def comparable(reference: ColumnProfile, current: ColumnProfile) -> Compared | None:
    """Return the two as they compare by values; None where they have none in common to compare.

    Numbers compare as numbers, texts and booleans as categories; structures do not compare.
    """
    kinds = {reference.kind, current.kind}
    if kinds <= {Kind.NUMERIC, Kind.TIME} and len(kinds) == 1:
        return Compared(reference, current, categorical=False)
    if kinds in ({Kind.BOOLEAN}, {Kind.TEXT}):
        if all(_is_prose(profile) for profile in (reference, current)):
            return None
        listed = reference.frequencies().counts and current.frequencies().counts
        return Compared(reference, current, categorical=True) if listed else None
    return None
