"""Training runs of the caller's account: tables, curves, costs, and what is done to many."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import Field

from vedette.api import training_views as views
from vedette.api.answers import answer
from vedette.api.dependencies import (
    Admin,
    AppServices,
    CatalogReader,
    CatalogWriter,
    run_query,
)
from vedette.api.errors import READ_ONLY, error_responses
from vedette.api.experiments import WHICH, WhichRuns
from vedette.api.models import Body
from vedette.api.registered_models import caller_of
from vedette.api.routing import Router
from vedette.models.context import Caller
from vedette.models.limits import MAX_KEY, MAX_RUN_NAME, MAX_TAG_VALUE
from vedette.models.tracking.runs import Input, Runs
from vedette.models.training import curves as curve_queries
from vedette.models.training import run_actions, run_page, run_table
from vedette.models.training.curves import Axis, read_curves
from vedette.models.training.efficiency import efficiency_of
from vedette.models.training.prices import MAX_PRICE, Prices, read_prices, write_prices
from vedette.models.training.run_actions import RunAction, act_on_runs
from vedette.models.training.run_table import RunTables

router = Router(tags=["runs"], responses=error_responses(404))
Ids = Annotated[
    list[str],
    Query(alias="id", min_length=1, max_length=run_page.MAX_RUNS, description="ids of runs"),
]
_COLUMN = "metrics.<key>, params.<key> or tags.<key>"


class RunSearch(Body):
    """Which runs, in which order, and which of their values."""

    experiment_ids: list[str] = Field(min_length=1, max_length=run_table.MAX_EXPERIMENTS)
    filter: str = Field(
        default="", max_length=20_000, examples=["metrics.loss < 0.3 AND params.depth = '4'"]
    )
    which: WhichRuns = "active"
    order_by: list[str] = Field(
        default_factory=list, max_length=20, examples=[["metrics.loss DESC"]]
    )
    columns: list[str] = Field(
        default_factory=list, max_length=run_table.MAX_COLUMNS, description=_COLUMN
    )
    limit: int = Field(default=100, ge=1, le=run_table.MAX_ROWS)
    cursor: str | None = Field(default=None, max_length=1024)


class ActionRequest(Body):
    """What is to be done to many runs."""

    run_ids: list[str] = Field(min_length=1, max_length=run_actions.MAX_RUNS)
    action: RunAction
    key: str = Field(default="", max_length=MAX_KEY, description="of the tag")
    value: str = Field(default="", max_length=MAX_TAG_VALUE, description="of the tag")


class RunChange(Body):
    """What is to be changed; what is left out stays."""

    name: str | None = Field(default=None, min_length=1, max_length=MAX_RUN_NAME)
    tags: dict[str, str | None] = Field(
        default_factory=dict, max_length=100, description="by key; null deletes a tag"
    )


class HistoriesRequest(Body):
    """Which metrics of which runs, on which axis."""

    run_ids: list[str] = Field(min_length=1, max_length=curve_queries.MAX_RUNS)
    metrics: list[str] = Field(min_length=1, max_length=curve_queries.MAX_METRICS)
    axis: Axis = Field(default="step", description="relative: milliseconds since each run's start")
    shared: bool = Field(default=False, description="one axis for all metrics")
    points: int = Field(default=400, ge=2, le=curve_queries.MAX_POINTS)
    first: int | None = Field(default=None, description="of the axis")
    last: int | None = Field(default=None, description="of the axis")


class PricesRequest(Body):
    """What an account's machines cost; 0 for what costs nothing."""

    currency: str = Field(pattern="^[A-Z]{3}$", examples=["EUR"], description="ISO 4217")
    host_hour: float = Field(default=0, ge=0, le=MAX_PRICE, description="a machine, an hour")
    gpu_hour: float = Field(default=0, ge=0, le=MAX_PRICE, description="one GPU, an hour")
    kwh: float = Field(default=0, ge=0, le=MAX_PRICE, description="a kilowatt-hour of the GPUs")


@router.post(
    "/runs/search",
    operation_id="SearchRuns",
    response_model=views.RunTableView,
    openapi_extra={READ_ONLY: True},
)
async def search(
    request: Request, services: AppServices, caller: CatalogReader, body: RunSearch
) -> Response:
    """Return a page of runs with the chosen columns; the filter is MLflow's."""
    table = await asyncio.to_thread(
        RunTables(caller_of(request, services, caller)).page, body.experiment_ids,
        columns=body.columns, view=WHICH[body.which], filter_=body.filter,
        order_by=body.order_by, limit=body.limit, cursor=body.cursor,
    )  # fmt: skip
    return answer(table)


