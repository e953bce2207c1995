"""A column's profile as people and measures read it, made from merged states."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette.data.profiling.columns import Kind
from vedette.statistics.binning import equal_edges
from vedette.statistics.samples import Sample

LEVELS = 1000
"""Quantiles that are taken from a sketch: at the middle of each of 1,000 equal shares."""
RANK_ERROR = 0.015
"""Most that a sketched rank is off, as a share of the rows; tests hold it over many shapes.

It is reached where half of the rows are on either side of a gap; of smooth data it is below 0.001.
Values nearer to each other than 1e-7 of their distance from the pivot are one to the sketch."""
DISTINCT_ERROR = 0.025
"""Three standard errors of the distinct count's sketch (2^14 registers)."""
SHOWN_VALUES = 20
_SKEWNESS_LIMIT = 1e4

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counted:
    """Frequent values with their counts.

    Attributes:
        counts: value to count, most frequent first.
        complete: whether all values are there with exact counts.

    """

    counts: Mapping[Any, int] = field(default_factory=dict)
    complete: bool = False


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What is known of a column in a window.

    A number that has no meaning for the column, or no rows to be computed from, is None.

    Attributes:
        name: the column.
        position: its place, from 0.
        kind: what its values are.
        type: the engine's type.
        rows: all rows.
        counts: members of ``states.COUNTS``.
        distinct: distinct present values; about, unless ``distinct_exact``.
        minimum, maximum, mean, std, sum, skewness: of finite numbers; std of the population.
        quantiles: values at the middle of 1,000 equal shares; empty without a sketch.
        numbers: frequent numbers; incomplete where the column has too many.
        values: frequent texts or booleans.
        words: frequent words of texts.
        lengths: quantiles of lengths of texts or lists, as ``quantiles``.
        length_minimum, length_maximum: of texts (characters) or lists (elements).
        vector_mean: mean of the vectors; empty where there are none.

    """

    name: str
    position: int
    kind: Kind
    type: str
    rows: int
    counts: Mapping[str, int]
    distinct: int = 0
    distinct_exact: bool = False
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = None
    sum: float | None = None
    skewness: float | None = None
    quantiles: Floats = field(default_factory=lambda: np.empty(0))
    numbers: Counted = field(default_factory=Counted)
    values: Counted = field(default_factory=Counted)
    words: Counted = field(default_factory=Counted)
    lengths: Floats = field(default_factory=lambda: np.empty(0))
    length_minimum: float | None = None
    length_maximum: float | None = None
    vector_mean: Floats = field(default_factory=lambda: np.empty(0))

    @property
    def missing(self) -> int:
        """Rows without a value: NULL or NaN."""
        return self.counts.get("nulls", 0) + self.counts.get("nans", 0)

    @property
    def present(self) -> int:
        """Rows with a value, infinities among them."""
        return self.rows - self.missing

    @property
    def finite(self) -> int:
        """Rows with a value that is not infinite; what the moments are of."""
        return self.present - self.infinite

    @property
    def infinite(self) -> int:
        """Rows with an infinity."""
        return self.counts.get("positive_infinities", 0) + self.counts.get("negative_infinities", 0)

    @property
    def completeness(self) -> float | None:
        """Share of rows with a value; None without rows."""
        return self.present / self.rows if self.rows else None

    @property
    def has_numbers(self) -> bool:
        """Whether its values have an order and distances."""
        return self.kind in {Kind.NUMERIC, Kind.TIME, Kind.BOOLEAN}

    def sample(self) -> Sample:
        """Return its numbers: exact where every value is kept, else from the sketch."""
        if self.numbers.complete and self.numbers.counts:
            return Sample.weighted(list(self.numbers.counts), list(self.numbers.counts.values()))
        if self.kind is Kind.BOOLEAN and self.finite:
            zeros = self.counts.get("zeros", 0)
            return Sample.weighted([0.0, 1.0], [zeros, self.finite - zeros])
        return _sketched(self.quantiles, self.finite, self.minimum, self.maximum)

    def length_sample(self) -> Sample:
        """Return the lengths of its texts or lists, from the sketch."""
        return _sketched(self.lengths, self.present, self.length_minimum, self.length_maximum)

    def frequencies(self) -> Counted:
        """Return its values as categories with counts."""
        return self.numbers if self.kind is Kind.NUMERIC else self.values

    def as_dict(self) -> dict[str, Any]:
        """Return it as the API shows it, without what does not apply."""
        levels = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
        frequent = self.frequencies()
        found: dict[str, Any] = {
            "name": self.name,
            "position": self.position,
            "kind": self.kind.value,
            "type": self.type,
            "rows": self.rows,
            "missing": self.missing,
            "completeness": self.completeness,
            **{name: count for name, count in self.counts.items() if count},
            "distinct": self.distinct,
            "distinct_exact": self.distinct_exact,
        }
        for name in (
            "minimum", "maximum", "mean", "std", "sum", "skewness", "length_minimum",
            "length_maximum",
        ):  # fmt: skip
            value = getattr(self, name)
            if value is not None:
                found[name] = value
        if self.quantiles.size:
            found["quantiles"] = {str(q): quantile(self.quantiles, q) for q in levels}
            found["histogram"] = self.histogram()
        if self.lengths.size:
            found["length_quantiles"] = {str(q): quantile(self.lengths, q) for q in levels}
        if frequent.counts:
            top = list(frequent.counts.items())[:SHOWN_VALUES]
            found["top_values"] = [{"value": value, "count": count} for value, count in top]
            found["values_complete"] = frequent.complete
        if self.words.counts:
            top_words = list(self.words.counts.items())[:SHOWN_VALUES]
            found["top_words"] = [{"word": word, "count": count} for word, count in top_words]
        if self.vector_mean.size:
            found["vector_length"] = int(self.vector_mean.size)
        return found

    def histogram(self, bins: int = 20) -> dict[str, list[float]]:
        """Return bins of one width over the column's range, and the rows in each."""
        sample = self.sample()
        if sample.is_empty:
            return {"edges": [], "counts": []}
        low, high = float(sample.values[0]), float(sample.values[-1])
        edges = equal_edges(low, high, bins if high > low else 1)
        counts = sample.histogram(edges)
        scaled = counts / counts.sum() * sample.size
        return {"edges": edges.tolist(), "counts": [round(float(count), 3) for count in scaled]}


