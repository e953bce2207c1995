"""What an alarm is defined by: one form for the API, for files of ``vedette apply`` and in the catalog.

Everything is checked when it is written, so that an alarm that is stored can be evaluated; what
cannot be known before, such as a metric that does not exist yet, is allowed and said.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, model_validator

from vedette.alarms.decide import Rule, periods_read
from vedette.alarms.model import Missing
from vedette.core.bodies import Body
from vedette.core.time import parse_duration
from vedette.manifests.model import checked
from vedette.telemetry.metrics.bodies import ExpressionBody, MatcherBody, QueryBody
from vedette.telemetry.metrics.periods import check_period
from vedette.telemetry.metrics.statistics import StatisticKind, parse_statistic

MAX_NAME = 255
MAX_PERIODS = 1_440
"""Most evaluation periods, N."""
MAX_WINDOW_SECONDS = 7 * 86_400
"""Longest that N periods may be together, as in CloudWatch."""
MAX_QUERIES = 20
SHORT_INTERVAL, INTERVAL = 10, 60
"""Seconds between two evaluations: of periods below a minute, and of all others."""
_PERCENTILE_GUARD = 0.5

Severity = Literal["critical", "error", "warning", "info"]


def _duration(text: str) -> str:
    parse_duration(text)
    return text


Duration = Annotated[str, Field(max_length=32, examples=["5m"]), AfterValidator(_duration)]
Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME, pattern=r"^[^\x00-\x1f\x7f]+$")]
LabelName = Annotated[str, Field(min_length=1, max_length=128)]
LabelValue = Annotated[str, Field(max_length=256)]
Labels = Annotated[dict[LabelName, LabelValue], Field(max_length=50)]


class MetricSource(Body):
    """Metrics and metric math over them."""

    type: Literal["metric"]
    queries: list[QueryBody] = Field(min_length=1, max_length=MAX_QUERIES)
    of: str = Field(default="", description="id that is watched; the last one where it is empty")

    @property
    def watched(self) -> str:
        """The id of the query or expression that is watched."""
        return self.of or self.queries[-1].id

    @model_validator(mode="after")
    def _watches_one(self) -> MetricSource:
        if self.watched not in {query.id for query in self.queries}:
            raise ValueError(f"of: there is no query with the id {self.watched!r}")
        for query in self.queries:
            if not isinstance(query, ExpressionBody):
                parse_statistic(query.statistic)
        return self


class EventSource(Body):
    """A statistic of the log records or spans that a search matches."""

    type: Literal["logs", "traces"]
    query: str = Field(default="", max_length=4096, description="search-box syntax")
    statistic: str = Field(
        default="count",
        max_length=16,
        pattern=r"^(count|rate|error_rate|count_distinct|avg|min|max|sum|p\d{1,2}(\.\d{1,3})?)$",
        description="error_rate (0 to 1) is of traces",
    )
    field: str = Field(default="", max_length=128, description="what avg, p95, ... are of")
    group_by: list[LabelName] = Field(default=[], max_length=10)

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> EventSource:
        counts = self.statistic in {"count", "rate", "error_rate"}
        if self.type == "logs" and self.statistic == "error_rate":
            raise ValueError("statistic: logs have no error_rate; count those of level:error")
        if not counts and not self.field and self.type == "logs":
            raise ValueError(f"field: {self.statistic} needs a field")
        if counts and self.field:
            raise ValueError(f"field: {self.statistic} takes no field")
        return self


class SqlSource(Body):
    """One read-only SELECT over the account's tables.

    Its column ``value`` is watched; a column ``time`` says which period a row belongs to; all others
    are labels. ``$start``, ``$end`` and ``$period`` stand for the range that is evaluated and the
    seconds of a period.
    """

    type: Literal["sql"]
    sql: str = Field(min_length=1, max_length=16_384)


class PipeSource(Body):
    """A query of the pipe language over logs or traces, whose last number is watched.

    ``bin($period)`` puts rows into the alarm's periods; its texts are the labels.
    """

    type: Literal["pipe"]
    query: str = Field(
        min_length=1, max_length=16_384,
        examples=["filter level = 'error' | stats count(*) as errors by service, bin($period)"],
    )  # fmt: skip
    signal: Literal["logs", "traces"] = "logs"
    value: str = Field(default="", max_length=256, description="the column that is watched")


class AbsenceSource(Body):
    """Whether data still comes: the number of data points, log records or spans a period."""

    type: Literal["absence"]
    signal: Literal["metric", "logs", "traces"] = "metric"
    metric: str = Field(default="", max_length=1024)
    matchers: list[MatcherBody] = Field(default=[], max_length=50)
    query: str = Field(default="", max_length=4096, description="of logs and traces")
    group_by: list[LabelName] = Field(default=[], max_length=10)
    lookback: Duration = Field(default="1d", description="series of this long ago are waited for")

    @model_validator(mode="after")
    def _names_what_is_waited_for(self) -> AbsenceSource:
        if self.signal == "metric" and not self.metric:
            raise ValueError("metric: name the metric that is waited for")
        if self.signal == "metric" and self.query:
            raise ValueError("query: metrics are chosen by matchers")
        if self.signal != "metric" and (self.metric or self.matchers):
            raise ValueError("metric: logs and traces are chosen by query")
        return self


class Suppressor(Body):
    """An alarm that keeps another one's notifications back while it is in ALARM."""

    alarm: Name
    wait: Duration = Field(default="0s", description="after a change of the composite")
    extension: Duration = Field(default="0s", description="after the suppressor has cleared")


