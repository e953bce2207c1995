"""What can be asked of pipelines, their tasks and runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from vedette.core.errors import NotFoundError
from vedette.core.time import TimeRange, utc_now
from vedette.pipelines import statements
from vedette.pipelines.expectations import Expectations, PipelineExpectations, standing
from vedette.pipelines.timeline import critical_path, time_by_task
from vedette.query import QueryRunner
from vedette.store.catalog import Catalog
from vedette.telemetry.buckets import bucket_seconds
from vedette.telemetry.ranges import bound_range, engine_time

MAX_TASKS = 5_000
MAX_DEPTH = 4
"""Levels of tasks below a run that are read."""
MAX_ROWS = 10_000
_POINTS = 120
_MOMENTS = (
    "started", "ended", "nominal_start", "nominal_end", "last_started", "last_success", "first_seen",
    "last_seen", "time", "last_written",
)  # fmt: skip


class Pipelines:
    """Reads pipelines of an account. Thread-safe; every method blocks its thread."""

    def __init__(self, catalog: Catalog, runner: QueryRunner) -> None:
        self._expectations = PipelineExpectations(catalog)
        self._runner = runner

    def page(
        self,
        account: str,
        time_range: TimeRange,
        *,
        search: str = "",
        limit: int = 200,
        offset: int = 0,
        now: datetime | None = None,
    ) -> list[dict[str, Any]]:
        """Return the pipelines that ran in a range or are expected to, with how they stand."""
        params = {**bound_range(time_range), "search": search, "limit": limit, "offset": offset}
        rows = self._rows(account, statements.PIPELINES, params)
        expected = self._expectations.of(account)
        found = [_pipeline(row, expected.get(row["job"]), now or utc_now()) for row in rows]
        known = {row["job"] for row in found}
        if not offset and len(rows) < limit:
            for name, one in sorted(expected.items()):
                if name not in known and search.casefold() in name.casefold():
                    found.append(_silent(name, one, now or utc_now()))
        return found

    def get(self, account: str, job: str, time_range: TimeRange) -> dict[str, Any]:
        """Return a pipeline or task: what it is, how it stands, its tasks over the range.

        Raises:
            NotFoundError: nothing was told of it, and nothing is expected.

        """
        about = self._rows(account, statements.JOB, {"job": job})
        expected = self._expectations.get(account, job)
        if not about and expected is None:
            raise NotFoundError(
                f"there is no pipeline {job!r}",
                field="pipeline",
                remedy="see the list of pipelines",
            )
        params = {**bound_range(time_range), "job": job, "limit": 1000, "offset": 0}
        now = utc_now()
        summary = next(
            (_pipeline(row, expected, now) for row in self._rows(account, statements.ONE, params)),
            _silent(job, expected, now) if expected else None,
        )
        tasks = self._rows(account, statements.TASKS, params)
        for task in tasks:
            task["recent"] = _recent(task["recent"])
            task["label"] = short_name(task["job"], job)
        return {
            "job": job,
            "about": about[0] if about else None,
            "summary": summary,
            "expected": expected,
            "tasks": tasks,
        }

    def runs(
        self,
        account: str,
        time_range: TimeRange,
        *,
        job: str = "",
        parent: str = "",
        status: str = "",
        limit: int = 100,
        offset: int = 0,
    ) -> list[dict[str, Any]]:
        """Return runs, newest first: of pipelines, of one job, or of the tasks of one."""
        sql = statements.list_runs(
            roots=not job and not parent, job=bool(job), task_of=bool(parent), status=bool(status)
        )
        params = {
            **bound_range(time_range), "job": job, "parent": parent, "status": status,
            "limit": limit, "offset": offset,
        }  # fmt: skip
        return self._rows(account, sql, params)

    def series(self, account: str, job: str, time_range: TimeRange) -> dict[str, Any]:
        """Return a pipeline's and its tasks' numbers by time; columns of aligned lists by job."""
        step = bucket_seconds(time_range, _POINTS)
        params = {**bound_range(time_range), "job": job, "step": step, "limit": MAX_ROWS}
        rows = self._rows(account, statements.SERIES, params)
        times = sorted({int(row["time"]) for row in rows})
        place = {time: index for index, time in enumerate(times)}
        jobs: dict[str, dict[str, Sequence[Any]]] = {}
        names = [name for name in (rows[0] if rows else {}) if name not in {"job", "time"}]
        for row in rows:
            columns = jobs.setdefault(row["job"], {name: [None] * len(times) for name in names})
            for name in names:
                columns[name][place[int(row["time"])]] = row[name]  # type: ignore[index]
        return {"step": step, "times": times, "jobs": jobs}

    def run(self, account: str, run_id: str) -> dict[str, Any]:
        """Return a run with its tasks, datasets, checks, and where its time went.

        Raises:
            NotFoundError: nothing was told of it.

        """
        found = self._rows(account, statements.RUN, {"run_id": run_id})
        if not found:
            raise NotFoundError(
                f"there is no run {run_id!r}", field="run_id", remedy="see the list of runs"
            )
        run = found[0]
        tasks = self._tasks(account, run_id)
        ids = [run_id, *(task["run_id"] for task in tasks)]
        datasets = self._rows(account, statements.RUN_DATASETS, {"run_ids": ids, "limit": MAX_ROWS})
        for dataset in datasets:
            for name in ("fields", "assertions", "quality"):
                dataset[name] = _json(dataset[name])
        path = _path(run, [task for task in tasks if task["parent_run_id"] == run_id])
        return {
            "run": run,
            "tasks": tasks,
            "datasets": datasets,
            "checks": self._checks(account, run, datasets),
            "path": path,
            "time_by_task": time_by_task(path),
        }

    def events(self, account: str, run_id: str) -> list[dict[str, Any]]:
        """Return the events of a run as they came, with all their facets, oldest first."""
        rows = self._rows(account, statements.RUN_EVENTS, {"run_id": run_id, "limit": 1000})
        return [{**row, "event": _json(row["event"])} for row in rows]

    def _tasks(self, account: str, run_id: str) -> list[dict[str, Any]]:
        tasks: list[dict[str, Any]] = []
        parents, seen = [run_id], {run_id}
        for _ in range(MAX_DEPTH):
            params = {"run_ids": parents, "limit": MAX_TASKS - len(tasks)}
            rows = self._rows(account, statements.CHILDREN, params)
            fresh = [row for row in rows if row["run_id"] not in seen]
            tasks.extend(fresh)
            parents = [row["run_id"] for row in fresh]
            seen.update(parents)
            if not parents or len(tasks) >= MAX_TASKS:
                break
        return tasks

    def _checks(
        self, account: str, run: Mapping[str, Any], datasets: Sequence[Mapping[str, Any]]
    ) -> list[dict[str, Any]]:
        checks = [
            {
                "dataset": dataset["dataset"], "column": one.get("column") or "",
                "check": str(one.get("assertion", "")),
                "status": "passed" if one.get("success") else "violated",
                "severity": str(one.get("severity") or ""), "value": None, "description": "",
                "time": run["ended"], "segment": {},
            }
            for dataset in datasets
            for one in (dataset["assertions"] or [])
            if isinstance(one, dict)
        ]  # fmt: skip
        names = sorted({dataset["dataset"] for dataset in datasets})
        if names:
            until = run["ended"] or utc_now()
            params = {
                "datasets": names, "start": engine_time(run["started"]), "end": engine_time(until),
                "limit": 1000,
            }  # fmt: skip
            checks.extend(self._rows(account, statements.RUN_CHECKS, params))
        return checks

    def _rows(self, account: str, sql: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = self._runner.run(account, sql, params).records()
        for row in rows:
            for name in _MOMENTS:
                if isinstance(row.get(name), str):
                    row[name] = _moment(row[name])
            if "parent" in row and "run_id" in row:
                row["label"] = short_name(row["job"], row["parent"])
        return rows


def short_name(job: str, parent: str) -> str:
    """Return a task's name without its pipeline's."""
    rest = job.removeprefix(parent).lstrip("./ ")
    return rest or job


def _path(run: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]]) -> list[Any]:
    start = run["started"].timestamp()
    ends = [task["ended"] for task in tasks if task["ended"]]
    end = run["ended"] or max(ends, default=None)
    if end is None:
        return []
    spans = [
        (task["run_id"], task["label"], task["started"].timestamp(), task["ended"].timestamp())
        for task in tasks
        if task["ended"]
    ]
    return critical_path((start, end.timestamp()), spans)


def _pipeline(row: dict[str, Any], expected: Expectations | None, now: datetime) -> dict[str, Any]:
    found = standing(
        expected,
        last_status=row["last_status"],
        last_started=row["last_started"],
        last_success=row["last_success"],
        now=now,
    )
    return {
        **row,
        "recent": _recent(row["recent"]),
        "health": found.health,
        "age": found.age,
        "lateness": found.lateness,
        "due": found.due,
        "expected": expected,
    }


def _silent(name: str, expected: Expectations, now: datetime) -> dict[str, Any]:
    """Return a pipeline that is expected to run and did not in the range."""
    found = standing(expected, last_status="", last_started=None, last_success=None, now=now)
    nothing = dict.fromkeys((
        "p50_seconds", "p95_seconds", "rows_in", "rows_out", "bytes_in", "bytes_out", "rows_per_second",
        "bytes_per_second", "last_started", "last_success", "nominal_start", "nominal_end",
    ))  # fmt: skip
    texts = dict.fromkeys((
        "namespace", "last_status", "last_run_id", "last_error", "slowest_task", "integration", "engine",
        "producer",
    ), "")  # fmt: skip
    counts = dict.fromkeys(("runs", "failed", "running", "retries", "tasks"), 0)
    return {
        "job": name, "name": name, **nothing, **texts, **counts, "recent": [],
        "health": found.health, "age": None, "lateness": found.lateness, "due": found.due,
        "expected": expected,
    }  # fmt: skip


def _recent(rows: Sequence[Sequence[Any]]) -> list[dict[str, Any]]:
    return [
        {"started": int(row[0]), "seconds": row[1], "status": row[2], "run_id": row[3]}
        for row in rows
    ]


def _json(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return orjson.loads(text) if text else None
    except orjson.JSONDecodeError:
        return None


def _moment(text: str) -> datetime | None:
    found = datetime.fromisoformat(text).replace(tzinfo=UTC)
    return found if found.timestamp() > 0 else None
