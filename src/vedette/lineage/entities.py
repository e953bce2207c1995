"""Namespaces, datasets, jobs and runs as OpenLineage's events told of them, whenever they came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from vedette.core.errors import NotFoundError
from vedette.core.names import lineage_name
from vedette.pipelines.statements import JOB, RUN_DATASETS, RUN_EVENTS, moved_runs
from vedette.query import QueryRunner

LATEST = 10
"""How many of a job's runs are looked at to tell what it reads and writes."""
_MAX_DATASETS = 1000
_MAX_EVENTS = 1000
_SEARCH = """
SELECT kind, namespace, short, name, max(seen) AS updated, count() OVER () AS total
FROM
(
    SELECT 'dataset' AS kind, Namespace AS namespace, Name AS short, Dataset AS name, Timestamp AS seen
    FROM @lineage_datasets
    WHERE positionCaseInsensitiveUTF8(Dataset, {q:String}) > 0 AND {kind:String} IN ('', 'dataset')
        AND ({namespace:String} = '' OR Namespace = {namespace:String})
    UNION ALL
    SELECT 'pipeline' AS kind, JobNamespace AS namespace, JobName AS short, Job AS name, Timestamp AS seen
    FROM @lineage_events
    WHERE Kind != 'dataset' AND positionCaseInsensitiveUTF8(Job, {q:String}) > 0 AND {kind:String} IN ('', 'pipeline')
        AND ({namespace:String} = '' OR JobNamespace = {namespace:String})
)
GROUP BY kind, namespace, short, name
ORDER BY updated DESC, name
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
"""
_NAMESPACES = """
SELECT namespace, min(seen) AS created, max(seen) AS updated
FROM
(
    SELECT Namespace AS namespace, Timestamp AS seen FROM @lineage_datasets
    UNION ALL
    SELECT JobNamespace AS namespace, Timestamp AS seen FROM @lineage_events WHERE Kind != 'dataset'
)
WHERE {namespace:String} IN ('', namespace)
GROUP BY namespace ORDER BY namespace
LIMIT 10000
"""
_DATASET = """
SELECT
    any(Namespace) AS namespace, any(Name) AS name, min(Timestamp) AS created, max(Timestamp) AS updated,
    if(countIf(Direction = 'out') > 0, maxIf(Timestamp, Direction = 'out'), NULL) AS modified,
    argMaxIf(Fields, Timestamp, Fields NOT IN ('', '[]')) AS fields,
    argMaxIf(if(Version != '', Version, RunId), Timestamp, Direction = 'out') AS version,
    argMaxIf(Lifecycle, Timestamp, Lifecycle != '') AS lifecycle,
    argMaxIf(Description, Timestamp, Description != '') AS description,
    argMaxIf(Tags, Timestamp, notEmpty(Tags)) AS tags,
    arraySort(groupUniqArrayArray(Facets)) AS facets,
    count() AS told
FROM @lineage_datasets
WHERE Dataset = {dataset:String}
"""
# A version is what one run wrote, under the name that it gave it, else under the run's.
_VERSIONS = """
SELECT *, count() OVER () AS total
FROM
(
    SELECT
        if(given != '', given, RunId) AS version, RunId AS run_id, argMaxIf(Version, Timestamp, Version != '') AS given,
        max(Timestamp) AS created,
        argMaxIf(Fields, Timestamp, Fields NOT IN ('', '[]')) AS fields,
        argMaxIf(Lifecycle, Timestamp, Lifecycle != '') AS lifecycle,
        argMaxIf(Description, Timestamp, Description != '') AS description,
        argMaxIf(Tags, Timestamp, notEmpty(Tags)) AS tags,
        arraySort(groupUniqArrayArray(Facets)) AS facets
    FROM @lineage_datasets
    WHERE Dataset = {dataset:String} AND Direction = 'out'
    GROUP BY RunId
)
WHERE {version:String} IN ('', version)
ORDER BY created DESC, run_id
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
"""
_RUNS = f"""
SELECT *, count() OVER () AS total
FROM ({moved_runs("WHICH")})
ORDER BY started DESC, run_id
LIMIT {{limit:UInt32}} OFFSET {{offset:UInt32}}
"""
_RUNS_OF_JOB = _RUNS.replace("WHICH", "Job = {job:String}")
_RUNS_BY_ID = _RUNS.replace("WHICH", "RunId IN {run_ids:Array(String)}")
Row = dict[str, Any]


