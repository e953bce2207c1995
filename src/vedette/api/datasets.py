"""Datasets: profiles over time, drift between windows, versions of checks, baselines."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse

from vedette.api.answers import answer
from vedette.api.dataset_views import (
    DatasetsView,
    DatasetView,
    DriftRequest,
    ProfileUpload,
    RangeBody,
    StoredProfileView,
    WindowsView,
    WindowView,
)
from vedette.api.dependencies import (
    AppServices,
    Range,
    Reader,
    actor_of,
    run_query,
)
from vedette.api.errors import READ_ONLY, error_responses
from vedette.api.profile_views import DriftView, ProfileSeriesView, ProfileView
from vedette.api.routing import Router
from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.ids import new_id
from vedette.core.time import TimeRange
from vedette.data.datasets import Datasets
from vedette.data.drift.compare import DriftReport, compare
from vedette.data.drift.distribution import distribution
from vedette.data.drift.report import drift_html, drift_report
from vedette.data.overview import Overview
from vedette.data.profile_rows import NewProfile
from vedette.data.profiles import MAX_READ_COLUMNS, Profiles, Selection
from vedette.data.profiling.columns import MAX_COLUMNS
from vedette.data.profiling.summary import ColumnProfile
from vedette.data.samples import Samples
from vedette.store.catalog import Permission, Principal
from vedette.web import authenticate
from vedette.web.body import read_body

router = Router(prefix="/datasets", tags=["datasets"])

Segment = Annotated[
    list[str],
    Query(alias="segment", max_length=10, description="column=value", examples=[["country=DE"]]),
]
Columns = Annotated[list[str] | None, Query(alias="column", max_length=1000)]


def profiles_of(services: AppServices) -> Profiles:
    """Return the service that reads and writes profiles."""
    return Profiles(services.warehouse, services.runner)


@router.get("")
async def list_datasets(
    request: Request,
    services: AppServices,
    caller: Reader,
    search: Annotated[str, Query(max_length=200, description="part of a name")] = "",
) -> DatasetsView:
    """Return the datasets that have profiles, with their newest volumes, checks and drift."""
    overview = Overview(services.runner)
    rows = await run_query(
        request, services, caller, lambda _: overview.datasets(caller.account, search=search)
    )
    return DatasetsView(datasets=[DatasetView(**row) for row in rows])


@router.post(
    "/{dataset:path}/profiles",
    status_code=201,
    operation_id="PutProfile",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": ProfileUpload.model_json_schema()}},
        }
    },
    responses=error_responses(409, 413),
)
async def put_profile(request: Request, services: AppServices, dataset: str) -> StoredProfileView:
    """Store the states of a profile; of one ``profile_id`` the last ``version`` counts.

    With ``baseline`` it is a frozen baseline of that name. The body may be gzip or zstd.
    """
    caller = await authenticate(request, Permission.TELEMETRY_WRITE)
    raw = await read_body(request, services.settings)

    def work() -> tuple[str, ProfileUpload]:
        upload, kept = _upload(raw)
        if upload.baseline:
            baseline_id = _baseline_id(services, request, caller, dataset, upload)
            upload = upload.model_copy(update={"profile_id": baseline_id})
        profile = NewProfile(
            upload.columns, upload.start, upload.end, upload.profile_id, upload.version,
            baseline=upload.baseline is not None,
        )  # fmt: skip
        stored = profiles_of(services).store(caller.account, dataset, profile)
        Samples(services.warehouse, services.runner).store(
            caller.account, dataset, kept, (stored, upload.version or new_id())
        )
        return stored, upload

    profile_id, upload = await asyncio.to_thread(work)
    return StoredProfileView(
        profile_id=profile_id, columns=len(upload.columns), baseline=upload.baseline
    )


_Kept = list[tuple[dict[str, Any], datetime, datetime]]


def _upload(raw: bytes) -> tuple[ProfileUpload, _Kept]:
    try:
        upload = ProfileUpload.model_validate(orjson.loads(raw))
        return upload, upload.kept()
    except orjson.JSONDecodeError as error:
        raise InvalidInputError(
            "the body is not JSON", field="body", remedy="send a profile as JSON"
        ) from error
    except ValueError as error:
        details: list[Any] = getattr(error, "errors", list)()
        place = ".".join(map(str, details[0]["loc"])) if details else "body"
        reason = details[0]["msg"] if details else "it is no profile"
        raise InvalidInputError(
            f"the profile is wrong: {reason}", field=place, remedy="see /api/docs for its form"
        ) from error


def _baseline_id(
    services: AppServices,
    request: Request,
    caller: Principal,
    dataset: str,
    upload: ProfileUpload,
) -> str:
    """Return the id under which a baseline's states are stored; parts of one version share it."""
    datasets = Datasets(services.catalog)
    name, version = str(upload.baseline), upload.version
    for known in datasets.baselines(caller.account, dataset):
        if known.name == name and version and known.origin == f"profile {version}":
            return known.id
    origin = f"profile {version}" if version else "profile"
    return datasets.add_baseline(
        actor_of(request, caller), caller.account, dataset, name, origin
    ).id


