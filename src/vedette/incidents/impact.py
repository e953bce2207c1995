"""What an incident cost: KPIs during it against what was to be expected.

For each KPI the values of the periods before the incident are forecast over it
(``vedette.statistics.forecast``); the difference to what came, in the direction that is worse, is the
loss. With KPIs that add up (``sum``) it is the sum over periods, else the mean difference. A KPI
counts as affected where what came lies outside the forecast's 95 % band in at least one period.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vedette.business.kpis.outlook import season_of
from vedette.statistics.forecast import LEVELS, MIN_VALUES, forecast

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vedette.business.kpis.service import Kpi
    from vedette.business.kpis.values import KpiValues
    from vedette.incidents.model import Incident

PAST_STEPS, MAX_STEPS, MAX_KPIS = 400, 500, 50
_BAND = LEVELS[-1]
Relation = Literal["named", "service", "model", "account"]


@dataclass(frozen=True, slots=True)
class Loss:
    """What happened to a KPI during an incident.

    Attributes:
        kpi: its name.
        unit: of the values.
        relation: why it is looked at: it is the incident's own resource, it names one of its
            services or models, or it is merely of the account.
        periods: how many periods of the KPI lie in the incident and have a value.
        step: seconds of a period.
        expected: sum, or mean, of what was to be expected.
        actual: the same of what came.
        loss: how much worse that is; negative where it is better.
        lower: lower end of the loss with 95 %.
        upper: upper end.
        affected: whether it was outside of the expected band.
        note: why there is no figure, or what to know about it.

    """

    kpi: str
    unit: str
    relation: Relation
    periods: int
    step: int
    expected: float | None
    actual: float | None
    loss: float | None
    lower: float | None
    upper: float | None
    affected: bool
    note: str


def read_losses(
    values: KpiValues, kpis: Sequence[Kpi], incident: Incident, now: datetime
) -> list[Loss]:
    """Return what happened to KPIs during an incident, those that it is about first."""
    end = incident.resolved or incident.quiet_since or now
    related = [(_relation(kpi, incident), kpi) for kpi in kpis]
    order: dict[Relation, int] = {"named": 0, "model": 1, "service": 1, "account": 2}
    related.sort(key=lambda pair: (order[pair[0]], pair[1].name))
    found = [
        _loss(values, kpi, relation, incident.began.timestamp(), end.timestamp())
        for relation, kpi in related[:MAX_KPIS]
    ]
    return [one for one in found if one.relation != "account" or one.affected]


def _relation(kpi: Kpi, incident: Incident) -> Relation:
    resources = set(incident.cause.get("resources", ()))
    if f"{kpi.account}/kpi/{kpi.name}" in resources:
        return "named"
    if set(kpi.spec.services) & set(incident.services):
        return "service"
    models = {text.split("/")[2] for text in resources if text.split("/")[1] == "model"}
    if {text.partition("/")[0] for text in kpi.spec.models} & models:
        return "model"
    return "account"


def _loss(values: KpiValues, kpi: Kpi, relation: Relation, start: float, end: float) -> Loss:
    spec = kpi.spec
    step = spec.step
    # The period in which it began counts: what was lost may lie in it whole.
    first = int(start) // step * step
    last = min(max(int(end), first + step), first + MAX_STEPS * step)
    found = values.read(kpi.account, kpi.name, spec, first - PAST_STEPS * step, last)
    nothing = Loss(
        kpi.name, spec.unit, relation, 0, step, None, None, None, None, None,
        affected=False, note="there are no values",
    )  # fmt: skip
    if not found:
        return nothing
    series = found[0]
    before = series.values[series.times < first]
    during = series.values[series.times >= first]
    known = np.isfinite(during)
    if np.isfinite(before).sum() < MIN_VALUES or not known.any():
        note = "too few values before it" if known.any() else "no value of this time came yet"
        return Loss(
            kpi.name, spec.unit, relation, int(known.sum()), step, None, None, None, None, None,
            affected=False, note=note,
        )  # fmt: skip
    leading = int(np.argmax(np.isfinite(before)))
    made = forecast(before[leading:], len(during), season=season_of(step))
    sign = 1.0 if spec.direction == "up" else -1.0
    pick = np.sum if spec.aggregate == "sum" else np.mean
    expected, actual = float(pick(made.mean[known])), float(pick(during[known]))
    ends = sorted(
        sign * (float(pick(side[_BAND][known])) - actual) for side in (made.lower, made.upper)
    )
    worse = made.lower[_BAND] if sign > 0 else made.upper[_BAND]
    affected = bool(np.any(sign * (worse - during)[known] > 0))
    note = f"{int((~known).sum())} periods have no value yet" if not known.all() else ""
    return Loss(
        kpi.name, spec.unit, relation, int(known.sum()), step, expected, actual,
        sign * (expected - actual), ends[0], ends[1], affected=affected, note=note,
    )  # fmt: skip
