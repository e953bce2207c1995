"""Answers of the routes of pipelines and runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from vedette.api.models import View
from vedette.pipelines.expectations import Expectations


class RecentView(View):
    """One of the last runs, for a strip of them."""

    started: int = Field(description="milliseconds since the epoch")
    seconds: float | None
    status: str
    run_id: str


class MovedView(View):
    """What was moved, as far as it was told."""

    rows_in: float | None
    rows_out: float | None
    bytes_in: float | None
    bytes_out: float | None
    rows_per_second: float | None


class PipelineView(MovedView):
    """A pipeline over a range, and how it stands."""

    job: str
    namespace: str
    name: str
    runs: int
    failed: int
    running: int
    retries: int | None
    tasks: int | None
    last_status: str
    last_started: datetime | None
    last_run_id: str
    last_error: str
    last_success: datetime | None
    p50_seconds: float | None
    p95_seconds: float | None
    slowest_task: str
    bytes_per_second: float | None
    integration: str
    engine: str
    producer: str
    nominal_start: datetime | None
    nominal_end: datetime | None
    recent: list[RecentView]
    health: str = Field(description="failing, error, warning, late, running, ok or unknown")
    age: float | None = Field(description="seconds since the last success")
    lateness: float = Field(description="seconds since a start was due that has not come")
    due: datetime | None
    expected: Expectations | None


class PipelinesView(View):
    """Pipelines, the one that ran last first."""

    pipelines: list[PipelineView]


class PipelineTaskView(MovedView):
    """A task of a pipeline over a range."""

    job: str
    name: str
    label: str
    runs: int
    failed: int
    retries: int
    last_status: str
    last_started: datetime | None
    last_error: str
    p50_seconds: float | None
    p95_seconds: float | None
    total_seconds: float | None
    recent: list[RecentView]


class JobView(View):
    """What a job says of itself."""

    job: str
    namespace: str
    name: str
    description: str
    sql: str
    source_location: str
    owners: list[str]
    tags: dict[str, str]
    parent: str
    job_type: str
    integration: str
    service: str
    first_seen: datetime | None
    last_seen: datetime | None


class PipelineDetailView(View):
    """A pipeline or task: what it is, how it stands, its tasks."""

    job: str
    about: JobView | None
    summary: PipelineView | None
    expected: Expectations | None
    tasks: list[PipelineTaskView]


class PipelineRunView(MovedView):
    """A run of a pipeline or task."""

    job: str
    run_id: str
    namespace: str
    name: str
    parent: str
    parent_run_id: str
    started: datetime
    ended: datetime | None
    status: str = Field(description="running, completed, failed or aborted")
    seconds: float | None
    attempt: int
    error: str
    trace_id: str
    span_id: str
    service: str
    nominal_start: datetime | None
    nominal_end: datetime | None
    producer: str
    integration: str
    engine: str
    tasks: int | None
    tasks_failed: int | None
    retries: int | None
    slowest_task: str
    slowest_seconds: float | None
    bytes_per_second: float | None
    label: str = Field(description="its name without its pipeline's")


class PipelineRunsView(View):
    """Runs, newest first."""

    runs: list[PipelineRunView]


class RunDatasetView(View):
    """A dataset that a run or one of its tasks read or wrote."""

    run_id: str
    job: str
    direction: str
    dataset: str
    namespace: str
    name: str
    version: str
    rows: float | None
    bytes: float | None
    files: float | None
    lifecycle: str
    fields: Any
    assertions: Any
    quality: Any


class RunCheckView(View):
    """A check of a dataset of a run."""

    dataset: str
    column: str
    check: str
    status: str
    severity: str
    value: float | None
    description: str
    time: datetime | None
    segment: dict[str, str] = Field(description="of the rows; empty for all of them")


class PipelineStepView(View):
    """A stretch of the critical path; no task where nothing on it ran."""

    task: str
    job: str
    start: float
    seconds: float


class ShareView(View):
    """What a task has of the critical path."""

    job: str
    seconds: float
    share: float


class RunDetailView(View):
    """A run with its tasks, datasets and checks, and where its time went."""

    run: PipelineRunView
    tasks: list[PipelineRunView]
    datasets: list[RunDatasetView]
    checks: list[RunCheckView]
    path: list[PipelineStepView]
    time_by_task: list[ShareView]


class PipelineEventView(View):
    """An event as it came."""

    event_type: str
    time: datetime
    producer: str
    event: Any


class EventsView(View):
    """Events, oldest first."""

    events: list[PipelineEventView]


class PipelineSeriesView(View):
    """Numbers by time: for each job columns that are aligned with ``times``."""

    step: int
    times: list[int]
    jobs: dict[str, dict[str, list[float | None]]]
