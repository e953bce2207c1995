"""Running checks on data at hand: profile, rows, drift, in one report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from vedette.data.checks.definition import Check
from vedette.data.checks.evaluate import evaluate
from vedette.data.checks.result import CheckReport, CheckResult
from vedette.data.checks.rows import SAMPLE_ROWS, evaluate_rows
from vedette.data.profiling.columns import quoted
from vedette.data.profiling.engine import Engine, Progress
from vedette.data.profiling.merging import summarise
from vedette.data.profiling.run import profile_source
from vedette.data.profiling.sources import Source
from vedette.data.profiling.summary import ColumnProfile


def run_checks(
    engine: Engine,
    source: Source,
    checks: Sequence[Check],
    *,
    baseline: Sequence[ColumnProfile] | None = None,
    sample: int = SAMPLE_ROWS,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> CheckReport:
    """Evaluate checks on a source and return the report; nothing is raised for violations.

    Args:
        engine: reads the data.
        source: the data.
        checks: what to check; those of a segment look at that segment's rows.
        baseline: profiles that drift is measured against.
        sample: failing rows shown of each check.
        now: when it is, for freshness.
        progress: told how far it is.

    """
    profiles = summarise(engine, profile_source(engine, source, progress=progress))
    whole = [check for check in checks if not check.segment]
    results = evaluate(whole, profiles, baseline=baseline, now=now)
    results += evaluate_rows(engine, source, whole, sample=sample)
    for check in checks:
        if check.segment:
            results += _of_segment(engine, source, check, sample, now)
    return CheckReport.of(results, max((profile.rows for profile in profiles), default=0))


def _of_segment(
    engine: Engine, source: Source, check: Check, sample: int, now: datetime | None
) -> list[CheckResult]:
    part = segment_of(source, check.segment)
    if check.needs_rows:
        return evaluate_rows(engine, part, [check], sample=sample)
    return evaluate([check], summarise(engine, profile_source(engine, part)), now=now)


def segment_of(source: Source, segment: Mapping[str, str]) -> Source:
    """Return the rows of a source that have these values."""
    where = " AND ".join(
        f"toString({quoted(name)}) = {{segment{index}:String}}"
        for index, name in enumerate(segment)
    )
    values = {f"segment{index}": value for index, value in enumerate(segment.values())}
    return replace(
        source,
        expression=f"(SELECT * FROM {source.expression} WHERE {where})",
        parameters={**source.parameters, **values},
    )
