"""Recurring work of governance."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from vedette.governance.audit.metrics import activity_points
from vedette.scheduler import Every, Scheduler, Tick
from vedette.telemetry.emit import MetricEmitter
from vedette.web.services import Services

DIGESTS = "audit-digests"
ACTIVITY = "audit-activity"
MEASURES = "account-measures"
SCOPE = "vedette.audit"
_log = logging.getLogger(__name__)


def add_governance(
    scheduler: Scheduler, services: Services, loop: asyncio.AbstractEventLoop | None
) -> None:
    """Add the work of governance; ``loop`` is the one that ingest lives on."""
    _add_digests(scheduler, services)
    _add_usage(scheduler, services)
    if loop is not None:
        _add_activity(scheduler, services, MetricEmitter(services.ingest, loop))


def _add_usage(scheduler: Scheduler, services: Services) -> None:
    def measure(_tick: Tick) -> None:
        services.quotas.measure()
        services.inherited_tags.everywhere()
        services.tag_policies.sample()

    scheduler.recur(MEASURES, Every(300, 30), measure, lease=timedelta(minutes=5))


def _add_digests(scheduler: Scheduler, services: Services) -> None:
    def make(_tick: Tick) -> None:
        services.audit.hourly()

    # A little after the hour: what was called in its last seconds is written by then.
    scheduler.recur(DIGESTS, Every(3600, 10), make, lease=timedelta(minutes=10))


def _add_activity(scheduler: Scheduler, services: Services, emitter: MetricEmitter) -> None:
    def emit(tick: Tick) -> None:
        by_account = activity_points(services.catalog, services.warehouse, tick.slot)
        failed = emitter.emit_each_blocking(
            by_account, scope=SCOPE, batch=f"{SCOPE} {tick.slot.isoformat()}"
        )
        for account, error in failed.items():
            _log.warning("audit activity of %s was not stored: %s", account, error.message)

    scheduler.recur(ACTIVITY, Every(60, 15), emit, lease=timedelta(minutes=2))
