"""Metrics: what there is, their labels, series and math over them, exemplars."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Discriminator, Field, Tag

from vedette.api.answers import answer, fields_of
from vedette.api.dependencies import AppServices, Range, Reader
from vedette.api.errors import READ_ONLY
from vedette.api.models import Body
from vedette.core.time import TimeRange, parse_duration
from vedette.telemetry import metrics
from vedette.telemetry.metrics.batch import MAX_ID_LENGTH, MAX_QUERIES
from vedette.telemetry.metrics.exemplars import MAX_EXEMPLARS
from vedette.telemetry.metrics.listing import MAX_OFFSET, MAX_PAGE
from vedette.telemetry.metrics.model import DEFAULT_POINTS, MAX_POINTS, Across, RankBy, Resolution
from vedette.telemetry.metrics.selectors import MAX_MATCHERS, MAX_VALUE_LENGTH, check_matcher

router = APIRouter(prefix="/metrics", tags=["metrics"])

_MAX_NAME = 1024
_MAX_EXPRESSION = 16_384
Name = Annotated[
    str,
    Query(
        min_length=1,
        max_length=_MAX_EXPRESSION,
        description='a metric, or a selector such as name{label="value"}',
    ),
]
Search = Annotated[str, Query(max_length=_MAX_NAME, description="part of the name, in any case")]
PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE)]


class MatcherBody(Body):
    """A condition on a label; a missing label is the empty string."""

    label: str = Field(min_length=1, max_length=MAX_VALUE_LENGTH)
    operator: Literal["=", "!=", "=~", "!~"] = "="
    value: str = Field(max_length=MAX_VALUE_LENGTH)


class TopBody(Body):
    """Which series to return where there are many."""

    count: int = Field(default=metrics.MAX_SERIES_RETURNED, ge=1, le=metrics.MAX_SERIES_RETURNED)
    by: RankBy = "avg"
    bottom: bool = False


class _Query(Body):
    id: str = Field(min_length=1, max_length=MAX_ID_LENGTH, examples=["m1"])
    label: str = Field(default="", max_length=_MAX_NAME)
    hidden: bool = Field(default=False, description="only expressions use it")


class MetricQueryBody(_Query):
    """One metric, read as series."""

    metric: str = Field(min_length=1, max_length=_MAX_NAME)
    statistic: str = Field(default="Average", max_length=64, examples=["p95", "rate"])
    matchers: list[MatcherBody] = Field(default=[], max_length=MAX_MATCHERS)
    group_by: list[Annotated[str, Field(min_length=1, max_length=_MAX_NAME)]] | None = Field(
        default=[], max_length=20, description="null keeps every series apart"
    )
    across: Across | None = None
    top: TopBody = TopBody()
    type: metrics.MetricType | None = None
    shift: str = Field(default="", max_length=32, description="read earlier, such as 1d")

    def parsed(self) -> metrics.MetricQuery:
        """Return the query."""
        return metrics.MetricQuery(
            metric=self.metric,
            statistic=self.statistic,
            matchers=tuple(
                check_matcher(metrics.Matcher(one.label, one.operator, one.value))
                for one in self.matchers
            ),
            group_by=None if self.group_by is None else tuple(self.group_by),
            across=self.across,
            top=metrics.Top(self.top.count, self.top.by, self.top.bottom),
            metric_type=self.type,
            shift=parse_duration(self.shift, field="shift") if self.shift else timedelta(),
            id=self.id,
            label=self.label,
            hidden=self.hidden,
        )


class ExpressionBody(_Query):
    """Metric math over the other queries."""

    expression: str = Field(min_length=1, max_length=_MAX_EXPRESSION, examples=["100 * m1 / m2"])

    def parsed(self) -> metrics.Expression:
        """Return the expression."""
        return metrics.Expression(self.expression, self.id, self.label, self.hidden)


def _kind_of(query: Any) -> str:  # noqa: ANN401 - JSON, or a parsed query
    has = "expression" in query if isinstance(query, dict) else hasattr(query, "expression")
    return "expression" if has else "metric"


QueryBody = Annotated[
    Annotated[MetricQueryBody, Tag("metric")] | Annotated[ExpressionBody, Tag("expression")],
    Discriminator(_kind_of),
]


class BatchBody(Body):
    """Queries and expressions over one range."""

    queries: list[QueryBody] = Field(min_length=1, max_length=MAX_QUERIES)
    start: str = Field(default="-1h", max_length=64)
    end: str = Field(default="now", max_length=64)
    period: int | None = Field(default=None, ge=1, description="seconds; null chooses one")
    max_points: int = Field(default=DEFAULT_POINTS, ge=1, le=MAX_POINTS)
    resolution: Resolution = "auto"


@router.get("")
async def list_metrics(
    services: AppServices,
    caller: Reader,
    time_range: Range,
    search: Search = "",
    limit: PageSize = 100,
    offset: Annotated[int, Query(ge=0, le=MAX_OFFSET)] = 0,
) -> Response:
    """Return metrics that have points in the range, by name."""
    page = await asyncio.to_thread(
        metrics.list_metrics, services.runner, caller.account, time_range,
        search=search, limit=limit, offset=offset,
    )  # fmt: skip
    return answer(page)


@router.get("/labels")
async def labels(services: AppServices, caller: Reader, time_range: Range, name: Name) -> Response:
    """Return the labels of a metric."""
    chosen = metrics.parse_selector(name, field="name")
    found = await asyncio.to_thread(
        metrics.list_labels, services.runner, caller.account, time_range, chosen.metric,
        matchers=chosen.matchers,
    )  # fmt: skip
    return answer({"labels": found})


@router.get("/labels/values")
async def label_values(
    services: AppServices,
    caller: Reader,
    time_range: Range,
    name: Name,
    label: Annotated[str, Query(min_length=1, max_length=_MAX_NAME)],
    search: Search = "",
    limit: PageSize = 100,
) -> Response:
    """Return the values of a metric's label, those of most series first."""
    chosen = metrics.parse_selector(name, field="name")
    found = await asyncio.to_thread(
        metrics.list_label_values, services.runner, caller.account, time_range, chosen.metric,
        label, search=search, matchers=chosen.matchers, limit=limit,
    )  # fmt: skip
    values = [{"value": value, "series": series} for value, series in found.values.items()]
    return answer({"values": values, "total": found.total})


