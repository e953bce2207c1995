"""Comparing two sets of profiles: column by column, then the dataset."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vedette.data.drift.explain import explain
from vedette.data.drift.extras import categories_change, embedding_distance, text_change
from vedette.data.drift.measures import MEASURES, SHOWN, Compared, comparable, is_p_value
from vedette.data.drift.presets import Settings, as_others_see, choose
from vedette.data.profiling.columns import Kind
from vedette.data.profiling.summary import ColumnProfile
from vedette.statistics.significance import (
    benjamini_hochberg,
    bonferroni,
    two_proportions,
    two_proportions_exact,
)

DRIFT, NO_DRIFT, UNKNOWN = "drift", "no drift", "unknown"
_ALL_DIFFERENT = "its values differ from row to row: there is nothing to compare"
_LEAST_VECTORS = 30
"""The mean of fewer vectors is taken for no mean: there is no test of what it says."""
_SMALL = 100
"""Up to so many rows together the share of missing values is tested exactly."""


@dataclass(frozen=True, slots=True)
class ColumnDrift:
    """What became of a column.

    Attributes:
        name: the column.
        kind: its kind.
        status: ``drift``, ``no drift``, or ``unknown`` where nothing could be compared.
        measure: what decided; empty where nothing did.
        value: its value.
        threshold: from where on it is drift.
        p_value: the significance that went with it, before correction.
        adjusted: the same after correction over columns.
        exact: whether the value comes from every value, not from a sketch.
        why: why it was flagged, or not, in words.
        measures: other measures by name, for looking at.
        details: new and vanished categories, missing values, words, embeddings.

    """

    name: str
    kind: str
    status: str
    measure: str = ""
    value: float | None = None
    threshold: float | None = None
    p_value: float | None = None
    adjusted: float | None = None
    exact: bool = True
    why: str = ""
    measures: Mapping[str, float] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What became of a dataset.

    Attributes:
        columns: all columns, those that drifted furthest over their threshold first.
        drifted: how many drifted.
        compared: how many could be compared.
        share: ``drifted`` over ``compared``; None where none could.
        status: ``drift`` where the share reaches the settings', else ``no drift`` or ``unknown``.
        preset: the preset that decided.
        reference_rows, current_rows: rows of both.

    """

    columns: Sequence[ColumnDrift]
    drifted: int
    compared: int
    share: float | None
    status: str
    preset: str
    reference_rows: int
    current_rows: int

    def __getitem__(self, name: str) -> ColumnDrift:
        return next(column for column in self.columns if column.name == name)


def compare(
    reference: Sequence[ColumnProfile],
    current: Sequence[ColumnProfile],
    settings: Settings | None = None,
) -> DriftReport:
    """Compare two sets of profiles.

    A column that one of them lacks has drifted: it is missing, or new.
    """
    settings = settings or Settings()
    before = {profile.name: profile for profile in reference}
    after = {profile.name: profile for profile in current}
    found = [_column(before.get(name), after.get(name), settings) for name in {**before, **after}]
    found = _corrected(found, settings)
    columns = sorted(found, key=_order)
    compared = sum(column.status != UNKNOWN for column in columns)
    drifted = sum(column.status == DRIFT for column in columns)
    share = drifted / compared if compared else None
    status = UNKNOWN if share is None else DRIFT if share >= settings.share else NO_DRIFT
    return DriftReport(
        columns,
        drifted,
        compared,
        share,
        status,
        settings.preset,
        max((profile.rows for profile in reference), default=0),
        max((profile.rows for profile in current), default=0),
    )


def _order(column: ColumnDrift) -> tuple[int, float, str]:
    place = (DRIFT, UNKNOWN, NO_DRIFT).index(column.status)
    if column.value is None or not column.threshold:
        return place, 0.0, column.name
    over = column.value / column.threshold
    return place, over if is_p_value(column.measure) else -over, column.name


def _column(
    reference: ColumnProfile | None, current: ColumnProfile | None, settings: Settings
) -> ColumnDrift:
    if reference is None or current is None:
        present = reference or current
        assert present is not None  # noqa: S101 - the name came from one of them
        gone = current is None
        why = "the column is missing" if gone else "the column is new: the baseline lacks it"
        # Model Monitor and the others look at columns in common only.
        status = DRIFT if settings.preset == "vedette" else UNKNOWN
        return ColumnDrift(present.name, present.kind.value, status, why=why)
    if settings.preset == "evidently" and as_others_see(reference, "evidently") is None:
        return _unknown(reference, "Evidently's choice has no test for this kind of column here")
    for which, profile in (("baseline", reference), ("window", current)):
        if not profile.present:
            return _without_any(reference, current, settings, which, profile.rows)
    if settings.preset == "vedette" and reference.kind != current.kind:
        why = f"its values were {reference.kind.value} and are {current.kind.value}"
        return ColumnDrift(reference.name, current.kind.value, DRIFT, why=why)
    return _compared(reference, current, settings)


def _without_any(
    reference: ColumnProfile, current: ColumnProfile, settings: Settings, which: str, rows: int
) -> ColumnDrift:
    """Decide for a column of which one side has no value: where there are rows, by how many lack it."""
    why = f"the {which} has no value of it ({rows:,} rows)"
    details = {"missing": _missing(reference, current)}
    both = reference.rows and current.rows
    if settings.preset == "vedette" and both and _missing_drifts(details, settings):
        return ColumnDrift(reference.name, reference.kind.value, DRIFT, why=why, details=details)
    return _unknown(reference, why)


