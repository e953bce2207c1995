"""What a monitor watches, against what, and when."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, model_validator

from vedette.core.bodies import Body
from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange, parse_duration, parse_moment
from vedette.data.checks.definition import Check, parse_checks
from vedette.data.drift.presets import Settings
from vedette.data.profiling.run import MAX_SEGMENT_COLUMNS
from vedette.scheduler import Schedule, parse_schedule

ARRIVAL_SCHEDULE = "every 30s"
MAX_MASKED = 100
MAX_SEGMENTS = 50
MIN_WINDOW_SECONDS = 60

Text = Annotated[str, Field(min_length=1, max_length=256)]


class Masked(Body):
    """A range that no baseline may learn from, such as an incident."""

    start: str = Field(max_length=64, examples=["2026-03-01T00:00:00Z"])
    end: str = Field(max_length=64)
    reason: str = Field(default="", max_length=500)

    def range(self) -> TimeRange:
        """Return it; relative moments are refused, since they would move."""
        for name, text in (("start", self.start), ("end", self.end)):
            if text.startswith(("now", "-")):
                raise InvalidInputError(
                    f"{text!r} moves with time", field=f"masked.{name}", remedy="write RFC 3339"
                )
        return TimeRange(
            parse_moment(self.start, field="masked.start"),
            parse_moment(self.end, field="masked.end"),
        )


class BaselineBody(Body):
    """What windows are compared with.

    ``frozen`` names one that was frozen or profiled (the training set of a model version);
    ``rolling`` is the ``over`` before each window, without the masked ranges.
    """

    kind: Literal["frozen", "rolling"] = "rolling"
    name: str = Field(default="", max_length=128, description="of a frozen one")
    over: str = Field(
        default="14d", max_length=32, description="how far back a rolling one reaches"
    )
    gap: str = Field(default="0s", max_length=32, description="left out right before the window")
    masked: list[Masked] = Field(default=[], max_length=MAX_MASKED)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "frozen" and not self.name:
            raise ValueError("a frozen baseline needs its name")
        return self


class DriftBody(Body):
    """How drift is decided; see ``presets``."""

    preset: Literal["vedette", "evidently", "sagemaker", "nannyml"] = "vedette"
    measure: str | None = Field(default=None, max_length=64)
    threshold: float | None = None
    columns: dict[str, tuple[str | None, float | None]] = Field(
        default={}, max_length=10_000, description="column to [measure, threshold]"
    )
    level: float = Field(default=0.05, gt=0, lt=1)
    correction: Literal["benjamini_hochberg", "bonferroni", "none"] = "benjamini_hochberg"
    share: float = Field(default=0.5, gt=0, le=1)
    missing: float | None = Field(default=0.1, gt=0, le=1)

    def settings(self) -> Settings:
        """Return it as drift takes it."""
        return Settings(
            self.preset,
            self.measure,
            self.threshold,
            self.columns,
            self.level,
            self.correction,
            self.share,
            missing=self.missing,
        )


class SourceBody(Body):
    """Data that the server profiles on the monitor's schedule.

    With ``time_column`` rows belong to windows by it; without one each run profiles the source as it
    is then, for the window that is open.
    """

    url: str = Field(
        min_length=1, max_length=2048,
        examples=["postgresql://reader@db:5432/shop/orders", "s3://bucket/orders/*.parquet"],
    )  # fmt: skip
    time_column: str = Field(default="", max_length=512)
    keep_rows: int = Field(default=0, ge=0, le=1000, description="rows kept of each window")
    secret: SecretStr | None = Field(
        default=None, max_length=4096,
        description="a database's password, or KEY:SECRET of an object store; it never comes out",
    )  # fmt: skip


class MonitorSpec(Body):
    """A monitor's definition."""

    dataset: str = Field(min_length=1, max_length=200)
    source: SourceBody | None = Field(
        default=None, description="what is profiled on the schedule; else profiles are sent"
    )
    schedule: str = Field(
        default="arrival",
        max_length=256,
        description="'every 1h', a cron expression, or 'arrival': whenever profiles come",
    )
    window: str = Field(default="1d", max_length=32, description="length of a window")
    late: str = Field(
        default="2d", max_length=32, description="how long after its end a window may still change"
    )
    baseline: BaselineBody | None = None
    drift: DriftBody | None = None
    checks: list[dict[str, Any]] = Field(default=[], max_length=20_000)
    dataset_checks: bool = Field(
        default=True, description="whether the latest version of the dataset's checks holds too"
    )
    columns: list[Text] | None = Field(default=None, max_length=1000)
    segments: list[dict[str, str]] = Field(
        default=[], max_length=MAX_SEGMENTS, description="each is watched beside the whole"
    )
    enabled: bool = True

    def check(self) -> Self:
        """Return it once every part of it can be read; errors name the part."""
        self.parsed_schedule()
        self._check_selection()
        self._check_source()
        seconds = self.window_seconds()
        if seconds < MIN_WINDOW_SECONDS or seconds % 1:
            raise InvalidInputError(
                f"a window of {self.window}",
                field="window",
                remedy="give whole seconds, from 1m on",
            )
        parse_duration(self.late, field="late")
        self.parsed_checks()
        if self.drift:
            self.drift.settings()
            if self.baseline is None:
                raise InvalidInputError(
                    "drift needs a baseline", field="baseline", remedy="give one, such as rolling"
                )
        if self.baseline:
            for name in ("over", "gap"):
                parse_duration(getattr(self.baseline, name), field=f"baseline.{name}")
            for masked in self.baseline.masked:
                masked.range()
        return self

    def _check_selection(self) -> None:
        """Refuse what selects nothing, or the same twice."""
        if self.columns is not None and not self.columns:
            raise InvalidInputError(
                "there is no column to watch",
                field="columns",
                remedy="name columns, or leave it out for all of them",
            )
        for index, segment in enumerate(self.segments):
            if not segment or segment in self.segments[:index]:
                raise InvalidInputError(
                    "a segment says nothing" if not segment else "a segment is there twice",
                    field=f"segments[{index}]",
                    remedy="name a column and its value, such as {'country': 'DE'}, once",
                )

    def _check_source(self) -> None:
        if self.source is None:
            return
        if self.on_arrival:
            raise InvalidInputError(
                "a source is profiled on a schedule",
                field="schedule",
                remedy="write 'every 1h' or a cron expression",
            )
        if len(self.segment_columns()) > MAX_SEGMENT_COLUMNS:
            raise InvalidInputError(
                f"the segments are of more than {MAX_SEGMENT_COLUMNS} columns",
                field="segments",
                remedy="use fewer columns",
            )

    def segment_columns(self) -> list[str]:
        """Return the columns that its segments are made by."""
        return sorted({name for segment in self.segments for name in segment})

    @property
    def on_arrival(self) -> bool:
        """Whether it runs when profiles come, the window that is open among them."""
        return self.schedule.strip() == "arrival"

    def parsed_schedule(self) -> Schedule:
        """Return when it looks."""
        return parse_schedule(ARRIVAL_SCHEDULE if self.on_arrival else self.schedule)

    def parsed_checks(self) -> list[Check]:
        """Return its own checks."""
        return parse_checks(self.checks)

    def window_seconds(self) -> float:
        """Return the length of a window."""
        return parse_duration(self.window, field="window").total_seconds()
