"""dbt's artifacts as runs, datasets and results of checks.

Schemas: schemas.getdbt.com/dbt, manifest v7 to v12, run-results v4 to v6, sources v3, catalog v1. A
command is a run of the pipeline ``PROJECT.COMMAND``, a model, seed or snapshot is one of its tasks, and
the tests of a dataset are one task. Run ids and times are the artifacts', so that the same artifacts
give the same events, which the server stores once.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.core.names import NAMESPACE, lineage_name
from vedette.sdk.artifacts.dbt_checks import freshness_results, test_results
from vedette.sdk.artifacts.dbt_events import JOBS, Job, Run, Told, job_event, run_events
from vedette.sdk.artifacts.findings import DatasetResults, Findings, moment, read_json

ARTIFACTS = ("manifest.json", "run_results.json", "sources.json", "catalog.json")
TESTS = ("test", "unit_test")
_STATUSES = {
    "success": "COMPLETE", "pass": "COMPLETE", "warn": "COMPLETE", "no-op": "COMPLETE",
    "reused": "COMPLETE", "partial success": "FAIL", "error": "FAIL", "fail": "FAIL",
    "runtime error": "FAIL", "skipped": "ABORT",
}  # fmt: skip
Node = Mapping[str, Any]


@dataclass(slots=True)
class Project:
    """What the artifacts of one project say together."""

    manifest: Node
    catalog: Node
    namespace: str
    nodes: dict[str, Node] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put all that can be depended on under one roof."""
        for part in ("nodes", "sources", "unit_tests", "exposures"):
            self.nodes.update(self.manifest.get(part) or {})

    @property
    def name(self) -> str:
        """The project's name."""
        return str(_of(self.manifest, "metadata").get("project_name") or "dbt")

    def dataset(self, unique_id: str) -> str:
        """Return the one name of a model's, seed's, snapshot's or source's table; else empty."""
        node = self.nodes.get(unique_id)
        if node is None or node.get("resource_type") not in {"model", "seed", "snapshot", "source"}:
            return ""
        if _of(node, "config").get("materialized") == "ephemeral":
            return ""
        parts = (node.get("database"), node.get("schema"),
                 node.get("identifier") or node.get("alias") or node.get("name"))  # fmt: skip
        return ".".join(str(part) for part in parts if part)

    def inputs(self, unique_id: str, seen: frozenset[str] = frozenset()) -> list[str]:
        """Return the ids that a node reads; through ephemeral models, which are no tables."""
        found: list[str] = []
        for one in _of(self.nodes.get(unique_id, {}), "depends_on").get("nodes") or ():
            if self.dataset(one):
                found.append(one)
            elif one not in seen:
                found += self.inputs(one, seen | {one})
        return list(dict.fromkeys(found))

    def told(self, unique_id: str, rows: float | None = None) -> Told:
        """Return a table as events tell of it."""
        node = self.nodes.get(unique_id, {})
        known = {**_of(self.catalog, "nodes"), **_of(self.catalog, "sources")}.get(unique_id) or {}
        columns = _of(node, "columns")
        types = {name.lower(): one for name, one in _of(known, "columns").items()}
        fields = [
            {"name": name, "type": str(one.get("type") or ""),
             "description": str(_lower(columns, name).get("description") or "")}
            for name, one in sorted(_of(known, "columns").items(), key=_place)
        ] or [
            {"name": name, "type": str(one.get("data_type") or types.get(name.lower()) or ""),
             "description": str(one.get("description") or "")}
            for name, one in columns.items()
        ]  # fmt: skip
        return Told(
            self.namespace, self.dataset(unique_id), rows, fields,
            str(node.get("description") or node.get("source_description") or ""),
            _owners(node), [str(tag) for tag in node.get("tags") or ()],
        )  # fmt: skip