@router.get("/{dataset:path}/windows")
async def list_windows(
    request: Request,
    services: AppServices,
    caller: Reader,
    dataset: str,
    range_: Range,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> WindowsView:
    """Return the windows that have profiles, newest first."""
    rows = await run_query(
        request,
        services,
        caller,
        lambda _: profiles_of(services).windows(
            caller.account, Selection(dataset, range_), limit=limit, offset=offset
        ),
    )
    return WindowsView(windows=[WindowView(**row) for row in rows])


@router.get("/{dataset:path}/profile", responses=error_responses(404), response_model=ProfileView)
async def get_profile(
    request: Request,
    services: AppServices,
    caller: Reader,
    dataset: str,
    range_: Range,
    segment: Segment = [],  # noqa: B006 - FastAPI copies it
    columns: Columns = None,
    baseline: Annotated[str | None, Query(max_length=128)] = None,
    search: Annotated[str, Query(max_length=512, description="part of a column's name")] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_READ_COLUMNS, description="most columns")] = (
        MAX_READ_COLUMNS
    ),
    offset: Annotated[int, Query(ge=0, le=MAX_COLUMNS)] = 0,
) -> Response:
    """Return the merged profile of a range, or of a frozen baseline, column by column.

    ``total`` is how many columns there are to page through.
    """
    body = RangeBody(baseline=baseline, segment=segment_of(segment))

    def work(_: str) -> dict[str, Any]:
        selection = selection_of(services, caller.account, dataset, body, columns, range_)
        found, total = profiles_of(services).page(
            caller.account, selection, search=search, limit=limit, offset=offset
        )
        if not total and not search:
            raise no_profile(dataset)
        return {
            "dataset": dataset,
            "total": total,
            "columns": [profile.as_dict() for profile in found],
        }

    return answer(await run_query(request, services, caller, work))


@router.get("/{dataset:path}/series", response_model=ProfileSeriesView)
async def get_series(
    request: Request,
    services: AppServices,
    caller: Reader,
    dataset: str,
    range_: Range,
    period: Annotated[int, Query(ge=60, description="seconds")] = 86_400,
    segment: Segment = [],  # noqa: B006 - FastAPI copies it
    columns: Columns = None,
) -> Response:
    """Return merged profiles by period: how columns changed over time."""
    selection = Selection(dataset, range_, segment_of(segment), columns)

    def work(_: str) -> list[dict[str, Any]]:
        series = profiles_of(services).series(caller.account, selection, period)
        return [
            {"start": start.isoformat(), "columns": [profile.as_dict() for profile in found]}
            for start, found in series
        ]

    return answer({"dataset": dataset, "period": period,
                   "windows": await run_query(request, services, caller, work)})  # fmt: skip


@router.post(
    "/{dataset:path}/drift",
    openapi_extra={READ_ONLY: True},
    responses=error_responses(404),
    response_model=DriftView,
)
async def compare_windows(
    request: Request,
    services: AppServices,
    caller: Reader,
    dataset: str,
    body: DriftRequest,
) -> Response:
    """Compare two ranges or baselines, column by column."""
    report, reference, current = await _compared(request, services, caller, dataset, body)
    found = drift_report(report)
    before = {profile.name: profile for profile in reference}
    after = {profile.name: profile for profile in current}
    for column in found["columns"]:
        name = column["name"]
        both = body.distributions and name in before and name in after
        shown = distribution(before[name], after[name]) if both else None
        column["distribution"] = shown.as_dict() if shown else None
    return answer({"dataset": dataset, **found})


@router.post(
    "/{dataset:path}/drift/report",
    openapi_extra={READ_ONLY: True},
    response_class=Response,  # a class with a media type would give its errors that type too
    responses={
        **error_responses(404),
        200: {
            "description": "one HTML file",
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
    },
)
async def get_drift_report(
    request: Request, services: AppServices, caller: Reader, dataset: str, body: DriftRequest
) -> HTMLResponse:
    """Compare as ``drift`` does; the answer is one HTML file that loads nothing and runs no script."""
    found = await _compared(request, services, caller, dataset, body)
    return HTMLResponse(drift_html(*found, title=f"Drift of {dataset}"))


async def _compared(
    request: Request, services: AppServices, caller: Reader, dataset: str, body: DriftRequest
) -> tuple[DriftReport, list[ColumnProfile], list[ColumnProfile]]:
    def work(_: str) -> tuple[list[ColumnProfile], list[ColumnProfile]]:
        reference = read_profiles(services, caller.account, dataset, body.reference, body.only)
        return reference, read_profiles(services, caller.account, dataset, body.current, body.only)

    reference, current = await run_query(request, services, caller, work)
    return compare(reference, current, body.settings()), reference, current


def read_profiles(
    services: AppServices,
    account: str,
    dataset: str,
    body: RangeBody,
    columns: list[str] | None,
    range_: TimeRange | None = None,
) -> list[ColumnProfile]:
    """Return the merged profiles that a body asks for; ``NotFoundError`` where there are none."""
    selection = selection_of(services, account, dataset, body, columns, range_)
    found = profiles_of(services).read(account, selection)
    if not found:
        raise no_profile(dataset)
    return found


def selection_of(
    services: AppServices,
    account: str,
    dataset: str,
    body: RangeBody,
    columns: list[str] | None,
    range_: TimeRange | None = None,
) -> Selection:
    """Return the selection that a body asks for; ``NotFoundError`` where it has no such baseline."""
    baseline = None
    if body.baseline:
        baseline = Datasets(services.catalog).baseline(account, dataset, body.baseline).id
    range_ = range_ or TimeRange.parse(body.start, body.end)
    return Selection(dataset, range_, body.segment, columns, baseline)


def no_profile(dataset: str) -> NotFoundError:
    """Return the error that a range has no profile."""
    return NotFoundError(
        f"there is no profile of {dataset[:100]!r} in that range",
        field="start",
        remedy="widen the range, or profile the data first",
    )


def segment_of(pairs: list[str]) -> dict[str, str]:
    """Return the segment of ``column=value`` pairs."""
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise InvalidInputError(
                f"{pair[:100]!r} is no segment", field="segment", remedy="write column=value"
            )
        found[name] = value
    return found
