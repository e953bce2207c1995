"""Models in production: volume, quality with and without labels, segments, bias, rows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request, Response

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, Range, Reader, WholeWriter, actor_of, run_query
from vedette.api.errors import error_responses
from vedette.api.model_production_views import (
    AttributionsView,
    BiasView,
    CompareView,
    PredictionsView,
    ProductionOverviewView,
    QualitySeriesView,
    QualityView,
    ReferencesView,
    SchemasView,
    SlicesView,
)
from vedette.api.routing import Router
from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.time import TimeRange, parse_duration
from vedette.models.production import overview as production
from vedette.models.production.compare import compare_versions
from vedette.models.production.estimator import Estimators
from vedette.models.production.facets import FacetBody, measure_bias
from vedette.models.production.performance import MAIN, report, series, window_view
from vedette.models.production.references import remove_reference
from vedette.models.production.relation import Scope, parse_filters
from vedette.models.production.slices import find_slices
from vedette.models.production.task import Kind, Task, TaskBody, find_task
from vedette.models.production.windows import MAX_WINDOWS, Windows
from vedette.monitors.models.service import ModelMonitors

router = Router(prefix="/model-production", tags=["model_production"])
_WINDOWS = 60


@dataclass(frozen=True, slots=True)
class Asked:
    """Which predictions of which model, what it does, and the reference."""

    scope: Scope
    told: TaskBody
    reference: Scope | None


def _asked(
    range_: Range,
    model: Annotated[str, Query(min_length=1, max_length=500)],
    version: Annotated[str | None, Query(max_length=100)] = None,
    endpoint: Annotated[str | None, Query(max_length=500)] = None,
    filter_: Annotated[
        list[str] | None,
        Query(alias="filter", description="such as plan=a or age<30; all hold", max_length=10),
    ] = None,
    kind: Annotated[Kind | None, Query(description="what the model does; inferred")] = None,
    positive: Annotated[
        str | None,
        Query(max_length=256, description="with nothing of these, as the model's monitor says"),
    ] = None,
    threshold: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    group: Annotated[str | None, Query(max_length=256, description="of a ranking")] = None,
    k: Annotated[int, Query(ge=1, le=1000)] = 10,
    reference: Annotated[
        str | None,
        Query(
            max_length=128, description="an uploaded reference's name; the newest where left out"
        ),
    ] = None,
) -> Asked:
    scope = Scope(model, range_, version, endpoint, tuple(parse_filters(filter_ or [])))
    told = TaskBody(kind=kind, positive=positive, threshold=threshold, group=group, k=k)
    base = Scope(model, version=version, reference=reference) if reference is not None else None
    return Asked(scope, told, base)


Question = Annotated[Asked, Depends(_asked)]


class _Work:
    """Answers of one request, on a worker thread."""

    def __init__(self, services: AppServices, account: str) -> None:
        self.runner, self.account = services.runner, account
        self.estimators: Estimators = services.estimators
        self.monitors = ModelMonitors(services.catalog)

    def task(self, asked: Asked) -> Task:
        told = asked.told
        if told == TaskBody():
            told = self.monitors.task_of(self.account, asked.scope.model)
        found = find_task(self.runner, self.account, asked.scope, told)
        if found is None:
            raise NotFoundError(
                f"there is no prediction of {asked.scope.model!r} there", field="model",
                remedy="widen the range, or send predictions first",
            )  # fmt: skip
        return found

    def reference(self, asked: Asked) -> Scope | None:
        """Return the reference that was asked for, else the newest of the version, else of the model."""
        named = asked.reference
        rows = production.references(self.runner, self.account, asked.scope.model)
        version = asked.scope.version
        of_version = [row for row in rows if version is None or row["version"] == version]
        for row in of_version or rows:
            if named is None or row["name"] == named.reference:
                return Scope(asked.scope.model, version=row["version"], reference=row["name"])
        if named is not None:
            raise NotFoundError(
                f"{asked.scope.model!r} has no reference {named.reference!r}", field="reference",
                remedy="upload it by POST /api/v1/references",
            )  # fmt: skip
        return None

    def estimator(self, asked: Asked, task: Task) -> Any:  # noqa: ANN401 - an Estimator or None
        reference = self.reference(asked)
        return self.estimators.get(self.account, reference, task) if reference is not None else None


async def _run(
    request: Request, services: AppServices, caller: Reader, work: Callable[[_Work], Any]
) -> Response:
    done = _Work(services, caller.account)
    return answer(await run_query(request, services, caller, lambda _: work(done)))


@router.get("", response_model=ProductionOverviewView)
async def list_production(
    request: Request, services: AppServices, caller: Reader, range_: Range,
    model: Annotated[str, Query(max_length=500)] = "",
) -> Response:  # fmt: skip
    """Return models in production by version and endpoint: volume, latency, errors, label coverage."""
    return await _run(
        request, services, caller,
        lambda w: {"rows": production.overview(w.runner, w.account, range_, model)},
    )  # fmt: skip


@router.get("/series", response_model=QualitySeriesView, responses=error_responses(404))
async def model_series(
    request: Request, services: AppServices, caller: Reader, asked: Question,
    period: Annotated[str | None, Query(max_length=32, description="length of a window, such as 1h")] = None,
    rows: Annotated[int | None, Query(ge=10, le=10_000_000, description="predictions of a window, instead")] = None,
) -> Response:  # fmt: skip
    """Return quality by window: what labels say, and what is expected before they come."""
    windows = _windows(asked.scope.range, period, rows)

    def work(w: _Work) -> dict[str, Any]:
        task = w.task(asked)
        found = series(w.runner, w.account, asked.scope, task, windows, w.estimator(asked, task))
        return {
            "task": task.as_dict(),
            "main": MAIN[task.kind],
            "windows": [window_view(one) for one in found],
        }

    return await _run(request, services, caller, work)


def _windows(range_: TimeRange | None, period: str | None, rows: int | None) -> Windows:
    assert range_ is not None  # noqa: S101 - every question has one
    if rows is not None:
        if period is not None:
            raise InvalidInputError(
                "a window is by time or by rows", field="rows", remedy="give one of them"
            )
        return Windows(rows=rows)
    if period is None:
        return Windows(seconds=max(1.0, round(range_.seconds / min(_WINDOWS, MAX_WINDOWS))))
    seconds = parse_duration(period, field="period").total_seconds()
    if seconds < 1:
        raise InvalidInputError(f"a period of {period}", field="period", remedy="give 1s or more")
    return Windows(seconds=seconds).check(range_)


@router.get("/quality", response_model=QualityView, responses=error_responses(404))
async def model_quality(
    request: Request, services: AppServices, caller: Reader, asked: Question
) -> Response:
    """Return metrics with intervals, confusion matrix, ROC, calibration and lift of a range."""

    def work(w: _Work) -> dict[str, Any]:
        task = w.task(asked)
        return report(w.runner, w.account, asked.scope, task, w.estimator(asked, task))

    return await _run(request, services, caller, work)


@router.get("/compare", response_model=CompareView, responses=error_responses(404))
async def compare(
    request: Request, services: AppServices, caller: Reader, asked: Question,
    first: Annotated[str, Query(max_length=100, description="a version")],
    second: Annotated[str, Query(max_length=100, description="another version")],
) -> Response:  # fmt: skip
    """Compare two versions (canary, shadow, A/B): each metric with the significance of its difference."""
    return await _run(
        request, services, caller,
        lambda w: compare_versions(w.runner, w.account, asked.scope, w.task(asked), first, second),
    )  # fmt: skip


@router.get("/slices", response_model=SlicesView, responses=error_responses(404))
async def slices(
    request: Request, services: AppServices, caller: Reader, asked: Question,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Response:  # fmt: skip
    """Return the segments whose quality is below the rest's, found among all features and tags."""

    def work(w: _Work) -> dict[str, Any]:
        return find_slices(w.runner, w.account, asked.scope, w.task(asked), limit=limit)

    return await _run(request, services, caller, work)


