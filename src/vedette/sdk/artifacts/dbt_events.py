"""Events of OpenLineage 2-0-2 of what dbt's artifacts say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from vedette.sdk.lineage_events import MAX_ERROR, MAX_FIELDS, PRODUCER, facet

JOBS = ("model", "seed", "snapshot", "operation", "function", "saved_query")
"""What of dbt's is a task of its own."""
JOB_NAMESPACE = "dbt"
_SCHEMA = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs"
_MAX_SQL = 100_000
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """What ran: a command, a model, the tests of a model."""

    name: str
    kind: str
    version: str
    sql: str = ""
    description: str = ""
    owners: Sequence[str] = ()
    tags: Sequence[str] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A table that was read or written; ``rows`` is how many were, None where that is not known."""

    namespace: str
    name: str
    rows: float | None = None
    fields: Sequence[dict[str, str]] = ()
    description: str = ""
    owners: Sequence[str] = ()
    tags: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a job; ``status`` is COMPLETE, FAIL or ABORT."""

    job: Job
    run_id: str
    started: datetime
    ended: datetime
    status: str
    error: str = ""
    parent: Run | None = None
    inputs: Sequence[Told] = field(default_factory=tuple)
    outputs: Sequence[Told] = field(default_factory=tuple)


def run_events(run: Run) -> Iterator[Event]:
    """Yield the events of a run: that it began, and how it ended."""
    yield _run_event(run, "START", run.started)
    yield _run_event(run, run.status, run.ended)


def job_event(job: Job, at: datetime, inputs: Sequence[Told]) -> Event:
    """Return the event of a job that is known, and does not run here."""
    return {
        "eventTime": _time(at), "producer": PRODUCER, "schemaURL": f"{_SCHEMA}/JobEvent",
        "job": {"namespace": JOB_NAMESPACE, "name": job.name, "facets": _job_facets(job)},
        "inputs": [_dataset(one, "input") for one in inputs], "outputs": [],
    }  # fmt: skip


def _run_event(run: Run, kind: str, at: datetime) -> Event:
    facets: dict[str, Any] = {
        "processing_engine": facet(
            "ProcessingEngineRunFacet", name="dbt", version=run.job.version or "unknown"
        )
    }
    if run.parent is not None:
        facets["parent"] = facet(
            "ParentRunFacet",
            run={"runId": run.parent.run_id},
            job={"namespace": JOB_NAMESPACE, "name": run.parent.job.name},
        )
    if run.error and kind == run.status:
        facets["errorMessage"] = facet(
            "ErrorMessageRunFacet", message=run.error[:MAX_ERROR], programmingLanguage="sql"
        )
    job = {"namespace": JOB_NAMESPACE, "name": run.job.name, "facets": _job_facets(run.job)}
    return {
        "eventType": kind, "eventTime": _time(at), "producer": PRODUCER,
        "schemaURL": f"{_SCHEMA}/RunEvent", "run": {"runId": run.run_id, "facets": facets},
        "job": job, "inputs": [_dataset(one, "input") for one in run.inputs],
        "outputs": [_dataset(one, "output") for one in run.outputs],
    }  # fmt: skip


def _job_facets(job: Job) -> dict[str, Any]:
    facets = {
        "jobType": facet(
            "JobTypeJobFacet", processingType="BATCH", integration="DBT", jobType=job.kind
        )
    }
    if job.sql:
        facets["sql"] = facet("SQLJobFacet", query=job.sql[:_MAX_SQL])
    if job.description:
        facets["documentation"] = facet("DocumentationJobFacet", description=job.description)
    if job.owners:
        facets["ownership"] = facet("OwnershipJobFacet", owners=_owners(job.owners))
    if job.tags:
        facets["tags"] = facet("TagsJobFacet", tags=_tags(job.tags))
    if job.source:
        facets["sourceCodeLocation"] = facet(
            "SourceCodeLocationJobFacet", type="file", url=job.source
        )
    return facets


def _dataset(told: Told, side: str) -> dict[str, Any]:
    facets: dict[str, Any] = {}
    if told.fields:
        fields = [{k: v for k, v in one.items() if v} for one in told.fields[:MAX_FIELDS]]
        facets["schema"] = facet("SchemaDatasetFacet", fields=fields)
    if told.description:
        facets["documentation"] = facet("DocumentationDatasetFacet", description=told.description)
    if told.owners:
        facets["ownership"] = facet("OwnershipDatasetFacet", owners=_owners(told.owners))
    if told.tags:
        facets["tags"] = facet("TagsDatasetFacet", tags=_tags(told.tags))
    found: dict[str, Any] = {"namespace": told.namespace, "name": told.name, "facets": facets}
    if told.rows is not None:
        kind = f"{side.title()}Statistics{side.title()}DatasetFacet"
        found[f"{side}Facets"] = {f"{side}Statistics": facet(kind, rowCount=int(told.rows))}
    return found


def _owners(names: Sequence[str]) -> list[dict[str, str]]:
    return [{"name": name, "type": "OWNER"} for name in names]


def _tags(names: Sequence[str]) -> list[dict[str, str]]:
    return [{"key": name, "value": "true", "source": "DBT"} for name in names]


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
