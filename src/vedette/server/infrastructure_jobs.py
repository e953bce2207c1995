"""Recurring work about infrastructure: forecasts of storage as metrics."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from vedette.core.errors import VedetteError
from vedette.governance.accounts.quotas import Quota
from vedette.infrastructure.measures import accounts_with_storage, own_points, storage_points
from vedette.scheduler import Every, Scheduler, Tick
from vedette.telemetry.emit import MetricEmitter, MetricPoint
from vedette.web.services import Services

KIND = "storage-forecasts"
SECONDS = 900
SCOPE = "vedette.infrastructure"
_log = logging.getLogger(__name__)


def add(scheduler: Scheduler, services: Services, loop: asyncio.AbstractEventLoop | None) -> None:
    """Add the work; without a loop there is nothing to emit to."""
    if loop is None:
        return
    emitter = MetricEmitter(services.ingest, loop)

    def emit(tick: Tick) -> None:
        batch = f"{SCOPE} {tick.slot.isoformat()}"
        failed = emitter.emit_each_blocking(points_of(services), scope=SCOPE, batch=batch)
        for account, error in failed.items():
            _log.warning("forecasts of %s were not stored: %s", account, error.message)

    scheduler.recur(KIND, Every(SECONDS, 60), emit, lease=timedelta(minutes=10))


def points_of(services: Services) -> dict[str, list[MetricPoint]]:
    """Return what is to be emitted, by account."""
    now = services.catalog.clock.now()
    day = now.strftime("%Y-%m-%d")
    sizes = {
        one.account: one.storage_bytes
        for one in services.quotas.usage(None, since=day, until=day)
        if one.storage_bytes
    }
    found = {
        account: own_points(size, services.quotas.of(account).get(Quota.STORAGE_BYTES))
        for account, size in sizes.items()
    }
    for account in accounts_with_storage(services.warehouse, now):
        try:
            points = storage_points(services.runner, account, now)
        except VedetteError as error:
            _log.warning("storage of %s was not forecast: %s", account, error.message)
            continue
        found.setdefault(account, []).extend(points)
    return found
