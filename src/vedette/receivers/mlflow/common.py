"""What several resources share: pairs of key and value, views, pages."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from vedette.core.errors import InvalidInputError
from vedette.receivers.mlflow.schema import (
    STRING,
    Arguments,
    Type,
    enum,
    message,
    optional,
    required,
)

KEY_VALUE = message("KeyValue", key=required(STRING), value=optional(STRING, ""))
VIEW = enum("ViewType", "ACTIVE_ONLY", "DELETED_ONLY", "ALL")
_SPECIAL = {math.inf: "Infinity", -math.inf: "-Infinity"}


def pairs(items: Iterable[Arguments]) -> list[tuple[str, str]]:
    """Return key-value messages as pairs."""
    return [(item["key"], item["value"]) for item in items]


def key_values(values: Mapping[str, str]) -> list[dict[str, str]]:
    """Return pairs as key-value messages."""
    return [{"key": key, "value": value} for key, value in values.items()]


def number(value: float) -> float | str:
    """Return a double as protobuf writes it in JSON, which has no NaN and no infinities."""
    if math.isfinite(value):
        return value
    return _SPECIAL.get(value, "NaN")


def page_size(given: int | None, default: int, most: int) -> int:
    """Return how many results a page has; more than the API allows is an error, as clients know."""
    if given is None:
        return default
    if not 1 <= given <= most:
        raise InvalidInputError(
            f"Invalid value {given} for parameter 'max_results' supplied. It must be at least 1 "
            f"and at most {most}.",
            field="max_results",
            remedy="ask for a smaller page and follow next_page_token",
        )
    return given


def without_none(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that have a value, as protobuf writes messages."""
    return {name: value for name, value in members.items() if value is not None}


def member_of(given: Arguments, *names: str) -> str:
    """Return the first of these members that is there; requests have old and new names for one."""
    for name in names:
        if given[name]:
            value: str = given[name]
            return value
    raise InvalidInputError(f"Missing value for required parameter '{names[0]}'.", field=names[0])


__all__ = [
    "KEY_VALUE",
    "VIEW",
    "Type",
    "key_values",
    "member_of",
    "number",
    "page_size",
    "pairs",
    "without_none",
]
