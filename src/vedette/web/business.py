"""What the business counts, put together from the services of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vedette.business.kpis.service import KpiService
from vedette.business.kpis.values import KpiValues

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vedette.telemetry.emit import MetricPoint
    from vedette.web.services import Services

    Emit = Callable[[str, Sequence[MetricPoint], str], None]

SCOPE = "vedette.business"
_DAY = 86_400


def make_kpis(services: Services) -> KpiService:
    """Return the service of KPIs."""
    return KpiService(services.catalog)


def make_kpi_values(services: Services, emit: Emit | None = None) -> KpiValues:
    """Return the values of KPIs; without ``emit`` to read them."""
    # A margin: what ingest would refuse as too old a moment later is not sent to it.
    age = services.settings.ingest_max_age_days * _DAY - 3600
    return KpiValues(services.warehouse, services.runner, emit, max_age_seconds=age)
