"""Events of the registry, queued for webhooks in the transaction that they tell of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select

from vedette.core.ids import new_id
from vedette.core.time import utc_now
from vedette.store.catalog.registry_models import RegistryWebhookRow, WebhookDeliveryRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

ENTITIES = (
    "REGISTERED_MODEL",
    "MODEL_VERSION",
    "MODEL_VERSION_TAG",
    "MODEL_VERSION_ALIAS",
    "APPROVAL",
    "STAGE",
)
ACTIONS = ("CREATED", "UPDATED", "DELETED", "SET", "DECIDED")
_DELIVERY = WebhookDeliveryRow.__table__


def announce(
    session: Session, account: str, entity: str, action: str, data: Mapping[str, Any]
) -> None:
    """Queue an event for every active webhook of the account that wants it.

    Args:
        session: of the change that the event tells of; the event is sent once that is stored.
        account: whose webhooks.
        entity: one of ``ENTITIES``.
        action: one of ``ACTIONS``.
        data: what happened, as JSON.

    """
    hooks = session.execute(
        select(RegistryWebhookRow.id, RegistryWebhookRow.events).where(
            RegistryWebhookRow.account == account, RegistryWebhookRow.status == "ACTIVE"
        )
    ).all()
    wanted = [hook for hook, events in hooks if [entity, action] in orjson.loads(events)]
    if not wanted:
        return
    now = utc_now()
    text = payload(entity, action, data, now)
    session.execute(
        _DELIVERY.insert(),  # type: ignore[attr-defined]
        [
            {"id": new_id(), "webhook_id": hook, "payload": text, "attempts": 0, "due": now}
            for hook in wanted
        ],
    )


def payload(entity: str, action: str, data: Mapping[str, Any], now: datetime) -> str:
    """Return the text that is signed and sent, in the shape that MLflow's webhooks have."""
    return orjson.dumps(
        {
            "entity": entity.lower(),
            "action": action.lower(),
            "timestamp": now.astimezone(UTC).isoformat(),
            "data": data,
        }
    ).decode()
