"""``vedette.profile`` and ``vedette.drift``, beside the user's data.

``profile`` sends aggregate states only, and drift is found here. Both need the extra ``vedette[profile]``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from vedette.core.ids import new_id
from vedette.core.time import parse_duration
from vedette.data.drift.compare import DriftReport, compare
from vedette.data.drift.presets import Settings
from vedette.data.drift.report import drift_html, drift_report
from vedette.data.profiling.compute import Windows
from vedette.data.profiling.engine import LocalEngine, Progress
from vedette.data.profiling.exact import with_every_value
from vedette.data.profiling.merging import summarise
from vedette.data.profiling.prepare import prepared
from vedette.data.profiling.run import ColumnStates, profile_source
from vedette.data.profiling.samples import keep_rows as keep_rows_of
from vedette.data.profiling.sources import source_of
from vedette.data.profiling.summary import ColumnProfile
from vedette.sdk.api_client import connected, dataset_path, parts


@dataclass(frozen=True)
class Profile:
    """A profile at hand.

    Attributes:
        columns: the columns' profiles, in order.
        states: what was sent, or would be.
        source: where the data is.
        sent: whether the server has it.
        notes: what has to be known of how the source was read.

    """

    columns: Sequence[ColumnProfile]
    states: Sequence[ColumnStates] = field(repr=False)
    source: str
    sent: bool = False
    notes: Sequence[str] = ()

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
            **({"notes": list(self.notes)} if self.notes else {}),
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
    dataset: str | None = None,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    columns: Sequence[str] | None = None,
    segment_by: Sequence[str] = (),
    time_column: str | None = None,
    period: str = "1d",
    profile_id: str = "",
    baseline: str | None = None,
    keep_rows: int = 0,
    endpoint: str | None = None,
    api_key: str | None = None,
    memory_bytes: int = 2 << 30,
    progress: Progress | None = None,
) -> Profile:
    """Profile data where it is, and send the aggregate states to a dataset.

    No rows are sent, unless ``keep_rows`` asks for some.

    Needs ``pip install 'vedette[profile]'``.

    Args:
        data: a pandas or Polars frame, an Arrow table, a path, or a URL such as
            ``s3://bucket/x.parquet`` or ``postgresql://user:password@host/database/table``.
        dataset: where the profile belongs; None only returns it.
        start: first moment that the data is about; a second before ``end`` if not given.
        end: the moment after it; now if not given.
        columns: only these columns.
        segment_by: up to 5 columns; every combination of their values is a segment.
        time_column: puts rows into windows by this column instead of one window.
        period: length of such a window.
        profile_id: a profile that is sent again with the same id replaces the earlier one.
        baseline: store it as a frozen baseline of this name, such as ``model:churn/3``.
        keep_rows: so many rows of each window, drawn at random, are sent and kept, to be looked at
            beside drift; up to 1,000 in all.
        endpoint: server, as in ``init``.
        api_key: key, as in ``init``.
        memory_bytes: most memory that the engine may use.
        progress: called with the share that is done, or None, and what goes on.

    Returns:
        The profile; ``sent`` tells whether the server has it. A notebook shows it as a table.

    Raises:
        InvalidInputError: the data cannot be read, or the server refused the profile.

    """
    source = source_of(data)
    windows = None
    if time_column is not None:
        windows = Windows(time_column, parse_duration(period, field="period").total_seconds())
    with LocalEngine(memory_bytes=memory_bytes, progress=progress) as engine:
        source = prepared(engine, source)
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
    return Profile(found, states, source.label, sent, source.notes)


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
            if client.offer(dataset_path(dataset, "profiles"), packed, field="dataset") is None:
                return False
            body.pop("rows", None)
    return True


def _text_length(row: Mapping[str, Any]) -> int:
    return sum(len(value) for value in row.values() if isinstance(value, str))


def drift(
    reference: Any,  # noqa: ANN401 - a frame of any library, a name or a profile
    current: Any,  # noqa: ANN401 - as reference
    preset: str = "vedette",
    *,
    exact: bool = False,
    columns: Sequence[str] | None = None,
    memory_bytes: int = 2 << 30,
    progress: Progress | None = None,
    **settings: Any,  # noqa: ANN401 - fields of Settings
) -> Drift:
    """Compare two sets of data column by column, here; nothing is sent.

    Args:
        reference: what it should be like: as ``data`` of ``profile``, or a profile.
        current: what it is like.
        preset: ``vedette``, ``evidently``, ``sagemaker`` or ``nannyml``.
        exact: reads every value, so that distances have no sketch's error.
        columns: only these columns.
        memory_bytes: most memory that the engine may use.
        progress: as in ``profile``.
        **settings: fields of ``vedette.data.drift.presets.Settings``, such as ``threshold``.

    Returns:
        The comparison: ``drifted``, ``report``, ``to_html``; a notebook shows it.

    """
    compared_by = Settings(preset, **settings)
    with LocalEngine(memory_bytes=memory_bytes, progress=progress) as engine:
        sides = [
            columns_of(engine, data, columns, exact=exact, progress=progress)
            for data in (reference, current)
        ]
    return Drift(compare(sides[0], sides[1], compared_by), sides[0], sides[1])


def columns_of(
    engine: LocalEngine,
    data: Any,  # noqa: ANN401 - a frame, a name, or a profile
    columns: Sequence[str] | None,
    *,
    exact: bool,
    progress: Progress | None,
) -> Sequence[ColumnProfile]:
    """Return the profiles of data's columns, computed where they are not at hand."""
    if isinstance(data, Profile):
        return data.columns
    source = prepared(engine, source_of(data))
    states = profile_source(engine, source, columns=columns, progress=progress)
    found = summarise(engine, states)
    return with_every_value(engine, source, found) if exact else found
