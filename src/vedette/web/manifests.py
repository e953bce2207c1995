"""The kinds that can be kept as code, put together from the services of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vedette.alarms.definition import AlarmSpec
from vedette.alarms.manifests import AlarmKind, MuteWindowKind
from vedette.alarms.mute_service import MuteService
from vedette.alarms.service import AlarmService
from vedette.business.kpis.manifests import KpiKind
from vedette.business.reports.manifests import ReportKind, ReturnKind
from vedette.business.reports.service import ReportDefinitions
from vedette.business.roi.service import roi_definitions
from vedette.dashboards.manifests import DashboardKind
from vedette.dashboards.service import Dashboards
from vedette.experience.browser.manifests import BrowserAppKind
from vedette.experience.browser.service import BrowserApps
from vedette.experience.slo.manifests import SloKind
from vedette.experience.synthetic.manifests import SyntheticKind
from vedette.infrastructure.machines import MachineTypeKind, machine_types
from vedette.manifests import Registry
from vedette.monitors.manifests import ModelMonitorKind, MonitorKind
from vedette.monitors.models.service import ModelMonitors
from vedette.notifications.manifests import ChannelKind, PolicyKind, RouteKind, ScheduleKind
from vedette.notifications.oncall import OnCallService
from vedette.web.business import make_kpis
from vedette.web.experience import make_slos, make_synthetic
from vedette.web.monitors import make_monitors
from vedette.web.notifications import make_notifications

if TYPE_CHECKING:
    from collections.abc import Callable

    from vedette.web.services import Services


def make_registry(
    services: Services, *, may_read: Callable[[AlarmSpec], None] | None = None
) -> Registry:
    """Return the kinds; ``may_read`` raises where the caller may not read what an alarm reads."""
    notifications = make_notifications(services)
    alarms = AlarmService(services.catalog, services.warehouse, services.runner)
    return Registry(
        [
            ChannelKind(notifications),
            ScheduleKind(OnCallService(services.catalog)),
            PolicyKind(OnCallService(services.catalog)),
            RouteKind(notifications),
            AlarmKind(alarms, may_read=may_read),
            MuteWindowKind(MuteService(services.catalog)),
            MonitorKind(make_monitors(services)),
            ModelMonitorKind(ModelMonitors(services.catalog)),
            SloKind(make_slos(services)),
            SyntheticKind(make_synthetic(services)),
            KpiKind(make_kpis(services)),
            ReturnKind(roi_definitions(services.catalog)),
            ReportKind(ReportDefinitions(services.catalog)),
            BrowserAppKind(BrowserApps(services.catalog)),
            DashboardKind(Dashboards(services.catalog)),
            MachineTypeKind(machine_types(services.catalog)),
        ]
    )
