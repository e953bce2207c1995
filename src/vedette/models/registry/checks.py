"""Checks that must be green before a version enters a stage; more can be registered.

A check is a function of what is known of the version and of its settings in the rule. Those of
quality, drift, bias and attributions read what monitors found, which is looked up before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from vedette.core.errors import InvalidInputError
from vedette.core.time import utc_now
from vedette.models.registry.stages import Stage
from vedette.store.catalog.registry_models import (
    ModelCardRow,
    ModelVersionRow,
    ModelVersionTagRow,
    RegisteredModelRow,
)
from vedette.store.catalog.tracking_models import LoggedModelMetricRow, RunMetricRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check found, in a sentence for a person."""

    check: str
    passed: bool
    message: str


@dataclass(frozen=True, slots=True)
class Finding:
    """What a monitor found in the last window that it could judge, of one kind.

    Attributes:
        monitor: its name.
        kind: one of ``WATCHED``.
        of_version: whether it looks at the version; else it is known by its name alone.
        end: when the window ended.
        problems: what was wrong, in sentences.

    """

    monitor: str
    kind: str
    of_version: bool
    end: datetime
    problems: Sequence[str]


Watch = Callable[[str, int, Sequence[str]], Sequence[Finding]]
"""Finds what monitors of a model's version, and those of these names, found last."""
WATCHED = ("quality", "drift", "bias", "attributions")
"""Checks of what monitors found; they have the names of its kinds."""


@dataclass(frozen=True, slots=True)
class Subject:
    """The version that is checked, with what monitors found."""

    session: Session
    model: RegisteredModelRow
    version: ModelVersionRow
    findings: Sequence[Finding] = ()
    now: datetime | None = None

    def metric(self, key: str, version: ModelVersionRow | None = None) -> float | None:
        """Return a metric's current value of a version's logged model, else of its run."""
        version = version or self.version
        if version.logged_model_id:
            latest = (
                select(LoggedModelMetricRow.value)
                .where(
                    LoggedModelMetricRow.model_id == version.logged_model_id,
                    LoggedModelMetricRow.key == key,
                )
                .order_by(LoggedModelMetricRow.time_ms.desc(), LoggedModelMetricRow.step.desc())
            )
            if (found := self.session.execute(latest).first()) is not None:
                return _number(found[0])
        row = self.session.get(RunMetricRow, (version.run_id, key)) if version.run_id else None
        return None if row is None else _number(row.value)

    def in_production(self) -> ModelVersionRow | None:
        """Return the newest other version in production, if there is one."""
        return self.session.scalar(
            select(ModelVersionRow)
            .where(
                ModelVersionRow.model_id == self.model.id,
                ModelVersionRow.stage == Stage.PRODUCTION,
                ModelVersionRow.version != self.version.version,
            )
            .order_by(ModelVersionRow.version.desc())
        )


Settings = Mapping[str, Any]
Check = Callable[[Subject, Settings], tuple[bool, str]]


@dataclass(frozen=True, slots=True)
class Registered:
    """A check with the settings it takes: names and types, of which some may be left out."""

    run: Check
    takes: Mapping[str, type | tuple[type, ...]]
    needs: Sequence[str]


CHECKS: dict[str, Registered] = {}
"""Every check by its name."""
_NUMBER = (int, float)
MAX_CHECKS = 20


def register(
    name: str, takes: Mapping[str, type | tuple[type, ...]], needs: Sequence[str] = ()
) -> Callable[[Check], Check]:
    """Register a check under a name, with the settings that it takes and those it needs."""

    def add(run: Check) -> Check:
        CHECKS[name] = Registered(run, takes, needs)
        return run

    return add


def check_specs(specs: Sequence[Settings]) -> list[dict[str, Any]]:
    """Return the checks of a rule; ``InvalidInputError`` for one that is not known or not whole."""
    if len(specs) > MAX_CHECKS:
        raise InvalidInputError(f"a rule has up to {MAX_CHECKS} checks", field="checks")
    return [_checked_spec(spec, f"checks[{number}]") for number, spec in enumerate(specs)]


def _checked_spec(spec: Settings, field: str) -> dict[str, Any]:
    known = CHECKS.get(str(spec.get("check")))
    if known is None:
        raise InvalidInputError(
            f"{str(spec.get('check'))[:60]!r} is not a check",
            field=f"{field}.check",
            remedy=f"use one of {', '.join(sorted(CHECKS))}",
        )
    for name in known.needs:
        if name not in spec:
            raise InvalidInputError(f"the check needs {name}", field=f"{field}.{name}")
    for name, value in spec.items():
        if name == "check":
            continue
        kind = known.takes.get(name)
        if kind is None or not isinstance(value, kind) or (kind is _NUMBER and value is True):
            raise InvalidInputError(
                f"the check does not take {name[:60]} = {str(value)[:60]}",
                field=f"{field}.{name[:60]}",
                remedy=f"it takes {', '.join(known.takes) or 'nothing'}",
            )
    return dict(spec)


