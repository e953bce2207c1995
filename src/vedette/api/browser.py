"""Browsers: apps and their keys, web vitals, JavaScript errors, sessions, and whom a failure reached."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Path, Query, Request

from vedette.api.browser_views import (
    BrowserAppBody,
    BrowserAppPage,
    BrowserAppPut,
    BrowserAppView,
    BrowserKeyView,
    BrowserPageView,
    BrowserSessionDetail,
    BrowserSessionsView,
    BrowserSessionView,
    BrowserTotalsView,
    ErrorGroupsView,
    ErrorGroupView,
    ReachedPage,
    SessionEventView,
    SessionRequestView,
    UserImpactView,
    VitalsView,
    VitalView,
    app_view,
)
from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    Cursor,
    PageLimit,
    Range,
    Reader,
    actor_of,
    run_query,
)
from vedette.api.errors import error_responses
from vedette.api.routing import Router
from vedette.experience.browser.reading import MAX_SESSIONS, BrowserReader
from vedette.experience.browser.service import BrowserApps
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.store.catalog.definitions import MAX_NAME

router = Router(tags=["experience"])
AppName = Annotated[str, Path(max_length=MAX_NAME, description="its name or its id")]
Service = Annotated[str, Query(max_length=255, description="of an app; all where empty")]


def _apps(services: AppServices) -> BrowserApps:
    return BrowserApps(services.catalog)


@router.get("/browser-apps")
async def list_browser_apps(
    services: AppServices,
    caller: CatalogReader,
    search: Annotated[str, Query(max_length=MAX_NAME, description="part of the name")] = "",
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> BrowserAppPage:
    """List browser apps by name, with their public keys."""
    apps = _apps(services)
    page = await asyncio.to_thread(
        apps.page, caller.account, search=search, limit=limit, after=cursor
    )
    keys = await asyncio.to_thread(apps.keys, caller.account)
    return BrowserAppPage(
        apps=[app_view(app, keys.get(app.id, "")) for app in page.items], cursor=page.next
    )


@router.post(
    "/browser-apps",
    status_code=201,
    operation_id="CreateBrowserApp",
    responses=error_responses(409),
)
async def create_browser_app(
    request: Request, services: AppServices, caller: CatalogWriter, body: BrowserAppBody
) -> BrowserAppView:
    """Make a browser app; it gets a public key."""
    return await _put(request, services, caller, body.name, body, create=True)


@router.get("/browser-apps/{name}", responses=error_responses(404))
async def get_browser_app(
    services: AppServices, caller: CatalogReader, name: AppName
) -> BrowserAppView:
    """Return a browser app."""
    apps = _apps(services)
    app = await asyncio.to_thread(apps.get, caller.account, name)
    keys = await asyncio.to_thread(apps.keys, caller.account)
    return app_view(app, keys.get(app.id, ""))


@router.put("/browser-apps/{name}", operation_id="PutBrowserApp")
async def put_browser_app(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: AppName,
    body: BrowserAppPut,
) -> BrowserAppView:
    """Make a browser app, or change it as a whole; its key stays."""
    return await _put(request, services, caller, name, body, create=None)


@router.delete(
    "/browser-apps/{name}",
    status_code=204,
    operation_id="DeleteBrowserApp",
    responses=error_responses(404),
)
async def delete_browser_app(
    request: Request, services: AppServices, caller: CatalogWriter, name: AppName
) -> None:
    """Delete a browser app; its key is void, what was sent stays."""
    await asyncio.to_thread(_apps(services).remove, actor_of(request, caller), caller.account, name)


@router.post(
    "/browser-apps/{name}/key", operation_id="RotateBrowserKey", responses=error_responses(404)
)
async def rotate_browser_key(
    request: Request, services: AppServices, caller: CatalogWriter, name: AppName
) -> BrowserKeyView:
    """Give a browser app a new key; the old one is void within seconds."""
    key = await asyncio.to_thread(
        _apps(services).rotate, actor_of(request, caller), caller.account, name
    )
    return BrowserKeyView(key=key)


@router.get("/experience/vitals")
async def get_vitals(
    request: Request, services: AppServices, caller: Reader, range_: Range, service: Service = ""
) -> VitalsView:
    """Return web vitals by page: 75th percentile, and how many loads were good and poor."""
    reader = BrowserReader(services.runner, caller.account)

    def work(_: str) -> VitalsView:
        return VitalsView(
            totals=BrowserTotalsView(**reader.totals(range_, service=service)),
            whole=[VitalView(**row) for row in reader.vitals(range_, service=service, whole=True)],
            vitals=[VitalView(**row) for row in reader.vitals(range_, service=service)],
            pages=[BrowserPageView(**row) for row in reader.pages(range_, service=service)],
        )

    return await run_query(request, services, caller, work)


@router.get("/experience/errors")
async def get_browser_errors(
    request: Request, services: AppServices, caller: Reader, range_: Range, service: Service = ""
) -> ErrorGroupsView:
    """Return JavaScript errors that are alike as groups, with sessions and users they reached."""
    reader = BrowserReader(services.runner, caller.account)
    rows = await run_query(
        request, services, caller, lambda _: reader.errors(range_, service=service)
    )
    return ErrorGroupsView(groups=[ErrorGroupView(**row) for row in rows])


@router.get("/experience/sessions")
async def list_browser_sessions(
    request: Request,
    services: AppServices,
    caller: Reader,
    range_: Range,
    service: Service = "",
    with_errors: Annotated[bool, Query(description="only those with errors")] = False,  # noqa: FBT002 - a parameter of the route
    limit: Annotated[int, Query(ge=1, le=MAX_SESSIONS)] = 100,
) -> BrowserSessionsView:
    """Return sessions of browsers, newest first."""
    reader = BrowserReader(services.runner, caller.account)

    def work(_: str) -> list[dict[str, Any]]:
        return reader.sessions(range_, service=service, with_errors=with_errors, limit=limit)

    rows = await run_query(request, services, caller, work)
    return BrowserSessionsView(sessions=[BrowserSessionView(**row) for row in rows])


@router.get("/experience/sessions/{session}")
async def get_browser_session(
    request: Request,
    services: AppServices,
    caller: Reader,
    range_: Range,
    session: Annotated[str, Path(max_length=128)],
) -> BrowserSessionDetail:
    """Return what happened in a session of a browser, oldest first."""
    reader = BrowserReader(services.runner, caller.account)
    found = await run_query(request, services, caller, lambda _: reader.session(range_, session))
    return BrowserSessionDetail(
        events=[SessionEventView(**row) for row in found["events"]],
        requests=[SessionRequestView(**row) for row in found["requests"]],
    )


@router.get("/experience/impact")
async def get_impact(
    request: Request,
    services: AppServices,
    caller: Reader,
    range_: Range,
    service: Annotated[str, Query(min_length=1, max_length=255, description="whose spans")],
    version: Annotated[
        str, Query(max_length=255, description="service.version, or vedette.model.version")
    ] = "",
    q: Annotated[str, Query(max_length=4096, description="search-box syntax over spans")] = "",
    slower_than_ms: Annotated[float | None, Query(ge=0, le=1e9)] = None,
    failed: Annotated[bool, Query(description="failed spans count")] = True,  # noqa: FBT002 - a parameter of the route
) -> UserImpactView:
    """Return how many sessions and users a failing or slow service, version or model reached."""
    reader = BrowserReader(services.runner, caller.account)

    def work(_: str) -> dict[str, Any]:
        return reader.impact(
            range_, service=service, version=version, text=q, slower_than_ms=slower_than_ms,
            failed=failed,
        )  # fmt: skip

    found = await run_query(request, services, caller, work)
    return UserImpactView(**{**found, "pages": [ReachedPage(**row) for row in found["pages"]]})


async def _put(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: str,
    body: BrowserAppBody | BrowserAppPut,
    *,
    create: bool | None,
) -> BrowserAppView:
    apps = _apps(services)
    app = await asyncio.to_thread(
        apps.put, actor_of(request, caller), caller.account, name, body.spec, labels=body.labels,
        create=create,
    )  # fmt: skip
    keys = await asyncio.to_thread(apps.keys, caller.account)
    return app_view(app, keys.get(app.id, ""))
