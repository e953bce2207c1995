"""Registered models, their versions and model cards, of the caller's account."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import Field

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, CatalogReader, CatalogWriter, Cursor, actor_of
from vedette.api.errors import error_responses
from vedette.api.models import Body
from vedette.api.registry_views import (
    CardView,
    ModelPageView,
    ModelView,
    VersionPageView,
    VersionView,
)
from vedette.api.routing import Router
from vedette.models.context import Caller
from vedette.models.limits import MAX_DESCRIPTION
from vedette.models.registry.aliases import Aliases
from vedette.models.registry.cards import Cards, as_html
from vedette.models.registry.models import Models
from vedette.models.registry.stages import Stage, StageStatus, parse_stage
from vedette.models.registry.versions import Versions
from vedette.store.catalog import Principal
from vedette.web import Services

router = Router(prefix="/models", tags=["models"], responses=error_responses(404, 409))
Filter = Annotated[
    str | None,
    Query(max_length=20_000, description="as MLflow's: name ILIKE '%churn%' AND tags.team = 'a'"),
]
Orders = Annotated[list[str], Query(alias="order_by", description="such as 'name DESC'")]
Limit = Annotated[int, Query(alias="limit", ge=1, le=1000)]


class TransitionRequest(Body):
    """A stage that a version shall enter."""

    stage: str = Field(examples=["Production"], description=", ".join(Stage))
    archive_others: bool = Field(
        default=False, description="archive the versions that are in the stage"
    )


class StatusRequest(Body):
    """What is going on with a version in its stage."""

    status: StageStatus = Field(description="InProgress, OnHold or Retired")


class AliasRequest(Body):
    """The version that an alias shall point to."""

    version: int = Field(ge=1)


class DescriptionRequest(Body):
    """What a model or version is."""

    description: str = Field(max_length=MAX_DESCRIPTION)


class CardRequest(Body):
    """Sections of a model card to be written; those that are left out stay."""

    content: dict[str, str] = Field(default_factory=dict, examples=[{"intended_use": "..."}])
    status: str = Field(default="draft")
    risk: str = Field(default="unknown")
    base_revision: int | None = Field(
        default=None, ge=0, description="the revision that was read; another one since is 409"
    )


def caller_of(request: Request, services: Services, caller: Principal) -> Caller:
    """Return the account's view of the catalog for whoever asks."""
    return Caller(services.catalog, caller.account, actor_of(request, caller))


@router.get("", response_model=ModelPageView)
async def list_models(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    filter_: Annotated[Filter, Query(alias="filter")] = None,
    orders: Orders = [],  # noqa: B006 - FastAPI copies it
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """List registered models with their newest versions, by name."""
    models, token = await asyncio.to_thread(
        Models(caller_of(request, services, caller)).search,
        filter_=filter_, order_by=orders, max_results=limit, page_token=cursor,
    )  # fmt: skip
    return answer({"models": models, "cursor": token})


@router.get("/{name}", response_model=ModelView)
async def get_model(
    request: Request, services: AppServices, caller: CatalogReader, name: str
) -> Response:
    """Return a registered model."""
    return answer(await asyncio.to_thread(Models(caller_of(request, services, caller)).get, name))


@router.get("/{name}/versions", response_model=VersionPageView)
async def list_versions(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    name: str,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Response:
    """List a model's versions, newest first."""
    quoted = name.replace("'", "''")
    versions, token = await asyncio.to_thread(
        Versions(caller_of(request, services, caller)).search,
        filter_=f"name = '{quoted}'", order_by=["version_number DESC"],
        max_results=limit, page_token=cursor,
    )  # fmt: skip
    return answer({"versions": versions, "cursor": token})


@router.get("/{name}/versions/{version}", response_model=VersionView)
async def get_version(
    request: Request, services: AppServices, caller: CatalogReader, name: str, version: int
) -> Response:
    """Return a version."""
    found = Versions(caller_of(request, services, caller)).get
    return answer(await asyncio.to_thread(found, name, version))


@router.post(
    "/{name}/versions/{version}/stage",
    operation_id="TransitionModelVersionStage",
    response_model=VersionView,
)
async def transition(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: str,
    version: int,
    body: TransitionRequest,
) -> Response:
    """Bring a version into a stage; 403 where a rule asks for an approval first."""
    versions = Versions(caller_of(request, services, caller))
    changed = await asyncio.to_thread(
        versions.transition, name, version, parse_stage(body.stage),
        archive_others=body.archive_others,
    )  # fmt: skip
    return answer(changed)


@router.post(
    "/{name}/versions/{version}/status",
    operation_id="SetModelVersionStageStatus",
    response_model=VersionView,
)
async def set_status(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: str,
    version: int,
    body: StatusRequest,
) -> Response:
    """Set what is going on with a version in its stage."""
    versions = Versions(caller_of(request, services, caller))
    return answer(await asyncio.to_thread(versions.set_status, name, version, body.status))


@router.put("/{name}/aliases/{alias}", status_code=204, operation_id="SetRegisteredModelAlias")
async def set_alias(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: str,
    alias: str,
    body: AliasRequest,
) -> None:
    """Point an alias to a version; 403 where a rule guards the alias."""
    aliases = Aliases(caller_of(request, services, caller))
    await asyncio.to_thread(aliases.set, name, alias, body.version)


@router.delete(
    "/{name}/aliases/{alias}", status_code=204, operation_id="DeleteRegisteredModelAlias"
)
async def delete_alias(
    request: Request, services: AppServices, caller: CatalogWriter, name: str, alias: str
) -> None:
    """Delete an alias."""
    aliases = Aliases(caller_of(request, services, caller))
    await asyncio.to_thread(aliases.delete, name, alias)


@router.get(
    "/{name}/versions/{version}/card",
    response_model=CardView,
    responses={
        200: {"description": "the card", "content": {"text/html": {"schema": {"type": "string"}}}}
    },
)
async def get_card(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    name: str,
    version: int,
    revision: Annotated[int | None, Query(ge=1)] = None,
    form: Annotated[str, Query(alias="format", pattern="^(json|html)$")] = "json",
) -> Response:
    """Return a version's model card, by default its newest revision, as JSON or HTML."""
    cards = Cards(caller_of(request, services, caller))
    card = await asyncio.to_thread(cards.get, name, version, revision)
    if form == "html":
        page = await asyncio.to_thread(as_html, card)
        headers = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"}
        return Response(page, headers=headers, media_type="text/html")
    return answer(card)


@router.put(
    "/{name}/versions/{version}/card", operation_id="WriteModelCard", response_model=CardView
)
async def write_card(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: str,
    version: int,
    body: CardRequest,
) -> Response:
    """Write sections of a version's model card; each writing is a revision."""
    cards = Cards(caller_of(request, services, caller))
    card: Any = await asyncio.to_thread(
        cards.write, name, version, body.content,
        status=body.status, risk=body.risk, base_revision=body.base_revision,
    )  # fmt: skip
    return answer(card)
