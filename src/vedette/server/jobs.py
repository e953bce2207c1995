"""Recurring work of the server; a lease in the catalog lets one process of many do it."""

from __future__ import annotations

import asyncio
import logging
import os
import socket

from vedette.core.ids import new_id
from vedette.telemetry.retention import RetentionService
from vedette.web.services import Services

_FIRST_RUN_SECONDS = 30.0
_log = logging.getLogger(__name__)


async def run_jobs(services: Services) -> None:
    """Run every job at its time until cancelled; a job that fails is logged and runs again."""
    retention = RetentionService(services.warehouse, services.settings)
    holder = f"{socket.gethostname()}/{os.getpid()}/{new_id()}"
    await asyncio.sleep(_FIRST_RUN_SECONDS)
    while True:
        try:
            await asyncio.to_thread(retention.enforce_once, services.catalog, holder)
        except Exception:  # noqa: BLE001 - the next run may well succeed
            _log.exception("the retention job failed")
        await asyncio.sleep(services.settings.retention_interval_seconds)
