"""Profiling a monitor's source: in a process of its own, with bounds on memory and time."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from vedette.core.encryption import SecretBox
from vedette.core.errors import InvalidInputError, NotFoundError, UnavailableError
from vedette.core.ids import new_id
from vedette.core.time import TimeRange, parse_duration
from vedette.data.checks.definition import Check
from vedette.data.datasets import Datasets
from vedette.data.profile_rows import NewProfile
from vedette.data.profiles import MAX_ROWS, MAX_WINDOWS, Profiles, Selection
from vedette.data.samples import Samples
from vedette.monitors.allowed import AllowedSources
from vedette.monitors.results import NOTE, Result
from vedette.monitors.service import Monitor

SAFE_ROW_CHECKS = frozenset({"unique", "pattern", "range"})
"""Checks of rows that hold no SQL: others could have the server read what nobody allowed."""
_MODULE = "vedette.data.profiling.worker"
_MAX_PARTS = 3
Fresh = Mapping[datetime, Sequence[Result]]
"""Windows that were profiled, by their start, with notes and what checks said of their rows."""


def window_of(monitor: Monitor, start: datetime) -> TimeRange:
    """Return the window that begins then."""
    return TimeRange(start, start + timedelta(seconds=monitor.spec.window_seconds()))


def reach(monitor: Monitor, now: datetime) -> TimeRange:
    """Return the windows that are over and may still change, as one range."""
    seconds = monitor.spec.window_seconds()
    late = parse_duration(monitor.spec.late).total_seconds()
    end = math.floor(now.timestamp() / seconds) * seconds
    start = math.floor((now.timestamp() - late - seconds) / seconds) * seconds
    start = max(start, end - MAX_WINDOWS * seconds)
    return TimeRange(
        datetime.fromtimestamp(min(start, end - seconds), UTC), datetime.fromtimestamp(end, UTC)
    )


def newest(monitor: Monitor, now: datetime) -> TimeRange:
    """Return the window that a run is about first: the one that is open, or the last that is over."""
    seconds = monitor.spec.window_seconds()
    start = datetime.fromtimestamp(math.floor(now.timestamp() / seconds) * seconds, UTC)
    timed = monitor.spec.source and monitor.spec.source.time_column
    return window_of(monitor, start - timedelta(seconds=seconds) if timed else start)


class SourceProfiler:
    """Profiles sources and stores what it finds. Thread-safe; every method blocks its thread.

    Args:
        profiles: stores profiles.
        samples: stores rows that are kept.
        datasets: the datasets' checks.
        secrets: decrypts what sources need.
        allowed: what may be read.
        timeout: seconds that one may take.
        memory_bytes: most memory of one.

    """

    def __init__(
        self,
        profiles: Profiles,
        samples: Samples,
        datasets: Datasets,
        secrets: SecretBox,
        allowed: AllowedSources,
        *,
        timeout: float,
        memory_bytes: int,
    ) -> None:
        self._profiles = profiles
        self._samples = samples
        self._datasets = datasets
        self._secrets = secrets
        self._allowed = allowed
        self._timeout = timeout
        self._memory_bytes = memory_bytes

    def profile(self, monitor: Monitor, range_: TimeRange, *, again: bool = False) -> Fresh:
        """Profile a monitor's source and return the windows that are new.

        Without a time column that is the one that is open. Else those of the range whose number of
        rows is another than that of the stored profile, or all of them ``again``.

        Raises:
            InvalidInputError: the source cannot be read.
            ForbiddenError: it may not be read.
            UnavailableError: it takes too long, or too much memory.

        """
        spec = monitor.spec
        assert spec.source  # noqa: S101 - the caller looked
        self._allowed.check(spec.source.url)
        now = datetime.now(UTC)
        known = {} if again or not spec.source.time_column else self._known(monitor, range_)
        job = {
            "url": self._url(monitor), "columns": spec.columns, "segment_by": spec.segment_columns(),
            "keep_rows": spec.source.keep_rows, "checks": self._row_checks(monitor),
            "time_column": spec.source.time_column, "seconds": spec.window_seconds(),
            "start": range_.start.timestamp(), "end": range_.end.timestamp(), "known": known,
            "memory_bytes": self._memory_bytes,
        }  # fmt: skip
        fresh: dict[datetime, Sequence[Result]] = {}
        for found in self._run(job, monitor):
            if "start" in found:
                window = window_of(monitor, datetime.fromtimestamp(found["start"], UTC))
                span = window
            else:
                window = newest(monitor, now)
                span = TimeRange(now - timedelta(seconds=1), now)
                if span.start < window.start:
                    span = TimeRange(window.start, window.start + timedelta(seconds=1))
            self._store(monitor, window, span, found)
            fresh[window.start] = [
                *(Result("window", NOTE, "note", description=note) for note in found["notes"]),
                *(_result(one) for one in found["results"]),
            ]
        return fresh

    def _known(self, monitor: Monitor, range_: TimeRange) -> dict[str, int]:
        selection = Selection(monitor.spec.dataset, range_)
        rows = self._profiles.windows(monitor.account, selection, limit=MAX_WINDOWS)
        return {
            f"{datetime.fromisoformat(row['start']).timestamp():.0f}": int(row["rows"])
            for row in rows
        }

    def _row_checks(self, monitor: Monitor) -> list[dict[str, Any]]:
        checks: list[Check] = list(monitor.spec.parsed_checks())
        if monitor.spec.dataset_checks:
            with suppress(NotFoundError):
                checks += self._datasets.checks(monitor.account, monitor.spec.dataset).checks
        return [
            one.as_dict()
            for one in checks
            if one.needs_rows and one.kind in SAFE_ROW_CHECKS
            and (not one.segment or one.segment in monitor.spec.segments)
        ]  # fmt: skip

    def _url(self, monitor: Monitor) -> str:
        assert monitor.spec.source  # noqa: S101 - the caller looked
        url = monitor.spec.source.url
        if monitor.sealed is None or not url.startswith(("postgres", "mysql")):
            return url
        scheme, _, rest = url.partition("://")
        server, slash, path = rest.partition("/")
        user, at, host = server.rpartition("@")
        secret = quote(self._secrets.open_text(monitor.sealed), safe="")
        return f"{scheme}://{user}:{secret}@{host}{slash}{path}" if at else url

    def _environment(self, monitor: Monitor) -> dict[str, str]:
        """Return the child's variables: none of the server's own, and an object store's keys."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("VEDETTE_")}
        kept["TZ"] = "UTC"
        url = monitor.spec.source.url if monitor.spec.source else ""
        if monitor.sealed is not None and "s3://" in url:
            parts = self._secrets.open_text(monitor.sealed).split(":", _MAX_PARTS - 1)
            names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
            for name in names:
                kept.pop(name, None)
            kept.update(zip(names, parts, strict=False))
        return kept

    def _run(self, job: Mapping[str, Any], monitor: Monitor) -> list[dict[str, Any]]:
        try:
            done = subprocess.run(  # noqa: S603 - our own module; what users say goes over its input
                [sys.executable, "-m", _MODULE],
                input=json.dumps(job), capture_output=True, text=True, check=False,
                timeout=self._timeout, env=self._environment(monitor),
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise UnavailableError(
                f"profiling the source took longer than {self._timeout:g} s",
                remedy="watch fewer columns or a part of it, or raise VEDETTE_SOURCE_TIMEOUT_SECONDS",
            ) from error
        try:
            answer: dict[str, Any] = json.loads(done.stdout)
        except ValueError as error:
            raise UnavailableError(
                f"profiling the source ended with {done.returncode}",
                remedy="it may have run out of memory: watch fewer columns, or a part of it",
            ) from error
        if "error" in answer:
            raise InvalidInputError(
                str(answer["error"]), field="source.url", remedy=answer.get("remedy") or ""
            )
        windows: list[dict[str, Any]] = answer["windows"]
        return windows

    def _store(
        self, monitor: Monitor, window: TimeRange, span: TimeRange, found: Mapping[str, Any]
    ) -> None:
        """Store a window's profile in the place of the one that an earlier run stored."""
        profile_id, version = f"{monitor.id}/{window.start:%Y%m%dT%H%M%S}", new_id()
        states = found["states"]
        for start in range(0, len(states), MAX_ROWS):
            part = NewProfile(
                states[start : start + MAX_ROWS], span.start, span.end, profile_id, version
            )
            self._profiles.store(monitor.account, monitor.spec.dataset, part)
        rows = [(row, span.start, span.end) for row in found["kept"]]
        if rows:
            self._samples.store(monitor.account, monitor.spec.dataset, rows, (profile_id, version))


def _result(one: Mapping[str, Any]) -> Result:
    observed = one.get("observed")
    return Result(
        "check", one["kind"], one["status"], one.get("column", ""),
        dict(one["check"].get("segment") or {}), one["severity"], observed, one.get("expected"),
        description=f"{one['title']}: {one.get('description', '')}",
        details={"failing": one["failing"]} if one.get("failing") is not None else {},
    )  # fmt: skip
