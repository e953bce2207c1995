"""Bodies and answers of the routes of datasets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from vedette.api.models import Body, Moment, View
from vedette.data.datasets import Baseline, ChecksVersion
from vedette.monitors.definition import DriftBody


class DatasetView(View):
    """A dataset that has profiles, or results of checks."""

    name: str
    first: str
    last: str
    columns: int
    profiles: int
    received: str
    rows: int | None = Field(description="of the newest window of the last 31 days")
    volumes: list[int] = Field(description="rows of up to 30 newest windows, oldest first")
    checks: str = Field(description="as monitors and gates said last: passed, violated or none")
    violations: int
    drift: str = Field(description="as monitors said last: drift, no drift, unknown or none")
    drift_share: float | None
    drifted_columns: int
    monitors: int = Field(description="that said something in the last 31 days")


class DatasetsView(View):
    """Datasets by name."""

    datasets: list[DatasetView]


class StoredProfileView(View):
    """A profile that was stored."""

    profile_id: str
    columns: int
    baseline: str | None


class WindowView(View):
    """A window that has profiles."""

    start: str
    end: str
    rows: int
    columns: int
    received: str
    segments: list[dict[str, str]]


class WindowsView(View):
    """Windows, newest first."""

    windows: list[WindowView]


class RangeBody(Body):
    """Which profiles are merged: a range of windows, or a frozen baseline."""

    start: str = Field(default="-1d", max_length=64)
    end: str = Field(default="now", max_length=64)
    baseline: str | None = Field(default=None, max_length=128, description="name of a frozen one")
    segment: dict[str, str] = Field(default={}, max_length=10)


class DriftRequest(DriftBody):
    """Two sets of profiles and how they are compared."""

    reference: RangeBody
    current: RangeBody
    only: list[str] | None = Field(default=None, max_length=1000, description="columns")
    distributions: bool = Field(
        default=False, description="whether each column has both its distributions"
    )


class DriftSeriesRequest(DriftBody):
    """Windows of a range, each compared with a baseline or with the window before it."""

    start: str = Field(default="-14d", max_length=64)
    end: str = Field(default="now", max_length=64)
    period: int = Field(default=86_400, ge=60, description="seconds of a window")
    reference: RangeBody | None = Field(
        default=None, description="none compares each window with the one before"
    )
    segment: dict[str, str] = Field(default={}, max_length=10)
    only: list[str] | None = Field(default=None, max_length=1000, description="columns")


class KeptRowBody(Body):
    """A row that is kept, and its window where it is not the profile's."""

    row: dict[str, Any]
    start: Moment | None = None
    end: Moment | None = None


class CheckResultsBody(Body):
    """What a gate found, as ``vedette.check`` makes it."""

    time: Moment
    rows: int | None = Field(default=None, ge=0, description="null where it is not known")
    results: list[dict[str, Any]] = Field(max_length=20_000)
    source: str = Field(default="", max_length=500, description="where the data was")
    gate: str = Field(
        default="", max_length=100, description="who looked; each gate has a state of its own"
    )
    run: str | None = Field(
        default=None, min_length=1, max_length=128,
        description="names the results: what was stored under it before is left as it is",
    )  # fmt: skip


class ChecksBody(Body):
    """Checks as a whole; the dataset's next version."""

    checks: list[dict[str, Any]] = Field(max_length=20_000)
    comment: str = Field(default="", max_length=1000)
    expected_version: int | None = Field(default=None, ge=0)


class TryBody(Body):
    """Checks to try on stored profiles; the dataset's own where none are given."""

    checks: list[dict[str, Any]] | None = Field(default=None, max_length=20_000)
    current: RangeBody = RangeBody()
    reference: RangeBody | None = None


class ChecksView(View):
    """A version of a dataset's checks."""

    dataset: str
    version: int
    checks: list[dict[str, Any]]
    comment: str
    created: datetime
    created_by: str


class VersionsView(View):
    """Versions, newest first."""

    versions: list[ChecksView]


class SuggestedView(View):
    """Checks to look at and edit."""

    checks: list[dict[str, Any]]


class BaselineRequest(Body):
    """A range to freeze under a name."""

    name: str = Field(min_length=1, max_length=128, examples=["model:churn/3"])
    start: str = Field(default="-1d", max_length=64)
    end: str = Field(default="now", max_length=64)


class BaselineView(View):
    """A frozen baseline."""

    id: str
    dataset: str
    name: str
    origin: str
    created: datetime
    created_by: str


class BaselinesView(View):
    """Baselines, newest first."""

    baselines: list[BaselineView]


class ProfileUpload(Body):
    """A profile as ``vedette.profile`` makes it."""

    start: Moment
    end: Moment
    profile_id: str = Field(default="", max_length=128)
    version: str = Field(default="", max_length=64)
    baseline: str | None = Field(default=None, max_length=128)
    columns: list[dict[str, Any]] = Field(min_length=1)
    rows: list[dict[str, Any]] = Field(
        default=[],
        max_length=1000,
        description="rows that are kept for people to look at: row, and start and end of its window",
    )

    def kept(self) -> list[tuple[dict[str, Any], datetime, datetime]]:
        """Return the kept rows with their windows; the profile's where they name none."""
        found = [KeptRowBody.model_validate(one) for one in self.rows]
        return [(one.row, one.start or self.start, one.end or self.end) for one in found]


def checks_view(found: ChecksVersion) -> ChecksView:
    """Return a version as the API shows it."""
    return ChecksView(
        dataset=found.dataset,
        version=found.version,
        checks=[check.as_dict() for check in found.checks],
        comment=found.comment,
        created=found.created,
        created_by=found.created_by,
    )


def baseline_view(found: Baseline) -> BaselineView:
    """Return a baseline as the API shows it."""
    return BaselineView(
        id=found.id,
        dataset=found.dataset,
        name=found.name,
        origin=found.origin,
        created=found.created,
        created_by=found.created_by,
    )