@router.post("/runs/actions", operation_id="ActOnRuns", response_model=views.DoneView)
async def act(
    request: Request, services: AppServices, caller: CatalogWriter, body: ActionRequest
) -> Response:
    """Delete, restore or tag many runs, all of them or none."""
    done = await asyncio.to_thread(
        act_on_runs, caller_of(request, services, caller), body.run_ids, body.action,
        key=body.key, value=body.value,
    )  # fmt: skip
    return answer({"runs": done})


@router.post(
    "/runs/histories",
    operation_id="ReadRunHistories",
    response_model=views.HistoriesView,
    openapi_extra={READ_ONLY: True},
)
async def histories(
    request: Request, services: AppServices, caller: CatalogReader, body: HistoriesRequest
) -> Response:
    """Return metrics of runs on aligned axes, downsampled to what a chart shows."""
    of = caller_of(request, services, caller)
    found = await run_query(
        request, services, caller,
        lambda _: read_curves(
            of, services.runner, services.metric_outbox, body.run_ids, body.metrics,
            axis=body.axis, shared=body.shared, points=body.points,
            within=(body.first, body.last),
        ),
    )  # fmt: skip
    return answer({"metrics": found})


@router.get("/runs", response_model=views.ComparedRunsView)
async def compare(
    request: Request, services: AppServices, caller: CatalogReader, ids: Ids
) -> Response:
    """Return whole runs side by side, in the order asked for."""
    found = await asyncio.to_thread(run_page.read_runs, caller_of(request, services, caller), ids)
    runs = [
        {
            "info": run.info,
            "metrics": run_page.current_metrics(run),
            "params": run.params,
            "tags": run.tags,
        }
        for run in found
    ]
    return answer({"runs": runs})


@router.get("/runs/{run_id}", response_model=views.TrainingRunView)
async def get(
    request: Request, services: AppServices, caller: CatalogReader, run_id: str
) -> Response:
    """Return a run with its current metrics, parameters, tags, datasets, models and versions."""
    return answer(await asyncio.to_thread(_page, caller_of(request, services, caller), run_id))


@router.patch("/runs/{run_id}", operation_id="UpdateRun", response_model=views.TrainingRunView)
async def update(
    request: Request, services: AppServices, caller: CatalogWriter, run_id: str, body: RunChange
) -> Response:
    """Rename a run, or change its tags."""
    of = caller_of(request, services, caller)
    return answer(await asyncio.to_thread(_change, of, run_id, body))


@router.get("/runs/{run_id}/efficiency", response_model=views.EfficiencyView)
async def efficiency(
    request: Request, services: AppServices, caller: CatalogReader, run_id: str
) -> Response:
    """Return what a run took and cost: time, epochs, processors, energy, money."""
    of = caller_of(request, services, caller)
    found = await run_query(
        request, services, caller,
        lambda _: efficiency_of(of, services.runner, services.metric_outbox, run_id),
    )  # fmt: skip
    return answer(found)


@router.get("/training-prices", response_model=views.PricesView)
async def get_prices(request: Request, services: AppServices, caller: CatalogReader) -> Response:
    """Return what the account's machines cost."""
    return answer(await asyncio.to_thread(read_prices, caller_of(request, services, caller)))


@router.put("/training-prices", operation_id="SetTrainingPrices", response_model=views.PricesView)
async def put_prices(
    request: Request, services: AppServices, caller: Admin, body: PricesRequest
) -> Response:
    """Set what the account's machines cost, from which costs of runs are worked out."""
    prices = Prices(body.currency, body.host_hour, body.gpu_hour, body.kwh)
    of = caller_of(request, services, caller)
    return answer(await asyncio.to_thread(write_prices, of, prices))


def _page(caller: Caller, run_id: str) -> dict[str, Any]:
    page = run_page.read_run(caller, run_id)
    return {
        "info": page.info,
        "experiment": page.experiment,
        "metrics": page.metrics,
        "params": page.params,
        "tags": page.tags,
        "inputs": [_input(item) for item in page.inputs],
        "models": page.models,
        "versions": page.versions,
        "parent_id": page.parent_id,
        "children": page.children,
    }


def _input(item: Input) -> dict[str, Any]:
    return {
        "name": item.name,
        "digest": item.digest,
        "source_type": item.source_type,
        "source": item.source,
        "schema": item.schema,
        "profile": item.profile,
        "tags": dict(item.tags),
    }


def _change(caller: Caller, run_id: str, body: RunChange) -> dict[str, Any]:
    runs = Runs(caller)
    if body.name is not None:
        runs.update(run_id, name=body.name)
    for key, value in body.tags.items():
        if value is None:
            runs.delete_tag(run_id, key)
        else:
            runs.set_tag(run_id, key, value)
    return _page(caller, run_id)
