"""Statements over events of runs. Every one groups by run, so an event stored twice counts once."""

from __future__ import annotations

ENDED = "('COMPLETE', 'FAIL', 'ABORT')"

RUNS = """
SELECT
    Job AS job, RunId AS run_id,
    any(JobNamespace) AS namespace, any(JobName) AS name,
    argMaxIf(Parent, Timestamp, Parent != '') AS parent,
    argMaxIf(ParentRunId, Timestamp, ParentRunId != '') AS parent_run_id,
    if(countIf(EventType = 'START') > 0, minIf(Timestamp, EventType = 'START'), min(Timestamp)) AS started,
    if(countIf(EventType IN ENDED) > 0, maxIf(Timestamp, EventType IN ENDED), NULL) AS ended,
    multiIf(
        isNull(ended), 'running',
        argMaxIf(EventType, Timestamp, EventType IN ENDED) = 'COMPLETE', 'completed',
        argMaxIf(EventType, Timestamp, EventType IN ENDED) = 'FAIL', 'failed',
        'aborted') AS status,
    max(Timestamp) AS last_event,
    max(ReceivedTime) AS received,
    if(isNull(ended), NULL, dateDiff('millisecond', started, assumeNotNull(ended)) / 1000) AS seconds,
    max(Attempt) AS attempt,
    argMaxIf(Error, Timestamp, Error != '') AS error,
    argMaxIf(TraceId, Timestamp, TraceId != '') AS trace_id,
    argMaxIf(SpanId, Timestamp, SpanId != '') AS span_id,
    argMaxIf(Service, Timestamp, Service != '') AS service,
    max(NominalStart) AS nominal_start, max(NominalEnd) AS nominal_end,
    max(RowsIn) AS told_rows_in, max(RowsOut) AS told_rows_out,
    max(BytesIn) AS told_bytes_in, max(BytesOut) AS told_bytes_out,
    argMaxIf(Producer, Timestamp, Producer != '') AS producer,
    argMaxIf(Integration, Timestamp, Integration != '') AS integration,
    argMaxIf(Engine, Timestamp, Engine != '') AS engine
FROM @lineage_events
WHERE Kind = 'run' AND RANGE
GROUP BY Job, RunId
""".replace("ENDED", ENDED)

MOVED = """
SELECT
    Job AS job, RunId AS run_id,
    sumIf(rows, Direction = 'in') AS io_rows_in, sumIf(rows, Direction = 'out') AS io_rows_out,
    sumIf(bytes, Direction = 'in') AS io_bytes_in, sumIf(bytes, Direction = 'out') AS io_bytes_out
FROM
(
    SELECT Job, RunId, Direction, Dataset, max(Rows) AS rows, max(Bytes) AS bytes
    FROM @lineage_datasets
    WHERE RunId != '' AND RANGE
    GROUP BY Job, RunId, Direction, Dataset
)
GROUP BY Job, RunId
"""

IN_RANGE = """
Timestamp >= {start:DateTime64(3, 'UTC')} - INTERVAL 1 DAY AND Timestamp < {end:DateTime64(3, 'UTC')} + INTERVAL 1 DAY
"""
"""Events of runs that touch the range: a run longer than a day has only its end in it."""

TOUCHES = """
started < {end:DateTime64(3, 'UTC')} AND ifNull(ended, last_event) >= {start:DateTime64(3, 'UTC')}
"""


def moved_runs(where: str) -> str:
    """Return the statement of runs with what they moved; ``where`` narrows the events."""
    return f"""
SELECT
    r.*,
    coalesce(r.told_rows_in, m.io_rows_in) AS rows_in, coalesce(r.told_rows_out, m.io_rows_out) AS rows_out,
    coalesce(r.told_bytes_in, m.io_bytes_in) AS bytes_in, coalesce(r.told_bytes_out, m.io_bytes_out) AS bytes_out
FROM ({RUNS.replace("RANGE", where)}) AS r
LEFT JOIN ({MOVED.replace("RANGE", where)}) AS m ON r.job = m.job AND r.run_id = m.run_id
"""


