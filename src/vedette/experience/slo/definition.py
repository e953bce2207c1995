"""What a service level objective is defined by: one form for the API, for files and in the catalog."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, model_validator

from vedette.alarms.definition import Severity
from vedette.core.bodies import Body
from vedette.core.time import parse_duration
from vedette.manifests.model import checked
from vedette.query.language import Signal, parse_search
from vedette.query.language.search.compiler import compile_search
from vedette.telemetry.metrics.batch import check_queries
from vedette.telemetry.metrics.bodies import ExpressionBody, MatcherBody, QueryBody
from vedette.telemetry.metrics.model import MetricQuery
from vedette.telemetry.metrics.periods import check_period
from vedette.telemetry.metrics.statistics import parse_statistic

DAY = 86_400
MIN_PERIOD, MAX_PERIOD = DAY, 90 * DAY
CALENDAR = ("week", "month", "quarter")
MAX_WINDOW = 7 * DAY
_HOUR, _MONTHS_OF_QUARTER, _DECEMBER = 3600, 3, 12

Kind = Literal["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"]


def _duration(text: str) -> str:
    parse_duration(text)
    return text


def seconds(duration: str) -> float:
    """Return a duration's seconds."""
    return parse_duration(duration).total_seconds()


Duration = Annotated[str, Field(max_length=32, examples=["5m"]), AfterValidator(_duration)]


class RequestSource(Body):
    """Requests, as a service's spans tell of them."""

    type: Literal["traces"]
    service: str = Field(min_length=1, max_length=255)
    operation: str = Field(default="", max_length=1024, description="one alone; else all")
    kinds: list[Kind] = Field(
        default=["Server", "Consumer"], min_length=1, max_length=6, description="kinds of span"
    )
    filter: str = Field(default="", max_length=4096, description="search-box syntax")
    latency: Duration | None = Field(
        default=None,
        description="a good request is not slower than this and did not fail; also Apdex's T. "
        "Without it a good request is one that did not fail",
    )

    @property
    def latency_ns(self) -> int | None:
        """The threshold in nanoseconds."""
        if self.latency is None:
            return None
        return round(parse_duration(self.latency).total_seconds() * 1e9)

    @model_validator(mode="after")
    def _is_possible(self) -> RequestSource:
        compile_search(self.filter, Signal.SPANS)
        if self.latency_ns is not None and self.latency_ns <= 0:
            raise ValueError("latency: give a time above 0")
        return self


class CountOf(Body):
    """A metric that counts events."""

    metric: str = Field(min_length=1, max_length=1024)
    statistic: str = Field(
        default="increase", max_length=64, description="increase of counters, Sum of deltas"
    )
    matchers: list[MatcherBody] = Field(default=[], max_length=50)

    def query(self, name: str) -> MetricQuery:
        """Return what is read."""
        matchers = tuple(one.parsed() for one in self.matchers)
        return MetricQuery(self.metric, self.statistic, matchers, (), id=name)

    @model_validator(mode="after")
    def _is_a_statistic(self) -> CountOf:
        parse_statistic(self.statistic)
        return self


def _one_of_both(good: object, bad: object) -> None:
    if (good is None) == (bad is None):
        raise ValueError("good: give good or bad, one of the two")


class MetricCounts(Body):
    """Good (or bad) and total events as metrics count them."""

    type: Literal["metrics"]
    total: CountOf
    good: CountOf | None = None
    bad: CountOf | None = None

    @model_validator(mode="after")
    def _has_one(self) -> MetricCounts:
        _one_of_both(self.good, self.bad)
        return self


class LogCounts(Body):
    """Good (or bad) and total events as log records tell of them."""

    type: Literal["logs"]
    total: str = Field(default="", max_length=4096, description="search-box syntax")
    good: str | None = Field(default=None, max_length=4096, description="of those in total")
    bad: str | None = Field(default=None, max_length=4096, description="of those in total")

    @model_validator(mode="after")
    def _is_possible(self) -> LogCounts:
        _one_of_both(self.good, self.bad)
        for text in (self.total, self.good or "", self.bad or ""):
            parse_search(text)
            compile_search(text, Signal.LOGS)
        return self