class CompositeSource(Body):
    """A rule over the states of other alarms."""

    type: Literal["composite"]
    rule: str = Field(min_length=1, max_length=10_240, examples=['ALARM("a") AND NOT ALARM("b")'])
    suppressor: Suppressor | None = None


def _source_type(value: Any) -> str:  # noqa: ANN401 - JSON, or a source
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return "event" if kind in {"logs", "traces"} else str(kind)


Source = Annotated[
    Annotated[MetricSource, Tag("metric")]
    | Annotated[EventSource, Tag("event")]
    | Annotated[SqlSource, Tag("sql")]
    | Annotated[PipeSource, Tag("pipe")]
    | Annotated[AbsenceSource, Tag("absence")]
    | Annotated[CompositeSource, Tag("composite")],
    Discriminator(_source_type),
]


class Threshold(Body):
    """A comparison with a fixed number."""

    comparison: Literal[">", ">=", "<", "<="] = ">"
    threshold: float = Field(allow_inf_nan=False)
    recovery: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="in ALARM, values count as breaching until they pass this one",
    )

    @model_validator(mode="after")
    def _recovers_on_the_good_side(self) -> Threshold:
        above = self.comparison.startswith(">")
        if self.recovery is not None and (
            self.recovery > self.threshold if above else self.recovery < self.threshold
        ):
            side = "at most" if above else "at least"
            raise ValueError(f"recovery: must be {side} the threshold for {self.comparison}")
        return self


class Band(Body):
    """A comparison with what is usual for the series."""

    direction: Literal["above", "below", "outside"] = "outside"
    score: float = Field(
        default=10.0,
        ge=0,
        le=1000,
        description="distance in scales of the series from which it breaches; 0: outside the band",
    )


class Condition(Body):
    """When a data point breaches: exactly one of the two."""

    threshold: Threshold | None = None
    band: Band | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Condition:
        if (self.threshold is None) == (self.band is None):
            raise ValueError("condition: give a threshold or a band")
        return self