def run_checks(subject: Subject, specs: Sequence[Settings]) -> list[CheckResult]:
    """Run checks; one that is registered no longer fails."""
    results = []
    for spec in specs:
        name = str(spec["check"])
        known = CHECKS.get(name)
        passed, message = (
            known.run(subject, spec) if known else (False, "this check is not known any more")
        )
        results.append(CheckResult(name, passed, message))
    return results


@register("metric_at_least", {"metric": str, "value": _NUMBER}, ["metric", "value"])
def metric_at_least(subject: Subject, spec: Settings) -> tuple[bool, str]:
    """Tell whether a metric of the version is at least a value."""
    value = subject.metric(spec["metric"])
    shown = "not known" if value is None else f"{value:g}"
    return (
        value is not None and value >= spec["value"],
        f"{spec['metric']} is {shown}; at least {spec['value']:g} is needed",
    )


@register("metric_at_most", {"metric": str, "value": _NUMBER}, ["metric", "value"])
def metric_at_most(subject: Subject, spec: Settings) -> tuple[bool, str]:
    """Tell whether a metric of the version is at most a value."""
    value = subject.metric(spec["metric"])
    shown = "not known" if value is None else f"{value:g}"
    return (
        value is not None and value <= spec["value"],
        f"{spec['metric']} is {shown}; at most {spec['value']:g} is allowed",
    )


@register(
    "better_than_production",
    {"metric": str, "higher_is_better": bool, "by": _NUMBER},
    ["metric"],
)
def better_than_production(subject: Subject, spec: Settings) -> tuple[bool, str]:
    """Tell whether a metric beats that of the version in production, if there is one."""
    key = spec["metric"]
    value, other = subject.metric(key), subject.in_production()
    if value is None:
        return False, f"{key} of version {subject.version.version} is not known"
    if other is None:
        return True, f"{key} is {value:g}; nothing is in production yet"
    theirs = subject.metric(key, other)
    if theirs is None:
        return False, f"{key} of version {other.version}, which is in production, is not known"
    gain = value - theirs if spec.get("higher_is_better", True) else theirs - value
    by = spec.get("by", 0)
    return (
        gain > by if by == 0 else gain >= by,
        f"{key} is {value:g}; version {other.version} in production has {theirs:g}",
    )


@register("tag", {"key": str, "value": str}, ["key"])
def tag(subject: Subject, spec: Settings) -> tuple[bool, str]:
    """Tell whether the version has a tag, perhaps of a certain value."""
    version = subject.version
    row = subject.session.get(ModelVersionTagRow, (version.model_id, version.version, spec["key"]))
    wanted = spec.get("value")
    passed = row is not None and wanted in {None, row.value}
    shown = "not set" if row is None else repr(row.value)
    return passed, f"tag {spec['key']} is {shown}"


@register("model_card", {})
def model_card(subject: Subject, spec: Settings) -> tuple[bool, str]:
    """Tell whether the version has a model card that was approved."""
    del spec
    version = subject.version
    status = subject.session.scalar(
        select(ModelCardRow.status)
        .where(ModelCardRow.model_id == version.model_id, ModelCardRow.version == version.version)
        .order_by(ModelCardRow.revision.desc())
    )
    return status == "approved", f"the model card is {status or 'not written'}"


def _watched(kind: str) -> Check:
    """Return the check that monitors found nothing wrong of a kind."""

    def check(subject: Subject, spec: Settings) -> tuple[bool, str]:
        name, hours = spec.get("monitor"), spec.get("hours")
        found = [
            one
            for one in subject.findings
            if one.kind == kind and (one.monitor == name if name else one.of_version)
        ]
        if not found:
            who = f"monitor {name!r}" if name else "no monitor"
            told = "has not judged" if name else "has judged"
            return False, f"{who} {told} the {kind} of version {subject.version.version}"
        for one in found:
            if one.problems:
                return False, f"{kind}, by {one.monitor!r}: {one.problems[0]}"
            age = ((subject.now or utc_now()) - one.end).total_seconds() / 3600
            if hours is not None and age > hours:
                return False, (
                    f"{kind}: the last window of {one.monitor!r} ended {age:.0f} hours ago; up to "
                    f"{hours:g} are allowed"
                )
        names = ", ".join(sorted({repr(one.monitor) for one in found}))
        return True, f"{kind}: {names} found nothing wrong"

    return check


for _kind in WATCHED:
    register(_kind, {"monitor": str, "hours": _NUMBER})(_watched(_kind))


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else value
