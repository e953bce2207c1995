"""How everything stands at a moment: what the executive dashboard shows and a report has in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from vedette.business.kpis.outlook import Outlook, read_outlook
from vedette.core.errors import VedetteError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vedette.business.kpis.service import Kpi, KpiService
    from vedette.business.kpis.values import KpiValues
    from vedette.business.roi.compute import Roi, RoiComputer
    from vedette.business.roi.definition import RoiSpec
    from vedette.store.catalog.definitions import Defined

MAX_SHOWN = 30


@dataclass(frozen=True, slots=True)
class KpiStanding:
    """A KPI with its outlook."""

    kpi: Kpi
    outlook: Outlook | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class RoiStanding:
    """A return, computed; ``roi`` is None where it could not be."""

    definition: Defined[RoiSpec]
    roi: Roi | None
    error: str = ""


@dataclass(frozen=True, slots=True)
class SloLine:
    """An objective in a sentence's worth of numbers."""

    name: str
    state: str
    goal: float
    period: str
    sli: float | None
    remaining: float | None
    exhausted_in: float | None


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """An alarm that fires."""

    name: str
    severity: str
    since: float
    reason: str


@dataclass(slots=True)
class Overview:
    """Everything; ``left_out`` counts what is beyond the limit of each part."""

    at: datetime
    kpis: list[KpiStanding] = field(default_factory=list)
    slos: list[SloLine] = field(default_factory=list)
    returns: list[RoiStanding] = field(default_factory=list)
    alarms: list[AlarmLine] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)


def kpi_standings(
    kpis: KpiService, values: KpiValues, account: str, names: Sequence[str] | None, now: datetime
) -> tuple[list[KpiStanding], int]:
    """Return KPIs with their outlooks, by name, and how many are left out."""
    chosen = [kpi for kpi in kpis.all(account) if names is None or kpi.name in names]
    found = []
    for kpi in chosen[:MAX_SHOWN]:
        try:
            found.append(KpiStanding(kpi, read_outlook(values, kpi, now)))
        except VedetteError as error:
            found.append(KpiStanding(kpi, None, error.message))
    return found, max(0, len(chosen) - MAX_SHOWN)


def roi_standings(
    definitions: Sequence[Defined[RoiSpec]],
    computer: RoiComputer,
    names: Sequence[str] | None,
    now: datetime,
) -> tuple[list[RoiStanding], int]:
    """Return returns, computed, by name, and how many are left out."""
    chosen = [one for one in definitions if names is None or one.name in names]
    found = []
    for one in chosen[:MAX_SHOWN]:
        try:
            found.append(RoiStanding(one, computer.compute(one.account, one.spec, now)))
        except VedetteError as error:
            found.append(RoiStanding(one, None, error.message))
    return found, max(0, len(chosen) - MAX_SHOWN)
