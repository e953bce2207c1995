"""Profiles, drift and checks beside the user's data: rows never leave the process.

``profile`` sends aggregate states only. Drift and checks run here; a check stops a pipeline by an
exception. All need the extra ``vedette[profile]``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from vedette.core.errors import InvalidInputError, UnavailableError
from vedette.core.ids import new_id
from vedette.core.time import parse_duration
from vedette.data.checks.definition import Severity, parse_checks
from vedette.data.checks.result import CheckReport
from vedette.data.checks.run import run_checks
from vedette.data.drift.compare import DriftReport, compare
from vedette.data.drift.presets import Settings
from vedette.data.drift.report import drift_html, drift_report
from vedette.data.profiling.engine import LocalEngine, Progress
from vedette.data.profiling.exact import with_every_value
from vedette.data.profiling.headers import with_columns
from vedette.data.profiling.merging import summarise
from vedette.data.profiling.run import ColumnStates, Windows, profile_source
from vedette.data.profiling.samples import keep_rows as keep_rows_of
from vedette.data.profiling.sources import source_of
from vedette.data.profiling.summary import ColumnProfile
from vedette.sdk.api_client import ApiClient, connected, parts

_log = logging.getLogger("vedette")


@dataclass(frozen=True)
class Profile:
    """A profile at hand.

    Attributes:
        columns: the columns' profiles, in order.
        states: what was sent, or would be.
        source: where the data is.
        sent: whether the server has it.

    """

    columns: Sequence[ColumnProfile]
    states: Sequence[ColumnStates] = field(repr=False)
    source: str
    sent: bool = False

    def __getitem__(self, name: str) -> ColumnProfile:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def rows(self) -> int:
        """Rows of the data."""
        return max((column.rows for column in self.columns), default=0)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "source": self.source,
            "rows": self.rows,
            "columns": [column.as_dict() for column in self.columns],
        }

    def _repr_html_(self) -> str:
        from vedette.data.profiling.report import profile_html  # noqa: PLC0415 - notebooks only

        return profile_html(self.columns, title=self.source, whole=False)

    def to_html(self, path: str | Path) -> None:
        """Write a page that can be shared: one file that loads nothing."""
        from vedette.data.profiling.report import profile_html  # noqa: PLC0415 - on demand

        Path(path).write_text(profile_html(self.columns, title=self.source))


@dataclass(frozen=True)
class Drift:
    """A comparison at hand."""

    report: DriftReport
    reference: Sequence[ColumnProfile] = field(repr=False)
    current: Sequence[ColumnProfile] = field(repr=False)

    @property
    def drifted(self) -> bool:
        """Whether the dataset drifted."""
        return self.report.status == "drift"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return drift_report(self.report)

    def _repr_html_(self) -> str:
        return drift_html(self.report, self.reference, self.current, whole=False)

    def to_html(self, path: str | Path, *, title: str = "Drift") -> None:
        """Write a page that can be shared: one file that loads nothing."""
        Path(path).write_text(drift_html(self.report, self.reference, self.current, title=title))


def profile(
    data: Any,  # noqa: ANN401 - a frame of any library, or a name
    *,
    dataset: str | None,
    start: datetime | None,
    end: datetime | None,
    columns: Sequence[str] | None,
    segment_by: Sequence[str],
    time_column: str | None,
    period: str,
    profile_id: str,
    baseline: str | None,
    keep_rows: int,
    endpoint: str | None,
    api_key: str | None,
    memory_bytes: int,
    progress: Progress | None,
) -> Profile:
    """See ``vedette.profile``."""
    source = source_of(data)
    windows = None
    if time_column is not None:
        windows = Windows(time_column, parse_duration(period, field="period").total_seconds())
    with LocalEngine(memory_bytes=memory_bytes, progress=progress) as engine:
        source = with_columns(engine, source)
        states = profile_source(
            engine,
            source,
            columns=columns,
            segment_by=segment_by,
            windows=windows,
            progress=progress,
        )
        found = summarise(engine, states)
        kept = (
            keep_rows_of(engine, source, keep_rows, columns=columns, windows=windows)
            if keep_rows and dataset is not None
            else []
        )
    sent = False
    if dataset is not None:
        now = datetime.now(UTC)
        window = (start or now - timedelta(seconds=1), end or now)
        shared = {
            "profile_id": profile_id, "baseline": baseline, "rows": [row.as_dict() for row in kept],
        }  # fmt: skip
        sent = _send(dataset, states, window, shared, endpoint, api_key)
    return Profile(found, states, source.label, sent)


def _send(
    dataset: str,
    states: Sequence[ColumnStates],
    window: tuple[datetime, datetime],
    shared: Mapping[str, Any],
    endpoint: str | None,
    api_key: str | None,
) -> bool:
    """Send a profile in parts, which the server puts together; False where it is away."""
    start, end = (moment.astimezone(UTC).isoformat() for moment in window)
    body = {
        "start": start, "end": end, "version": new_id(),
        **{name: value for name, value in shared.items() if value},
    }  # fmt: skip
    body.setdefault("profile_id", new_id())
    rows = [state.as_dict() for state in states]
    with connected(endpoint, api_key) as client:
        for part in list(parts(rows, _text_length)) or [[]]:
            packed = json.dumps({**body, "columns": part}).encode()
            if not _was_taken(client, _path(dataset, "profiles"), packed):
                return False
            body.pop("rows", None)
    return True


def _text_length(row: Mapping[str, Any]) -> int:
    return sum(len(value) for value in row.values() if isinstance(value, str))


def _path(dataset: str, what: str) -> str:
    return f"/datasets/{quote(dataset, safe='')}/{what}"


def _was_taken(client: ApiClient, path: str, body: bytes, *, packed: bool = True) -> bool:
    """Send it; a server that is away costs the user's job a warning and no more."""
    try:
        client.post(path, body, field="dataset", packed=packed)
    except UnavailableError as error:
        _log.warning("it was not sent to the server: %s", error.message)
        return False
    return True


