"""What a client sends as a profile, looked at member by member before the engine sees it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.data.profiling.columns import MAX_COLUMNS, MAX_NAME, Kind
from vedette.data.profiling.states import COUNTS, EXTREMES, STATE_TYPES

MAX_DATASET = 200
MAX_STATE_BYTES = 4 << 20
_MAX_COUNT = 1 << 53


@dataclass(frozen=True, slots=True)
class NewProfile:
    """A profile as it comes from a client.

    Attributes:
        rows: as ``ColumnStates.as_dict`` makes them.
        start: first moment that the data is about.
        end: the moment after it.
        profile_id: names it; one that is sent again with a later version replaces it.
        version: sorts versions of one id; parts of one version add up.
        baseline: whether it is a frozen baseline, which retention leaves alone.

    """

    rows: Sequence[Mapping[str, Any]]
    start: datetime
    end: datetime
    profile_id: str = ""
    version: str = ""
    baseline: bool = False


def check_dataset(name: str) -> str:
    """Return a dataset's name if it is one: 1 to 200 printable characters."""
    if not 1 <= len(name) <= MAX_DATASET or not name.isprintable():
        raise InvalidInputError(
            "that is not a dataset's name",
            field="dataset",
            remedy=f"use 1 to {MAX_DATASET} printable characters",
        )
    return name


def checked(row: Mapping[str, Any], index: int, profile: NewProfile) -> dict[str, Any]:
    """Return a row as ``ingest_profiles`` takes it, after looking at every member."""
    found = {
        str(name): _check_of(name, index)(value, index, str(name))
        for name, value in row.items()
        if value is not None and name not in {"start", "end"}
    }
    if not 0 < len(found.get("column", "")) <= MAX_NAME or "kind" not in found:
        raise _wrong(index, "column", f"a name of 1 to {MAX_NAME} characters, and a kind")
    start, end = row.get("start"), row.get("end")
    found["start"] = _milliseconds(start, index, "start") if start else _ms(profile.start)
    found["end"] = _milliseconds(end, index, "end") if end else _ms(profile.end)
    if found["start"] >= found["end"]:
        raise _wrong(index, "start", "a start before the end")
    return found


def _state(value: object, index: int, name: str) -> str:
    if isinstance(value, str) and len(value) <= MAX_STATE_BYTES:
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error:
            pass
        else:
            return value
    raise _wrong(index, name, f"base64 of up to {MAX_STATE_BYTES} characters")


def _count(value: object, index: int, name: str) -> int:
    limit = MAX_COLUMNS if name == "position" else _MAX_COUNT
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
        raise _wrong(index, name, f"a whole number of 0 to {limit}")
    return value


def _number(value: object, index: int, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(index, name, "a number")
    return float(value)


def _text(value: object, index: int, name: str) -> str:
    if not isinstance(value, str):
        raise _wrong(index, name, "a text")
    return value


def _kind(value: object, index: int, name: str) -> str:
    if value not in set(Kind):
        raise _wrong(index, name, f"one of {', '.join(Kind)}")
    return str(value)


def _segment(value: object, index: int, name: str) -> dict[str, str]:
    if not isinstance(value, Mapping) or not all(
        isinstance(key, str) and isinstance(text, str) for key, text in value.items()
    ):
        raise _wrong(index, name, "an object of texts")
    return {key: text[:256] for key, text in value.items()}


def _milliseconds(value: object, index: int, name: str) -> int:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise _wrong(index, name, "RFC 3339") from error
    if moment.tzinfo is None:
        raise _wrong(index, name, "RFC 3339 with a time zone")
    return _ms(moment)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _wrong(index: int, name: str, remedy: str) -> InvalidInputError:
    return InvalidInputError(
        f"{name} of the profile's row {index} is wrong",
        field=f"columns[{index}].{name}",
        remedy=f"give {remedy}",
    )


_CHECKS: Mapping[str, Callable[[object, int, str], Any]] = {
    **dict.fromkeys(STATE_TYPES, _state),
    **dict.fromkeys(("rows", "position", "vector", *COUNTS), _count),
    **dict.fromkeys(("pivot", "scale", *EXTREMES), _number),
    **dict.fromkeys(("column", "type"), _text),
    "kind": _kind,
    "segment": _segment,
}


def _check_of(name: object, index: int) -> Callable[[object, int, str], Any]:
    check = _CHECKS.get(name) if isinstance(name, str) else None
    if check is None:
        raise _wrong(index, str(name)[:50], "no such member")
    return check
