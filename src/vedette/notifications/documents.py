"""Documents to channels: a page by e-mail, JSON to a webhook, its short form to the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import select

from vedette.core.errors import VedetteError
from vedette.notifications.channel import resolve_secret
from vedette.notifications.outbox import CHANNEL
from vedette.notifications.send import DeliveryError
from vedette.store.catalog.alarm_models import NotificationChannelRow

if TYPE_CHECKING:
    from vedette.core.encryption import SecretBox
    from vedette.notifications.send import Sender
    from vedette.store.catalog import Catalog


@dataclass(frozen=True, slots=True)
class Document:
    """A document to send.

    Attributes:
        id: the same when it is sent again.
        account: whose.
        title: a line.
        text: its short form.
        html: the page.
        link: where it can be seen; empty where that is not known.

    """

    id: str
    account: str
    title: str
    text: str
    html: str = field(repr=False)
    link: str = ""


class DocumentDispatcher:
    """Sends documents to channels by name. Thread-safe; every method blocks its thread."""

    def __init__(self, catalog: Catalog, sender: Sender, secrets: SecretBox) -> None:
        self._catalog = catalog
        self._sender = sender
        self._secrets = secrets

    def send(self, account: str, channel: str, document: Document) -> str:
        """Send a document; returns why it did not get there, without secrets, or an empty text."""
        row = NotificationChannelRow
        chosen = select(row.settings, row.secret).where(row.account == account, row.name == channel)
        with self._catalog.read() as session:
            found = session.execute(chosen).first()
        if found is None:
            return "there is no such channel"
        settings, secret = CHANNEL.validate_json(found[0]), found[1] or ""
        try:
            opened = resolve_secret(self._secrets.open_text(secret) if secret else "")
            self._sender.send_document(settings, opened, document)
        except DeliveryError as error:
            return error.reason
        except VedetteError as error:
            return error.message
        except Exception as error:  # noqa: BLE001 - a library's fault is a delivery that failed
            return f"sending failed: {type(error).__name__}"
        return ""
