"""The scheduler of a server process, with a handler for every kind of its work."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from vedette.alarms import evaluator
from vedette.alarms.evaluator import Evaluator
from vedette.alarms.measures import Measures
from vedette.alarms.sources.bands import read_banded
from vedette.alarms.telling import Teller
from vedette.business.kpis.lineage import KpiEdges
from vedette.core.ids import new_id
from vedette.data.profiles import Profiles
from vedette.incidents.watch import IncidentWatcher
from vedette.lineage.service import LineageService
from vedette.models.registry.approvals import expire_requests
from vedette.monitors import evaluator as monitors
from vedette.monitors.models import evaluator as model_monitors
from vedette.monitors.models.service import KIND as MODEL_MONITORS
from vedette.monitors.results import Results
from vedette.monitors.service import KIND as MONITORS
from vedette.monitors.service import SOURCE_KIND as SOURCE_MONITORS
from vedette.notifications import outbox
from vedette.notifications.outbox import NotificationOutbox
from vedette.pipelines import measures as pipelines
from vedette.scheduler import Every, Scheduler, Tick
from vedette.server import business_jobs, experience_jobs, infrastructure_jobs
from vedette.server.governance_jobs import add_governance
from vedette.store.catalog import Actor
from vedette.telemetry.emit import MetricEmitter, MetricPoint
from vedette.telemetry.metric_filters import LogMetrics
from vedette.telemetry.retention import LEASE_TIME, RetentionService
from vedette.web.monitors import make_evaluator
from vedette.web.notifications import make_dispatcher
from vedette.web.services import Services

RETENTION = "retention"
APPROVALS = "approvals"
LOG_METRICS = "log-metrics"
LOG_METRICS_SECONDS = 10
APPROVALS_SECONDS = 30
BANDS = "bands"
PIPELINES = "pipelines"
PIPELINES_SECONDS = 15
_log = logging.getLogger(__name__)
SESSIONS = "expired-sessions"
INCIDENTS = "incidents"
INCIDENTS_SECONDS = 20
SESSIONS_SECONDS = 3600


def make_scheduler(services: Services, loop: asyncio.AbstractEventLoop | None = None) -> Scheduler:
    """Return a scheduler that does all the work of the installation.

    ``loop`` is the one that ingest lives on, for what stores metrics.
    """
    scheduler = Scheduler(services.catalog)
    _add_retention(scheduler, services)
    _add_approvals(scheduler, services)
    _add_log_metrics(scheduler, services)
    _add_alarms(scheduler, services, loop)
    _add_notifications(scheduler, services)
    _add_monitors(scheduler, services, loop)
    _add_bands(scheduler, services)
    experience_jobs.add(scheduler, services, loop)
    business_jobs.add(scheduler, services, loop)
    infrastructure_jobs.add(scheduler, services, loop)
    _add_sessions(scheduler, services)
    _add_pipelines(scheduler, services, loop)
    _add_incidents(scheduler, services)
    add_governance(scheduler, services, loop)
    return scheduler


def _add_approvals(scheduler: Scheduler, services: Services) -> None:
    def expire(_tick: Tick) -> None:
        expire_requests(services.catalog)

    scheduler.recur(APPROVALS, Every(APPROVALS_SECONDS), expire, lease=timedelta(minutes=2))


def _add_retention(scheduler: Scheduler, services: Services) -> None:
    retention = RetentionService(services.warehouse, services.settings)

    def enforce(_tick: Tick) -> None:
        # The lease of the same name keeps it apart from a run that someone asked for.
        retention.enforce_once(services.catalog, f"scheduler/{new_id()}")

    seconds = max(1, round(services.settings.retention_interval_seconds))
    lease = min(LEASE_TIME, timedelta(minutes=5))
    scheduler.recur(RETENTION, Every(seconds), enforce, lease=lease)


def _add_log_metrics(scheduler: Scheduler, services: Services) -> None:
    # What other processes of a shared warehouse are about to store is not known here.
    shared = services.warehouse.shared
    lag = timedelta(seconds=services.settings.derive_lag_seconds if shared else 0)
    job = LogMetrics(
        services.catalog,
        services.warehouse,
        services.settings,
        settled=services.ingest.settled,
        writing=services.ingest.writing,
        lag=lag,
    )

    # Before the server says that it is ready: what comes before the first run counts, too.
    job.begin(services.catalog.clock.now())

    def update(_tick: Tick) -> None:
        job.update(services.catalog.clock.now())

    scheduler.recur(LOG_METRICS, Every(LOG_METRICS_SECONDS), update, lease=timedelta(minutes=2))


def _add_incidents(scheduler: Scheduler, services: Services) -> None:
    linked = LineageService(services.catalog, services.runner, more=[KpiEdges(services.catalog)])
    watcher = IncidentWatcher(
        services.catalog, services.warehouse, services.runner, lineage=linked.distances
    )

    def watch(_tick: Tick) -> None:
        watcher.run()

    scheduler.recur(INCIDENTS, Every(INCIDENTS_SECONDS, 10), watch, lease=timedelta(minutes=2))


def _add_sessions(scheduler: Scheduler, services: Services) -> None:
    def purge(_tick: Tick) -> None:
        services.catalog.sessions.purge_expired(Actor.system(SESSIONS))

    scheduler.recur(SESSIONS, Every(SESSIONS_SECONDS), purge, lease=timedelta(minutes=2))


def _add_alarms(
    scheduler: Scheduler, services: Services, loop: asyncio.AbstractEventLoop | None
) -> None:
    teller = Teller(services.catalog, NotificationOutbox(services.catalog))
    alarms = Evaluator(
        services.catalog,
        services.warehouse,
        services.runner,
        teller,
        bands=lambda account: partial(read_banded, services.bands, services.runner, account),
        after=Measures(MetricEmitter(services.ingest, loop)) if loop else None,
    )
    scheduler.handle(evaluator.KIND, alarms.handle, lease=timedelta(minutes=2), batch=1)


def _add_notifications(scheduler: Scheduler, services: Services) -> None:
    dispatcher = make_dispatcher(services)
    scheduler.handle(
        outbox.KIND, dispatcher.handle, lease=timedelta(minutes=2), batch=20, warns=False
    )


def _add_monitors(
    scheduler: Scheduler, services: Services, loop: asyncio.AbstractEventLoop | None
) -> None:
    emitter = MetricEmitter(services.ingest, loop)

    def emit(account: str, points: Sequence[MetricPoint], batch: str) -> None:
        emitter.emit_blocking(account, points, scope=monitors.SCOPE, batch=batch)

    evaluator_ = make_evaluator(services, emit if loop else None)
    scheduler.handle(MONITORS, evaluator_.handle, lease=timedelta(minutes=5), batch=10)
    scheduler.handle(
        SOURCE_MONITORS, evaluator_.handle, lease=timedelta(minutes=5), batch=1, warns=False
    )

    def emit_models(account: str, points: Sequence[MetricPoint], batch: str) -> None:
        emitter.emit_blocking(account, points, scope=model_monitors.SCOPE, batch=batch)

    of_models = model_monitors.Evaluator(
        services.catalog,
        Profiles(services.warehouse, services.runner),
        Results(services.warehouse, services.runner),
        services.runner,
        emit_models if loop else None,
    )
    scheduler.handle(MODEL_MONITORS, of_models.handle, lease=timedelta(minutes=5), batch=5)


def _add_bands(scheduler: Scheduler, services: Services) -> None:
    def update(_tick: Tick) -> None:
        report = services.bands.update(services.catalog.clock.now())
        for detector, message in report.failed.items():
            _log.warning("band detector %s: %s", detector, message)

    scheduler.recur(BANDS, Every(60, 20), update, lease=timedelta(minutes=5))


def _add_pipelines(
    scheduler: Scheduler, services: Services, loop: asyncio.AbstractEventLoop | None
) -> None:
    if loop is None:
        return
    emitter = MetricEmitter(services.ingest, loop)
    lag_ms = round(services.settings.derive_lag_seconds * 1000) if services.warehouse.shared else 0

    def emit(account: str, points: Sequence[MetricPoint], batch: str, attempt: int) -> None:
        emitter.emit_blocking(account, points, scope=pipelines.SCOPE, batch=batch, attempt=attempt)

    metrics = pipelines.PipelineMetrics(
        services.catalog,
        services.warehouse,
        services.runner,
        emit,
        lambda: services.ingest.settled() - lag_ms,
    )

    def update(_tick: Tick) -> None:
        metrics.update()

    scheduler.recur(PIPELINES, Every(PIPELINES_SECONDS), update, lease=timedelta(minutes=2))
