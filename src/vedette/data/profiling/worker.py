"""Profiling in a process of its own: a job of JSON on standard input, what was found on standard output.

The server starts it for sources of monitors, so that neither the memory nor the time that data takes
is the server's. It reads, and keeps nothing.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from vedette.core.errors import InvalidInputError, VedetteError
from vedette.data.checks.definition import Check, parse_checks
from vedette.data.checks.rows import evaluate_rows
from vedette.data.checks.run import segment_of
from vedette.data.profiling.columns import Kind, quoted
from vedette.data.profiling.databases import Range
from vedette.data.profiling.engine import Engine, LocalEngine
from vedette.data.profiling.lakes import lake_folder
from vedette.data.profiling.prepare import prepared
from vedette.data.profiling.run import describe, profile_source
from vedette.data.profiling.samples import keep_rows
from vedette.data.profiling.sources import Source, source_of

MAX_WINDOWS = 1000
Document = dict[str, Any]


def main() -> int:
    """Do the job; the answer has ``windows``, or ``error``."""
    job = json.load(sys.stdin)
    try:
        if folder := lake_folder(source_of(job["url"])):
            os.chdir(folder)
        with LocalEngine(memory_bytes=job["memory_bytes"]) as engine:
            answer: Document = {"windows": work(engine, job)}
    except VedetteError as error:
        answer = {"error": error.message, "field": error.field, "remedy": error.remedy}
    json.dump(answer, sys.stdout, default=str)
    return 0


def work(engine: Engine, job: Mapping[str, Any]) -> list[Document]:
    """Return the profiles that a job asks for, one a window, with notes on how it was read.

    Args:
        engine: reads the data.
        job: ``url``; ``columns`` or null; ``segment_by``; ``keep_rows``; ``checks`` that need rows;
            and ``time_column`` with ``seconds``, ``start``, ``end`` and ``known``, the rows of windows
            by their start, which are not profiled again where they are as many.

    """
    within = Range(job["time_column"], job["start"], job["end"]) if job["time_column"] else None
    source = prepared(engine, source_of(job["url"]), within)
    checks = parse_checks(job["checks"])
    if not job["time_column"]:
        return [_profiled(engine, source, job, checks)]
    column = _time_column(engine, source, job["time_column"])
    found = []
    for start, rows in _counted(engine, source, job, column):
        if job["known"].get(f"{start:.0f}") == rows:
            continue
        part = _between(source, column, start, start + job["seconds"])
        found.append({"start": start, **_profiled(engine, part, job, checks)})
    for window in found:
        # They were counted once, for all windows.
        window["notes"] = [
            f"in and around the windows that were read, {note}" for note in source.notes
        ]
    return found


def _profiled(
    engine: Engine, source: Source, job: Mapping[str, Any], checks: Sequence[Check]
) -> Document:
    states = profile_source(engine, source, columns=job["columns"], segment_by=job["segment_by"])
    kept = (
        keep_rows(engine, source, job["keep_rows"], columns=job["columns"])
        if job["keep_rows"]
        else []
    )
    results = []
    for check in checks:
        part = segment_of(source, check.segment) if check.segment else source
        results += evaluate_rows(engine, part, [check], sample=0)
    return {
        "states": [one.as_dict() for one in states],
        "kept": [dict(row.row) for row in kept],
        "results": [one.as_dict() for one in results],
        "notes": list(source.notes),
    }


def _time_column(engine: Engine, source: Source, name: str) -> str:
    (column,) = describe(engine, source, [name])
    if column.kind is not Kind.TIME:
        raise InvalidInputError(
            f"{name} is of the type {column.type}, no time",
            field="source.time_column",
            remedy="name a column of dates or times, or none for snapshots",
        )
    return quoted(name)


def _counted(
    engine: Engine, source: Source, job: Mapping[str, Any], column: str
) -> list[tuple[float, int]]:
    """Return the windows that have rows, and how many, oldest first."""
    part = _between(source, column, job["start"], job["end"])
    seconds = f"toUnixTimestamp64Micro(toDateTime64({column}, 6, 'UTC')) / 1e6"
    start = f"floor({seconds} / {job['seconds']}) * {job['seconds']}"
    rows = engine.rows(
        f"SELECT {start} AS start, count() FROM {part.expression} GROUP BY start ORDER BY start "
        f"LIMIT {MAX_WINDOWS}",
        part.parameters,
    )
    return [(float(row[0]), int(row[1])) for row in rows]


def _between(source: Source, column: str, start: float, end: float) -> Source:
    """Return the rows of a time; the bare column is compared, so that the source can use its index."""
    first, last = (
        f"toDateTime64('{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S.%f}', 6, 'UTC')"
        for at in (start, end)
    )
    return replace(
        source,
        expression=f"(SELECT * FROM {source.expression} WHERE {column} >= {first} AND {column} < {last})",
    )


if __name__ == "__main__":
    sys.exit(main())