def quantile(values: Floats, level: float) -> float:
    """Return the quantile at a level from values at the middle of equal shares."""
    place = level * values.size - 0.5
    return float(np.interp(place, np.arange(values.size), values))


def _sketched(values: Floats, size: int, low: float | None, high: float | None) -> Sample:
    if not values.size or not size:
        return Sample.of([])
    values = np.clip(values, low, high) if low is not None and high is not None else values
    values = values.copy()
    # The sketch smooths the ends; the extremes are known exactly.
    values[0], values[-1] = low if low is not None else values[0], high or values[-1]
    weights = np.full(values.size, size / values.size)
    return Sample.weighted(values, weights, size=float(size), rank_error=RANK_ERROR)


def combine(parts: Sequence[Mapping[str, Any]]) -> ColumnProfile:
    """Return one profile of a column from the answers of ``merging.SUMMARY``, one a pivot.

    Sketches around different pivots are put together by their quantiles, weighted by rows.
    """
    first = max(parts, key=lambda part: part["rows"])
    counts = {name: sum(part["counts"][name] for part in parts) for name in first["counts"]}
    rows = sum(part["rows"] for part in parts)
    kind = Kind(first["kind"]) if len({part["kind"] for part in parts}) == 1 else _common(parts)
    moments = _moments(parts)
    present = rows - counts["nulls"] - counts["nans"]
    distinct = max(part["distinct"] for part in parts)
    numbers = _counted(parts, "numbers", moments["finite"])
    values = _counted(parts, "values", present)
    frequent = numbers if kind is Kind.NUMERIC else values
    infinities = sum(counts[f"{sign}_infinities"] > 0 for sign in ("positive", "negative"))
    if frequent.complete and frequent.counts:
        distinct = len(frequent.counts)
    return ColumnProfile(
        name=first["name"],
        position=first["position"],
        kind=kind,
        type=first["type"],
        rows=rows,
        counts=counts,
        distinct=min(distinct, present) + infinities,
        distinct_exact=bool(frequent.complete and frequent.counts) or not present,
        minimum=_extreme(parts, "minimum", min),
        maximum=_extreme(parts, "maximum", max),
        mean=moments["mean"],
        std=moments["std"],
        sum=moments["sum"],
        skewness=moments["skewness"],
        quantiles=_quantiles(parts, "quantiles", "finite"),
        numbers=numbers,
        values=values,
        words=_counted(parts, "words", counts["word_count"]),
        lengths=_quantiles(parts, "lengths", "present"),
        length_minimum=_extreme(parts, "length_minimum", min),
        length_maximum=_extreme(parts, "length_maximum", max),
        vector_mean=_vector(parts),
    )


