"""Scheduled work about the business: KPIs that are computed, reports."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vedette.business.kpis.compute import KpiComputer
from vedette.business.kpis.service import KIND as KPIS
from vedette.business.reports.service import KIND as REPORTS
from vedette.telemetry.emit import MetricEmitter, MetricPoint
from vedette.web.business import SCOPE, make_kpi_values, make_kpis
from vedette.web.reports import make_reports

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    from vedette.scheduler import Scheduler
    from vedette.web.services import Services


def add(scheduler: Scheduler, services: Services, loop: asyncio.AbstractEventLoop | None) -> None:
    """Add the handlers; without a loop they emit nothing."""
    emitter = MetricEmitter(services.ingest, loop)

    def emit(account: str, points: Sequence[MetricPoint], batch: str) -> None:
        emitter.emit_blocking(account, points, scope=SCOPE, batch=batch)

    kpis = KpiComputer(
        services.catalog,
        make_kpis(services),
        make_kpi_values(services, emit if loop else None),
        services.runner,
    )
    scheduler.handle(KPIS, kpis.handle, lease=timedelta(minutes=5), batch=10)
    scheduler.handle(REPORTS, make_reports(services).handle, lease=timedelta(minutes=5), batch=5)