class PeriodCounts(Body):
    """Good and total periods: a period is good where a metric is as it should be."""

    type: Literal["periods"]
    queries: list[QueryBody] = Field(min_length=1, max_length=20)
    of: str = Field(default="", description="id that is compared; the last one where it is empty")
    comparison: Literal[">", ">=", "<", "<="] = "<="
    threshold: float = Field(allow_inf_nan=False, description="a good period compares so with it")
    period: int = Field(default=60, description="seconds, up to an hour and a part of it")
    missing: Literal["skip", "good", "bad"] = Field(
        default="skip", description="what a period without data counts as"
    )

    @property
    def watched(self) -> str:
        """The id of the query or expression that is compared."""
        return self.of or self.queries[-1].id

    @model_validator(mode="after")
    def _is_possible(self) -> PeriodCounts:
        if self.watched not in {query.id for query in self.queries}:
            raise ValueError(f"of: there is no query with the id {self.watched!r}")
        check_period(self.period)
        if self.period < 60 or _HOUR % self.period:  # noqa: PLR2004 - a minute
            raise ValueError("period: use a whole part of an hour from a minute up")
        check_queries([query.parsed() for query in self.queries])
        for query in self.queries:
            if not isinstance(query, ExpressionBody) and query.group_by:
                raise ValueError("queries: group_by makes many series; a period has one value")
        return self


Source = Annotated[RequestSource | MetricCounts | LogCounts | PeriodCounts, Discriminator("type")]


class BurnAlarm(Body):
    """An alarm on how fast the budget burns: in a long window, and in a short one still."""

    long: Duration = "1h"
    short: Duration = "5m"
    burn_rate: float = Field(gt=0, le=1000, allow_inf_nan=False, examples=[14.4])
    severity: Severity = "critical"

    @property
    def windows(self) -> str:
        """The two windows as the metric's label tells them."""
        return f"{self.long}/{self.short}"

    @model_validator(mode="after")
    def _is_possible(self) -> BurnAlarm:
        long, short = seconds(self.long), seconds(self.short)
        if not 60 <= short <= long <= MAX_WINDOW:  # noqa: PLR2004 - a minute
            raise ValueError("short: from a minute up to the long window, which is at most 7d")
        return self


# Site Reliability Workbook, chapter 5: 2 % of a 30-day budget in 1 h, 5 % in 6 h, 10 % in 1 d and 3 d.
DEFAULT_ALARMS = (
    BurnAlarm(long="1h", short="5m", burn_rate=14.4, severity="critical"),
    BurnAlarm(long="6h", short="30m", burn_rate=6, severity="critical"),
    BurnAlarm(long="1d", short="2h", burn_rate=3, severity="warning"),
    BurnAlarm(long="3d", short="6h", burn_rate=1, severity="warning"),
)


class SloSpec(Body):
    """An objective: which share of what is to be good over which time."""

    description: str = Field(default="", max_length=4096)
    goal: float = Field(gt=0, lt=1, examples=[0.999], description="share that is to be good")
    period: str = Field(
        default="30d",
        max_length=16,
        description="rolling, such as 7d or 30d (1d to 90d), or week, month or quarter, in UTC",
    )
    source: Source
    alarms: list[BurnAlarm] = Field(default=list(DEFAULT_ALARMS), max_length=8)
    runbook: str = Field(default="", max_length=2048, pattern=r"^(https?://\S+)?$")
    enabled: bool = True

    @model_validator(mode="after")
    def _is_possible(self) -> SloSpec:
        if self.period not in CALENDAR:
            length = seconds(self.period)
            if not MIN_PERIOD <= length <= MAX_PERIOD or length % _HOUR:
                raise ValueError("period: 1d to 90d in whole hours, or week, month, quarter")
        named = [alarm.windows for alarm in self.alarms]
        if len(named) != len(set(named)):
            raise ValueError("alarms: two have the same windows")
        return self

    @property
    def budget(self) -> float:
        """The share that may be bad."""
        return 1 - self.goal

    def fingerprint(self) -> str:
        """Return what tells whether two definitions count the same."""
        text = self.source.model_dump_json(exclude_defaults=True)
        return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()

    def period_at(self, now: float) -> tuple[float, float]:
        """Return when the period at ``now`` began and its length in seconds."""
        if self.period not in CALENDAR:
            length = seconds(self.period)
            return now - length, length
        start, end = _calendar(self.period, datetime.fromtimestamp(now, UTC))
        return start.timestamp(), (end - start).total_seconds()


def check_slo(spec: dict[str, Any]) -> SloSpec:
    """Return a definition that is right; ``InvalidInputError`` names the member that is not."""
    return checked(lambda: SloSpec.model_validate(spec))


def _calendar(name: str, now: datetime) -> tuple[datetime, datetime]:
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if name == "week":
        start = day - timedelta(days=day.weekday())
        return start, start + timedelta(days=7)
    months = 1 if name == "month" else _MONTHS_OF_QUARTER
    start = day.replace(day=1, month=(day.month - 1) // months * months + 1)
    after = start.month + months
    year, month = (start.year + 1, after - _DECEMBER) if after > _DECEMBER else (start.year, after)
    return start, start.replace(year=year, month=month)
