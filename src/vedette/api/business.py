"""The business: executive overview, returns of models, correlations, reports."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import Path, Query, Request, Response
from pydantic import Field

from vedette.api import business_views as views
from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    Cursor,
    PageLimit,
    Range,
    Reader,
    WholeWriter,
    actor_of,
    run_query,
)
from vedette.api.errors import READ_ONLY, error_responses
from vedette.api.models import Body
from vedette.api.routing import Router
from vedette.business.correlation import CorrelationRequest, Correlator
from vedette.business.reports.definition import ReportSpec
from vedette.business.reports.service import Report, ReportDefinitions
from vedette.business.roi.definition import RoiSpec
from vedette.business.roi.service import roi_definitions
from vedette.manifests.labels import Labels
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.store.catalog.definitions import MAX_NAME
from vedette.web.business import make_kpi_values, make_kpis
from vedette.web.reports import gather_overview, make_reports, make_roi

router = Router(tags=["business"])
EntityName = Annotated[str, Path(max_length=MAX_NAME, description="its name or its id")]
Search = Annotated[str, Query(max_length=MAX_NAME, description="part of the name")]
_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


class ReturnBody(Body):
    """A new return."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    spec: RoiSpec
    labels: Labels = Field(default={})


class ReturnPut(Body):
    """A return's definition."""

    spec: RoiSpec
    labels: Labels = Field(default={})


class ReportBody(Body):
    """A new report."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    spec: ReportSpec
    labels: Labels = Field(default={})


class ReportPut(Body):
    """A report's definition."""

    spec: ReportSpec
    labels: Labels = Field(default={})


@router.get("/business/overview")
async def get_overview(
    request: Request, services: AppServices, caller: Reader
) -> views.BusinessOverviewView:
    """Return how KPIs, objectives and returns stand, and which alarms fire."""
    now = services.catalog.clock.now()
    found = await run_query(
        request, services, caller,
        lambda _: gather_overview(services, caller.account, ReportSpec(), now),
    )  # fmt: skip
    return views.overview_view(found)


@router.post(
    "/business/correlation", openapi_extra={READ_ONLY: True}, responses=error_responses(404)
)
async def correlate(
    request: Request, services: AppServices, caller: Reader, range_: Range, body: CorrelationRequest
) -> views.CorrelationView:
    """Compare two series with lag: KPIs, metrics such as a model's quality, services' latencies."""
    correlator = Correlator(
        make_kpis(services), make_kpi_values(services), services.runner, caller.account
    )
    found = await run_query(request, services, caller, lambda _: correlator.correlate(body, range_))
    return views.correlation_view(found)