@router.get("/bias", response_model=BiasView, responses=error_responses(404))
async def model_bias(
    request: Request, services: AppServices, caller: Reader, asked: Question,
    facet: Annotated[str, Query(min_length=1, max_length=256)],
    disadvantaged: Annotated[str | None, Query(max_length=256)] = None,
    advantaged: Annotated[str | None, Query(max_length=256)] = None,
    above: Annotated[float | None, Query(allow_inf_nan=False)] = None,
    stratum: Annotated[str, Query(max_length=256)] = "",
    favourable: Annotated[str | None, Query(max_length=256)] = None,
) -> Response:  # fmt: skip
    """Return the metrics of bias between two values of a feature or tag."""
    body = FacetBody(
        facet=facet, disadvantaged=disadvantaged, advantaged=advantaged, above=above, stratum=stratum,
        favourable=favourable,
    )  # fmt: skip
    return await _run(
        request,
        services,
        caller,
        lambda w: measure_bias(w.runner, w.account, asked.scope, w.task(asked), body),
    )


@router.get("/attributions", response_model=AttributionsView, responses=error_responses(404))
async def model_attributions(
    request: Request, services: AppServices, caller: Reader, asked: Question
) -> Response:
    """Return features by mean absolute attribution, and how far their ranking is the reference's."""
    return await _run(
        request, services, caller,
        lambda w: production.attributions(w.runner, w.account, asked.scope, w.reference(asked)),
    )  # fmt: skip


@router.get("/predictions", response_model=PredictionsView)
async def list_predictions(
    request: Request, services: AppServices, caller: Reader, asked: Question,
    state: Annotated[Literal["", "labelled", "unlabelled", "right", "wrong"], Query()] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:  # fmt: skip
    """Return captured predictions with features and labels, newest first."""

    def work(w: _Work) -> dict[str, Any]:
        rows = production.prediction_rows(
            w.runner, w.account, asked.scope, state=state, limit=limit, offset=offset
        )
        return {"predictions": rows}

    return await _run(request, services, caller, work)


@router.get("/schemas", response_model=SchemasView)
async def list_schemas(
    request: Request, services: AppServices, caller: Reader, asked: Question
) -> Response:
    """Return the schemas that features had, by version, oldest first."""
    return await _run(
        request,
        services,
        caller,
        lambda w: {"schemas": production.schemas(w.runner, w.account, asked.scope)},
    )


@router.get("/references", response_model=ReferencesView)
async def list_references(
    request: Request, services: AppServices, caller: Reader,
    model: Annotated[str, Query(max_length=500)] = "",
) -> Response:  # fmt: skip
    """Return what was uploaded by POST /api/v1/references, newest first."""
    return await _run(
        request,
        services,
        caller,
        lambda w: {"references": production.references(w.runner, w.account, model)},
    )


@router.delete(
    "/references",
    status_code=204,
    operation_id="DeleteModelReference",
    responses=error_responses(404),
)
async def delete_reference(
    request: Request, services: AppServices, caller: WholeWriter,
    model: Annotated[str, Query(min_length=1, max_length=500)],
    version: Annotated[str, Query(min_length=1, max_length=100)],
    name: Annotated[str, Query(min_length=1, max_length=128)],
) -> None:  # fmt: skip
    """Delete an uploaded reference."""
    await asyncio.to_thread(
        remove_reference, services.catalog, services.warehouse, services.runner, actor_of(request, caller),
        caller.account, model, version, name,
    )  # fmt: skip
