"""Why a column was flagged, in words and numbers that a person can check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.data.profiling.summary import ColumnProfile, quantile

if TYPE_CHECKING:
    from vedette.data.drift.compare import ColumnDrift

_NAMES = {
    "ks": "the largest gap between the two cumulative distributions",
    "total_variation": "the share of rows that would have to change category",
    "psi": "the population stability index",
    "jensen_shannon": "the Jensen-Shannon distance",
    "jensen_shannon_doane": "the Jensen-Shannon distance",
    "jensen_shannon_sturges": "the Jensen-Shannon distance",
    "wasserstein_normed": "the Wasserstein distance in standard deviations of the baseline",
    "l_infinity": "the largest difference of shares",
    "l_infinity_robust": "the largest difference of shares, less what samples of this size differ by",
    "ks_p_value": "the p-value of the Kolmogorov-Smirnov test",
    "chi_square_p_value": "the p-value of the chi-square test",
    "chi_square_fit_p_value": "the p-value of the chi-square test",
    "z_p_value": "the p-value of the Z-test",
    "embedding_cosine": "the angle between the mean vectors (1 - cosine)",
    "words_total_variation": "the share of words that would have to change",
    "length_ks": "the largest gap between the distributions of lengths",
}
_SMALL_CHANGE = 0.005
_LITTLE = 0.1
_LEAST_P = 1e-6


def explain(
    column: ColumnDrift,
    profiles: tuple[ColumnProfile, ColumnProfile] | None,
    level: float,
) -> str:
    """Return one or a few sentences."""
    if column.value is None or column.threshold is None:
        return ""
    name = _NAMES.get(column.measure, column.measure.replace("_", " "))
    low = column.measure.endswith("_p_value")
    side = "below" if low else "at least"
    over = column.value < column.threshold if low else column.value >= column.threshold
    words = [
        f"{name[0].upper()}{name[1:]} is {_number(column.value)}, "
        f"{side if over else ('not below' if low else 'under')} {_number(column.threshold)}"
    ]
    if not low and column.adjusted is not None:
        words[0] += (
            f" ({_p_value(column.adjusted)} after correction: "
            f"{'' if column.adjusted <= level else 'not '}significant)"
        )
    if column.status == "drift" or over:
        words += _changes(column.details, profiles)
    return ". ".join(words) + "."


def _changes(
    details: Any,  # noqa: ANN401 - of ColumnDrift
    profiles: tuple[ColumnProfile, ColumnProfile] | None,
) -> list[str]:
    words = []
    if profiles and profiles[0].has_numbers:
        words += _numbers(*profiles)
    for title, verb in (("new_categories", "new"), ("vanished_categories", "gone")):
        if change := details.get(title):
            largest = ", ".join(
                f"{item['value']!r} ({item['share']:.1%})" for item in change["largest"][:3]
            )
            words.append(f"{change['count']} categories are {verb}: {largest}")
    if profiles and not profiles[0].has_numbers:
        words += _categories(*profiles)
    missing = details.get("missing")
    if missing and abs(missing["current"] - missing["reference"]) >= _SMALL_CHANGE:
        words.append(f"Missing: {missing['reference']:.1%}, now {missing['current']:.1%}")
    if details.get("out_of_vocabulary"):
        words.append(f"{details['out_of_vocabulary']:.1%} of the words are not in the baseline")
    return words


def _numbers(reference: ColumnProfile, current: ColumnProfile) -> list[str]:
    words = []
    if reference.mean is not None and current.mean is not None and reference.std:
        shift = (current.mean - reference.mean) / reference.std
        if abs(shift) >= _LITTLE:
            words.append(
                f"The mean went from {_number(reference.mean)} to {_number(current.mean)} "
                f"({shift:+.2f} standard deviations)"
            )
        if current.std is not None and abs(current.std / reference.std - 1) >= _LITTLE:
            words.append(
                f"The standard deviation went from {_number(reference.std)} to "
                f"{_number(current.std)}"
            )
    if not words and reference.quantiles.size and current.quantiles.size:
        before, after = quantile(reference.quantiles, 0.5), quantile(current.quantiles, 0.5)
        words.append(f"The median went from {_number(before)} to {_number(after)}")
    return words


def _categories(reference: ColumnProfile, current: ColumnProfile) -> list[str]:
    before, after = reference.frequencies().counts, current.frequencies().counts
    if not before or not after or not reference.present or not current.present:
        return []
    changes = {
        name: after.get(name, 0) / current.present - before.get(name, 0) / reference.present
        for name in set(before) & set(after)
    }
    if not changes:
        return []
    name = max(changes, key=lambda key: (abs(changes[key]), str(key)))
    share = before[name] / reference.present
    if abs(changes[name]) < _SMALL_CHANGE:
        return []
    return [f"{name!r} went from {share:.1%} to {share + changes[name]:.1%} of the rows"]


def _p_value(value: float) -> str:
    return f"p = {value:.4g}" if value >= _LEAST_P else f"p < {_LEAST_P:g}"


def _number(value: float) -> str:
    return f"{value:.4g}"
