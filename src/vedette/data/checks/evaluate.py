"""Checks that a profile alone decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from vedette.core.time import parse_duration, utc_now
from vedette.data.checks.definition import Check
from vedette.data.checks.result import PASSED, UNKNOWN, VIOLATED, CheckResult, percent
from vedette.data.drift.compare import DRIFT, compare
from vedette.data.drift.presets import Settings
from vedette.data.profiling.columns import Kind
from vedette.data.profiling.summary import ColumnProfile, quantile

Profiles = Sequence[ColumnProfile]


def evaluate(
    checks: Sequence[Check],
    profiles: Profiles,
    *,
    baseline: Profiles | None = None,
    now: datetime | None = None,
) -> list[CheckResult]:
    """Return a result a check that a profile decides; those that need rows are left out.

    Args:
        checks: what to check.
        profiles: the window's columns.
        baseline: what drift is measured against.
        now: when it is, for freshness.

    """
    by_name = {profile.name: profile for profile in profiles}
    found = []
    for check in checks:
        if check.needs_rows:
            continue
        if check.kind == "columns":
            found.extend(_columns(check, by_name))
        elif check.kind == "drift":
            found.extend(_drift(check, profiles, baseline))
        elif check.kind == "volume":
            rows = max((profile.rows for profile in profiles), default=0)
            found.append(_within(check, float(rows), "rows"))
        else:
            found.append(_of_column(check, by_name.get(check.column), now or utc_now()))
    return found


def _of_column(check: Check, profile: ColumnProfile | None, now: datetime) -> CheckResult:
    if profile is None:
        return CheckResult(check, VIOLATED, description="the column is missing")
    if check.kind == "freshness":
        return _freshness(check, profile, now)
    if check.kind != "completeness" and not profile.present:
        return CheckResult(
            check, UNKNOWN, description=f"the column has no value in {profile.rows:,} rows"
        )
    return _EVALUATORS[check.kind](check, profile)


def _at_least(check: Check, observed: float | None, what: str) -> CheckResult:
    if observed is None:
        return CheckResult(check, UNKNOWN, description="there are no rows")
    least = float(check.members["at_least"])
    status = PASSED if observed >= least else VIOLATED
    shown = f"{what}: {percent(observed)}, at least {percent(least)} expected"
    return CheckResult(check, status, observed, least, shown)


def _within(check: Check, observed: float | None, what: str) -> CheckResult:
    low, high = check.members["min"], check.members["max"]
    if observed is None:
        return CheckResult(check, UNKNOWN, description=f"it has no {what}")
    below, above = low is not None and observed < low, high is not None and observed > high
    expected = low if below or high is None else high
    bounds = " and ".join(
        text
        for bound, text in ((low, f"at least {low}"), (high, f"at most {high}"))
        if bound is not None
    )
    return CheckResult(
        check,
        VIOLATED if below or above else PASSED,
        observed,
        float(expected),
        f"{what}: {observed:,.10g}, {bounds} expected",
    )


def _completeness(check: Check, profile: ColumnProfile) -> CheckResult:
    return _at_least(check, profile.completeness, "share of rows with a value")


def type_shares(profile: ColumnProfile) -> Mapping[str, float]:
    """Return the share of present values that each type of ``definition.TYPES`` fits."""
    present = profile.present
    if not present:
        return {"unknown": 1.0}
    counts = profile.counts
    if profile.kind is Kind.NUMERIC:
        return {"integral": counts["integrals"] / present, "fractional": 1.0, "text": 0.0}
    if profile.kind is Kind.TEXT:
        return {
            "text": 1.0,
            "fractional": counts["numeric_texts"] / present,
            "integral": counts["integral_texts"] / present,
        }
    return {"unknown" if profile.kind is Kind.OTHER else profile.kind.value: 1.0}


def _type(check: Check, profile: ColumnProfile) -> CheckResult:
    wanted = check.members["is"]
    share = type_shares(profile).get(wanted, 0.0)
    return _at_least(check, share, f"share of values that are {wanted}")


def _non_negative(check: Check, profile: ColumnProfile) -> CheckResult:
    if not profile.has_numbers:
        return CheckResult(check, VIOLATED, description=f"its values are {profile.kind.value}")
    negative = profile.counts["negatives"] + profile.counts["negative_infinities"]
    if profile.kind is Kind.TIME:
        negative = int(profile.minimum is not None and profile.minimum < 0)
    return CheckResult(
        check,
        VIOLATED if negative else PASSED,
        profile.minimum,
        0.0,
        f"{negative:,} negative values; the least is {profile.minimum}",
        failing=negative,
    )


def _range(check: Check, profile: ColumnProfile) -> CheckResult:
    if not profile.has_numbers:
        return CheckResult(check, VIOLATED, description=f"its values are {profile.kind.value}")
    low, high = check.members["min"], check.members["max"]
    infinities = profile.counts
    least = float("-inf") if infinities["negative_infinities"] else profile.minimum
    most = float("inf") if infinities["positive_infinities"] else profile.maximum
    if low is not None and least is not None and least < low:
        return CheckResult(check, VIOLATED, least, low, f"the least value is {least}, below {low}")
    if high is not None and most is not None and most > high:
        return CheckResult(
            check, VIOLATED, most, high, f"the greatest value is {most}, above {high}"
        )
    return CheckResult(check, PASSED, description=f"values are from {least} to {most}")


def _values(check: Check, profile: ColumnProfile) -> CheckResult:
    counted = profile.frequencies()
    allowed = set(check.members["in"])
    if profile.kind is Kind.BOOLEAN:
        allowed = {str(value).lower() for value in allowed}
    if not counted.counts:
        return CheckResult(
            check, UNKNOWN, description="the column has too many values to be listed"
        )
    others = {value: count for value, count in counted.counts.items() if value not in allowed}
    inside = sum(counted.counts.values()) - sum(others.values())
    listed = ", ".join(f"{value!r} ({count:,})" for value, count in list(others.items())[:5])
    if not counted.complete:
        # What is not listed may be either: only what is surely outside counts.
        share = 1 - sum(others.values()) / profile.present
        result = _at_least(check, share, "at most so many values are allowed ones")
        return (
            result
            if result.status == VIOLATED
            else CheckResult(check, UNKNOWN, description="not all values are listed")
        )
    result = _at_least(check, inside / profile.present, "share of allowed values")
    if not others:
        return result
    text = f"{result.description}; others: {listed}"
    return CheckResult(
        check, result.status, result.observed, result.expected, text, sum(others.values())
    )


def _length(check: Check, profile: ColumnProfile) -> CheckResult:
    least, most = profile.length_minimum, profile.length_maximum
    if least is None or most is None:
        return CheckResult(check, UNKNOWN, description="its values have no length")
    low = check.members["min"]
    below = low is not None and least < low
    return _within(check, least if below or check.members["max"] is None else most, "length")


def statistic(profile: ColumnProfile, name: str) -> float | None:
    """Return a statistic of ``definition.STATISTICS``; None where the column has none."""
    if name == "median":
        return quantile(profile.quantiles, 0.5) if profile.quantiles.size else None
    if name == "mean_length":
        present = profile.present
        has = profile.length_minimum is not None and present
        return profile.counts["length_sum"] / present if has else None
    value = getattr(profile, name)
    return None if value is None else float(value)


def _statistic(check: Check, profile: ColumnProfile) -> CheckResult:
    name = check.members["of"]
    return _within(check, statistic(profile, name), name.replace("_", " "))


def _freshness(check: Check, profile: ColumnProfile, now: datetime) -> CheckResult:
    if profile.kind is not Kind.TIME or profile.maximum is None:
        return CheckResult(check, UNKNOWN, description="the column has no times")
    within = parse_duration(check.members["within"]).total_seconds()
    latest = datetime.fromtimestamp(profile.maximum, UTC)
    age = (now - latest).total_seconds()
    status = PASSED if age <= within else VIOLATED
    shown = f"the latest is {latest:%Y-%m-%d %H:%M:%S} UTC, {max(age, 0):,.0f} s ago"
    return CheckResult(check, status, age, within, f"{shown}; {check.members['within']} allowed")


_EVALUATORS: Mapping[str, Callable[[Check, ColumnProfile], CheckResult]] = {
    "completeness": _completeness,
    "type": _type,
    "non_negative": _non_negative,
    "range": _range,
    "values": _values,
    "length": _length,
    "statistic": _statistic,
}


def _columns(check: Check, profiles: Mapping[str, Any]) -> list[CheckResult]:
    required = [str(name) for name in check.members["required"]]
    missing = [name for name in required if name not in profiles]
    extra = [name for name in profiles if name not in required]
    found = []
    if missing:
        text = f"missing: {', '.join(missing[:10])}"
        found.append(CheckResult(check, VIOLATED, float(len(missing)), 0.0, text))
    if extra and not check.members["extra"]:
        text = f"not expected: {', '.join(extra[:10])}"
        found.append(CheckResult(check, VIOLATED, float(len(extra)), 0.0, text))
    return found or [CheckResult(check, PASSED, 0.0, 0.0, "all columns are there")]


def _drift(check: Check, profiles: Profiles, baseline: Profiles | None) -> list[CheckResult]:
    if baseline is None:
        return [CheckResult(check, UNKNOWN, description="there is no baseline to compare with")]
    members = check.members
    settings = Settings(
        members["preset"], measure=members["measure"], threshold=members["threshold"]
    )
    report = compare(baseline, profiles, settings)
    statuses = {DRIFT: VIOLATED, "unknown": UNKNOWN}
    found = []
    for column in report.columns:
        if members["column"] in {None, column.name}:
            one = Check("drift", {**members, "column": column.name}, check.severity, check.name)
            status = statuses.get(column.status, PASSED)
            found.append(CheckResult(one, status, column.value, column.threshold, column.why))
    return found or [CheckResult(check, VIOLATED, description="the column is missing")]
