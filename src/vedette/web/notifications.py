"""Notifications put together from the services of a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vedette.alarms.picture import make_picture
from vedette.notifications.dispatch import Dispatcher
from vedette.notifications.send import Sender
from vedette.notifications.service import NotificationService

if TYPE_CHECKING:
    from vedette.web.services import Services


def make_dispatcher(services: Services) -> Dispatcher:
    """Return what sends notifications."""
    return Dispatcher(
        services.catalog,
        Sender(services.guard),
        services.secrets,
        url=services.settings.public_url,
        picture=make_picture(services.catalog, services.runner, services.bands),
    )


def make_notifications(services: Services) -> NotificationService:
    """Return channels and routes as people change them."""
    return NotificationService(services.catalog, services.secrets, make_dispatcher(services))
