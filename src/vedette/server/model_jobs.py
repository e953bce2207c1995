"""Work of every process for models, beside what the scheduler does once for all of them."""

from __future__ import annotations

import asyncio
import logging

from vedette.core.errors import VedetteError
from vedette.models.registry.webhooks import deliver_due, waiting_deliveries
from vedette.notifications.call import Caller
from vedette.web.services import Services

_CARRY_SECONDS = 2.0
_DELIVER_SECONDS = 2.0
_log = logging.getLogger(__name__)


async def carry_metric_points(services: Services) -> None:
    """Carry points of metrics from the catalog's outbox to the warehouse, until cancelled."""
    while True:
        await asyncio.sleep(_CARRY_SECONDS)
        try:
            await asyncio.to_thread(services.metric_outbox.flush)
        except VedetteError as error:
            _log.warning("points of metrics wait in the catalog: %s", error.message)


async def deliver_webhooks(services: Services) -> None:
    """Send the registry's events to webhooks, until cancelled; other processes may do so too."""
    http = Caller(services.guard)
    while True:
        await asyncio.sleep(_DELIVER_SECONDS)
        try:
            while await asyncio.to_thread(_deliver, services, http):
                pass
        except VedetteError as error:
            _log.warning("events of the registry wait: %s", error.message)


def _deliver(services: Services, http: Caller) -> int:
    if not waiting_deliveries(services.catalog):
        return 0
    return deliver_due(services.catalog, http, services.secrets)