class AlarmSpec(Body):
    """How an alarm decides and whom it tells."""

    description: str = Field(default="", max_length=4096)
    severity: Severity = "warning"
    runbook: str = Field(default="", max_length=2048, pattern=r"^(https?://\S+)?$")
    enabled: bool = True
    source: Source
    condition: Condition | None = None
    period: int = Field(default=60, description="seconds: 10, 30 or a multiple of 60")
    periods: int = Field(default=1, ge=1, le=MAX_PERIODS, description="N, evaluation periods")
    to_alarm: int | None = Field(default=None, ge=1, description="M of the N; all where null")
    missing: Missing = Missing.MISSING
    low_samples: Literal["evaluate", "ignore"] = Field(
        default="evaluate", description="for percentiles with fewer than 10/(1-p) samples"
    )
    for_: Duration = Field(default="0s", alias="for", description="breaches this long before ALARM")
    keep_firing_for: Duration = Field(default="0s", description="stays in ALARM this long after")
    forget_after: Duration | None = Field(
        default=None, description="a series without data is closed after this"
    )
    renotify: Duration | None = Field(
        default=None, description="tells again while in ALARM and not acknowledged"
    )

    model_config = Body.model_config | {"populate_by_name": True, "serialize_by_alias": True}

    @model_validator(mode="after")
    def _fits_together(self) -> AlarmSpec:
        self._check_condition()
        check_period(self.period)
        if self.period < SHORT_INTERVAL:
            raise ValueError("period: alarms have periods of 10, 30 or a multiple of 60 seconds")
        if self.m > self.periods:
            raise ValueError(f"to_alarm: {self.m} of {self.periods} periods cannot breach")
        if self.period * self.periods > MAX_WINDOW_SECONDS:
            raise ValueError("periods: all periods together are longer than 7 days")
        if self.renotify is not None and seconds(self.renotify) < INTERVAL:
            raise ValueError("renotify: at least a minute")
        if self.low_samples == "ignore" and self.percentile is None:
            raise ValueError("low_samples: is for one metric with a percentile from p50 up")
        return self

    def _check_condition(self) -> None:
        kind = self.source.type
        if kind == "composite":
            if self.condition is not None:
                raise ValueError("condition: a composite has a rule instead")
        elif kind == "absence":
            if self.condition is not None:
                raise ValueError("condition: absence needs none")
        elif self.condition is None:
            raise ValueError("condition: give a threshold or a band")
        elif self.condition.band is not None:
            if kind != "metric":
                raise ValueError("condition.band: bands are of metrics")
            if self.period % INTERVAL:
                raise ValueError("period: bands need a multiple of 60 seconds")

    @property
    def m(self) -> int:
        """How many of the N periods must breach."""
        return self.to_alarm or self.periods

    @property
    def rule(self) -> Rule:
        """M of N and the mode of missing data."""
        missing = Missing.BREACHING if self.source.type == "absence" else self.missing
        return Rule(self.periods, self.m, missing)

    @property
    def interval(self) -> int:
        """Seconds between two evaluations."""
        return SHORT_INTERVAL if self.period < INTERVAL else INTERVAL

    @property
    def periods_read(self) -> int:
        """How many periods an evaluation looks at."""
        return periods_read(self.periods)

    @property
    def percentile(self) -> float | None:
        """The percentile that low_samples is about, as a fraction of 1."""
        if self.source.type != "metric" or len(self.source.queries) != 1:
            return None
        query = self.source.queries[0]
        if isinstance(query, ExpressionBody):
            return None
        statistic = parse_statistic(query.statistic)
        low = statistic.kind is not StatisticKind.PERCENTILE or statistic.high < _PERCENTILE_GUARD
        return None if low else statistic.high

    @property
    def forget_seconds(self) -> float:
        """After how long without data a series is closed."""
        if self.forget_after is not None:
            return max(seconds(self.forget_after), self.period * self.periods_read)
        if self.source.type == "absence":
            return seconds(self.source.lookback)
        usual = 86_400.0 if self.rule.missing is Missing.BREACHING else 3_600.0
        return max(usual, self.period * self.periods_read)


def seconds(duration: str) -> float:
    """Return a duration's seconds."""
    return parse_duration(duration).total_seconds()


def breaches(condition: Threshold, value: float, *, in_alarm: bool) -> bool:
    """Tell whether a value breaches; in ALARM the recovery threshold counts."""
    bound = condition.threshold
    if in_alarm and condition.recovery is not None:
        bound = condition.recovery
        # At the recovery threshold itself a value has recovered.
        return value > bound if condition.comparison.startswith(">") else value < bound
    if condition.comparison == ">":
        return value > bound
    if condition.comparison == ">=":
        return value >= bound
    return value < bound if condition.comparison == "<" else value <= bound


def samples_needed(percentile: float) -> float:
    """Return how many samples a percentile needs: 10 / (1 - p), as in CloudWatch."""
    # Rounded: 1 - 0.9 is a little less than 0.1, and 100 samples are enough for p90.
    return math.inf if percentile >= 1 else round(10 / (1 - percentile), 6)


def check_spec(spec: dict[str, Any]) -> AlarmSpec:
    """Return a definition that is right.

    Raises:
        InvalidInputError: it is not; ``field`` names the first member that is wrong.

    """
    return checked(lambda: AlarmSpec.model_validate(spec))


def window(spec: AlarmSpec, slot: float) -> tuple[float, int]:
    """Return the start of the oldest period and the end of the newest, as Unix seconds.

    Windows slide: they end at the slot's interval, not at a multiple of the period.
    """
    end = int(slot) // spec.interval * spec.interval
    return end - spec.period * spec.periods_read, end
