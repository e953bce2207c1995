"""What a model monitor watches, against what, and when."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vedette.core.bodies import Body
from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange, parse_duration, parse_moment
from vedette.models.production.facets import FacetBody
from vedette.models.production.relation import Scope, parse_filters
from vedette.models.production.task import TaskBody
from vedette.monitors.definition import ARRIVAL_SCHEDULE, MIN_WINDOW_SECONDS, DriftBody
from vedette.scheduler import Schedule, parse_schedule

MAX_THRESHOLDS = 50
MAX_FACETS = 20
MAX_SEGMENTS = 20
Filter = Annotated[str, Field(min_length=3, max_length=520)]


class ReferenceBody(Body):
    """What windows are compared with: an uploaded reference, or a period of production."""

    version: str = Field(default="", max_length=100, description="by default the monitored version")
    name: str = Field(
        default="reference", min_length=1, max_length=128, description="of an uploaded one"
    )
    start: str | None = Field(default=None, max_length=64, description="of a period: RFC 3339")
    end: str | None = Field(default=None, max_length=64)

    @model_validator(mode="after")
    def _both(self) -> Self:
        if (self.start is None) != (self.end is None):
            raise ValueError("a period has a start and an end")
        return self

    def scope(self, model: str, version: str | None) -> Scope:
        """Return its rows."""
        version = self.version or version
        if self.start is not None and self.end is not None:
            for text in (self.start, self.end):
                if text.startswith(("now", "-")):
                    raise InvalidInputError(
                        f"{text!r} moves with time",
                        field="reference.start",
                        remedy="write RFC 3339",
                    )
            start = parse_moment(self.start, field="reference.start")
            return Scope(
                model, TimeRange(start, parse_moment(self.end, field="reference.end")), version
            )
        return Scope(model, version=version, reference=self.name)


class QualityThreshold(Body):
    """When a metric of a window violates.

    Without ``min``, ``max`` and ``change``: where its interval lies wholly on the bad side of the
    reference's value.
    """

    metric: str = Field(min_length=1, max_length=64, examples=["roc_auc"])
    min: float | None = None
    max: float | None = None
    change: float | None = Field(
        default=None, gt=0, description="how much worse than the reference's value, absolute"
    )
    of: Literal["realised", "estimated", "either"] = "either"


class ViolationsBody(Body):
    """How many of the last windows must violate before it counts as an alert."""

    m: int = Field(default=1, ge=1, le=100)
    of: int = Field(default=1, ge=1, le=100)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.m > self.of:
            raise ValueError("m is at most of")
        return self


class ModelMonitorSpec(Body):
    """A model monitor's definition. Each kind of watching is on where its member is given."""

    model: str = Field(min_length=1, max_length=190)
    version: str | None = Field(
        default=None, max_length=100, description="all versions where left out"
    )
    endpoint: str | None = Field(default=None, max_length=500)
    filter: list[Filter] = Field(default=[], max_length=10, examples=[["plan=a"]])
    schedule: str = Field(
        default="arrival", max_length=256, description="'every 1h', cron, or 'arrival'"
    )
    window: str = Field(default="1d", max_length=32)
    late: str = Field(
        default="30d", max_length=32, description="how long labels of a window may come"
    )
    min_rows: int = Field(
        default=30, ge=1, le=1_000_000, description="a smaller window is not judged"
    )
    task: TaskBody = TaskBody()
    reference: ReferenceBody | None = None
    drift: DriftBody | None = Field(default=None, description="of features and of the prediction")
    quality: list[QualityThreshold] = Field(default=[], max_length=MAX_THRESHOLDS)
    bias: list[FacetBody] = Field(default=[], max_length=MAX_FACETS)
    bias_metrics: list[str] = Field(default=["DPPL", "DI", "AD", "RD"], max_length=30)
    attribution: bool = Field(
        default=False, description="nDCG of the ranking of features, below 0.9 violates"
    )
    slices: bool = Field(default=False, description="find segments where quality falls")
    segments: list[list[Filter]] = Field(
        default=[], max_length=MAX_SEGMENTS, description="filters of each"
    )
    violations: ViolationsBody = ViolationsBody()
    enabled: bool = True

    def check(self) -> Self:
        """Return it once every part of it can be read; errors name the part."""
        self.parsed_schedule()
        seconds = self.window_seconds()
        if seconds < MIN_WINDOW_SECONDS or seconds % 1:
            raise InvalidInputError(
                f"a window of {self.window}",
                field="window",
                remedy="give whole seconds, from 1m on",
            )
        late = parse_duration(self.late, field="late").total_seconds()
        if late / seconds > 5000:  # noqa: PLR2004 - windows that a run looks through
            raise InvalidInputError(
                "so many windows may change",
                field="late",
                remedy="choose longer windows, or less time",
            )
        parse_filters(self.filter)
        for segment in self.segments:
            parse_filters(segment)
        if self.reference:
            self.reference.scope(self.model, self.version)
        elif self.drift:
            raise InvalidInputError(
                "drift needs a reference", field="reference", remedy="upload one, or name a period"
            )
        if (
            self.reference
            and self.reference.start is None
            and not (self.reference.version or self.version)
        ):
            raise InvalidInputError(
                "an uploaded reference is of a version",
                field="reference.version",
                remedy="name the version",
            )
        return self

    @property
    def on_arrival(self) -> bool:
        """Whether it runs when predictions and labels come, the open window among them."""
        return self.schedule.strip() == "arrival"

    def parsed_schedule(self) -> Schedule:
        """Return when it looks."""
        return parse_schedule(ARRIVAL_SCHEDULE if self.on_arrival else self.schedule)

    def window_seconds(self) -> float:
        """Return the length of a window."""
        return parse_duration(self.window, field="window").total_seconds()

    def scope(self, range_: TimeRange, segment: tuple[str, ...] = ()) -> Scope:
        """Return the predictions of a range, or of a segment of it."""
        filters = parse_filters([*self.filter, *segment])
        return Scope(self.model, range_, self.version, self.endpoint, filters)

    def reference_scope(self) -> Scope | None:
        """Return the reference's rows."""
        return self.reference.scope(self.model, self.version) if self.reference else None
