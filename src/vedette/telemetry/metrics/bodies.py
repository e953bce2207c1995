"""Metric queries as JSON: the one form that the API, alarms and what is kept as code share."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from vedette.core.bodies import Body
from vedette.core.time import parse_duration
from vedette.telemetry.metrics.batch import MAX_ID_LENGTH
from vedette.telemetry.metrics.model import (
    MAX_SERIES_RETURNED,
    Across,
    Expression,
    Matcher,
    MetricQuery,
    MetricType,
    RankBy,
    Top,
)
from vedette.telemetry.metrics.selectors import MAX_MATCHERS, MAX_VALUE_LENGTH, check_matcher

_MAX_NAME = 1024
_MAX_EXPRESSION = 16_384


class MatcherBody(Body):
    """A condition on a label; a missing label is the empty string."""

    label: str = Field(min_length=1, max_length=MAX_VALUE_LENGTH)
    operator: Literal["=", "!=", "=~", "!~"] = "="
    value: str = Field(max_length=MAX_VALUE_LENGTH)

    def parsed(self) -> Matcher:
        """Return the matcher."""
        return check_matcher(Matcher(self.label, self.operator, self.value))


class TopBody(Body):
    """Which series to return where there are many."""

    count: int = Field(default=MAX_SERIES_RETURNED, ge=1, le=MAX_SERIES_RETURNED)
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
    type: MetricType | None = None
    shift: str = Field(default="", max_length=32, description="read earlier, such as 1d")

    def parsed(self) -> MetricQuery:
        """Return the query."""
        return MetricQuery(
            metric=self.metric,
            statistic=self.statistic,
            matchers=tuple(one.parsed() for one in self.matchers),
            group_by=None if self.group_by is None else tuple(self.group_by),
            across=self.across,
            top=Top(self.top.count, self.top.by, self.top.bottom),
            metric_type=self.type,
            shift=parse_duration(self.shift, field="shift") if self.shift else timedelta(),
            id=self.id,
            label=self.label,
            hidden=self.hidden,
        )


class ExpressionBody(_Query):
    """Metric math over the other queries."""

    expression: str = Field(min_length=1, max_length=_MAX_EXPRESSION, examples=["100 * m1 / m2"])

    def parsed(self) -> Expression:
        """Return the expression."""
        return Expression(self.expression, self.id, self.label, self.hidden)


def _kind_of(query: Any) -> str:  # noqa: ANN401 - JSON, or a parsed query
    has = "expression" in query if isinstance(query, dict) else hasattr(query, "expression")
    return "expression" if has else "metric"


QueryBody = Annotated[
    Annotated[MetricQueryBody, Tag("metric")] | Annotated[ExpressionBody, Tag("expression")],
    Discriminator(_kind_of),
]