def drift(
    reference: Any,  # noqa: ANN401 - a frame of any library, or a name
    current: Any,  # noqa: ANN401 - as reference
    *,
    settings: Settings,
    exact: bool,
    columns: Sequence[str] | None,
    memory_bytes: int,
    progress: Progress | None,
) -> Drift:
    """See ``vedette.drift``."""
    with LocalEngine(memory_bytes=memory_bytes, progress=progress) as engine:
        sides = [
            _columns(engine, data, columns, exact=exact, progress=progress)
            for data in (reference, current)
        ]
    return Drift(compare(sides[0], sides[1], settings), sides[0], sides[1])


def _columns(
    engine: LocalEngine,
    data: Any,  # noqa: ANN401 - a frame, a name, or a profile
    columns: Sequence[str] | None,
    *,
    exact: bool,
    progress: Progress | None,
) -> Sequence[ColumnProfile]:
    if isinstance(data, Profile):
        return data.columns
    source = with_columns(engine, source_of(data))
    states = profile_source(engine, source, columns=columns, progress=progress)
    found = summarise(engine, states)
    return with_every_value(engine, source, found) if exact else found


def check(
    data: Any,  # noqa: ANN401 - a frame of any library, or a name
    checks: Any,  # noqa: ANN401 - a path, or a list
    *,
    baseline: Any,  # noqa: ANN401 - as data
    raise_on: str | None,
    sample: int,
    dataset: str | None,
    keep_rows: bool,
    endpoint: str | None,
    api_key: str | None,
    memory_bytes: int,
    progress: Progress | None,
) -> CheckReport:
    """See ``vedette.check``."""
    parsed = parse_checks(read_document(checks) if isinstance(checks, str | Path) else checks)
    with LocalEngine(memory_bytes=memory_bytes, progress=progress) as engine:
        before = (
            None
            if baseline is None
            else _columns(engine, baseline, None, exact=False, progress=progress)
        )
        source = with_columns(engine, source_of(data))
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
        return _was_taken(client, _path(dataset, "results"), encoded, packed=False)


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
