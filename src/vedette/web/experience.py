"""What users meet, put together from the services of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vedette.alarms.service import AlarmService
from vedette.experience.slo.counts import SloCounts
from vedette.experience.slo.service import SloService
from vedette.experience.synthetic.service import SyntheticService

if TYPE_CHECKING:
    from vedette.web.services import Services


def make_slos(services: Services) -> SloService:
    """Return the service of objectives."""
    alarms = AlarmService(services.catalog, services.warehouse, services.runner)
    return SloService(services.catalog, alarms)


def make_synthetic(services: Services) -> SyntheticService:
    """Return the service of synthetic checks."""
    alarms = AlarmService(services.catalog, services.warehouse, services.runner)
    return SyntheticService(services.catalog, alarms)


def make_slo_counts(services: Services) -> SloCounts:
    """Return what was counted for objectives."""
    return SloCounts(services.warehouse, services.runner)