def read_artifacts(path: Path, *, namespace: str = NAMESPACE) -> Findings:
    """Return what a ``target`` folder of dbt says.

    Args:
        path: the folder, or its ``run_results.json`` or ``sources.json``.
        namespace: of the datasets, as other producers of OpenLineage name them, such as
            ``postgres://db:5432``; without one they are called ``database.schema.table``.

    Raises:
        InvalidInputError: there is no manifest, or neither results of runs nor of sources.

    """
    folder = path if path.is_dir() else path.parent
    documents = {name: read_json(folder / name) for name in ARTIFACTS if (folder / name).is_file()}
    if "manifest.json" not in documents:
        raise InvalidInputError(
            f"{folder} has no manifest.json", field="path", remedy="give dbt's target folder"
        )
    if not path.is_dir():
        documents[path.name] = read_json(path)
    project = Project(documents["manifest.json"], documents.get("catalog.json", {}), namespace)
    found = Findings()
    for name, read in (("run_results.json", _read_runs), ("sources.json", _read_sources)):
        if name in documents:
            read(project, documents[name], found)
    if not found.events and not found.results:
        raise InvalidInputError(
            f"{folder} has no results", field="path",
            remedy="run dbt first: build, run, test, seed, snapshot or source freshness",
        )  # fmt: skip
    found.events += _exposures(project)
    return found


def _read_runs(project: Project, document: Node, found: Findings) -> None:
    metadata, results = _of(document, "metadata"), document.get("results")
    if not isinstance(results, list) or "invocation_id" not in metadata:
        raise InvalidInputError(
            "run_results.json has no results or no invocation_id",
            field="path",
            remedy="give it as dbt wrote it",
        )
    command = str(_of(document, "args").get("which") or "run")
    done = [one for one in results if one.get("unique_id") in project.nodes]
    if not done or command in {"docs", "compile", "generate"}:
        return
    generated = moment(metadata.get("generated_at"), field="metadata.generated_at")
    whole = _whole(project, metadata, command, done, generated)
    runs = [_task(project, whole, one, generated) for one in done if _is_job(one)]
    runs += _test_tasks(project, whole, done, generated)
    for run in (whole, *runs):
        found.events += run_events(run)
    for unique_id, tests in _tested(project, done).items():
        found.results.append(
            DatasetResults(
                dataset=lineage_name(project.namespace, project.dataset(unique_id)),
                run=f"{metadata['invocation_id']}",
                gate=f"dbt {project.name}",
                time=generated,
                rows=None,
                results=test_results(project.nodes, tests),
                source=project.dataset(unique_id),
            )
        )


def _whole(
    project: Project, metadata: Node, command: str, done: Sequence[Node], generated: datetime
) -> Run:
    """Return the run of the command: from its start to when its results were written."""
    worst = {_STATUSES.get(str(one.get("status")), "FAIL") for one in done}
    # A skipped node alone fails nothing: what made it skip says so.
    status = "FAIL" if "FAIL" in worst else "COMPLETE"
    # Not the invocation's start: a process that runs several commands has one for all of them.
    started = min(_times(one, generated)[0] for one in done)
    bad = [str(one["unique_id"]) for one in done if _STATUSES.get(str(one.get("status"))) == "FAIL"]
    return Run(
        job=Job(f"{project.name}.{command}", "COMMAND", str(metadata.get("dbt_version") or "")),
        run_id=str(metadata["invocation_id"]),
        started=started,
        ended=generated,
        status=status,
        error=f"{len(bad)} failed: {', '.join(bad[:20])}" if bad else "",
    )


def _task(project: Project, whole: Run, one: Node, generated: datetime) -> Run:
    unique_id = str(one["unique_id"])
    node = project.nodes[unique_id]
    started, ended = _times(one, generated)
    rows = _of(one, "adapter_response").get("rows_affected")
    status = _STATUSES.get(str(one.get("status")), "FAIL")
    number = float(rows) if isinstance(rows, int) and rows >= 0 and status == "COMPLETE" else None
    name = str(node.get("name") or unique_id)
    own = node.get("package_name") or project.name
    if own != project.name:
        name = f"{own}.{name}"
    return Run(
        job=Job(
            f"{whole.job.name}.{name}", str(node["resource_type"]).upper(), whole.job.version,
            sql=str(one.get("compiled_code") or node.get("compiled_code") or ""),
            description=str(node.get("description") or ""),
            owners=_owners(node), tags=[str(tag) for tag in node.get("tags") or ()],
            source=str(node.get("original_file_path") or ""),
        ),
        run_id=str(uuid.uuid5(uuid.UUID(whole.run_id), unique_id)),
        started=started,
        ended=ended,
        status=status,
        error=str(one.get("message") or "") if status != "COMPLETE" else "",
        parent=whole,
        inputs=[project.told(name) for name in project.inputs(unique_id)],
        outputs=[project.told(unique_id, number)] if project.dataset(unique_id) else [],
    )  # fmt: skip


