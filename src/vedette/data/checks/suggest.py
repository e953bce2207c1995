"""Checks that a profile suggests, and bounds learned from a history of profiles."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from vedette.data.checks.definition import Check, Severity, parse_check
from vedette.data.checks.evaluate import statistic, type_shares
from vedette.data.profiling.columns import Kind
from vedette.data.profiling.summary import ColumnProfile

DOMAIN_SIZE = 30
"""A text column with up to so many values is a set of categories."""
_DOMAIN_ROWS = 100
MIN_HISTORY = 5
"""Windows that a bound is learned from, at least."""
_SCALE = 1.4826  # of the median absolute deviation to the deviation of a normal distribution
_LEARNED = ("rows", "completeness", "distinct", "mean", "std", "mean_length")


def suggest(profiles: Sequence[ColumnProfile]) -> list[Check]:
    """Return the checks that a baseline's profile fulfils, to be looked at and edited.

    Columns that must be there, their types and completeness, numbers that are never negative, and
    the values of columns with few.
    """
    found: list[dict[str, Any]] = [
        {"check": "columns", "required": [profile.name for profile in profiles]}
    ]
    for profile in profiles:
        if not profile.present:
            continue
        found.append(
            {
                "check": "completeness",
                "column": profile.name,
                # Rounded down, so that the baseline itself passes.
                "at_least": math.floor((profile.completeness or 0.0) * 1e4) / 1e4,
            }
        )
        found.append({"check": "type", "column": profile.name, "is": inferred_type(profile)})
        if profile.kind is Kind.NUMERIC and (profile.minimum or 0) >= 0 and profile.finite:
            found.append({"check": "non_negative", "column": profile.name})
        values = profile.values
        if (
            profile.kind is Kind.TEXT
            and values.complete
            and 0 < len(values.counts) <= DOMAIN_SIZE
            and profile.present >= _DOMAIN_ROWS
        ):
            found.append({"check": "values", "column": profile.name, "in": sorted(values.counts)})
    return [parse_check(one) for one in found]


def inferred_type(profile: ColumnProfile) -> str:
    """Return the narrowest type of ``definition.TYPES`` that all values fit."""
    shares = type_shares(profile)
    for name in ("integral", "fractional"):
        if profile.kind is Kind.NUMERIC and shares.get(name) == 1:
            return name
    return next(iter(shares)) if profile.kind is not Kind.NUMERIC else "fractional"


def learn(history: Sequence[Sequence[ColumnProfile]], *, deviations: float = 4.0) -> list[Check]:
    """Return bounds of statistics from earlier windows: median and deviations of the MAD.

    The windows that are checked later must not be among them. What had under 5 windows has no
    bound; what never changed gets 1 % around its value.

    Args:
        history: profiles of a window each.
        deviations: how many robust standard deviations are still as usual.

    """
    series: dict[tuple[str, str], list[float]] = {}
    for window in history:
        for profile in window:
            for name in _LEARNED:
                value = statistic(profile, name)
                if value is not None and profile.rows:
                    series.setdefault((profile.name, name), []).append(value)
    checks = []
    for (column, name), values in series.items():
        if len(values) < MIN_HISTORY or (name == "rows" and column != history[0][0].name):
            continue
        low, high = _bounds(np.asarray(values), deviations)
        if name == "rows":
            bounds = {"min": max(0, math.floor(low)), "max": math.ceil(high)}
            checks.append(Check("volume", bounds, Severity.WARNING, "usual volume"))
            continue
        if name == "completeness":
            low, high = max(0.0, low), min(1.0, high)
        members = {"column": column, "of": name, "min": low, "max": high}
        checks.append(Check("statistic", members, Severity.WARNING, f"usual {name} of {column}"))
    return checks


def _bounds(values: np.ndarray[Any, Any], deviations: float) -> tuple[float, float]:
    middle = float(np.median(values))
    spread = float(np.median(np.abs(values - middle))) * _SCALE
    spread = max(spread, abs(middle) * 0.01 / deviations)
    return middle - deviations * spread, middle + deviations * spread