@router.get("/returns")
async def list_returns(
    services: AppServices,
    caller: CatalogReader,
    search: Search = "",
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> views.ReturnPage:
    """List the definitions of returns by name."""
    page = await asyncio.to_thread(
        roi_definitions(services.catalog).page, caller.account, search=search, limit=limit,
        after=cursor,
    )  # fmt: skip
    return views.ReturnPage(
        returns=[views.return_view(one) for one in page.items], cursor=page.next
    )


@router.post(
    "/returns", status_code=201, operation_id="CreateReturn", responses=error_responses(409)
)
async def create_return(
    request: Request, services: AppServices, caller: CatalogWriter, body: ReturnBody
) -> views.ReturnView:
    """Define the return on a model."""
    made = await asyncio.to_thread(
        roi_definitions(services.catalog).put, actor_of(request, caller), caller.account,
        body.name, body.spec, labels=body.labels, create=True,
    )  # fmt: skip
    return views.return_view(made)


@router.post("/return-previews", openapi_extra={READ_ONLY: True}, responses=error_responses(404))
async def preview_return(
    request: Request, services: AppServices, caller: Reader, body: RoiSpec
) -> views.RoiView:
    """Compute a return by other assumptions; nothing is stored."""
    now = services.catalog.clock.now()
    found = await run_query(
        request, services, caller, lambda _: make_roi(services).compute(caller.account, body, now)
    )
    return views.roi_view(found)


@router.get("/returns/{name}", responses=error_responses(404))
async def get_return(
    services: AppServices, caller: CatalogReader, name: EntityName
) -> views.ReturnView:
    """Return the definition of a return."""
    found = await asyncio.to_thread(roi_definitions(services.catalog).get, caller.account, name)
    return views.return_view(found)


@router.put("/returns/{name}", operation_id="PutReturn")
async def put_return(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: EntityName,
    body: ReturnPut,
) -> views.ReturnView:
    """Define the return on a model, or change the definition as a whole."""
    made = await asyncio.to_thread(
        roi_definitions(services.catalog).put, actor_of(request, caller), caller.account, name,
        body.spec, labels=body.labels,
    )  # fmt: skip
    return views.return_view(made)


@router.delete(
    "/returns/{name}", status_code=204, operation_id="DeleteReturn", responses=error_responses(404)
)
async def delete_return(
    request: Request, services: AppServices, caller: CatalogWriter, name: EntityName
) -> None:
    """Delete the definition of a return."""
    await asyncio.to_thread(
        roi_definitions(services.catalog).remove, actor_of(request, caller), caller.account, name
    )


@router.get("/returns/{name}/result", responses=error_responses(404))
async def get_return_result(
    request: Request, services: AppServices, caller: Reader, name: EntityName
) -> views.RoiView:
    """Compute the return on a model: value, cost and interval, and what it rests on."""
    found = await asyncio.to_thread(roi_definitions(services.catalog).get, caller.account, name)
    now = services.catalog.clock.now()
    roi = await run_query(
        request, services, caller,
        lambda _: make_roi(services).compute(caller.account, found.spec, now),
    )  # fmt: skip
    return views.roi_view(roi)


@router.get("/reports")
async def list_reports(
    services: AppServices,
    caller: CatalogReader,
    search: Search = "",
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> views.ReportsView:
    """List reports by name, with those that were made."""
    reports = make_reports(services)

    def work() -> views.ReportsView:
        page = ReportDefinitions(services.catalog).page(
            caller.account, search=search, limit=limit, after=cursor
        )
        return views.ReportsView(
            reports=[views.report_view(one, reports.runs(one)) for one in page.items],
            cursor=page.next,
        )

    return await asyncio.to_thread(work)


@router.post(
    "/reports", status_code=201, operation_id="CreateReport", responses=error_responses(409)
)
async def create_report(
    request: Request, services: AppServices, caller: CatalogWriter, body: ReportBody
) -> views.ReportView:
    """Make a report on a schedule."""
    made = await asyncio.to_thread(
        ReportDefinitions(services.catalog).put, actor_of(request, caller), caller.account,
        body.name, body.spec, labels=body.labels, create=True,
    )  # fmt: skip
    return views.report_view(made, [])


@router.get("/reports/{name}", responses=error_responses(404))
async def get_report(
    services: AppServices, caller: CatalogReader, name: EntityName
) -> views.ReportView:
    """Return a report's definition, and the reports that were made."""
    report = await _report(services, caller.account, name)
    runs = await asyncio.to_thread(make_reports(services).runs, report)
    return views.report_view(report, runs)


@router.put("/reports/{name}", operation_id="PutReport")
async def put_report(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: EntityName,
    body: ReportPut,
) -> views.ReportView:
    """Make a report on a schedule, or change it as a whole."""
    made = await asyncio.to_thread(
        ReportDefinitions(services.catalog).put, actor_of(request, caller), caller.account, name,
        body.spec, labels=body.labels,
    )  # fmt: skip
    runs = await asyncio.to_thread(make_reports(services).runs, made)
    return views.report_view(made, runs)


@router.delete(
    "/reports/{name}", status_code=204, operation_id="DeleteReport", responses=error_responses(404)
)
async def delete_report(
    request: Request, services: AppServices, caller: CatalogWriter, name: EntityName
) -> None:
    """Delete a report's definition."""
    await asyncio.to_thread(
        ReportDefinitions(services.catalog).remove, actor_of(request, caller), caller.account, name
    )


@router.post("/reports/{name}/send", operation_id="SendReport", responses=error_responses(404))
async def send_report(
    services: AppServices, caller: WholeWriter, name: EntityName
) -> views.ReportRunView:
    """Make a report now and send it to its channels."""
    report = await _report(services, caller.account, name)
    run = await asyncio.to_thread(make_reports(services).send, report)
    return views.report_run_view(run)


@router.get(
    "/reports/{name}/page",
    responses={
        **error_responses(404),
        200: {
            "description": "one HTML file",
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
    },
    response_class=Response,
)
async def get_report_page(
    request: Request,
    services: AppServices,
    caller: Reader,
    name: EntityName,
    run: Annotated[str, Query(max_length=64, description="one that was made; else as of now")] = "",
    download: Annotated[bool, Query(description="as a file")] = False,  # noqa: FBT002 - a parameter of the route
) -> Response:
    """Return a report as a page that stands on its own."""
    report = await _report(services, caller.account, name)
    reports = make_reports(services)

    def work(_: str) -> str:
        return reports.document(report, run) if run else reports.make(report)[0]

    page = await run_query(request, services, caller, work)
    headers = {"Content-Security-Policy": _PAGE_POLICY, "X-Content-Type-Options": "nosniff"}
    if download:
        day = datetime.now(tz=services.catalog.clock.now().tzinfo).strftime("%Y-%m-%d")
        plain = "".join(
            c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in report.name
        )
        headers["Content-Disposition"] = f'attachment; filename="{plain[:80]}-{day}.html"'
    return Response(page, media_type="text/html", headers=headers)


async def _report(services: AppServices, account: str, name: str) -> Report:
    return await asyncio.to_thread(ReportDefinitions(services.catalog).get, account, name)
