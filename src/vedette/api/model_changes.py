"""Changes of registered models and their versions, and what differs between versions."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import Field

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, CatalogReader, CatalogWriter
from vedette.api.errors import error_responses
from vedette.api.models import Body
from vedette.api.registered_models import caller_of
from vedette.api.registry_views import (
    CardRevisionsView,
    ModelView,
    VersionComparisonView,
    VersionView,
)
from vedette.api.routing import Router
from vedette.core.errors import InvalidInputError
from vedette.models.context import Caller
from vedette.models.limits import MAX_DESCRIPTION, MAX_KEY, MAX_MODEL_NAME, MAX_URI
from vedette.models.registry.cards import Cards
from vedette.models.registry.comparison import compare
from vedette.models.registry.models import Models
from vedette.models.registry.records import Model, Version
from vedette.models.registry.versions import Versions
from vedette.models.tracking.logged_models import LoggedModels

router = Router(prefix="/models", tags=["models"], responses=error_responses(404, 409))
Tags = Annotated[
    dict[str, str | None], Field(max_length=100, description="by key; null deletes a tag")
]


class ModelRequest(Body):
    """A model to be registered."""

    name: str = Field(min_length=1, max_length=MAX_MODEL_NAME, examples=["churn"])
    description: str = Field(default="", max_length=MAX_DESCRIPTION)


class ModelChange(Body):
    """What is to be changed; what is left out stays."""

    description: str | None = Field(default=None, max_length=MAX_DESCRIPTION)
    tags: Tags = Field(default_factory=dict)


class VersionRequest(Body):
    """What becomes the next version: a logged model, or whatever a source names."""

    logged_model_id: str | None = Field(default=None, max_length=256)
    source: str = Field(default="", max_length=MAX_URI, examples=["models:/m-1234"])
    run_id: str = Field(default="", max_length=64)
    description: str = Field(default="", max_length=MAX_DESCRIPTION)


@router.post("", status_code=201, operation_id="CreateRegisteredModel", response_model=ModelView)
async def create_model(
    request: Request, services: AppServices, caller: CatalogWriter, body: ModelRequest
) -> Response:
    """Register a model's name."""
    models = Models(caller_of(request, services, caller))
    made = await asyncio.to_thread(models.create, body.name, description=body.description)
    response = answer(made)
    response.status_code = 201
    return response


@router.patch("/{name}", operation_id="UpdateRegisteredModel", response_model=ModelView)
async def change_model(
    request: Request, services: AppServices, caller: CatalogWriter, name: str, body: ModelChange
) -> Response:
    """Describe a model, or change its tags."""
    of = caller_of(request, services, caller)
    return answer(await asyncio.to_thread(_change_model, of, name, body))


@router.delete("/{name}", status_code=204, operation_id="DeleteRegisteredModel")
async def delete_model(
    request: Request, services: AppServices, caller: CatalogWriter, name: str
) -> None:
    """Delete a model with its versions; its files stay."""
    await asyncio.to_thread(Models(caller_of(request, services, caller)).delete, name)


@router.post(
    "/{name}/versions",
    status_code=201,
    operation_id="CreateModelVersion",
    response_model=VersionView,
)
async def create_version(
    request: Request, services: AppServices, caller: CatalogWriter, name: str, body: VersionRequest
) -> Response:
    """Add a version; its number is one more than the last one's."""
    of = caller_of(request, services, caller)
    response = answer(await asyncio.to_thread(_create_version, of, name, body))
    response.status_code = 201
    return response


@router.patch(
    "/{name}/versions/{version}", operation_id="UpdateModelVersion", response_model=VersionView
)
async def change_version(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: str,
    version: int,
    body: ModelChange,
) -> Response:
    """Describe a version, or change its tags."""
    of = caller_of(request, services, caller)
    return answer(await asyncio.to_thread(_change_version, of, name, version, body))


@router.delete("/{name}/versions/{version}", status_code=204, operation_id="DeleteModelVersion")
async def delete_version(
    request: Request, services: AppServices, caller: CatalogWriter, name: str, version: int
) -> None:
    """Delete a version; its number is never given again."""
    versions = Versions(caller_of(request, services, caller))
    await asyncio.to_thread(versions.delete, name, version)


@router.get("/{name}/versions/{version}/comparison", response_model=VersionComparisonView)
async def comparison(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    name: str,
    version: int,
    other: Annotated[
        int | None, Query(ge=1, description="a version; else the newest other one in production")
    ] = None,
) -> Response:
    """Return what differs between a version and another: metrics, parameters, datasets, code."""
    of = caller_of(request, services, caller)
    return answer(await asyncio.to_thread(compare, of, name, version, other))


@router.get("/{name}/versions/{version}/card/revisions", response_model=CardRevisionsView)
async def card_revisions(
    request: Request, services: AppServices, caller: CatalogReader, name: str, version: int
) -> Response:
    """Return who wrote a version's model card when, newest first."""
    cards = Cards(caller_of(request, services, caller))
    return answer({"revisions": await asyncio.to_thread(cards.revisions, name, version)})


def _change_model(caller: Caller, name: str, body: ModelChange) -> Model:
    models = Models(caller)
    if body.description is not None:
        models.describe(name, body.description)
    for key, value in _checked(body.tags).items():
        if value is None:
            models.delete_tag(name, key)
        else:
            models.set_tag(name, key, value)
    return models.get(name)


def _change_version(caller: Caller, name: str, version: int, body: ModelChange) -> Version:
    versions = Versions(caller)
    if body.description is not None:
        versions.describe(name, version, body.description)
    for key, value in _checked(body.tags).items():
        if value is None:
            versions.delete_tag(name, version, key)
        else:
            versions.set_tag(name, version, key, value)
    return versions.get(name, version)


def _create_version(caller: Caller, name: str, body: VersionRequest) -> Version:
    source, run_id = body.source, body.run_id
    if body.logged_model_id:
        logged = LoggedModels(caller).get(body.logged_model_id)
        source = source or f"models:/{logged.id}"
        run_id = run_id or logged.source_run_id or ""
    if not source:
        raise InvalidInputError(
            "nothing is named that the version is made of",
            field="logged_model_id",
            remedy="give logged_model_id or source",
        )
    return Versions(caller).create(
        name, source, run_id=run_id, description=body.description,
        logged_model_id=body.logged_model_id,
    )  # fmt: skip


def _checked(tags: dict[str, str | None]) -> dict[str, str | None]:
    if any(len(key) > MAX_KEY for key in tags):
        raise InvalidInputError("the tag's key is too long", field="tags")
    return tags