class LineageEntities:
    """Finds and reads entities of an account. Thread-safe; every method blocks its thread."""

    def __init__(self, runner: QueryRunner) -> None:
        self._runner = runner

    def search(
        self,
        account: str,
        q: str,
        *,
        kind: str = "",
        namespace: str = "",
        limit: int = 100,
        offset: int = 0,
    ) -> tuple[list[Row], int]:
        """Return datasets and pipelines whose name has a text in it, the last seen first, and how many."""
        params = {"q": q, "kind": kind, "namespace": namespace}
        return self._page(account, _SEARCH, params, limit, offset)

    def namespaces(self, account: str, namespace: str = "") -> list[Row]:
        """Return the namespaces of jobs and datasets, or the one of a name."""
        return self._rows(account, _NAMESPACES, {"namespace": namespace})

    def namespace(self, account: str, namespace: str) -> Row:
        """Return when a namespace was first and last told of; ``NotFoundError`` for an unknown one."""
        rows = self.namespaces(account, namespace) if namespace else []
        if not rows:
            raise _unknown("namespace", namespace, field="namespace")
        return rows[0]

    def dataset(self, account: str, namespace: str, name: str) -> Row:
        """Return a dataset as it was last told of; ``NotFoundError`` for an unknown one."""
        [row] = self._rows(account, _DATASET, {"dataset": lineage_name(namespace, name)})
        if not row["told"]:
            raise _unknown("dataset", f"{namespace}:{name}", field="dataset")
        return row

    def versions(
        self, account: str, namespace: str, name: str, *, version: str = "", limit: int, offset: int
    ) -> tuple[list[Row], int]:
        """Return a page of what runs wrote of a dataset, newest first, and how many there are.

        Each has its ``run``; ``version`` leaves the one of that name.
        """
        params = {"dataset": lineage_name(namespace, name), "version": version}
        rows, total = self._page(account, _VERSIONS, params, limit, offset)
        if not rows and version:
            raise _unknown("version", version, field="version")
        if not rows:
            self.dataset(account, namespace, name)
        ids = sorted({row["run_id"] for row in rows} - {""})
        written = {"run_ids": ids, "limit": len(ids), "offset": 0}
        runs = {run["run_id"]: run for run in self._rows(account, _RUNS_BY_ID, written)}
        return [{**row, "run": runs.get(row["run_id"])} for row in rows], total

    def job(self, account: str, namespace: str, name: str) -> Row:
        """Return a job with its latest runs and what the last of them that told of data moved."""
        job = lineage_name(namespace, name)
        about = self._rows(account, JOB, {"job": job})
        if not about:
            raise _unknown("job", f"{namespace}:{name}", field="job")
        latest, _ = self._page(account, _RUNS_OF_JOB, {"job": job}, LATEST, 0)
        return {**about[0], "runs": latest, "datasets": self._moved(account, latest)}

    def runs(
        self, account: str, namespace: str, name: str, *, limit: int, offset: int
    ) -> tuple[list[Row], int]:
        """Return a page of a job's runs, newest first, and how many there are."""
        job = lineage_name(namespace, name)
        rows, total = self._page(account, _RUNS_OF_JOB, {"job": job}, limit, offset)
        if not rows and not self._rows(account, JOB, {"job": job}):
            raise _unknown("job", f"{namespace}:{name}", field="job")
        return rows, total

    def run(self, account: str, run_id: str) -> Row:
        """Return a run with the datasets and facets that its events told of."""
        params = {"run_ids": [run_id], "limit": 1, "offset": 0}
        rows = self._rows(account, _RUNS_BY_ID, params)
        if not rows:
            raise _unknown("run", run_id, field="id")
        datasets = self._rows(account, RUN_DATASETS, {"run_ids": [run_id], "limit": _MAX_DATASETS})
        events = self._rows(account, RUN_EVENTS, {"run_id": run_id, "limit": _MAX_EVENTS})
        return {**rows[0], "datasets": datasets, "facets": _facets(events)}

    def _moved(self, account: str, runs: Sequence[Row]) -> list[Row]:
        ids = [run["run_id"] for run in runs]
        rows = self._rows(account, RUN_DATASETS, {"run_ids": ids, "limit": _MAX_DATASETS})
        told = {row["run_id"] for row in rows}
        last = next((one for one in ids if one in told), None)
        return [row for row in rows if row["run_id"] == last]

    def _page(
        self, account: str, sql: str, params: Mapping[str, Any], limit: int, offset: int
    ) -> tuple[list[Row], int]:
        """Return a page of rows that each tell the ``total``, and that."""
        rows = self._rows(account, sql, {**params, "limit": limit, "offset": offset})
        # A page behind the last one has no row that could tell.
        behind = offset and not rows
        told = self._rows(account, sql, {**params, "limit": 1, "offset": 0}) if behind else rows
        return rows, int(told[0]["total"]) if told else 0

    def _rows(self, account: str, sql: str, params: Mapping[str, Any]) -> list[Row]:
        return self._runner.run(account, sql, params).records()


def _facets(events: Sequence[Row]) -> dict[str, Any]:
    """Return the facets of a run, each as the last event told it."""
    facets: dict[str, Any] = {}
    for row in events:
        try:
            event = orjson.loads(row["event"])
        except orjson.JSONDecodeError:
            continue
        run = event.get("run") if isinstance(event, dict) else None
        told = run.get("facets") if isinstance(run, dict) else None
        if isinstance(told, dict):
            facets |= told
    return facets


def _unknown(kind: str, name: str, *, field: str) -> NotFoundError:
    return NotFoundError(
        f"there is no {kind} {name[:200]!r}", field=field, remedy="find it by GET /api/v1/search"
    )
