"""Webhooks of the registry: where its events go, signed, and tried again until they arrive.

Signature as MLflow's: ``v1,`` and base64 of HMAC-SHA256 over ``delivery_id.timestamp.payload``, in the
header ``X-MLflow-Signature`` beside ``X-MLflow-Timestamp`` and ``X-MLflow-Delivery-Id``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import orjson
from sqlalchemy import delete, func, select, update

from vedette.core.errors import InvalidInputError, NotFoundError, VedetteError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.core.time import utc_now
from vedette.models.context import Caller, now_ms
from vedette.models.limits import MAX_URI, check_length, check_name
from vedette.models.registry.event_examples import example
from vedette.models.registry.events import EVENTS, MLFLOW_EVENTS, payload
from vedette.notifications.call import Caller as HttpCaller
from vedette.notifications.guard import check_url
from vedette.store.catalog.registry_models import RegistryWebhookRow, WebhookDeliveryRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vedette.core.encryption import SecretBox
    from vedette.store.catalog import Catalog

MAX_WEBHOOKS = 100
MAX_ATTEMPTS = 6
BATCH = 50
_FIRST_RETRY = timedelta(seconds=10)
_MAX_ERROR = 1000
_MAX_SECRET = 500
Event = tuple[str, str]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook, without its secret; moments in milliseconds since the epoch."""

    id: str
    name: str
    description: str
    url: str
    events: Sequence[Event]
    status: str
    created_ms: int
    updated_ms: int
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one delivery."""

    success: bool
    status: int | None
    body: str
    error: str


class Webhooks:
    """Webhooks of one account.

    Args:
        caller: whose.
        http: calls them.
        secrets: keeps what they are signed with.

    """

    def __init__(self, caller: Caller, http: HttpCaller, secrets: SecretBox) -> None:
        self._caller = caller
        self._http = http
        self._secrets = secrets

    def create(
        self,
        name: str,
        url: str,
        events: Sequence[Event],
        *,
        description: str = "",
        secret: str | None = None,
        status: str = "ACTIVE",
    ) -> Webhook:
        """Add a webhook; its secret is kept to sign with and never shown."""
        now = now_ms()
        row = RegistryWebhookRow(
            id=new_id(),
            account=self._caller.account,
            name=check_name(name, field="name", most=256),
            description=check_length(description, 1000, field="description"),
            url=self._checked_url(url),
            events=_checked_events(events),
            secret=self._sealed(secret) if secret else None,
            status=_checked_status(status),
            created_ms=now,
            updated_ms=now,
        )
        request = {"name": name, "url": _shown_url(url), "events": [":".join(e) for e in events]}
        with self._caller.change("CreateWebhook", request, [self._resource(row.id)]) as change:
            count = select(func.count()).where(RegistryWebhookRow.account == self._caller.account)
            if (change.session.scalar(count) or 0) >= MAX_WEBHOOKS:
                raise InvalidInputError(f"an account has up to {MAX_WEBHOOKS} webhooks")
            change.session.add(row)
        return _view(row)

    def get(self, webhook_id: str) -> Webhook:
        """Return a webhook; ``NotFoundError`` where there is none."""
        with self._caller.read() as session:
            return _view(self._find(session, webhook_id))

    def list(self) -> list[Webhook]:
        """Return all of the account's webhooks, oldest first."""
        chosen = select(RegistryWebhookRow).where(
            RegistryWebhookRow.account == self._caller.account
        )
        with self._caller.read() as session:
            return [_view(row) for row in session.scalars(chosen.order_by(RegistryWebhookRow.id))]

    def waiting(self) -> dict[str, int]:
        """Return by webhook how many deliveries wait, or are tried again."""
        counted = (
            select(WebhookDeliveryRow.webhook_id, func.count())
            .join(RegistryWebhookRow, RegistryWebhookRow.id == WebhookDeliveryRow.webhook_id)
            .where(RegistryWebhookRow.account == self._caller.account)
            .group_by(WebhookDeliveryRow.webhook_id)
        )
        with self._caller.read() as session:
            return {row[0]: row[1] for row in session.execute(counted)}

    def update(self, webhook_id: str, **changes: Any) -> Webhook:  # noqa: ANN401 - by field
        """Change what is given: name, description, url, events, secret, status."""
        given = {name: value for name, value in changes.items() if value is not None}
        request = {name: value for name, value in given.items() if name not in {"secret", "url"}}
        with self._caller.change("UpdateWebhook", request, [self._resource(webhook_id)]) as change:
            row = self._find(change.session, webhook_id)
            for name, value in given.items():
                if name == "events":
                    row.events = _checked_events(value)
                elif name == "url":
                    row.url = self._checked_url(value)
                elif name == "status":
                    row.status = _checked_status(value)
                elif name == "secret":
                    row.secret = self._sealed(value)
                else:
                    setattr(row, name, check_length(value, 1000, field=name))
            row.updated_ms = now_ms()
            change.session.flush()
            return _view(row)

    def delete(self, webhook_id: str) -> None:
        """Delete a webhook and what waits for it."""
        with self._caller.change("DeleteWebhook", resources=[self._resource(webhook_id)]) as change:
            row = self._find(change.session, webhook_id)
            change.session.execute(
                delete(WebhookDeliveryRow).where(WebhookDeliveryRow.webhook_id == row.id)
            )
            change.session.delete(row)

    def test(self, webhook_id: str, event: Event | None = None) -> Outcome:
        """Send an example event now and return what came of it."""
        with self._caller.read() as session:
            row = self._find(session, webhook_id)
            url, secret, events = row.url, row.secret, orjson.loads(row.events)
        [(entity, action)] = orjson.loads(_checked_events([event or tuple(events[0])]))
        text = payload(entity, action, example(entity, action), utc_now())
        return deliver(self._http, url, secret and self._secrets.open_text(secret), new_id(), text)

    def _find(self, session: Session, webhook_id: str) -> RegistryWebhookRow:
        row = session.get(RegistryWebhookRow, webhook_id)
        if row is None or row.account != self._caller.account:
            raise NotFoundError(
                f"Webhook with ID {webhook_id[:100]} not found.", field="webhook_id"
            )
        return row

    def _resource(self, webhook_id: str) -> ResourceId:
        return ResourceId(self._caller.account, "webhook", webhook_id or "-")

    def _sealed(self, secret: str) -> str:
        return self._secrets.seal(check_length(secret, _MAX_SECRET, field="secret"))

    def _checked_url(self, url: str) -> str:
        check_length(url, MAX_URI, field="url")
        # Plain HTTP is for the operator's own network, where that is open to webhooks at all.
        schemes = ("https", "http") if self._http.guard.allows_private else ("https",)
        return check_url(url, schemes=schemes)


