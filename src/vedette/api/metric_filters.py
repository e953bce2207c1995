"""Metric filters: patterns of log events that make metric points, and trying them first."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import Request
from pydantic import Field

from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    Cursor,
    PageLimit,
    Reader,
    actor_of,
)
from vedette.api.errors import READ_ONLY, error_responses
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.core.time import TimeRange
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.telemetry import metric_filters as filters
from vedette.telemetry.metric_filters.model import MAX_METRIC, MAX_NAME, MAX_UNIT

router = Router(prefix="/metric-filters", tags=["metric_filters"])

_Selector = Annotated[str, Field(min_length=1, max_length=1024)]


class DefinitionBody(Body):
    """What a filter does with log events."""

    # Longer ones reach the grammar, which says where the limit is.
    pattern: str = Field(
        max_length=16_384, examples=['{ $.level = "error" }', "[ip, ..., status=5*]"]
    )
    metric: str = Field(max_length=MAX_METRIC * 4, examples=["checkout.errors"])
    namespace: str = Field(default="", max_length=MAX_METRIC * 4)
    value: str = Field(
        default="1", max_length=1024, description="a number, $.field (JSON) or $field"
    )
    default_value: float | None = Field(
        default=None, description="of a minute that has events and none that matches"
    )
    unit: str = Field(default="", max_length=MAX_UNIT * 4)
    dimensions: dict[str, _Selector] = Field(
        default={}, max_length=50, description="label to $.field or $field, at most 3"
    )
    service: str = Field(
        default="", max_length=MAX_METRIC * 4, description="empty: of all services"
    )

    def definition(self) -> filters.FilterDefinition:
        """Return the definition."""
        return filters.FilterDefinition(
            pattern=self.pattern,
            metric=self.metric,
            namespace=self.namespace,
            value=self.value,
            default_value=self.default_value,
            unit=self.unit,
            dimensions=dict(self.dimensions),
            service=self.service,
        )


class FilterBody(DefinitionBody):
    """A filter as a whole."""

    name: str = Field(max_length=MAX_NAME * 2, examples=["checkout errors"])
    enabled: bool = True


class TrialBody(DefinitionBody):
    """A definition to try, on stored events or on those that are given."""

    metric: str = Field(default="trial", max_length=MAX_METRIC * 4)
    start: str = Field(default="-1h", max_length=64)
    end: str = Field(default="now", max_length=64)
    events: list[str] | None = Field(
        default=None, max_length=1000, description="log events to try it on instead of stored ones"
    )
    limit: int = Field(default=20, ge=1, le=filters.MAX_SHOWN, description="most events shown")


class FilterView(View):
    """A metric filter."""

    id: str
    name: str
    pattern: str
    metric: str
    namespace: str
    value: str
    default_value: float | None
    unit: str
    dimensions: dict[str, str]
    service: str
    enabled: bool
    since: datetime = Field(description="events received before are not looked at")
    created: datetime
    updated: datetime


class FilterPageView(View):
    """Filters by name."""

    filters: list[FilterView]
    cursor: str | None


class MatchView(View):
    """An event that matches."""

    time: str = Field(description="RFC 3339; empty where the event was given")
    service: str
    body: str = Field(description="its beginning")
    value: float | None = Field(description="null: it would be rejected, as its value is no number")
    dimensions: dict[str, str]


class TrialView(View):
    """What a filter would have done."""

    tested: int = Field(description="events that were looked at")
    matches: int
    without_value: int = Field(description="matches whose value is no number")
    events: list[MatchView] = Field(description="the newest matches, newest first")


@router.get("")
async def list_filters(
    services: AppServices,
    caller: CatalogReader,
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> FilterPageView:
    """Return the account's metric filters, by name."""
    repository = filters.MetricFilters(services.catalog)
    page = await asyncio.to_thread(repository.page, caller.account, limit=limit, after=cursor)
    return FilterPageView(filters=[_view(one) for one in page.items], cursor=page.next)


@router.post("", status_code=201, operation_id="CreateMetricFilter", responses=error_responses(409))
async def create_metric_filter(
    request: Request, services: AppServices, caller: CatalogWriter, body: FilterBody
) -> FilterView:
    """Make a filter; it is applied to events that are received from now on."""
    definition, actor = body.definition(), actor_of(request, caller)

    def work() -> filters.MetricFilter:
        filters.check_by_engine(services.runner, caller.account, definition)
        repository = filters.MetricFilters(services.catalog)
        return repository.create(actor, caller.account, body.name, definition, enabled=body.enabled)

    return _view(await asyncio.to_thread(work))


@router.post("/test", openapi_extra={READ_ONLY: True})
async def test_filter(services: AppServices, caller: Reader, body: TrialBody) -> TrialView:
    """Show which stored or given events a filter would match, with the values it would store.

    Of stored events the newest 100,000 of the range are looked at.
    """
    definition = body.definition()
    if body.events is None:
        time_range = TimeRange.parse(body.start, body.end)
        found = await asyncio.to_thread(
            filters.try_stored, services.runner, caller.account, time_range, definition,
            shown=body.limit,
        )  # fmt: skip
    else:
        found = await asyncio.to_thread(
            filters.try_events, services.runner, caller.account, body.events, definition
        )
    return TrialView(
        tested=found.tested,
        matches=found.matches,
        without_value=found.without_value,
        events=[
            MatchView(
                time=one.time,
                service=one.service,
                body=one.body,
                value=one.value,
                dimensions=dict(one.dimensions),
            )
            for one in found.events[: body.limit]
        ],
    )


@router.get("/{filter_id}", responses=error_responses(404))
async def get_filter(services: AppServices, caller: CatalogReader, filter_id: str) -> FilterView:
    """Return one filter."""
    repository = filters.MetricFilters(services.catalog)
    return _view(await asyncio.to_thread(repository.get, caller.account, filter_id))


@router.put("/{filter_id}", operation_id="UpdateMetricFilter", responses=error_responses(404, 409))
async def update_metric_filter(
    request: Request, services: AppServices, caller: CatalogWriter, filter_id: str, body: FilterBody
) -> FilterView:
    """Change a filter as a whole."""
    definition, actor = body.definition(), actor_of(request, caller)

    def work() -> filters.MetricFilter:
        filters.check_by_engine(services.runner, caller.account, definition)
        return filters.MetricFilters(services.catalog).update(
            actor, caller.account, filter_id, body.name, definition, enabled=body.enabled
        )

    return _view(await asyncio.to_thread(work))


@router.delete(
    "/{filter_id}",
    status_code=204,
    operation_id="DeleteMetricFilter",
    responses=error_responses(404),
)
async def delete_metric_filter(
    request: Request, services: AppServices, caller: CatalogWriter, filter_id: str
) -> None:
    """Remove a filter; the points that it made stay."""
    repository = filters.MetricFilters(services.catalog)
    actor = actor_of(request, caller)
    await asyncio.to_thread(repository.delete, actor, caller.account, filter_id)


def _view(one: filters.MetricFilter) -> FilterView:
    definition = one.definition
    return FilterView(
        id=one.id,
        name=one.name,
        pattern=definition.pattern,
        metric=definition.metric,
        namespace=definition.namespace,
        value=definition.value,
        default_value=definition.default_value,
        unit=definition.unit,
        dimensions=dict(definition.dimensions),
        service=definition.service,
        enabled=one.enabled,
        since=one.since,
        created=one.created,
        updated=one.updated,
    )