def _test_tasks(
    project: Project, whole: Run, done: Sequence[Node], generated: datetime
) -> Iterator[Run]:
    """Yield a task for the tests of each dataset: one a test would bury the lineage under them."""
    for unique_id, tests in _tested(project, done).items():
        times = [_times(one, generated) for one in tests]
        statuses = {_STATUSES.get(str(one.get("status")), "FAIL") for one in tests}
        failed = [one for one in tests if _STATUSES.get(str(one.get("status")), "FAIL") == "FAIL"]
        name = str(project.nodes[unique_id].get("name") or unique_id)
        yield Run(
            job=Job(f"{whole.job.name}.tests of {name}", "TEST", whole.job.version),
            run_id=str(uuid.uuid5(uuid.UUID(whole.run_id), f"tests of {unique_id}")),
            started=min(start for start, _ in times),
            ended=max(end for _, end in times),
            status="FAIL" if failed else "ABORT" if statuses == {"ABORT"} else "COMPLETE",
            error="; ".join(f"{one['unique_id']}: {one.get('message')}" for one in failed),
            parent=whole,
            inputs=[project.told(unique_id)],
        )


def _tested(project: Project, done: Sequence[Node]) -> dict[str, list[Node]]:
    """Return the results of tests by the table that each is attached to."""
    found: dict[str, list[Node]] = defaultdict(list)
    for one in done:
        node = project.nodes[str(one["unique_id"])]
        if node.get("resource_type") not in TESTS:
            continue
        attached = str(node.get("attached_node") or "")
        names = [attached] if project.dataset(attached) else project.inputs(str(one["unique_id"]))
        if names:
            found[names[0]].append(one)
    return found


def _read_sources(project: Project, document: Node, found: Findings) -> None:
    metadata = _of(document, "metadata")
    for one in document.get("results") or ():
        if dataset := project.dataset(str(one.get("unique_id"))):
            at = one.get("snapshotted_at") or metadata.get("generated_at")
            found.results.append(
                DatasetResults(
                    dataset=lineage_name(project.namespace, dataset),
                    run=str(metadata.get("invocation_id") or at),
                    gate=f"dbt {project.name} source freshness",
                    time=moment(at, field="snapshotted_at"),
                    rows=None,
                    results=freshness_results(one),
                    source=dataset,
                )
            )


def _exposures(project: Project) -> Iterator[dict[str, Any]]:
    """Yield what uses the models, such as dashboards: jobs that read, and never run here."""
    at = moment(
        _of(project.manifest, "metadata").get("generated_at"), field="metadata.generated_at"
    )
    for unique_id, node in _of(project.manifest, "exposures").items():
        owner = _of(node, "owner")
        job = Job(
            f"{project.name}.exposures.{node.get('name')}",
            str(node.get("type") or "exposure").upper(),
            "",
            description=str(node.get("description") or node.get("label") or ""),
            owners=[str(owner[name]) for name in ("name", "email") if owner.get(name)][:1],
            tags=[str(tag) for tag in node.get("tags") or ()],
            source=str(node.get("url") or node.get("original_file_path") or ""),
        )
        yield job_event(job, at, [project.told(one) for one in project.inputs(unique_id)])


def _is_job(one: Node) -> bool:
    return str(one["unique_id"]).partition(".")[0] in JOBS


def _times(one: Node, generated: datetime) -> tuple[datetime, datetime]:
    """Return when a node began and ended; what was skipped did both when the command ended."""
    told = [part for part in one.get("timing") or () if part.get("started_at")]
    if not told:
        return generated, generated
    ends = [part.get("completed_at") or part["started_at"] for part in told]
    return (
        min(moment(part["started_at"], field="timing.started_at") for part in told),
        max(moment(end, field="timing.completed_at") for end in ends),
    )


def _owners(node: Node) -> list[str]:
    meta = {**_of(node, "meta"), **_of(_of(node, "config"), "meta")}
    owner = meta.get("owner") or node.get("group")
    listed = owner if isinstance(owner, list) else [owner]
    return [str(one) for one in listed if one]


def _place(pair: tuple[str, Node]) -> tuple[int, str]:
    return int(pair[1].get("index") or 0), pair[0]


def _lower(columns: Node, name: str) -> Node:
    """Return a column of the manifest; the catalog may write its name in another case."""
    if name in columns:
        return _of(columns, name)
    return next((_of(columns, key) for key in columns if key.lower() == name.lower()), {})


def _of(document: Node, name: str) -> Node:
    value = document.get(name)
    return value if isinstance(value, Mapping) else {}
