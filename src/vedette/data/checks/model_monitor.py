"""SageMaker Model Monitor's files, read and written: statistics, constraints, violations.

The shapes are those of the documentation of Model Monitor's ``statistics.json``,
``constraints.json`` and ``constraint_violations.json`` (version 0). They are read leniently, since
older pages spell some members otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.data.checks.definition import Check, parse_check
from vedette.data.checks.evaluate import evaluate
from vedette.data.checks.result import VIOLATED, CheckReport
from vedette.data.checks.suggest import inferred_type, suggest
from vedette.data.profiling.columns import Kind
from vedette.data.profiling.summary import ColumnProfile
from vedette.statistics.binning import equal_edges

_BUCKETS = 10
_TYPES = {"integral": "Integral", "fractional": "Fractional", "text": "String"}
_OWN_TYPES = {given: own for own, given in _TYPES.items()}
_CHECK_TYPES = {
    "type": "data_type_check",
    "completeness": "completeness_check",
    "drift": "baseline_drift_check",
    "values": "categorical_values_check",
    "non_negative": "data_type_check",
}


@dataclass(frozen=True, slots=True)
class Constraints:
    """What a ``constraints.json`` asks for, as checks of ours."""

    checks: Sequence[Check]
    columns: Sequence[str]


def statistics(profiles: Sequence[ColumnProfile]) -> dict[str, Any]:
    """Return ``statistics.json`` of a profile."""
    return {
        "version": 0.0,
        "dataset": {"item_count": max((profile.rows for profile in profiles), default=0)},
        "features": [_feature(profile) for profile in profiles],
    }


def _feature(profile: ColumnProfile) -> dict[str, Any]:
    common = {"num_present": profile.present, "num_missing": profile.missing}
    found: dict[str, Any] = {"name": profile.name, "inferred_type": _type(profile)}
    if profile.kind in {Kind.NUMERIC, Kind.BOOLEAN, Kind.TIME}:
        found["numerical_statistics"] = {
            "common": common,
            "mean": profile.mean,
            "sum": profile.sum,
            "std_dev": profile.std,
            "min": profile.minimum,
            "max": profile.maximum,
            "distribution": {"kll": _kll(profile)},
        }
    else:
        buckets = [{"value": str(v), "count": n} for v, n in profile.values.counts.items()]
        found["string_statistics"] = {
            "common": common,
            "distinct_count": profile.distinct,
            "distribution": {"categorical": {"buckets": buckets}},
        }
    return found


def _type(profile: ColumnProfile) -> str:
    if profile.kind is Kind.BOOLEAN:
        return "Integral"
    if not profile.present:
        return "Unknown"
    return _TYPES.get(
        inferred_type(profile), "Unknown" if profile.kind is not Kind.TIME else "Fractional"
    )


def _kll(profile: ColumnProfile) -> dict[str, Any]:
    """Return ten buckets of one width, and the sketch's values as its one level."""
    sample = profile.sample()
    buckets, data = [], []
    if not sample.is_empty:
        low, high = float(sample.values[0]), float(sample.values[-1])
        edges = equal_edges(low, high, _BUCKETS) if high > low else np.array([low, high])
        counts = sample.histogram(edges) / sample.weights.sum() * sample.size
        buckets = [
            {"lower_bound": float(a), "upper_bound": float(b), "count": round(float(n), 6)}
            for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)
        ]
        data = profile.quantiles.tolist()
    return {"buckets": buckets, "sketch": {"parameters": {"c": 0.64, "k": 2048.0}, "data": [data]}}


def constraints(profiles: Sequence[ColumnProfile]) -> dict[str, Any]:
    """Return the ``constraints.json`` that a profile suggests."""
    by_column: dict[str, dict[str, Check]] = {}
    for check in suggest(profiles):
        if check.column:
            by_column.setdefault(check.column, {})[check.kind] = check
    features = []
    for profile in profiles:
        checks = by_column.get(profile.name, {})
        feature: dict[str, Any] = {
            "name": profile.name,
            "inferred_type": _type(profile),
            "completeness": profile.completeness if profile.completeness is not None else 0.0,
        }
        if profile.kind is Kind.NUMERIC:
            feature["num_constraints"] = {"is_non_negative": "non_negative" in checks}
        if "values" in checks:
            feature["string_constraints"] = {"domains": list(checks["values"].members["in"])}
        features.append(feature)
    return {
        "version": 0.0,
        "features": features,
        "monitoring_config": {
            "evaluate_constraints": "Enabled",
            "emit_metrics": "Enabled",
            "datatype_check_threshold": 1.0,
            "domain_content_threshold": 1.0,
            "distribution_constraints": {
                "perform_comparison": "Enabled",
                "comparison_threshold": 0.1,
                "comparison_method": "Robust",
                "categorical_comparison_threshold": 0.1,
                "categorical_drift_method": "LInfinity",
            },
        },
    }


