"""Experiments of the caller's account."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import Query, Request, Response
from pydantic import Field

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, CatalogReader, CatalogWriter, Cursor
from vedette.api.errors import error_responses
from vedette.api.models import Body
from vedette.api.registered_models import caller_of
from vedette.api.routing import Router
from vedette.api.training_views import ExperimentPageView, ExperimentView, RunKeysView
from vedette.core.errors import InvalidInputError
from vedette.models.context import Caller
from vedette.models.limits import MAX_EXPERIMENT_NAME, MAX_EXPERIMENT_TAG_VALUE, MAX_KEY
from vedette.models.tracking.experiments import Experiments
from vedette.models.tracking.experiments import View as Which
from vedette.models.training.experiment_list import ExperimentSummary, list_experiments, summaries
from vedette.models.training.run_table import RunTables

router = Router(prefix="/experiments", tags=["experiments"], responses=error_responses(404, 409))
WhichRuns = Literal["active", "deleted", "all"]
WHICH = {"active": Which.ACTIVE_ONLY, "deleted": Which.DELETED_ONLY, "all": Which.ALL}
NOTE_TAG = "mlflow.note.content"
"""Where MLflow keeps descriptions."""


class ExperimentRequest(Body):
    """An experiment to be created."""

    name: str = Field(min_length=1, max_length=MAX_EXPERIMENT_NAME)
    description: str = Field(default="", max_length=MAX_EXPERIMENT_TAG_VALUE)


class ExperimentChange(Body):
    """What is to be changed; what is left out stays."""

    name: str | None = Field(default=None, min_length=1, max_length=MAX_EXPERIMENT_NAME)
    description: str | None = Field(default=None, max_length=MAX_EXPERIMENT_TAG_VALUE)
    tags: dict[str, str | None] = Field(
        default_factory=dict, max_length=100, description="by key; null deletes a tag"
    )
    lifecycle_stage: Literal["active", "deleted"] | None = None


@router.get("", response_model=ExperimentPageView)
async def list_(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    filter_: Annotated[
        str | None,
        Query(alias="filter", max_length=20_000, description="as MLflow's: name ILIKE '%churn%'"),
    ] = None,
    which: Annotated[WhichRuns, Query()] = "active",
    orders: Annotated[list[str], Query(alias="order_by")] = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> Response:
    """List experiments, those that changed last first."""
    found, token = await asyncio.to_thread(
        list_experiments, caller_of(request, services, caller), view=WHICH[which],
        filter_=filter_, order_by=orders, limit=limit, cursor=cursor,
    )  # fmt: skip
    return answer({"experiments": found, "cursor": token})


@router.post("", status_code=201, operation_id="CreateExperiment", response_model=ExperimentView)
async def create(
    request: Request, services: AppServices, caller: CatalogWriter, body: ExperimentRequest
) -> Response:
    """Create an experiment."""
    of = caller_of(request, services, caller)
    tags = [(NOTE_TAG, body.description)] if body.description else []
    made = await asyncio.to_thread(Experiments(of).create, body.name, "", tags)
    response = answer(await asyncio.to_thread(_get, of, made))
    response.status_code = 201
    return response


@router.get("/{experiment_id}", response_model=ExperimentView)
async def get(
    request: Request, services: AppServices, caller: CatalogReader, experiment_id: str
) -> Response:
    """Return an experiment, a deleted one too."""
    return answer(
        await asyncio.to_thread(_get, caller_of(request, services, caller), experiment_id)
    )


@router.patch("/{experiment_id}", operation_id="UpdateExperiment", response_model=ExperimentView)
async def update(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    experiment_id: str,
    body: ExperimentChange,
) -> Response:
    """Rename, describe, tag, delete or restore an experiment; its runs are deleted with it."""
    of = caller_of(request, services, caller)
    return answer(await asyncio.to_thread(_change, of, experiment_id, body))


@router.get("/{experiment_id}/keys", response_model=RunKeysView)
async def keys(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    experiment_id: str,
    also: Annotated[
        list[str], Query(alias="experiment_id", max_length=99, description="further experiments")
    ] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Return the metrics, parameters and tags of an experiment's runs."""
    of = caller_of(request, services, caller)
    return answer(await asyncio.to_thread(RunTables(of).keys, [experiment_id, *also]))


def _get(caller: Caller, experiment_id: str) -> ExperimentSummary:
    return summaries(caller, [Experiments(caller).get(experiment_id)])[0]


def _change(caller: Caller, experiment_id: str, body: ExperimentChange) -> ExperimentSummary:
    experiments = Experiments(caller)
    experiments.get(experiment_id)
    if body.lifecycle_stage == "deleted":
        if body.name is not None or body.description is not None or body.tags:
            raise InvalidInputError(
                "an experiment is changed or deleted, not both", field="lifecycle_stage"
            )
        experiments.delete(experiment_id)
        return _get(caller, experiment_id)
    if body.lifecycle_stage == "active":
        experiments.restore(experiment_id)
    if body.name is not None:
        experiments.rename(experiment_id, body.name)
    tags: dict[str, str | None] = dict(body.tags)
    if body.description is not None:
        tags[NOTE_TAG] = body.description
    for key, value in tags.items():
        if len(key) > MAX_KEY:
            raise InvalidInputError("the tag's key is too long", field="tags")
        if value is None:
            experiments.delete_tag(experiment_id, key)
        else:
            experiments.set_tag(experiment_id, key, value)
    return _get(caller, experiment_id)
