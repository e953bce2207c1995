"""How everything stands, from KPIs, objectives, returns and alarms together; and reports of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vedette.alarms.model import State
from vedette.alarms.service import AlarmService
from vedette.business.reports.overview import (
    MAX_SHOWN,
    AlarmLine,
    Overview,
    SloLine,
    kpi_standings,
    roi_standings,
)
from vedette.business.reports.service import Reports
from vedette.business.roi.compute import RoiComputer
from vedette.business.roi.service import roi_definitions
from vedette.experience.slo.evaluator import read_statuses
from vedette.notifications.documents import DocumentDispatcher
from vedette.notifications.send import Sender
from vedette.web.business import make_kpi_values, make_kpis
from vedette.web.experience import make_slo_counts, make_slos

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from vedette.business.reports.definition import ReportSpec
    from vedette.web.services import Services


def make_roi(services: Services) -> RoiComputer:
    """Return what computes returns."""
    return RoiComputer(make_kpis(services), make_kpi_values(services), services.runner)


def make_reports(services: Services) -> Reports:
    """Return reports, with what sends them."""
    dispatcher = DocumentDispatcher(services.catalog, Sender(services.guard), services.secrets)

    def gather(account: str, spec: ReportSpec, now: datetime) -> Overview:
        return gather_overview(services, account, spec, now)

    return Reports(
        services.catalog, gather, dispatcher, url=services.settings.public_url.rstrip("/")
    )


def gather_overview(services: Services, account: str, spec: ReportSpec, now: datetime) -> Overview:
    """Return how everything stands that a report names."""
    overview = Overview(now)
    overview.kpis, more_kpis = kpi_standings(
        make_kpis(services), make_kpi_values(services), account, spec.kpis, now
    )
    overview.slos, more_slos = _slos(services, account, spec.slos, now)
    definitions = roi_definitions(services.catalog).all(account)
    overview.returns, more_returns = roi_standings(
        definitions, make_roi(services), spec.returns, now
    )
    if spec.alarms:
        overview.alarms = _alarms(services, account)
    overview.left_out = {"KPIs": more_kpis, "objectives": more_slos, "returns": more_returns}
    return overview


def _slos(
    services: Services, account: str, names: Sequence[str] | None, now: datetime
) -> tuple[list[SloLine], int]:
    chosen = [slo for slo in make_slos(services).all(account) if names is None or slo.name in names]
    end = int(now.timestamp()) // 60 * 60
    statuses = read_statuses(make_slo_counts(services), account, chosen, end) if chosen else {}
    order = {"exhausted": 0, "burning": 1, "no data": 2, "ok": 3}
    lines = [
        SloLine(
            slo.name, statuses[slo.id].state, slo.spec.goal, slo.spec.period,
            statuses[slo.id].period.sli, statuses[slo.id].remaining,
            statuses[slo.id].exhausted_in,
        )
        for slo in chosen
    ]  # fmt: skip
    lines.sort(key=lambda line: (order[line.state], line.name))
    return lines[:MAX_SHOWN], max(0, len(lines) - MAX_SHOWN)


def _alarms(services: Services, account: str) -> list[AlarmLine]:
    alarms = AlarmService(services.catalog, services.warehouse, services.runner)
    page = alarms.find(account, state=State.ALARM, limit=MAX_SHOWN)
    return [
        AlarmLine(
            view.alarm.name, view.alarm.spec.severity, view.status.since or 0.0,
            view.status.reason,
        )
        for view in page.items
    ]  # fmt: skip
