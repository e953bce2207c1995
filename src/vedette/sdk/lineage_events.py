"""Events of OpenLineage that the SDK makes, on its own thread; see ``activities``."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vedette.core.names import NAMESPACE, lineage_parts
from vedette.core.version import VERSION

if TYPE_CHECKING:
    from vedette.sdk.activities import Activity

PRODUCER = f"https://pypi.org/project/vedette/{VERSION}/"
_SPEC = "https://openlineage.io/spec"
_SCHEMA = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
_PARENT_PARTS = 3
MAX_FIELDS = 5_000
MAX_ERROR = 10_000


@dataclass(frozen=True, slots=True)
class Moved:
    """What is known of a dataset that was read or written."""

    rows: float | None = None
    bytes: float | None = None
    files: float | None = None
    version: str = ""
    fields: Sequence[tuple[str, str]] = ()
    columns: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def joined(self, later: Moved) -> Moved:
        """Return both together: numbers add up, of the rest the later one counts."""
        added = {
            name: _sum(getattr(self, name), getattr(later, name))
            for name in ("rows", "bytes", "files")
        }
        return replace(
            later,
            **added,
            version=later.version or self.version,
            fields=later.fields or self.fields,
            columns=later.columns or self.columns,
        )


def moved(data: Any, known: Mapping[str, Any]) -> Moved:  # noqa: ANN401 - a frame of any library
    """Return what a frame or table, and what the caller says, tell of a dataset."""
    rows = size = None
    fields: list[tuple[str, str]] = []
    schema = getattr(data, "schema", None)
    if hasattr(data, "num_rows") and schema is not None:  # Arrow
        rows, size = data.num_rows, getattr(data, "nbytes", None)
        fields = [(one.name, str(one.type)) for one in schema]
    elif hasattr(data, "columns") and hasattr(data, "dtypes") and hasattr(data, "__len__"):
        rows = len(data)
        types = data.dtypes
        types = (
            list(types)
            if isinstance(types, list | tuple)
            else [types.iloc[n] for n in range(len(types))]
        )
        fields = [(str(name), str(kind)) for name, kind in zip(data.columns, types, strict=False)]
        if hasattr(data, "memory_usage"):
            size = int(data.memory_usage(deep=False).sum())
        elif hasattr(data, "estimated_size"):
            size = int(data.estimated_size())
    return Moved(
        rows=_number(known.get("rows", rows)),
        bytes=_number(known.get("bytes", size)),
        files=_number(known.get("files")),
        version=str(known.get("version") or ""),
        fields=fields[:MAX_FIELDS],
        columns=dict(known.get("columns") or {}),
    )


def run_event(
    activity: Activity,
    event_type: str,
    at: float,
    inputs: Mapping[str, Moved],
    outputs: Mapping[str, Moved],
    numbers: Sequence[float | None],
    service: str,
    error: BaseException | None,
) -> dict[str, Any]:
    """Return the event of a run (OpenLineage 2-0-2)."""
    return {
        "eventType": event_type,
        "eventTime": datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds"),
        "producer": PRODUCER,
        "schemaURL": _SCHEMA,
        "run": {
            "runId": activity.run_id,
            "facets": _run_facets(activity, numbers, service, error),
        },
        "job": {
            "namespace": activity.namespace,
            "name": activity.job,
            "facets": _job_facets(activity),
        },
        "inputs": [_dataset(name, one, "input", inputs) for name, one in inputs.items()],
        "outputs": [_dataset(name, one, "output", inputs) for name, one in outputs.items()],
    }


def _run_facets(
    activity: Activity,
    numbers: Sequence[float | None],
    service: str,
    error: BaseException | None,
) -> dict[str, Any]:
    own: dict[str, Any] = dict(
        zip(("rowsIn", "rowsOut", "bytesIn", "bytesOut"), numbers, strict=True)
    )
    own |= {
        "traceId": activity.trace_id, "spanId": activity.span_id, "service": service,
        "attempt": activity.attempt, "partition": activity.scope.partition,
    }  # fmt: skip
    facets = {
        "vedette": facet("vedette", **{k: v for k, v in own.items() if v not in (None, "")}),
        "processing_engine": facet("ProcessingEngineRunFacet", name="python", version=VERSION),
    }
    if parent := _parent(activity):
        facets["parent"] = parent
    start, end = activity.scope.scheduled
    if start is not None:
        times = {"nominalStartTime": start.isoformat()}
        if end is not None:
            times["nominalEndTime"] = end.isoformat()
        facets["nominalTime"] = facet("NominalTimeRunFacet", **times)
    if error is not None:
        facets["errorMessage"] = facet(
            "ErrorMessageRunFacet",
            message=f"{type(error).__name__}: {error}"[:MAX_ERROR],
            programmingLanguage="python",
        )
    return facets


def _parent(activity: Activity) -> dict[str, Any] | None:
    if activity.parent is not None:
        above = activity.parent
        run, namespace, job = above.run_id, above.namespace, above.job
    else:
        parts = os.environ.get("OPENLINEAGE_PARENT_ID", "").rsplit("/", 1)
        names = parts[0].split("/", 1)
        if len(parts) + len(names) <= _PARENT_PARTS:
            return None
        (namespace, job), run = names, parts[1]
    return facet("ParentRunFacet", run={"runId": run}, job={"namespace": namespace, "name": job})


def _job_facets(activity: Activity) -> dict[str, Any]:
    scope = activity.scope
    facets = {
        "jobType": facet(
            "JobTypeJobFacet",
            processingType="BATCH", integration="VEDETTE", jobType=scope.kind.upper(),
        )
    }  # fmt: skip
    if scope.description:
        facets["documentation"] = facet("DocumentationJobFacet", description=scope.description)
    if scope.owners:
        owners = [{"name": name, "type": "OWNER"} for name in scope.owners]
        facets["ownership"] = facet("OwnershipJobFacet", owners=owners)
    if scope.tags:
        tags = [{"key": k, "value": str(v), "source": "VEDETTE"} for k, v in scope.tags.items()]
        facets["tags"] = facet("TagsJobFacet", tags=tags)
    if scope.source:
        facets["sourceCodeLocation"] = facet(
            "SourceCodeLocationJobFacet", type="file", url=scope.source
        )
    return facets


def _dataset(text: str, known: Moved, side: str, inputs: Mapping[str, Moved]) -> dict[str, Any]:
    namespace, name = lineage_parts(text)
    facets: dict[str, Any] = {}
    if known.fields:
        fields = [{"name": column, "type": kind} for column, kind in known.fields]
        facets["schema"] = facet("SchemaDatasetFacet", fields=fields)
    if known.version:
        facets["version"] = facet("DatasetVersionDatasetFacet", datasetVersion=known.version)
    if known.columns:
        facets["columnLineage"] = facet(
            "ColumnLineageDatasetFacet",
            fields={
                made: {"inputFields": [_input_field(source, inputs) for source in sources]}
                for made, sources in known.columns.items()
            },
        )
    numbers = {"rowCount": known.rows, "size": known.bytes, "fileCount": known.files}
    told = {name_: int(value) for name_, value in numbers.items() if value is not None}
    found: dict[str, Any] = {"namespace": namespace, "name": name, "facets": facets}
    if told:
        kind = f"{side.title()}Statistics{side.title()}DatasetFacet"
        found[f"{side}Facets"] = {f"{side}Statistics": facet(kind, **told)}
    return found


def _input_field(source: str, inputs: Mapping[str, Moved]) -> dict[str, str]:
    """Return a column that is named ``dataset.column``, or alone where one dataset was read."""
    dataset, _, column = source.rpartition(".")
    if not dataset and len(inputs) == 1:
        dataset = next(iter(inputs))
    namespace, name = lineage_parts(dataset) if dataset else (NAMESPACE, "")
    return {"namespace": namespace, "name": name, "field": column}


def facet(kind: str, **values: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return a facet of a kind, as OpenLineage names it."""
    return {"_producer": PRODUCER, "_schemaURL": f"{_SPEC}/facets/{kind}.json", **values}


def _number(value: Any) -> float | None:  # noqa: ANN401 - what the caller says
    return None if value is None else float(value)


def _sum(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else one + other
