"""How predictions are put into windows: by a period, by so many of them, or all into one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.query import QueryRunner

MAX_WINDOWS = 500


@dataclass(frozen=True, slots=True)
class Windows:
    """The rule: ``seconds`` of a period, or ``rows`` of a window; one window where both are 0."""

    seconds: float = 0.0
    rows: int = 0

    def check(self, range_: TimeRange) -> Windows:
        """Return it if the range has at most 500 periods."""
        if self.seconds and range_.seconds / self.seconds > MAX_WINDOWS:
            raise InvalidInputError(
                f"periods of {self.seconds:g} s are too short for the range",
                field="period",
                remedy=f"choose one that gives up to {MAX_WINDOWS} periods",
            )
        return self

    def keyed(self, source: str, params: dict[str, Any]) -> str:
        """Return the SELECT of a relation with a column ``window``: a number from 0 on."""
        if self.rows:
            params["window_rows"] = self.rows
            return (
                "SELECT *, toInt64(intDiv(row_number() OVER (ORDER BY time, id) - 1, {window_rows:UInt32}))"
                f" AS window FROM ({source})"
            )
        if self.seconds:
            params["window_seconds"] = round(self.seconds)
            number = "intDiv(toUnixTimestamp(time), {window_seconds:UInt32})"
            return f"SELECT *, toInt64({number}) AS window FROM ({source})"
        return f"SELECT *, toInt64(0) AS window FROM ({source})"


@dataclass(slots=True)
class Window:
    """A window and what was measured of it.

    Attributes:
        start: of the window, or its first prediction.
        end: the moment after it.
        rows: predictions that were captured.
        predictions: what they stand for, by their weights.
        labelled_rows: captured predictions that have a label.
        labelled: what these stand for.
        newest: when the last prediction or label of it came.

    """

    start: datetime
    end: datetime
    rows: int
    predictions: float
    labelled_rows: int
    labelled: float
    newest: datetime | None = None
    realised: dict[str, Any] = field(default_factory=dict)
    estimated: dict[str, Any] = field(default_factory=dict)
    constant: dict[str, float] = field(default_factory=dict)

    @property
    def coverage(self) -> float:
        """Share of predictions that have a label."""
        return self.labelled / self.predictions if self.predictions else 0.0


_COUNTS = """
SELECT window, min(time) AS first, max(time) AS last, count() AS rows, sum(weight) AS asked,
    countIf(labelled) AS known_rows, sumIf(weight, labelled) AS known_weight,
    max(greatest(received, label_received)) AS newest
FROM ({source})
GROUP BY window ORDER BY window
"""


def count_windows(
    runner: QueryRunner, account: str, source: str, params: Mapping[str, Any], windows: Windows
) -> dict[int, Window]:
    """Return the windows of a keyed relation by their number, oldest first."""
    limits = runner.bulk_limits(MAX_WINDOWS + 1)
    found = runner.run(
        account, _COUNTS.replace("{source}", source), params, limits=limits
    ).records()
    if len(found) > MAX_WINDOWS:
        raise InvalidInputError(
            f"there are more than {MAX_WINDOWS} windows",
            field="rows",
            remedy="choose larger windows",
        )
    return {row["window"]: _window(row, windows) for row in found}


def _window(row: Mapping[str, Any], windows: Windows) -> Window:
    start, end = datetime.fromisoformat(row["first"]), datetime.fromisoformat(row["last"])
    if windows.seconds:
        seconds = round(windows.seconds)
        start = datetime.fromtimestamp(row["window"] * seconds, UTC)
        end = start + timedelta(seconds=seconds)
    else:
        end += timedelta(milliseconds=1)
    return Window(
        start, end, row["rows"], row["asked"], row["known_rows"], row["known_weight"],
        datetime.fromisoformat(row["newest"]),
    )  # fmt: skip