def deliver(http: HttpCaller, url: str, secret: str | None, delivery: str, text: str) -> Outcome:
    """Send one event and return what came of it; redirects are not followed."""
    try:
        answer = http.post(url, text.encode(), signed_headers(secret, delivery, text))
    except VedetteError as error:
        return Outcome(False, None, "", error.message)  # noqa: FBT003 - a dataclass
    except httpx.HTTPError as error:
        return Outcome(False, None, "", f"{type(error).__name__}: {error}"[:_MAX_ERROR])  # noqa: FBT003
    refusal = "" if answer.ok else f"the webhook answered {answer.status}"
    return Outcome(answer.ok, answer.status, answer.text, refusal)


def signed_headers(secret: str | None, delivery_id: str, text: str) -> dict[str, str]:
    """Return the headers of a delivery, with its signature where the webhook has a secret."""
    timestamp = str(int(utc_now().timestamp()))
    headers = {
        "X-MLflow-Delivery-Id": delivery_id,
        "X-MLflow-Timestamp": timestamp,
    }
    if secret:
        signed = f"{delivery_id}.{timestamp}.{text}".encode()
        digest = hmac.new(secret.encode(), signed, hashlib.sha256).digest()
        headers["X-MLflow-Signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def waiting_deliveries(catalog: Catalog) -> bool:
    """Tell whether a delivery is due; a cheap look before the catalog is locked."""
    due = select(WebhookDeliveryRow.id).where(WebhookDeliveryRow.due <= utc_now()).limit(1)
    with catalog.read() as session:
        return session.scalar(due) is not None


def deliver_due(catalog: Catalog, http: HttpCaller, secrets: SecretBox) -> int:
    """Send what is due, each delivery taken by one process; returns how many were tried.

    A delivery that fails waits ten seconds, then twice as long each time, and is given up after six
    attempts. Meanwhile a crash leaves it to be tried again: a receiver may get an event twice, with
    the same delivery id.
    """
    now = utc_now()
    with catalog.operate() as connection:
        chosen = (
            select(WebhookDeliveryRow.id)
            .where(WebhookDeliveryRow.due <= now)
            .order_by(WebhookDeliveryRow.due)
            .limit(BATCH)
        )
        taken = connection.execute(
            update(WebhookDeliveryRow)
            .where(
                WebhookDeliveryRow.id.in_(chosen.scalar_subquery()), WebhookDeliveryRow.due <= now
            )
            .values(attempts=WebhookDeliveryRow.attempts + 1, due=now + timedelta(minutes=2))
            .returning(
                WebhookDeliveryRow.id,
                WebhookDeliveryRow.webhook_id,
                WebhookDeliveryRow.payload,
                WebhookDeliveryRow.attempts,
            )
        ).all()
    if not taken:
        return 0
    with catalog.read() as session:
        hooks = {
            row.id: (row.url, row.secret)
            for row in session.scalars(
                select(RegistryWebhookRow).where(
                    RegistryWebhookRow.id.in_({hook for _, hook, _, _ in taken})
                )
            )
        }
    for identity, hook, text, attempts in taken:
        if hook not in hooks:  # deleted since, and its deliveries with it
            continue
        outcome = _delivered(http, secrets, hooks[hook], identity, text)
        _settle(catalog, identity, attempts, outcome)
    return len(taken)


def _delivered(
    http: HttpCaller, secrets: SecretBox, hook: tuple[str, str | None], delivery: str, text: str
) -> Outcome:
    url, sealed = hook
    try:
        secret = secrets.open_text(sealed) if sealed else None
    except VedetteError as error:
        return Outcome(False, None, "", error.message)  # noqa: FBT003 - a dataclass
    return deliver(http, url, secret, delivery, text)


def _settle(catalog: Catalog, identity: str, attempts: int, outcome: Outcome) -> None:
    of = WebhookDeliveryRow.id == identity
    with catalog.operate() as connection:
        if outcome.success or attempts >= MAX_ATTEMPTS:
            connection.execute(delete(WebhookDeliveryRow).where(of))
        else:
            due = utc_now() + _FIRST_RETRY * 2 ** (attempts - 1)
            connection.execute(update(WebhookDeliveryRow).where(of).values(due=due))
    if not outcome.success:
        level = logging.WARNING if attempts >= MAX_ATTEMPTS else logging.INFO
        _log.log(level, "delivery %s failed, attempt %d: %s", identity, attempts, outcome.error)


def _shown_url(url: str) -> str:
    """Return a URL without credentials and query, which may hold secrets."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def _checked_events(events: Sequence[Event]) -> str:
    unknown = [
        (entity, action)
        for entity, action in events
        if action not in (*EVENTS.get(entity, ()), *MLFLOW_EVENTS.get(entity, ()))
    ]
    if not events or unknown:
        shown = ":".join(unknown[0]) if unknown else "none"
        raise InvalidInputError(
            f"{shown[:80]!r} is no event that webhooks can have",
            field="events",
            remedy="use one of "
            + ", ".join(f"{entity}:{action}" for entity in EVENTS for action in EVENTS[entity]),
        )
    return orjson.dumps([list(event) for event in events]).decode()


def _checked_status(status: str) -> str:
    if status not in {"ACTIVE", "DISABLED"}:
        raise InvalidInputError(
            f"{status[:40]!r} is not a webhook's status",
            field="status",
            remedy="use ACTIVE or DISABLED",
        )
    return status


def _view(row: RegistryWebhookRow) -> Webhook:
    events = [(entity, action) for entity, action in orjson.loads(row.events)]
    return Webhook(
        row.id, row.name, row.description, row.url, events, row.status, row.created_ms,
        row.updated_ms, row.secret is not None,
    )  # fmt: skip
