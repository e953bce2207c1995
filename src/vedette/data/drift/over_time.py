"""Drift of many windows against one baseline, or of each window against the one before it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from vedette.data.drift.compare import UNKNOWN, compare
from vedette.data.drift.presets import Settings
from vedette.data.profiling.summary import ColumnProfile

Window = tuple[datetime, Sequence[ColumnProfile]]


def drift_over_time(
    windows: Sequence[Window],
    reference: Sequence[ColumnProfile] | None,
    settings: Settings,
) -> dict[str, Any]:
    """Return a matrix of columns and windows.

    Args:
        windows: profiles by window, oldest first.
        reference: the baseline; where None each window is compared with the one before it, and the
            first one with none.
        settings: how drift is decided.

    Returns:
        ``windows`` (start, rows, share, status of each) and ``columns`` (name, kind, and a value,
        threshold, measure and status a window; None where the window lacks the column).

    """
    shown: list[dict[str, Any]] = []
    columns: dict[str, dict[str, Any]] = {}
    before = reference
    for place, (start, profiles) in enumerate(windows):
        report = compare(before, profiles, settings) if before else None
        shown.append(
            {
                "start": start.isoformat(),
                "rows": max((profile.rows for profile in profiles), default=0),
                "share": report.share if report else None,
                "status": report.status if report else UNKNOWN,
            }
        )
        for one in report.columns if report else ():
            cells = columns.setdefault(
                one.name,
                {"name": one.name, "kind": one.kind}
                | {name: [None] * len(windows) for name in _CELLS},
            )
            for name in _CELLS:
                cells[name][place] = getattr(one, name)
        if reference is None:
            before = profiles
    return {
        "windows": shown,
        "columns": sorted(columns.values(), key=lambda one: (-_drifts(one), str(one["name"]))),
    }


_CELLS = ("value", "threshold", "measure", "status")


def _drifts(column: dict[str, Any]) -> int:
    return sum(status == "drift" for status in column["status"])
