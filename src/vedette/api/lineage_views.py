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
