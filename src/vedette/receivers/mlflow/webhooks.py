"""Calls about webhooks."""

from __future__ import annotations

from typing import Any

from vedette.models.registry.events import ACTIONS, ENTITIES, MLFLOW_EVENTS
from vedette.models.registry.webhooks import Event, Webhook, Webhooks
from vedette.notifications.call import Caller
from vedette.receivers.mlflow.calls import Call, Context, reads
from vedette.receivers.mlflow.common import without_none
from vedette.receivers.mlflow.schema import (
    INT64,
    STRING,
    Arguments,
    enum,
    message,
    optional,
    repeated,
    required,
)

EVENT = message(
    "WebhookEvent",
    entity=required(enum("WebhookEntity", *ENTITIES)),
    action=required(enum("WebhookAction", *ACTIONS)),
)
STATUS = enum("WebhookStatus", "ACTIVE", "DISABLED")


def create_webhook(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST webhooks``."""
    webhook = _webhooks(context).create(
        given["name"],
        given["url"],
        [_event(item) for item in given["events"]],
        description=given["description"] or "",
        secret=given["secret"],
        status=given["status"],
    )
    return {"webhook": shown(webhook)}


def list_webhooks(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET webhooks``: an account has few, so one page holds them all.

    What is told of Vedette's own events alone is left out: MLflow's client fails over such a one.
    """
    del given
    found = _webhooks(context).list()
    return {"webhooks": [shown(webhook) for webhook in found if _mlflow_events(webhook)]}


def get_webhook(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET webhooks/{id}``."""
    return {"webhook": shown(_webhooks(context).get(given["webhook_id"]))}


def update_webhook(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``PATCH webhooks/{id}``."""
    webhook = _webhooks(context).update(
        given["webhook_id"],
        name=given["name"],
        description=given["description"],
        url=given["url"],
        events=[_event(item) for item in given["events"]] or None,
        secret=given["secret"],
        status=given["status"],
    )
    return {"webhook": shown(webhook)}


def delete_webhook(context: Context, given: Arguments) -> None:
    """``DELETE webhooks/{id}``."""
    _webhooks(context).delete(given["webhook_id"])


def test_webhook(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST webhooks/{id}/test``."""
    event = _event(given["event"]) if given["event"] else None
    outcome = _webhooks(context).test(given["webhook_id"], event)
    result = {
        "success": outcome.success,
        "response_status": outcome.status,
        "response_body": outcome.body or None,
        "error_message": outcome.error or None,
    }
    return {"result": without_none(result)}


def _webhooks(context: Context) -> Webhooks:
    services = context.services
    return Webhooks(context.caller, Caller(services.guard), services.secrets)


def _event(given: Arguments) -> Event:
    return given["entity"], given["action"]


def _mlflow_events(webhook: Webhook) -> list[Event]:
    return [event for event in webhook.events if event[1] in MLFLOW_EVENTS.get(event[0], ())]


def shown(webhook: Webhook) -> dict[str, Any]:
    """Return a webhook in MLflow's shape, with the events that its client has names for."""
    events = _mlflow_events(webhook) or webhook.events
    return {
        "webhook_id": webhook.id,
        "name": webhook.name,
        "description": webhook.description,
        "url": webhook.url,
        "events": [{"entity": entity, "action": action} for entity, action in events],
        "status": webhook.status,
        "creation_timestamp": webhook.created_ms,
        "last_updated_timestamp": webhook.updated_ms,
    }


_ID = {"webhook_id": required(STRING)}
_MEMBERS = {
    "description": optional(STRING),
    "secret": optional(STRING),
}
CALLS = (
    Call(
        "POST",
        "webhooks",
        {
            **_MEMBERS,
            "name": required(STRING),
            "url": required(STRING),
            "events": required(repeated(EVENT)),
            "status": optional(STATUS, "ACTIVE"),
        },
        create_webhook,
    ),
    reads(
        "GET",
        "webhooks",
        {"max_results": optional(INT64), "page_token": optional(STRING)},
        list_webhooks,
    ),
    reads("GET", "webhooks/{webhook_id}", _ID, get_webhook),
    Call(
        "PATCH",
        "webhooks/{webhook_id}",
        {
            **_ID,
            **_MEMBERS,
            "name": optional(STRING),
            "url": optional(STRING),
            "events": optional(repeated(EVENT)),
            "status": optional(STATUS),
        },
        update_webhook,
    ),
    Call("DELETE", "webhooks/{webhook_id}", _ID, delete_webhook),
    Call("POST", "webhooks/{webhook_id}/test", {**_ID, "event": optional(EVENT)}, test_webhook),
)
