"""What a KPI is defined by: one form for the API, for files and in the catalog."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, model_validator

from vedette.core.bodies import Body
from vedette.core.errors import InvalidInputError
from vedette.core.time import parse_duration
from vedette.manifests.model import checked
from vedette.query.language import Signal, compile_search
from vedette.query.sql import compile_sql
from vedette.telemetry.metrics.batch import check_queries
from vedette.telemetry.metrics.bodies import ExpressionBody, QueryBody
from vedette.telemetry.metrics.statistics import parse_statistic

PREFIX = "vedette.kpi."
"""Begins the names of the metrics that hold values of KPIs."""
NAME = re.compile(r"[a-z0-9](?:[a-z0-9_.-]{0,98}[a-z0-9])?")
MINUTE, DAY = 60, 86_400
MAX_DIMENSIONS = 10
MAX_HISTORY = 400 * DAY

Direction = Literal["up", "down"]
Aggregate = Literal["sum", "avg", "last", "min", "max"]
TargetPeriod = Literal["day", "week", "month", "quarter", "year"]


def _duration(text: str) -> str:
    parse_duration(text)
    return text


Duration = Annotated[str, Field(max_length=32), AfterValidator(_duration)]
Owner = Annotated[str, Field(min_length=1, max_length=200)]
Reference = Annotated[str, Field(min_length=1, max_length=500)]
Dimension = Annotated[str, Field(min_length=1, max_length=128)]


class Pushed(Body):
    """Values that someone sends: by the SDK, the API or any OpenTelemetry client."""

    type: Literal["pushed"] = "pushed"


class FromMetric(Body):
    """Metrics and metric math over them, a value a period."""

    type: Literal["metric"]
    queries: list[QueryBody] = Field(min_length=1, max_length=20)
    of: str = Field(default="", description="id that is the value; the last one where it is empty")

    @property
    def watched(self) -> str:
        """The id of the query or expression that is the value."""
        return self.of or self.queries[-1].id

    @model_validator(mode="after")
    def _is_possible(self) -> FromMetric:
        if self.watched not in {query.id for query in self.queries}:
            raise ValueError(f"of: there is no query with the id {self.watched!r}")
        for query in self.queries:
            if not isinstance(query, ExpressionBody):
                parse_statistic(query.statistic)
        check_queries([query.parsed() for query in self.queries])
        return self


class FromSql(Body):
    """One read-only SELECT over the account's tables.

    Its column ``value`` is the value; a column ``time`` says which period a row is of; all others
    are dimensions. ``$start``, ``$end`` and ``$period`` stand for the range and a period's seconds.
    """

    type: Literal["sql"]
    sql: str = Field(min_length=1, max_length=16_384)

    @model_validator(mode="after")
    def _is_possible(self) -> FromSql:
        compile_sql(put_range(self.sql, 0, DAY, DAY))
        return self


class FromEvents(Body):
    """A statistic of the log records or spans that a search matches."""

    type: Literal["logs", "traces"]
    query: str = Field(default="", max_length=4096, description="search-box syntax")
    statistic: str = Field(
        default="count",
        max_length=16,
        pattern=r"^(count|error_rate|count_distinct|avg|min|max|sum|p\d{1,2}(\.\d{1,3})?)$",
        description="error_rate (0 to 1) is of traces",
    )
    field: str = Field(default="", max_length=128, description="what sum, p95, ... are of")
    group_by: list[Dimension] = Field(default=[], max_length=5, description="dimensions")

    @property
    def signal(self) -> Signal:
        """Which of the two."""
        return Signal.LOGS if self.type == "logs" else Signal.SPANS

    @model_validator(mode="after")
    def _is_possible(self) -> FromEvents:
        counts = self.statistic in {"count", "error_rate"}
        if self.type == "logs" and self.statistic == "error_rate":
            raise ValueError("statistic: logs have no error_rate; count those of level:error")
        if not counts and not self.field:
            raise ValueError(f"field: {self.statistic} needs a field")
        compile_search(self.query, self.signal)
        return self


Source = Annotated[Pushed | FromMetric | FromSql | FromEvents, Discriminator("type")]


class Target(Body):
    """What a KPI is to reach in a period."""

    period: TargetPeriod = "month"
    value: float = Field(allow_inf_nan=False)
    warn: float | None = Field(
        default=None, allow_inf_nan=False, description="on the good side of it: no worry at all"
    )
    since: date | None = Field(default=None, description="first day; always where null")
    until: date | None = Field(default=None, description="last day")

    @model_validator(mode="after")
    def _is_possible(self) -> Target:
        if self.since and self.until and self.since > self.until:
            raise ValueError("until: is before since")
        return self


class KpiSpec(Body):
    """A KPI: where its values come from, what they mean and what they are to reach."""

    description: str = Field(default="", max_length=4096)
    unit: str = Field(default="1", max_length=63, description="such as USD, %, 1")
    direction: Direction = Field(default="up", description="the good one")
    source: Source = Field(default_factory=Pushed)
    every: Duration = Field(
        default="1d", description="a value's period: a whole part of a day from a minute up"
    )
    aggregate: Aggregate = Field(
        default="sum", description="how values make one of a longer period, and of dimensions"
    )
    delay: Duration = Field(default="5m", description="computed so long after a period's end")
    recount: int = Field(
        default=3, ge=0, le=100, description="periods that are computed again, for late data"
    )
    history: Duration = Field(default="30d", description="computed back to, the first time")
    dimensions: list[Dimension] = Field(default=[], max_length=MAX_DIMENSIONS)
    targets: list[Target] = Field(default=[], max_length=20)
    owners: list[Owner] = Field(default=[], max_length=20)
    models: list[Reference] = Field(
        default=[], max_length=50, description="models that it depends on: name, or name/version"
    )
    services: list[Reference] = Field(default=[], max_length=50)
    enabled: bool = True

    @model_validator(mode="after")
    def _is_possible(self) -> KpiSpec:
        step = self.step
        if step < MINUTE or step % MINUTE or DAY % step:
            raise ValueError("every: a whole part of a day, such as 1m, 15m, 1h or 1d")
        if parse_duration(self.delay).total_seconds() > DAY:
            raise ValueError("delay: a day at most")
        if parse_duration(self.history).total_seconds() > MAX_HISTORY:
            raise ValueError("history: 400 days at most")
        return self

    @property
    def step(self) -> int:
        """Seconds of a period."""
        return int(parse_duration(self.every).total_seconds())

    @property
    def is_computed(self) -> bool:
        """Whether Vedette computes the values."""
        return not isinstance(self.source, Pushed)

    @property
    def season(self) -> int:
        """Steps after which the values usually repeat themselves: a week of days, a day of hours."""
        return 7 if self.step == DAY else DAY // self.step


def check_kpi_name(name: str) -> str:
    """Return a KPI's name if a metric can have it."""
    if not NAME.fullmatch(name):
        raise InvalidInputError(
            f"{name[:100]!r} is not a name of a KPI",
            field="name",
            remedy="use up to 100 of a-z, 0-9, '.', '-' and '_', such as orders.revenue",
        )
    return name


def check_kpi(spec: dict[str, Any]) -> KpiSpec:
    """Return a definition that is right; ``InvalidInputError`` names the member that is not."""
    return checked(lambda: KpiSpec.model_validate(spec))


def put_range(text: str, start: int, end: int, period: int) -> str:
    """Return a statement with the range put in, Unix seconds."""
    for name, value in (
        ("$start", f"fromUnixTimestamp64Nano({start}000000000)"),
        ("$end", f"fromUnixTimestamp64Nano({end}000000000)"),
        ("$period", str(period)),
    ):
        text = text.replace(name, value)
    return text
