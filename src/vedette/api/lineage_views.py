"""Answers of the routes of lineage."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from vedette.api.models import View


class NodeView(View):
    """An entity of the graph."""

    resource: str
    kind: str
    name: str
    version: str
    hop: int = Field(description="distance, negative upstream")
    about: dict[str, Any] = Field(description="what is known of it, by kind")


class EdgeView(View):
    """What leads from an entity to another."""

    source: str
    target: str
    relation: str


class GraphView(View):
    """What lies around an entity."""

    resource: str
    nodes: list[NodeView]
    edges: list[EdgeView]
    truncated: bool


class ReachedView(View):
    """An entity that a change reaches."""

    resource: str
    name: str
    version: str
    hop: int
    about: dict[str, Any]


class ColumnView(View):
    """A column of a dataset."""

    dataset: str
    field: str


class ColumnEdgeView(View):
    """A column that is made of another one."""

    source: ColumnView
    target: ColumnView
    job: str
    transformation: str
    hop: int


class ColumnsView(View):
    """Columns of a dataset and what they are made of or lead to."""

    dataset: str
    columns: list[str]
    edges: list[ColumnEdgeView]


class LineageImpactView(View):
    """What a change would reach, by kind, nearest first."""

    resource: str
    column: str
    counts: dict[str, int]
    reached: dict[str, list[ReachedView]]
    trained: list[ReachedView]
    in_production: list[ReachedView]
    owners: list[str]
    columns: list[ColumnEdgeView]
    truncated: bool


class WrittenView(View):
    """A dataset that a training run read, and the run of a pipeline that wrote it."""

    training_run: str
    run_name: str
    dataset: str
    version: str
    sources: list[str]
    pipeline: str
    pipeline_run: str
    written: str | None
    inferred: bool = Field(description="by time, since no run told of this version")


class ProvenanceView(View):
    """The data that something was made of."""

    resource: str
    datasets: list[WrittenView]


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
    updatedAt: str | None  # noqa: N815 - Marquez' name


class MarquezNodeView(View):
    """A node with its edges."""

    id: str
    type: str
    data: MarquezDataView
    inEdges: list[MarquezEdgeView]  # noqa: N815 - Marquez' name
    outEdges: list[MarquezEdgeView]  # noqa: N815 - Marquez' name


class MarquezLineageView(View):
    """The graph."""

    graph: list[MarquezNodeView]


class MarquezResultView(View):
    """Something found."""

    name: str
    namespace: str
    updatedAt: str  # noqa: N815 - Marquez' name
    type: str
    nodeId: str  # noqa: N815 - Marquez' name
    resource: str


class MarquezSearchView(View):
    """What was found."""

    totalCount: int  # noqa: N815 - Marquez' name
    results: list[MarquezResultView]


class MarquezNamespaceView(View):
    """A namespace."""

    name: str
    createdAt: str  # noqa: N815 - Marquez' name
    updatedAt: str  # noqa: N815 - Marquez' name


class MarquezNamespacesView(View):
    """Namespaces by name."""

    namespaces: list[MarquezNamespaceView]


class MarquezListedView(View):
    """A dataset or job of a namespace."""

    id: MarquezIdView
    type: str
    name: str
    namespace: str
    updatedAt: str  # noqa: N815 - Marquez' name


class MarquezDatasetsView(View):
    """Datasets of a namespace."""

    datasets: list[MarquezListedView]
    totalCount: int  # noqa: N815 - Marquez' name


class MarquezJobsView(View):
    """Jobs of a namespace."""

    jobs: list[MarquezListedView]
    totalCount: int  # noqa: N815 - Marquez' name
