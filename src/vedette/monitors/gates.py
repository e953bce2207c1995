"""What gates find beside the data, as results that stand with those of monitors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.core.ids import new_id
from vedette.core.time import TimeRange
from vedette.data.checks.result import PASSED, UNKNOWN, VIOLATED
from vedette.monitors.results import Result

MAX_SAMPLE = 20
_MAX_TEXT = 2000
GATE = "gate:"
"""What the id of a gate with a name begins with; ids of monitors have no colon."""


def gate_id(name: str) -> str:
    """Return what stands for a gate where monitors have their id; empty for one without a name."""
    return f"{GATE}{name}" if name else ""


def gate_results(
    time: datetime, rows: int | None, results: Sequence[Mapping[str, Any]], source: str = ""
) -> tuple[str, TimeRange, list[Result]]:
    """Return the run, the window and the rows that a report of ``vedette.check`` becomes.

    Args:
        time: when the gate looked; its window is the millisecond.
        rows: rows of the data; None where the gate does not know.
        results: as ``CheckReport.as_dict`` has them.
        source: where the data was.

    Raises:
        InvalidInputError: it names the result and its member.

    """
    start = time.astimezone(UTC).replace(microsecond=time.microsecond // 1000 * 1000)
    window = TimeRange(start, start + timedelta(milliseconds=1))
    found = []
    if rows is not None:
        found = [Result("window", "rows", "ok" if rows else "no data", value=float(rows),
                        details={"source": source} if source else {})]  # fmt: skip
    found += [_result(one, f"results[{index}]") for index, one in enumerate(results)]
    return new_id(), window, found


def _result(one: Mapping[str, Any], place: str) -> Result:
    if one.get("status") not in {PASSED, VIOLATED, UNKNOWN}:
        raise InvalidInputError(
            "a result has no status",
            field=f"{place}.status",
            remedy=f"give {PASSED}, {VIOLATED} or {UNKNOWN}",
        )
    check = one.get("check")
    sample = one.get("sample") or []
    if not isinstance(sample, list) or len(sample) > MAX_SAMPLE:
        raise InvalidInputError(
            "too many failing rows", field=f"{place}.sample", remedy=f"send up to {MAX_SAMPLE}"
        )
    details: dict[str, Any] = {}
    if isinstance(check, Mapping):
        details["check"] = dict(check)
    if sample:
        details["sample"] = sample
    if isinstance(one.get("failing"), int):
        details["failing"] = one["failing"]
    segment = check.get("segment") if isinstance(check, Mapping) else None
    return Result(
        "check",
        _text(one, "kind", place),
        str(one["status"]),
        _text(one, "column", place),
        {str(k): str(v) for k, v in segment.items()} if isinstance(segment, Mapping) else {},
        _text(one, "severity", place) or "error",
        _number(one, "observed", place),
        _number(one, "expected", place),
        description=f"{_text(one, 'title', place)}: {_text(one, 'description', place)}",
        details=details,
    )


def _text(one: Mapping[str, Any], name: str, place: str) -> str:
    value = one.get(name) or ""
    if not isinstance(value, str):
        raise InvalidInputError(f"{name} is no text", field=f"{place}.{name}", remedy="give a text")
    return value[:_MAX_TEXT]


def _number(one: Mapping[str, Any], name: str, place: str) -> float | None:
    value = one.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInputError(
            f"{name} is no number", field=f"{place}.{name}", remedy="give a number or null"
        )
    return float(value)