@router.post("/query", openapi_extra={READ_ONLY: True})
async def query(services: AppServices, caller: Reader, body: BatchBody) -> Response:
    """Return series of metrics and of expressions over them, all on the same timestamps.

    A value is null where a series has none.
    """
    queries = [one.parsed() for one in body.queries]
    time_range = TimeRange.parse(body.start, body.end)
    found = await asyncio.to_thread(
        metrics.query_metrics, services.runner, caller.account, time_range, queries,
        period=body.period, max_points=body.max_points, resolution=body.resolution,
    )  # fmt: skip
    return answer(
        {
            "timestamps": found.grid.timestamps,
            "period": found.grid.period,
            "results": found.results,
        }
    )


@router.get("/exemplars")
async def exemplars(
    services: AppServices,
    caller: Reader,
    time_range: Range,
    name: Name,
    metric_type: Annotated[metrics.MetricType | None, Query(alias="type")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_EXEMPLARS)] = 100,
) -> Response:
    """Return measurements with the traces that they were made in, oldest first."""
    chosen = metrics.parse_selector(name, field="name")
    asked = metrics.MetricQuery(
        chosen.metric, matchers=chosen.matchers, group_by=None, metric_type=metric_type
    )
    found = await asyncio.to_thread(
        metrics.find_exemplars, services.runner, caller.account, time_range, asked, limit=limit
    )
    # A series id has 64 bits; a number in JSON is safe up to 53.
    shown = [{**fields_of(one), "series_id": str(one.series_id)} for one in found]
    return answer({"exemplars": shown})
