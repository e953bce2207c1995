"""Events of the registry, queued for webhooks in the transaction that they tell of.

Prompts are registered models with a tag. What happens to them has events of its own, as MLflow's
webhooks have it: who waits for models hears nothing of prompts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import exists, select

from vedette.core.ids import new_id
from vedette.core.time import utc_now
from vedette.models.registry.records import PROMPT_TAG
from vedette.store.catalog.registry_models import (
    RegisteredModelTagRow,
    RegistryWebhookRow,
    WebhookDeliveryRow,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

_HAPPEN = {
    "REGISTERED_MODEL": ("CREATED",),
    "MODEL_VERSION": ("CREATED",),
    "MODEL_VERSION_TAG": ("SET", "DELETED"),
    "MODEL_VERSION_ALIAS": ("CREATED", "DELETED"),
    "PROMPT": ("CREATED",),
    "PROMPT_VERSION": ("CREATED",),
    "PROMPT_TAG": ("SET", "DELETED"),
    "PROMPT_VERSION_TAG": ("SET", "DELETED"),
    "PROMPT_ALIAS": ("CREATED", "DELETED"),
}

MLFLOW_EVENTS = _HAPPEN | {"BUDGET_POLICY": ("EXCEEDED",)}
"""Actions by entity that MLflow's clients have names for; they cannot read any other.

A budget is of MLflow's gateway, which is not here: its event can be waited for and tested, and never
happens.
"""

EVENTS = _HAPPEN | {
    "REGISTERED_MODEL": ("CREATED", "DELETED"),
    "MODEL_VERSION": ("CREATED", "DELETED"),
    "PROMPT": ("CREATED", "DELETED"),
    "PROMPT_VERSION": ("CREATED", "DELETED"),
    "APPROVAL": ("CREATED", "UPDATED", "DECIDED"),
    "STAGE": ("UPDATED",),
}
"""Actions by entity that webhooks are told of."""

ENTITIES = tuple(MLFLOW_EVENTS) + tuple(name for name in EVENTS if name not in MLFLOW_EVENTS)
ACTIONS = ("CREATED", "UPDATED", "DELETED", "SET", "EXCEEDED", "DECIDED")
"""MLflow's come first, in its order: a number may stand for a name."""
_OF_PROMPTS = {
    "REGISTERED_MODEL": "PROMPT",
    "REGISTERED_MODEL_TAG": "PROMPT_TAG",
    "MODEL_VERSION": "PROMPT_VERSION",
    "MODEL_VERSION_TAG": "PROMPT_VERSION_TAG",
    "MODEL_VERSION_ALIAS": "PROMPT_ALIAS",
}
_PROMPT_TEXT_TAG = "mlflow.prompt.text"
_PROMPT_TAGS = frozenset({PROMPT_TAG, "_mlflow_prompt_type", _PROMPT_TEXT_TAG})
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
    wanted = [hook for hook, events in _hooks(session, account) if [entity, action] in events]
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


def announce_of_model(
    session: Session,
    account: str,
    model_id: str,
    entity: str,
    action: str,
    data: Mapping[str, Any],
) -> None:
    """Queue an event of a model or of what belongs to it; of a prompt, where the model is one.

    Call this while the model still has its tags: they tell what it is.
    """
    if not _hooks(session, account):
        return
    if _is_prompt(session, model_id):
        entity, data = _OF_PROMPTS[entity], _as_prompt(entity, action, data)
    if action in EVENTS.get(entity, ()):
        announce(session, account, entity, action, data)


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


def _hooks(session: Session, account: str) -> list[tuple[str, list[list[str]]]]:
    found = session.execute(
        select(RegistryWebhookRow.id, RegistryWebhookRow.events).where(
            RegistryWebhookRow.account == account, RegistryWebhookRow.status == "ACTIVE"
        )
    )
    return [(hook, orjson.loads(events)) for hook, events in found]


def _is_prompt(session: Session, model_id: str) -> bool:
    tagged = exists().where(
        RegisteredModelTagRow.model_id == model_id,
        RegisteredModelTagRow.key == PROMPT_TAG,
        RegisteredModelTagRow.value == "true",
    )
    return bool(session.scalar(select(tagged)))


def _as_prompt(entity: str, action: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event's data as prompts have them: the text is no tag, and files there are none."""
    told = {key: value for key, value in data.items() if key not in {"source", "run_id"}}
    if action != "CREATED" or "tags" not in data:
        return told
    tags = data["tags"]
    if entity == "MODEL_VERSION":
        told["template"] = tags.get(_PROMPT_TEXT_TAG)
    return told | {"tags": {key: tags[key] for key in tags if key not in _PROMPT_TAGS}}
