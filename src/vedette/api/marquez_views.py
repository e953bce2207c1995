"""Answers in the shapes of Marquez' API, whose names these are."""
# ruff: noqa: N815

from __future__ import annotations

from typing import Any

from pydantic import Field

from vedette.api.models import View


class MarquezIdView(View):
    """Namespace and name."""

    namespace: str
    name: str


class MarquezEdgeView(View):
    """An edge."""

    origin: str
    destination: str


class MarquezDataView(View):
    """A dataset or job."""

    id: MarquezIdView
    type: str
    name: str
    namespace: str
    description: str
    updatedAt: str | None


class MarquezNodeView(View):
    """A node with its edges."""

    id: str
    type: str
    data: MarquezDataView
    inEdges: list[MarquezEdgeView]
    outEdges: list[MarquezEdgeView]


class MarquezLineageView(View):
    """The graph."""

    graph: list[MarquezNodeView]


class MarquezResultView(View):
    """Something found."""

    name: str
    namespace: str
    updatedAt: str
    type: str
    nodeId: str
    resource: str


class MarquezSearchView(View):
    """What was found."""

    totalCount: int
    results: list[MarquezResultView]


class MarquezNamespaceView(View):
    """A namespace."""

    name: str
    createdAt: str
    updatedAt: str


class MarquezNamespacesView(View):
    """Namespaces by name."""

    namespaces: list[MarquezNamespaceView]


class MarquezListedView(View):
    """A dataset or job of a namespace."""

    id: MarquezIdView
    type: str
    name: str
    namespace: str
    updatedAt: str


class MarquezDatasetsView(View):
    """Datasets of a namespace."""

    datasets: list[MarquezListedView]
    totalCount: int


class MarquezJobsView(View):
    """Jobs of a namespace."""

    jobs: list[MarquezListedView]
    totalCount: int


class MarquezFieldView(View):
    """A column."""

    name: str
    type: str | None
    tags: list[str]
    description: str | None


class MarquezVersionIdView(View):
    """Namespace, name and version of a dataset."""

    namespace: str
    name: str
    version: str | None


class MarquezMovedView(View):
    """A dataset that a run read or wrote."""

    datasetVersionId: MarquezVersionIdView


class MarquezRunView(View):
    """A run of a job; moments are ISO 8601."""

    id: str
    createdAt: str
    updatedAt: str
    nominalStartTime: str | None
    nominalEndTime: str | None
    state: str = Field(description="RUNNING, COMPLETED, FAILED or ABORTED")
    startedAt: str
    endedAt: str | None
    durationMs: int | None
    args: dict[str, Any]
    job: MarquezIdView
    inputDatasetVersions: list[MarquezMovedView]
    outputDatasetVersions: list[MarquezMovedView]
    facets: dict[str, Any] = Field(description="of one run that is asked for; else empty")


class MarquezRunsView(View):
    """Runs of a job, newest first."""

    runs: list[MarquezRunView]
    totalCount: int


class MarquezTableView(View):
    """What a dataset and a version of one have in common."""

    type: str
    name: str
    physicalName: str
    namespace: str
    sourceName: str
    fields: list[MarquezFieldView]
    tags: list[str]
    description: str | None
    facets: dict[str, Any] = Field(description="which facets were told, each empty")
    createdAt: str


class MarquezDatasetView(MarquezTableView):
    """A dataset as it was last told of."""

    id: MarquezIdView
    updatedAt: str
    lastModifiedAt: str | None
    lastLifecycleState: str | None
    currentVersion: str | None = Field(description="the version that was told, else the run's id")
    deleted: bool


class MarquezVersionView(MarquezTableView):
    """What a run wrote of a dataset."""

    id: MarquezVersionIdView
    version: str
    lifecycleState: str | None
    createdByRun: MarquezRunView | None


class MarquezVersionsView(View):
    """Versions of a dataset, newest first."""

    versions: list[MarquezVersionView]
    totalCount: int


class MarquezJobView(View):
    """A job, with what its last run that told of data read and wrote."""

    id: MarquezIdView
    type: str
    name: str
    simpleName: str
    namespace: str
    createdAt: str
    updatedAt: str
    inputs: list[MarquezIdView]
    outputs: list[MarquezIdView]
    location: str | None
    description: str | None
    latestRun: MarquezRunView | None
    latestRuns: list[MarquezRunView]
    facets: dict[str, Any]
    tags: list[str]
