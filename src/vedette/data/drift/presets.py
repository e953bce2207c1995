"""Which measure decides for a column, and from where on: our own choice, and that of others.

``vedette``: an effect size of at least 0.1 (the KS statistic of numbers, total variation of
categories: both are shares of rows) that is significant after Benjamini and Hochberg over columns.
``evidently``: Evidently's default choice of test by size, type and distinct values.
``sagemaker``: Model Monitor's distances, from 0.1 on. ``nannyml``: the Jensen-Shannon distance over
Doane's bins; its threshold comes from the reference's own chunks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from vedette.core.errors import InvalidInputError
from vedette.data.drift.measures import MEASURES, Compared
from vedette.data.profiling.columns import Kind
from vedette.data.profiling.summary import ColumnProfile

PRESETS = ("vedette", "evidently", "sagemaker", "nannyml")
_SMALL = 1000
_FEW, _TWO = 5, 2
_EVIDENTLY_INTEGERS = 10
_NANNYML_DEFAULT = 0.1


@dataclass(frozen=True, slots=True)
class Choice:
    """What decides for a column.

    Attributes:
        measure: a name of ``MEASURES``.
        threshold: drift from here on; of a p-value, below it.
        strict: whether the threshold itself is not yet drift.
        significance: the p-value that must be low as well; None where the measure alone decides.

    """

    measure: str
    threshold: float
    strict: bool = False
    significance: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """How drift is decided.

    Attributes:
        preset: one of ``PRESETS``.
        measure: decides for every column instead of the preset's choice.
        threshold: for every column instead of the preset's.
        columns: column to measure and threshold, either None to leave it.
        level: significance level of ``vedette``.
        correction: ``benjamini_hochberg``, ``bonferroni`` or ``none``.
        share: share of columns from which on the dataset drifts.
        robust: whether ``sagemaker`` takes what small samples differ by away (Robust, not Simple).
        missing: change of the share of missing values that counts as drift of the column; None not.
        thresholds: column to threshold, as ``nannyml`` finds them from chunks of the reference.

    """

    preset: str = "vedette"
    measure: str | None = None
    threshold: float | None = None
    columns: Mapping[str, tuple[str | None, float | None]] = field(default_factory=dict)
    level: float = 0.05
    correction: str = "benjamini_hochberg"
    share: float = 0.5
    robust: bool = True
    missing: float | None = 0.1
    thresholds: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _known("preset", self.preset, PRESETS)
        _known("correction", self.correction, ("benjamini_hochberg", "bonferroni", "none"))
        for measure in (self.measure, *(chosen for chosen, _ in self.columns.values())):
            if measure is not None:
                _known("measure", measure, tuple(MEASURES))
        if not 0 < self.level < 1 or not 0 < self.share <= 1:
            raise InvalidInputError(
                "level and share are within 0 and 1",
                field="level" if not 0 < self.level < 1 else "share",
                remedy="give a number above 0 and up to 1",
            )


def _known(field_: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InvalidInputError(
            f"{value!r} is no {field_}", field=field_, remedy=f"use one of {', '.join(known)}"
        )


def choose(compared: Compared, settings: Settings) -> Choice:
    """Return what decides for a column."""
    name = compared.reference.name
    makers = {
        "vedette": _vedette,
        "evidently": _evidently,
        "sagemaker": _sagemaker,
        "nannyml": _nannyml,
    }
    choice = makers[settings.preset](compared, settings)
    own_measure, own_threshold = settings.columns.get(name, (None, None))
    measure = own_measure or settings.measure
    if measure and measure != choice.measure:
        threshold = settings.level if measure.endswith("_p_value") else 0.1
        choice = Choice(measure, threshold, significance=choice.significance)
    for threshold_ in (own_threshold, settings.threshold):
        if threshold_ is not None:
            return replace(choice, threshold=threshold_)
    return choice


def _vedette(compared: Compared, settings: Settings) -> Choice:
    del settings
    if compared.categorical:
        return Choice("total_variation", 0.1, significance="chi_square_p_value")
    return Choice("ks", 0.1, significance="ks_p_value")


def _evidently(compared: Compared, settings: Settings) -> Choice:
    """Evidently's default choice, of rows with a finite value (``_get_default_stattest``)."""
    del settings
    reference = compared.reference
    size = reference.finite if reference.has_numbers else reference.present
    distinct = distinct_of_both(compared)
    if size <= _SMALL:
        if compared.categorical or distinct <= _FEW:
            test = "z_p_value" if distinct <= _TWO else "chi_square_fit_p_value"
            return Choice(test, 0.05, strict=True)
        return Choice("ks_p_value", 0.05)
    if compared.categorical or distinct <= _FEW:
        return Choice("jensen_shannon_sturges", 0.1)
    return Choice("wasserstein_normed", 0.1)


def distinct_of_both(compared: Compared) -> int:
    """Return the distinct values of both windows together; at least, where not all are listed."""
    first, second = compared.reference.frequencies(), compared.current.frequencies()
    if first.complete and second.complete:
        return len(set(first.counts) | set(second.counts))
    return max(compared.reference.distinct, compared.current.distinct)


def _sagemaker(compared: Compared, settings: Settings) -> Choice:
    del compared
    return Choice("l_infinity_robust" if settings.robust else "l_infinity", 0.1)


def _nannyml(compared: Compared, settings: Settings) -> Choice:
    threshold = settings.thresholds.get(compared.reference.name, _NANNYML_DEFAULT)
    return Choice("jensen_shannon_doane", threshold, strict=True)


def as_others_see(profile: ColumnProfile, preset: str) -> Kind | None:
    """Return the kind that a preset takes a column for: numeric, or text for categories.

    None where the other system leaves the column out.
    """
    if preset != "evidently":
        return Kind.NUMERIC if profile.kind in {Kind.NUMERIC, Kind.TIME} else profile.kind
    if profile.kind is Kind.NUMERIC:
        integers = "Int" in profile.type and profile.distinct <= _EVIDENTLY_INTEGERS
        return Kind.TEXT if integers else Kind.NUMERIC
    if profile.kind is Kind.BOOLEAN:
        return Kind.TEXT
    if profile.kind is Kind.TEXT and profile.distinct <= 0.5 * profile.present:
        return Kind.TEXT
    return None


def chunk_thresholds(
    reference: ColumnProfile, chunks: list[ColumnProfile], *, deviations: float = 3.0
) -> float | None:
    """Return NannyML's upper threshold: mean and 3 deviations of the reference's own chunks.

    The deviation is the population's. None where no chunk has a value.
    """
    import numpy as np  # noqa: PLC0415 - arrays of this one function

    measure = MEASURES["jensen_shannon_doane"]
    categorical = reference.kind not in {Kind.NUMERIC, Kind.TIME}
    values = np.array([measure(Compared(reference, chunk, categorical)) for chunk in chunks])
    known = values[~np.isnan(values)]
    return float(known.mean() + deviations * known.std()) if known.size else None