def read_constraints(document: object) -> Constraints:
    """Return the checks that a ``constraints.json`` stands for.

    Raises:
        InvalidInputError: it is not one.

    """
    if not isinstance(document, Mapping) or not isinstance(document.get("features"), list):
        raise InvalidInputError(
            "that is no constraints.json", field="features", remedy="give an object with features"
        )
    shared = _mapping(document.get("monitoring_config"))
    checks: list[Check] = []
    names: list[str] = []
    for index, feature in enumerate(document["features"]):
        if not isinstance(feature, Mapping) or not isinstance(feature.get("name"), str):
            raise InvalidInputError(
                "a feature has no name", field=f"features[{index}].name", remedy="give its name"
            )
        names.append(feature["name"])
        overrides = _mapping(
            feature.get("monitoringConfigOverrides", feature.get("monitoring_config_overrides"))
        )
        config = {**shared, **overrides}
        name = "distribution_constraints"
        config[name] = {**_mapping(shared.get(name)), **_mapping(overrides.get(name))}
        checks += _checks_of(feature, config)
    required = {"check": "columns", "required": names, "extra": False}
    if _enabled(shared, "evaluate_constraints"):
        checks.insert(0, parse_check(required))
    return Constraints(checks, names)


def _checks_of(feature: Mapping[str, Any], config: Mapping[str, Any]) -> list[Check]:
    if not _enabled(config, "evaluate_constraints"):
        return []
    name = feature["name"]
    found: list[dict[str, Any]] = []
    own = _OWN_TYPES.get(str(feature.get("inferred_type")))
    if own:
        least = _number(config, "datatype_check_threshold", 1.0, name)
        found.append({"check": "type", "column": name, "is": own, "at_least": least})
    if feature.get("completeness") is not None:
        least = _number(feature, "completeness", 1.0, name)
        found.append({"check": "completeness", "column": name, "at_least": least})
    if _mapping(feature.get("num_constraints")).get("is_non_negative"):
        found.append({"check": "non_negative", "column": name})
    domains = _mapping(feature.get("string_constraints")).get("domains")
    if domains:
        least = _number(config, "domain_content_threshold", 1.0, name)
        found.append({"check": "values", "column": name, "in": list(domains), "at_least": least})
    distribution = _mapping(config.get("distribution_constraints"))
    if distribution and _enabled(distribution, "perform_comparison"):
        found.append(_drift(name, own, distribution))
    return [parse_check(one) for one in found]


def _drift(name: str, own: str | None, config: Mapping[str, Any]) -> dict[str, Any]:
    threshold = _number(config, "comparison_threshold", 0.1, name)
    simple = str(config.get("comparison_method", "Robust")).lower() == "simple"
    measure = "l_infinity" if simple else "l_infinity_robust"
    if own == "text":
        threshold = _number(config, "categorical_comparison_threshold", threshold, name)
        if "chi" in str(config.get("categorical_drift_method", "")).lower():
            measure = "chi_square_p_value"
    found = {"check": "drift", "column": name, "preset": "sagemaker", "measure": measure}
    return {**found, "threshold": threshold}


def _number(config: Mapping[str, Any], name: str, default: float, feature: str) -> float:
    value = config.get(name)
    try:
        return default if value is None else float(value)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"{name} of {feature} is {value!r}, no number",
            field=name,
            remedy="give a number, such as 0.95",
        ) from error


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _enabled(config: Mapping[str, Any], name: str) -> bool:
    return str(config.get(name, "Enabled")).lower() not in {"disabled", "false"}


def check_profiles(
    found: Constraints,
    profiles: Sequence[ColumnProfile],
    baseline: Sequence[ColumnProfile] | None = None,
) -> CheckReport:
    """Evaluate constraints on a profile; drift only where there is a baseline."""
    checks = [c for c in found.checks if c.kind != "drift" or baseline is not None]
    rows = max((profile.rows for profile in profiles), default=0)
    return CheckReport.of(evaluate(checks, profiles, baseline=baseline), rows)


def violations(report: CheckReport) -> dict[str, Any]:
    """Return ``constraint_violations.json`` of a report."""
    found = []
    for result in report.results:
        if result.status != VIOLATED:
            continue
        if result.check.kind == "columns":
            missing = result.description.startswith("missing")
            kind = "missing_column_check" if missing else "extra_column_check"
            names = result.description.partition(": ")[2].split(", ")
        else:
            kind = _CHECK_TYPES.get(result.check.kind, result.check.kind)
            names = [result.check.column]
            if result.description == "the column is missing":
                continue  # the check of columns says so
        found += [
            {"feature_name": name, "constraint_check_type": kind, "description": result.description}
            for name in names
        ]
    return {"violations": found}
