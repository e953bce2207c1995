"""Checks and baselines of datasets."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request, Response

from vedette.api.answers import answer
from vedette.api.dataset_views import (
    BaselineRequest,
    BaselinesView,
    BaselineView,
    ChecksBody,
    ChecksView,
    RangeBody,
    SuggestedView,
    TryBody,
    VersionsView,
    baseline_view,
    checks_view,
)
from vedette.api.datasets import no_profile, profiles_of, read_profiles
from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    Range,
    Reader,
    actor_of,
    run_query,
)
from vedette.api.errors import READ_ONLY, error_responses
from vedette.api.profile_views import (
    CheckRunView,
    ModelMonitorConstraintsView,
    ModelMonitorStatisticsView,
)
from vedette.api.routing import Router
from vedette.core.errors import NotFoundError
from vedette.core.time import TimeRange
from vedette.data.checks import model_monitor
from vedette.data.checks.definition import parse_checks
from vedette.data.checks.evaluate import evaluate
from vedette.data.checks.result import CheckReport
from vedette.data.checks.suggest import learn, suggest
from vedette.data.datasets import Baseline, Datasets
from vedette.data.profiles import Selection
from vedette.data.profiling.summary import ColumnProfile

router = Router(prefix="/datasets", tags=["datasets"])


@router.get("/{dataset:path}/checks", responses=error_responses(404))
async def get_checks(
    services: AppServices,
    caller: CatalogReader,
    dataset: str,
    version: Annotated[int | None, Query(ge=1)] = None,
) -> ChecksView:
    """Return a version of the dataset's checks, the latest by default."""
    found = await asyncio.to_thread(
        Datasets(services.catalog).checks, caller.account, dataset, version
    )
    return checks_view(found)


@router.get("/{dataset:path}/checks/versions")
async def list_check_versions(
    services: AppServices, caller: CatalogReader, dataset: str
) -> VersionsView:
    """Return all versions, newest first."""
    found = await asyncio.to_thread(Datasets(services.catalog).versions, caller.account, dataset)
    return VersionsView(versions=[checks_view(one) for one in found])


@router.put(
    "/{dataset:path}/checks", operation_id="PutDatasetChecks", responses=error_responses(409)
)
async def put_checks(
    request: Request, services: AppServices, caller: CatalogWriter, dataset: str, body: ChecksBody
) -> ChecksView:
    """Store the dataset's checks as its next version; unchanged ones make none."""
    checks = parse_checks(body.checks)
    found = await asyncio.to_thread(
        Datasets(services.catalog).put_checks, actor_of(request, caller), caller.account, dataset,
        checks, comment=body.comment, expected_version=body.expected_version,
    )  # fmt: skip
    return checks_view(found)


@router.get("/{dataset:path}/checks/suggested", responses=error_responses(404))
async def suggest_checks(
    request: Request,
    services: AppServices,
    caller: Reader,
    dataset: str,
    range_: Range,
    learned: Annotated[
        int | None, Query(ge=60, description="seconds of a window to learn from")
    ] = None,
) -> SuggestedView:
    """Return checks that the range fulfils; with ``learned`` bounds of statistics by window too."""

    def work(_: str) -> list[Any]:
        profiles = read_profiles(services, caller.account, dataset, RangeBody(), None, range_)
        found = suggest(profiles)
        if learned:
            series = profiles_of(services).series(
                caller.account, Selection(dataset, range_), learned
            )
            found += learn([columns for _, columns in series])
        return [check.as_dict() for check in found]

    return SuggestedView(checks=await run_query(request, services, caller, work))


@router.post(
    "/{dataset:path}/checks/run",
    openapi_extra={READ_ONLY: True},
    responses=error_responses(404),
    response_model=CheckRunView,
)
async def run_checks(
    request: Request, services: AppServices, caller: Reader, dataset: str, body: TryBody
) -> Response:
    """Evaluate checks on stored profiles; those that need rows run beside the data and are left out."""

    def work(_: str) -> CheckReport:
        checks = (
            parse_checks(body.checks)
            if body.checks is not None
            else list(Datasets(services.catalog).checks(caller.account, dataset).checks)
        )
        current = read_profiles(services, caller.account, dataset, body.current, None)
        before = None
        if body.reference:
            before = read_profiles(services, caller.account, dataset, body.reference, None)
        rows = max((profile.rows for profile in current), default=0)
        return CheckReport.of(evaluate(checks, current, baseline=before), rows)

    report = await run_query(request, services, caller, work)
    return answer({"dataset": dataset, **report.as_dict()})


@router.get(
    "/{dataset:path}/model-monitor/{document}",
    responses=error_responses(404),
    response_model=ModelMonitorStatisticsView | ModelMonitorConstraintsView,
)
async def get_model_monitor_file(
    request: Request,
    services: AppServices,
    caller: Reader,
    dataset: str,
    document: str,
    range_: Range,
) -> Response:
    """Return ``statistics.json`` or ``constraints.json`` of a range, as Model Monitor writes them."""
    writers = {
        "statistics.json": model_monitor.statistics,
        "constraints.json": model_monitor.constraints,
    }
    if document not in writers:
        raise NotFoundError(
            f"there is no {document[:50]!r}", field="document", remedy=f"use {', '.join(writers)}"
        )

    def work(_: str) -> list[ColumnProfile]:
        return read_profiles(services, caller.account, dataset, RangeBody(), None, range_)

    return answer(writers[document](await run_query(request, services, caller, work)))


@router.get("/{dataset:path}/baselines")
async def list_baselines(
    services: AppServices, caller: CatalogReader, dataset: str
) -> BaselinesView:
    """Return the dataset's frozen baselines, newest first."""
    found = await asyncio.to_thread(Datasets(services.catalog).baselines, caller.account, dataset)
    return BaselinesView(baselines=[baseline_view(one) for one in found])


@router.post(
    "/{dataset:path}/baselines",
    status_code=201,
    operation_id="CreateBaseline",
    responses=error_responses(404, 409),
)
async def create_baseline(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    dataset: str,
    body: BaselineRequest,
) -> BaselineView:
    """Freeze a range under a name; retention leaves it alone."""
    range_ = TimeRange.parse(body.start, body.end)

    def work() -> Baseline:
        profiles, selection = profiles_of(services), Selection(dataset, range_)
        if not profiles.windows(caller.account, selection, limit=1):
            raise no_profile(dataset)
        origin = f"{range_.start.isoformat()} to {range_.end.isoformat()}"
        made = Datasets(services.catalog).add_baseline(
            actor_of(request, caller), caller.account, dataset, body.name, origin
        )
        profiles.freeze(caller.account, selection, made.id)
        return made

    return baseline_view(await asyncio.to_thread(work))


@router.delete(
    "/{dataset:path}/baselines/{name:path}",
    status_code=204,
    operation_id="DeleteBaseline",
    responses=error_responses(404),
)
async def delete_baseline(
    request: Request, services: AppServices, caller: CatalogWriter, dataset: str, name: str
) -> None:
    """Forget a baseline."""
    await asyncio.to_thread(
        Datasets(services.catalog).remove_baseline, actor_of(request, caller), caller.account,
        dataset, name,
    )  # fmt: skip
