"""``vedette.check``: checks beside the user's data; the gate of a pipeline.

A check stops a pipeline by an exception. Needs the extra ``vedette[profile]``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.data.checks.definition import Severity, parse_checks
from vedette.data.checks.result import CheckReport
from vedette.data.checks.run import run_checks
from vedette.data.profiling.engine import LocalEngine, Progress
from vedette.data.profiling.prepare import prepared
from vedette.data.profiling.sources import source_of
from vedette.sdk.api_client import connected, dataset_path
from vedette.sdk.data import columns_of


def check(
    data: Any,  # noqa: ANN401 - a frame of any library, or a name
    checks: Any,  # noqa: ANN401 - a path, or a list
    *,
    baseline: Any = None,  # noqa: ANN401 - as data
    raise_on: str | None = "error",
    sample: int = 5,
    dataset: str | None = None,
    keep_rows: bool = False,
    endpoint: str | None = None,
    api_key: str | None = None,
    memory_bytes: int = 2 << 30,
    progress: Progress | None = None,
) -> CheckReport:
    """Check data where it is; a gate of a pipeline.

    Args:
        data: as in ``profile``.
        checks: path of a YAML or JSON file, or a list such as
            ``[{"check": "range", "column": "age", "min": 0}]``.
        baseline: data or a profile that drift is measured against.
        raise_on: the least severity that raises: ``warning``, ``error`` or ``critical``; None
            never raises.
        sample: failing rows that are shown of each check.
        dataset: where the results are kept on the server; None keeps them here.
        keep_rows: whether the failing rows that are shown are sent with them.
        endpoint: server, as in ``init``.
        api_key: key, as in ``init``.
        memory_bytes: most memory that the engine may use.
        progress: as in ``profile``.

    Raises:
        CheckFailedError: a check of that severity is violated; ``report`` has all results.
        InvalidInputError: the data or the checks cannot be read.

    """
    document = read_document(checks) if isinstance(checks, str | Path) else checks
    parsed = parse_checks(document)
    if baseline is None and isinstance(document, Mapping) and "features" in document:
        # Model Monitor compares every column, where it has statistics to compare with.
        parsed = [one for one in parsed if one.kind != "drift"]
    with LocalEngine(memory_bytes=memory_bytes, progress=progress) as engine:
        before = (
            None
            if baseline is None
            else columns_of(engine, baseline, None, exact=False, progress=progress)
        )
        source = prepared(engine, source_of(data))
        report = run_checks(
            engine, source, parsed, baseline=before, sample=sample, progress=progress
        )
    if dataset is not None:
        _send_results(dataset, report, source.label, endpoint, api_key, keep_rows=keep_rows)
    if raise_on is not None:
        report.raise_for(severity_of(raise_on))
    return report


def _send_results(
    dataset: str,
    report: CheckReport,
    source: str,
    endpoint: str | None,
    api_key: str | None,
    *,
    keep_rows: bool,
) -> bool:
    """Send what a gate found; the failing rows stay here unless they are to be kept."""
    results = [
        {name: value for name, value in one.items() if name != "sample" or keep_rows}
        for one in report.as_dict()["results"]
    ]
    body = {"time": datetime.now(UTC).isoformat(), "rows": report.rows, "results": results,
            "source": source[:500]}  # fmt: skip
    encoded = json.dumps(body, default=str, allow_nan=False).encode()
    with connected(endpoint, api_key) as client:
        path = dataset_path(dataset, "results")
        return client.offer(path, encoded, field="dataset", packed=False) is not None


def severity_of(text: str) -> Severity:
    """Return the severity of a name; ``InvalidInputError`` where there is none."""
    try:
        return Severity(text)
    except ValueError as error:
        raise InvalidInputError(
            f"{text!r} is no severity", field="raise_on", remedy=f"use {', '.join(Severity)}"
        ) from error


def read_document(path: str | Path) -> Any:  # noqa: ANN401 - YAML or JSON of any shape
    """Return what a YAML or JSON file holds; Model Monitor's constraints become checks.

    Raises:
        InvalidInputError: it cannot be read.

    """
    import yaml  # noqa: PLC0415 - only where it is needed

    try:
        document = yaml.safe_load(Path(path).read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidInputError(
            f"{path} cannot be read: {str(error)[:300]}",
            field="checks",
            remedy="give a file of YAML or JSON",
        ) from error
    if isinstance(document, Mapping) and "features" in document and "checks" not in document:
        from vedette.data.checks.model_monitor import read_constraints  # noqa: PLC0415 - rare

        return {**document, "checks": list(read_constraints(document).checks)}
    return document
