"""Logged models of the caller's account: what runs made, before anyone registers it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request, Response

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, CatalogReader, Cursor
from vedette.api.errors import error_responses
from vedette.api.registered_models import caller_of
from vedette.api.routing import Router
from vedette.api.training_views import LoggedModelPageView, LoggedModelView
from vedette.models.context import Caller
from vedette.models.filters import Order
from vedette.models.tracking.logged_models import LoggedModel, LoggedModels
from vedette.models.tracking.search_logged_models import ModelOrder, search_logged_models
from vedette.models.training.run_table import shown_number

router = Router(prefix="/logged-models", tags=["logged models"], responses=error_responses(404))


@router.get("", response_model=LoggedModelPageView)
async def list_(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    experiments: Annotated[list[str], Query(alias="experiment_id", min_length=1, max_length=100)],
    filter_: Annotated[
        str | None,
        Query(alias="filter", max_length=20_000, description="as MLflow's: metrics.auc > 0.8"),
    ] = None,
    orders: Annotated[
        list[str], Query(alias="order_by", max_length=20, description="such as metrics.auc DESC")
    ] = [],  # noqa: B006 - FastAPI copies it
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> Response:
    """List the logged models of experiments, newest first unless ordered otherwise."""
    of = caller_of(request, services, caller)
    found, token = await asyncio.to_thread(_search, of, experiments, filter_, orders, limit, cursor)
    return answer({"models": [_view(item) for item in found], "cursor": token})


@router.get("/{model_id}", response_model=LoggedModelView)
async def get(
    request: Request, services: AppServices, caller: CatalogReader, model_id: str
) -> Response:
    """Return a logged model."""
    of = caller_of(request, services, caller)
    return answer(_view(await asyncio.to_thread(LoggedModels(of).get, model_id)))


def _search(
    caller: Caller,
    experiments: list[str],
    filter_: str | None,
    orders: list[str],
    limit: int,
    cursor: str | None,
) -> tuple[list[LoggedModel], str | None]:
    parts = [Order.parse(text) for text in orders]
    named = [
        ModelOrder(f"{part.entity}.{part.key}" if part.entity else part.key, part.ascending)
        for part in parts
    ]
    return search_logged_models(
        caller, experiments, filter_=filter_, order_by=named, max_results=limit, page_token=cursor
    )


def _view(model: LoggedModel) -> dict[str, Any]:
    return {
        "id": model.id,
        "experiment_id": model.experiment_id,
        "name": model.name,
        "created_ms": model.created_ms,
        "updated_ms": model.updated_ms,
        "artifact_uri": model.artifact_uri,
        "status": model.status,
        "model_type": model.model_type,
        "source_run_id": model.source_run_id,
        "status_message": model.status_message,
        "params": model.params,
        "tags": model.tags,
        "metrics": [
            {
                "key": item.key,
                "value": shown_number(item.value),
                "step": item.step,
                "time_ms": item.time_ms,
                "run_id": run_id,
                "dataset_name": item.dataset_name,
                "dataset_digest": item.dataset_digest,
            }
            for item, run_id in model.metrics
        ],
        "registrations": [
            {"model": name, "version": version} for name, version in model.registrations
        ],
    }