def with_tasks(runs: str, tasks: str) -> str:
    """Return the runs of a statement with sums over the tasks of another one."""
    return f"""
SELECT
    p.*,
    t.tasks AS tasks, t.tasks_failed AS tasks_failed, t.retries AS retries, t.slowest AS slowest_task,
    t.slowest_seconds AS slowest_seconds,
    coalesce(p.rows_in, t.t_rows_in) AS all_rows_in, coalesce(p.rows_out, t.t_rows_out) AS all_rows_out,
    coalesce(p.bytes_in, t.t_bytes_in) AS all_bytes_in, coalesce(p.bytes_out, t.t_bytes_out) AS all_bytes_out,
    if(p.seconds > 0, coalesce(all_rows_out, all_rows_in) / p.seconds, NULL) AS rows_per_second,
    if(p.seconds > 0, coalesce(all_bytes_out, all_bytes_in) / p.seconds, NULL) AS bytes_per_second
FROM ({runs}) AS p
LEFT JOIN
(
    SELECT
        parent_run_id, count() AS tasks, countIf(status = 'failed') AS tasks_failed, countIf(attempt > 1) AS retries,
        argMax(job, ifNull(seconds, 0)) AS slowest, max(seconds) AS slowest_seconds,
        sum(rows_in) AS t_rows_in, sum(rows_out) AS t_rows_out,
        sum(bytes_in) AS t_bytes_in, sum(bytes_out) AS t_bytes_out
    FROM ({tasks})
    WHERE parent_run_id != ''
    GROUP BY parent_run_id
) AS t ON p.run_id = t.parent_run_id
"""


def is_root(column: str, where: str) -> str:
    """Return the condition that a run has no parent, or one that tells nothing of itself."""
    return (
        f"({column} = '' OR {column} NOT IN "
        f"(SELECT Job FROM @lineage_events WHERE Kind = 'run' AND {where}))"
    )


_RUN_FIELDS = """
    job, run_id, namespace, name, parent, parent_run_id, started, ended, status, seconds, attempt, error, trace_id,
    span_id, service, nominal_start, nominal_end, producer, integration, engine, tasks, tasks_failed, retries,
    slowest_task, slowest_seconds, all_rows_in AS rows_in, all_rows_out AS rows_out, all_bytes_in AS bytes_in,
    all_bytes_out AS bytes_out, rows_per_second, bytes_per_second
"""


def list_runs(*, roots: bool, job: bool, task_of: bool, status: bool) -> str:
    """Return the statement of a page of runs, newest first."""
    conditions = [TOUCHES]
    if roots:
        conditions.append(is_root("parent", IN_RANGE))
    if job:
        conditions.append("job = {job:String}")
    if task_of:
        conditions.append("parent = {parent:String}")
    if status:
        conditions.append("status = {status:String}")
    runs = f"SELECT * FROM ({moved_runs(IN_RANGE)}) WHERE {' AND '.join(conditions)}"
    return f"""
SELECT {_RUN_FIELDS}
FROM ({with_tasks(runs, moved_runs(IN_RANGE))})
ORDER BY started DESC, run_id
LIMIT {{limit:UInt32}} OFFSET {{offset:UInt32}}
"""


RUN = f"""
SELECT {_RUN_FIELDS}
FROM ({with_tasks(moved_runs("RunId = {run_id:String}"), moved_runs("ParentRunId = {run_id:String}"))})
ORDER BY started
LIMIT 1
"""
# Of tasks' datasets it is the run that is asked for, not the parent: that is in the events alone.
_CHILDREN = """
RunId IN (SELECT RunId FROM @lineage_events WHERE ParentRunId IN {run_ids:Array(String)})
"""
CHILDREN = f"""
SELECT {_RUN_FIELDS}
FROM ({with_tasks(moved_runs(_CHILDREN), f"SELECT * FROM ({moved_runs(_CHILDREN)}) WHERE false")})
ORDER BY started, run_id
LIMIT {{limit:UInt32}}
"""
RUN = RUN.replace(
    "ParentRunId = {run_id:String}",
    _CHILDREN.replace("{run_ids:Array(String)}", "[{run_id:String}]"),
)

_RECENT = (
    "arraySlice(arraySort(x -> x.1, "
    "groupArray(1000)((toUnixTimestamp64Milli(started), seconds, status, run_id))), -30)"
)


