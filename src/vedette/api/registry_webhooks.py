"""Webhooks of the model registry, as MLflow's API has them too."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from fastapi import Request, Response
from pydantic import Field

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, CatalogReader, CatalogWriter, WholeWriter
from vedette.api.errors import error_responses
from vedette.api.models import Body
from vedette.api.registered_models import caller_of
from vedette.api.registry_views import (
    RegistryWebhooksView,
    RegistryWebhookView,
    WebhookOutcomeView,
)
from vedette.api.routing import Router
from vedette.models.registry.events import EVENTS
from vedette.models.registry.webhooks import Webhook, Webhooks
from vedette.notifications.call import Caller as HttpCaller
from vedette.store.catalog import Principal
from vedette.web import Services

router = Router(
    prefix="/registry-webhooks", tags=["registry webhooks"], responses=error_responses(404)
)
_EVENTS = "entities with their actions: " + "; ".join(
    f"{entity} {', '.join(actions)}" for entity, actions in EVENTS.items()
)


class EventBody(Body):
    """What a webhook is told of."""

    entity: str = Field(max_length=64, examples=["MODEL_VERSION"])
    action: str = Field(max_length=64, examples=["CREATED"])


class WebhookRequest(Body):
    """A webhook to be added."""

    name: str = Field(min_length=1, max_length=256)
    url: str = Field(min_length=1, max_length=2048)
    events: list[EventBody] = Field(min_length=1, max_length=100, description=_EVENTS)
    description: str = Field(default="", max_length=1000)
    secret: str | None = Field(
        default=None,
        min_length=1,
        max_length=500,
        description="signs deliveries; never shown again",
    )
    status: Literal["ACTIVE", "DISABLED"] = "ACTIVE"


class WebhookChange(Body):
    """What is to be changed; what is left out stays."""

    name: str | None = Field(default=None, min_length=1, max_length=256)
    url: str | None = Field(default=None, min_length=1, max_length=2048)
    events: list[EventBody] | None = Field(default=None, min_length=1, max_length=100)
    description: str | None = Field(default=None, max_length=1000)
    secret: str | None = Field(default=None, min_length=1, max_length=500)
    status: Literal["ACTIVE", "DISABLED"] | None = None


@router.get("", response_model=RegistryWebhooksView)
async def list_(request: Request, services: AppServices, caller: CatalogReader) -> Response:
    """List webhooks with how many deliveries wait for each."""
    webhooks = _webhooks(request, services, caller)
    found = await asyncio.to_thread(webhooks.list)
    waiting = await asyncio.to_thread(webhooks.waiting)
    return answer({"webhooks": [_view(item, waiting.get(item.id, 0)) for item in found]})


@router.post(
    "",
    status_code=201,
    operation_id="CreateRegistryWebhook",
    response_model=RegistryWebhookView,
)
async def create(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    body: WebhookRequest,
) -> Response:
    """Add a webhook; its address must be one that notifications may reach."""
    made = await asyncio.to_thread(
        _webhooks(request, services, caller).create, body.name, body.url,
        _events(body.events), description=body.description, secret=body.secret,
        status=body.status,
    )  # fmt: skip
    response = answer(_view(made, 0))
    response.status_code = 201
    return response


@router.patch(
    "/{webhook_id}", operation_id="UpdateRegistryWebhook", response_model=RegistryWebhookView
)
async def update(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    webhook_id: str,
    body: WebhookChange,
) -> Response:
    """Change a webhook."""
    webhooks = _webhooks(request, services, caller)
    events = None if body.events is None else _events(body.events)
    changed = await asyncio.to_thread(
        webhooks.update, webhook_id, name=body.name, url=body.url, events=events,
        description=body.description, secret=body.secret, status=body.status,
    )  # fmt: skip
    waiting = await asyncio.to_thread(webhooks.waiting)
    return answer(_view(changed, waiting.get(webhook_id, 0)))


@router.delete("/{webhook_id}", status_code=204, operation_id="DeleteRegistryWebhook")
async def delete(
    request: Request, services: AppServices, caller: CatalogWriter, webhook_id: str
) -> None:
    """Delete a webhook, and what waits for it."""
    await asyncio.to_thread(_webhooks(request, services, caller).delete, webhook_id)


@router.post(
    "/{webhook_id}/test", operation_id="TestRegistryWebhook", response_model=WebhookOutcomeView
)
async def test(
    request: Request, services: AppServices, caller: WholeWriter, webhook_id: str
) -> Response:
    """Send an example event now and tell what came of it."""
    webhooks = _webhooks(request, services, caller)
    return answer(await asyncio.to_thread(webhooks.test, webhook_id))


def _webhooks(request: Request, services: Services, caller: Principal) -> Webhooks:
    of = caller_of(request, services, caller)
    return Webhooks(of, HttpCaller(services.guard), services.secrets)


def _events(events: list[EventBody]) -> list[tuple[str, str]]:
    return [(item.entity, item.action) for item in events]


def _view(webhook: Webhook, waiting: int) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "name": webhook.name,
        "description": webhook.description,
        "url": webhook.url,
        "events": [{"entity": entity, "action": action} for entity, action in webhook.events],
        "status": webhook.status,
        "signed": webhook.signed,
        "waiting": waiting,
        "created_ms": webhook.created_ms,
        "updated_ms": webhook.updated_ms,
    }
