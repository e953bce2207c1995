"""Recurring work of the server; a lease in the catalog lets one process of many do it."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from datetime import timedelta

from vedette.core.ids import new_id
from vedette.telemetry.retention import RetentionService
from vedette.web.services import Services

_FIRST_RUN_SECONDS = 30.0
_RETENTION_LEASE = timedelta(minutes=30)
_log = logging.getLogger(__name__)


async def run_jobs(services: Services) -> None:
    """Run every job at its time until cancelled; a job that fails is logged and runs again."""
    holder = f"{socket.gethostname()}/{os.getpid()}/{new_id()}"
    await asyncio.sleep(_FIRST_RUN_SECONDS)
    while True:
        try:
            await asyncio.to_thread(enforce_retention, services, holder)
        except Exception:  # the next run may well succeed
            _log.exception("the retention job failed")
        await asyncio.sleep(services.settings.retention_interval_seconds)


def enforce_retention(services: Services, holder: str) -> None:
    """Delete what is past its time, unless another process is at it."""
    if not services.catalog.leases.acquire("retention", holder, _RETENTION_LEASE):
        return
    try:
        service = RetentionService(services.warehouse, services.settings)
        service.enforce(services.catalog.retention.all())
    finally:
        services.catalog.leases.release("retention", holder)