def _summaries(which: str, *, retries: str = "sum(retries)", named: str = "1") -> str:
    """Return the statement that tells how jobs stand over a range.

    Args:
        which: condition on the runs that are told of.
        retries: what counts their retries.
        named: condition on the jobs.

    """
    runs = f"SELECT * FROM ({moved_runs(IN_RANGE)}) WHERE {TOUCHES} AND {which}"
    return f"""
SELECT
    job, any(namespace) AS namespace, any(name) AS name,
    count() AS runs, countIf(status = 'failed') AS failed, countIf(status = 'running') AS running,
    {retries} AS retries, max(tasks) AS tasks,
    argMax(status, started) AS last_status, max(started) AS last_started, argMax(run_id, started) AS last_run_id,
    argMax(error, started) AS last_error,
    maxIf(ended, status = 'completed') AS last_success,
    quantileIf(0.5)(seconds, status = 'completed') AS p50_seconds,
    quantileIf(0.95)(seconds, status = 'completed') AS p95_seconds,
    argMaxIf(slowest_task, started, slowest_task != '') AS slowest_task,
    sum(all_rows_in) AS rows_in, sum(all_rows_out) AS rows_out, sum(all_bytes_in) AS bytes_in,
    sum(all_bytes_out) AS bytes_out,
    quantile(0.5)(rows_per_second) AS rows_per_second, quantile(0.5)(bytes_per_second) AS bytes_per_second,
    any(integration) AS integration, any(engine) AS engine, any(producer) AS producer,
    max(nominal_end) AS nominal_end, max(nominal_start) AS nominal_start,
    {_RECENT} AS recent
FROM ({with_tasks(runs, moved_runs(IN_RANGE))})
WHERE {named}
GROUP BY job
ORDER BY last_started DESC, job
LIMIT {{limit:UInt32}} OFFSET {{offset:UInt32}}
"""


PIPELINES = _summaries(
    is_root("parent", IN_RANGE),
    named="{search:String} = '' OR positionCaseInsensitiveUTF8(job, {search:String}) > 0",
)
ONE = _summaries(
    "job = {job:String}",
    # A task that is tried again is a retry of its own, beside those of what it started.
    retries="coalesce(sum(retries), 0) + countIf(attempt > 1)",
)
"""The same of one pipeline or task."""

TASKS = f"""
SELECT
    job, any(name) AS name, count() AS runs, countIf(status = 'failed') AS failed, countIf(attempt > 1) AS retries,
    argMax(status, started) AS last_status, max(started) AS last_started, argMax(error, started) AS last_error,
    quantileIf(0.5)(seconds, status = 'completed') AS p50_seconds,
    quantileIf(0.95)(seconds, status = 'completed') AS p95_seconds,
    sum(seconds) AS total_seconds,
    sum(rows_in) AS rows_in, sum(rows_out) AS rows_out, sum(bytes_in) AS bytes_in, sum(bytes_out) AS bytes_out,
    if(total_seconds > 0, coalesce(rows_out, rows_in) / total_seconds, NULL) AS rows_per_second,
    {_RECENT} AS recent
FROM ({moved_runs(IN_RANGE)})
WHERE {TOUCHES} AND parent = {{job:String}}
GROUP BY job
ORDER BY total_seconds DESC, job
LIMIT {{limit:UInt32}}
"""

SERIES = f"""
SELECT
    job, toUnixTimestamp(toStartOfInterval(started, toIntervalSecond({{step:UInt32}}))) AS time,
    count() AS runs, countIf(status = 'failed') AS failed, countIf(attempt > 1) AS retries,
    quantileIf(0.5)(seconds, status = 'completed') AS p50_seconds,
    quantileIf(0.95)(seconds, status = 'completed') AS p95_seconds,
    sum(rows_in) AS rows_in, sum(rows_out) AS rows_out, sum(bytes_in) AS bytes_in, sum(bytes_out) AS bytes_out,
    if(sum(seconds) > 0, coalesce(rows_out, rows_in) / sum(seconds), NULL) AS rows_per_second
FROM ({moved_runs(IN_RANGE)})
WHERE {TOUCHES} AND (job = {{job:String}} OR parent = {{job:String}})
GROUP BY job, time
ORDER BY job, time
LIMIT {{limit:UInt32}}
"""

RUN_DATASETS = """
SELECT
    RunId AS run_id, Job AS job, Direction AS direction, Dataset AS dataset,
    any(Namespace) AS namespace, any(Name) AS name,
    argMaxIf(Version, Timestamp, Version != '') AS version, max(Rows) AS rows, max(Bytes) AS bytes, max(Files) AS files,
    argMaxIf(Lifecycle, Timestamp, Lifecycle != '') AS lifecycle,
    argMaxIf(Fields, Timestamp, Fields NOT IN ('', '[]')) AS fields,
    argMaxIf(Assertions, Timestamp, Assertions NOT IN ('', '[]')) AS assertions,
    argMaxIf(Quality, Timestamp, Quality != '') AS quality
FROM @lineage_datasets
WHERE RunId IN {run_ids:Array(String)}
GROUP BY RunId, Job, Direction, Dataset
ORDER BY direction, dataset, job
LIMIT {limit:UInt32}
"""