def _unknown(profile: ColumnProfile, why: str) -> ColumnDrift:
    return ColumnDrift(profile.name, profile.kind.value, UNKNOWN, why=why)


def _compared(reference: ColumnProfile, current: ColumnProfile, settings: Settings) -> ColumnDrift:
    compared = comparable(reference, current)
    details: dict[str, Any] = {"missing": _missing(reference, current)}
    details |= text_change(reference, current) | embedding_distance(reference, current)
    if compared is None:
        return _without_values(reference, current, details, settings)
    if as_others_see(reference, settings.preset) is Kind.TEXT and not compared.categorical:
        compared = replace(compared, categorical=True)
    if compared.categorical:
        details |= categories_change(compared)
    choice = choose(compared, settings)
    value = _finite(MEASURES[choice.measure](compared))
    p_value = _finite(MEASURES[choice.significance](compared)) if choice.significance else None
    if is_p_value(choice.measure):
        p_value = value
    if value is None:
        return _unknown(reference, "there are no finite values to compare")
    over = _is_over(value, choice.threshold, choice.measure, strict=choice.strict)
    exact = compared.categorical or all(sample.is_exact for sample in compared.samples)
    return ColumnDrift(
        reference.name,
        reference.kind.value,
        DRIFT if over else NO_DRIFT,
        choice.measure,
        value,
        choice.threshold,
        p_value,
        p_value,
        exact,
        measures=_shown(compared),
        details={**details, "_profiles": (reference, current), "_significant": choice.significance},
    )


def _is_over(value: float, threshold: float, measure: str, *, strict: bool) -> bool:
    if is_p_value(measure):
        return value < threshold if strict else value <= threshold
    return value > threshold if strict else value >= threshold


def _shown(compared: Compared) -> dict[str, float]:
    found = {name: _finite(MEASURES[name](compared)) for name in SHOWN}
    return {name: value for name, value in found.items() if value is not None}


def _finite(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


def _missing(reference: ColumnProfile, current: ColumnProfile) -> dict[str, Any]:
    counts = (reference.missing, reference.rows, current.missing, current.rows)
    # Of few rows the normal approximation finds what is noise.
    small = reference.rows + current.rows <= _SMALL
    p_value = two_proportions_exact(*counts) if small else two_proportions(*counts)[1]
    shares = [
        profile.missing / profile.rows if profile.rows else 0.0 for profile in (reference, current)
    ]
    return {"reference": shares[0], "current": shares[1], "p_value": _finite(p_value)}


def _without_values(
    reference: ColumnProfile, current: ColumnProfile, details: dict[str, Any], settings: Settings
) -> ColumnDrift:
    """Decide for texts that are all different, lists and vectors: by words, lengths, embeddings."""
    if settings.preset != "vedette":
        return _unknown(reference, _ALL_DIFFERENT)
    for measure, threshold in (
        ("embedding_cosine", 0.1), ("words_total_variation", 0.2), ("length_ks", 0.2),
    ):  # fmt: skip
        value = details.get(measure)
        if value is None:
            continue
        few = min(reference.present, current.present)
        if measure == "embedding_cosine" and few < _LEAST_VECTORS:
            return _unknown(reference, f"{few} vectors are too few for a mean to be compared with")
        significance = f"{measure}_p_value"
        p_value = details.get(significance)
        return ColumnDrift(
            reference.name,
            reference.kind.value,
            DRIFT if value >= threshold else NO_DRIFT,
            measure,
            value,
            threshold,
            p_value,
            p_value,
            exact=False,
            details={
                **details,
                "_profiles": (reference, current),
                "_significant": significance if p_value is not None else None,
            },
        )
    return _unknown(reference, _ALL_DIFFERENT)


def _corrected(found: Sequence[ColumnDrift], settings: Settings) -> list[ColumnDrift]:
    """Correct p-values over columns, take back what is not significant, and say why."""
    own = settings.preset == "vedette"
    corrections = {"benjamini_hochberg": benjamini_hochberg, "bonferroni": bonferroni}
    p_values = [math.nan if c.p_value is None else c.p_value for c in found]
    correct = corrections.get(settings.correction) if own else None
    adjusted = correct(p_values) if correct else np.asarray(p_values)
    done = []
    for column, p_value in zip(found, adjusted, strict=True):
        profiles = column.details.get("_profiles")
        significant = column.details.get("_significant")
        details = {key: value for key, value in column.details.items() if not key.startswith("_")}
        column = replace(column, adjusted=_finite(float(p_value)), details=details)  # noqa: PLW2901
        insignificant = bool(
            own and significant and column.adjusted is not None and column.adjusted > settings.level
        )
        if column.status == DRIFT and insignificant:
            column = replace(column, status=NO_DRIFT)  # noqa: PLW2901
        if own and column.status == NO_DRIFT and _missing_drifts(details, settings):
            column = replace(column, status=DRIFT)  # noqa: PLW2901
        why = column.why or explain(column, profiles, settings.level)
        done.append(replace(column, why=why))
    return done


def _missing_drifts(details: Mapping[str, Any], settings: Settings) -> bool:
    missing = details.get("missing")
    if not missing or settings.missing is None:
        return False
    change = abs(missing["current"] - missing["reference"])
    significant = missing["p_value"] is not None and missing["p_value"] <= settings.level
    return bool(change >= settings.missing and significant)