def _common(parts: Sequence[Mapping[str, Any]]) -> Kind:
    """Return the kind of a column whose windows disagree: text holds everything."""
    kinds = {part["kind"] for part in parts if part["rows"]}
    numeric = {Kind.NUMERIC.value, Kind.BOOLEAN.value}
    return Kind.NUMERIC if kinds <= numeric else Kind.TEXT


def _extreme(parts: Sequence[Mapping[str, Any]], name: str, choose: Any) -> float | None:  # noqa: ANN401
    found = [part[name] for part in parts if part[name] is not None]
    return float(choose(found)) if found else None


def _moments(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return count, sum, mean, std and skewness over parts (Chan, Golub, LeVeque 1979).

    None stands for what is beyond any float of 64 bits.
    """
    held = [part for part in parts if part["finite"] and part["minimum"] is not None]
    finite = sum(part["finite"] for part in held)
    if not finite:
        return dict.fromkeys(("mean", "std", "sum", "skewness")) | {"finite": 0}
    try:
        # The engine writes null for a sum or a square that is beyond any float.
        total = math.fsum(part["sum"] for part in held)
        mean = total / finite
    except (TypeError, OverflowError):
        return dict.fromkeys(("mean", "std", "sum", "skewness")) | {"finite": finite}
    try:
        squares = math.fsum(
            part["finite"] * (part["variance"] + (part["sum"] / part["finite"] - mean) ** 2)
            for part in held
        )
        std = math.sqrt(max(squares, 0.0) / finite)
    except (TypeError, OverflowError):
        std = None
    return {
        "finite": finite,
        "sum": total,
        "mean": mean,
        "std": std,
        "skewness": _skewness(held, std) if std else None,
    }


def _skewness(held: Sequence[Mapping[str, Any]], std: float) -> float | None:
    """Return the skewness where one sketch has it and rounding has not eaten it up.

    It comes from sums of powers around the pivot, which lose digits where the mean is far from it.
    """
    if len(held) != 1 or held[0]["skewness"] is None:
        return None
    part = held[0]
    distance = abs(part["sum"] / part["finite"] - part["pivot"])
    return float(part["skewness"]) if distance < _SKEWNESS_LIMIT * std else None


def _counted(parts: Sequence[Mapping[str, Any]], name: str, expected: int) -> Counted:
    found: dict[Any, int] = {}
    exact = True
    for part in parts:
        for value, count, error in part[name] or ():
            exact = exact and not error
            found[value] = found.get(value, 0) + int(count)
    ordered = dict(sorted(found.items(), key=lambda item: (-item[1], str(item[0]))))
    return Counted(ordered, exact and sum(ordered.values()) == expected)


def _quantiles(parts: Sequence[Mapping[str, Any]], name: str, weight: str) -> Floats:
    # Of nothing the engine makes quantiles that are NaN, which JSON has as null.
    held = [part for part in parts if part[name] and part[weight] and part[name][0] is not None]
    if not held:
        return np.empty(0)
    if len(held) == 1:
        return np.asarray(held[0][name], dtype=np.float64)
    values = np.concatenate([np.asarray(part[name], dtype=np.float64) for part in held])
    weights = np.concatenate(
        [np.full(len(part[name]), part[weight] / len(part[name])) for part in held]
    )
    order = np.argsort(values)
    cumulative = np.cumsum(weights[order]) - weights[order] / 2
    levels = (np.arange(LEVELS) + 0.5) / LEVELS * weights.sum()
    found: Floats = np.interp(levels, cumulative, values[order])
    return found


def _vector(parts: Sequence[Mapping[str, Any]]) -> Floats:
    held = [part for part in parts if part["vectors"]]
    lengths = {len(part["vectors"]) for part in held}
    if len(lengths) != 1 or len({part["vector"] for part in held}) != 1:
        return np.empty(0)
    present = sum(part["present"] for part in held)
    total: Floats = np.sum([np.asarray(part["vectors"], dtype=np.float64) for part in held], axis=0)
    return total / present if present else np.empty(0)