# Gates tell of the run itself; of what a monitor looked at meanwhile its last window says how the data are.
RUN_CHECKS = """
SELECT Dataset AS dataset, Name AS column, Measure AS check, Status AS status, Severity AS severity, Value AS value,
    Description AS description, Time AS time, Segment AS segment
FROM @data_results
WHERE Dataset IN {datasets:Array(String)} AND Family = 'check'
    AND Time >= {start:DateTime64(3, 'UTC')} AND Time < {end:DateTime64(3, 'UTC')} + INTERVAL 1 HOUR
    AND
    (
        Monitor = '' OR startsWith(Monitor, 'gate:') OR (Monitor, Start, Run) IN
        (
            SELECT Monitor, max(Start), argMax(Run, (Start, Run)) FROM @data_results
            WHERE Dataset IN {datasets:Array(String)} AND Family = 'check'
                AND Time >= {start:DateTime64(3, 'UTC')} AND Time < {end:DateTime64(3, 'UTC')} + INTERVAL 1 HOUR
            GROUP BY Monitor
        )
    )
ORDER BY status = 'violated' DESC, dataset, column, segment
LIMIT {limit:UInt32}
"""

RUN_EVENTS = """
SELECT EventType AS event_type, Timestamp AS time, Producer AS producer, Event AS event
FROM @lineage_events
WHERE RunId = {run_id:String}
ORDER BY Timestamp, EventId
LIMIT 1 BY EventId
LIMIT {limit:UInt32}
"""

JOB = """
SELECT
    Job AS job, any(JobNamespace) AS namespace, any(JobName) AS name,
    argMaxIf(Description, Timestamp, Description != '') AS description,
    argMaxIf(Sql, Timestamp, Sql != '') AS sql,
    argMaxIf(SourceLocation, Timestamp, SourceLocation != '') AS source_location,
    argMaxIf(Owners, Timestamp, notEmpty(Owners)) AS owners,
    argMaxIf(Tags, Timestamp, notEmpty(Tags)) AS tags,
    argMaxIf(Parent, Timestamp, Parent != '') AS parent,
    argMaxIf(JobType, Timestamp, JobType != '') AS job_type,
    argMaxIf(Integration, Timestamp, Integration != '') AS integration,
    argMaxIf(Service, Timestamp, Service != '') AS service,
    min(Timestamp) AS first_seen, max(Timestamp) AS last_seen
FROM @lineage_events
WHERE Job = {job:String}
GROUP BY Job
"""

WRITTEN = """
SELECT Dataset AS dataset, max(Timestamp) AS last_written
FROM @lineage_datasets
WHERE Direction = 'out' AND EventType = 'COMPLETE' AND ReceivedTime >= {start:DateTime64(3, 'UTC')}
GROUP BY Dataset
ORDER BY last_written DESC
LIMIT {limit:UInt32}
"""

_ENDED = (
    f"SELECT * FROM ({moved_runs(IN_RANGE)}) WHERE isNotNull(ended) "
    "AND received >= {from:DateTime64(3, 'UTC')} AND received < {to:DateTime64(3, 'UTC')}"
)
ENDED_RUNS = f"""
SELECT {_RUN_FIELDS}, received
FROM ({with_tasks(_ENDED, moved_runs(IN_RANGE))})
ORDER BY received, run_id
LIMIT {{limit:UInt32}}
"""

ACTIVE_ACCOUNTS = """
SELECT DISTINCT Account AS account FROM lineage_events
WHERE Kind = 'run' AND ReceivedTime >= {start:DateTime64(3, 'UTC')}
"""

LAST_RUNS = """
SELECT Job AS job, maxIf(Timestamp, EventType = 'COMPLETE') AS last_success,
    countIf(EventType = 'COMPLETE') AS successes,
    max(Timestamp) AS last_event, maxIf(Timestamp, EventType = 'START') AS last_start
FROM @lineage_events
WHERE Kind = 'run' AND ReceivedTime >= {start:DateTime64(3, 'UTC')}
GROUP BY Job
HAVING argMaxIf(Parent, Timestamp, Parent != '') = ''
ORDER BY last_event DESC
LIMIT {limit:UInt32}
"""
