"""Schemas of requests: JSON as protobuf writes it, read leniently, checked once.

A 64-bit integer may be a text, a double may be ``"NaN"`` or ``"Infinity"``, an enumeration a name or
a number; members that a call does not know are passed over, since clients are newer and older than
the server. In a query string every value is a text, and a list is a parameter that comes again.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vedette.core.errors import InvalidInputError

_INT64 = 2**63
_MAX_SHOWN = 100
Arguments = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Type:
    """How one kind of value is read; ``name`` is its name in errors and for those who make values.

    Attributes:
        name: ``string``, ``int64``, ``double``, ``bool``, ``json``, an enumeration's or a message's.
        read: returns the value, or raises ``ValueError``.
        choices: names of an enumeration.
        members: of a message.
        item: of a list.

    """

    name: str
    read: Callable[[Any, str], Any]
    choices: Sequence[str] = ()
    members: Mapping[str, Member] | None = None
    item: Type | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a request.

    Attributes:
        type: how it is read.
        required: whether it must be there and not be empty.
        default: what it is where it is not there.

    """

    type: Type
    required: bool = False
    default: Any = None


Schema = Mapping[str, Member]


def _wrong(value: object, field: str) -> InvalidInputError:
    shown = str(value)
    if len(shown) > _MAX_SHOWN:
        shown = shown[:_MAX_SHOWN] + "…"
    return InvalidInputError(
        f"Invalid value {shown} for parameter '{field}' supplied.", field=field
    )


def _string(value: Any, field: str) -> str:  # noqa: ANN401 - JSON
    if not isinstance(value, str):
        raise _wrong(value, field)
    if "\x00" in value:
        raise InvalidInputError(
            f"Invalid value for parameter '{field}' supplied: it holds a NUL character.",
            field=field,
            remedy="leave it out",
        )
    return value


def _int64(value: Any, field: str) -> int:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        value = _number(value, field, int)
    elif isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT64 <= value < _INT64:
        raise _wrong(value, field)
    return value


def _double(value: Any, field: str) -> float:  # noqa: ANN401 - JSON
    if isinstance(value, float):
        return value
    if isinstance(value, str):
        return float(_number(value, field, float))
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(value, field)
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _number(value: str, field: str, kind: type[int | float]) -> int | float:
    try:
        return kind(value)
    except ValueError:
        raise _wrong(value, field) from None


def _bool(value: Any, field: str) -> bool:  # noqa: ANN401 - JSON
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise _wrong(value, field)


def _json(value: Any, field: str) -> Any:  # noqa: ANN401 - JSON
    del field
    return value


STRING = Type("string", _string)
INT64 = Type("int64", _int64)
DOUBLE = Type("double", _double)
BOOL = Type("bool", _bool)
JSON = Type("json", _json)


def _read_map(value: Any, field: str) -> dict[str, str]:  # noqa: ANN401 - JSON
    if not isinstance(value, Mapping):
        raise _wrong(value, field)
    return {_string(key, field): _string(text, field) for key, text in value.items()}


MAP = Type("map", _read_map)
"""Texts by texts."""


def enum(name: str, *choices: str) -> Type:
    """Return the type of an enumeration; a number is the place of a name, from 1."""

    def read(value: Any, field: str) -> str:  # noqa: ANN401 - JSON
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= len(choices):
            return choices[value - 1]
        if value not in choices:
            raise InvalidInputError(
                f"Invalid value {str(value)[:_MAX_SHOWN]} for parameter '{field}' supplied.",
                field=field,
                remedy=f"use one of {', '.join(choices)}",
            )
        return str(value)

    return Type(name, read, choices=choices)


def message(name: str, /, **members: Member) -> Type:
    """Return the type of an object with these members."""

    def read(value: Any, field: str) -> Arguments:  # noqa: ANN401 - JSON
        if not isinstance(value, Mapping):
            raise _wrong(value, field)
        return read_members(members, value, field)

    return Type(name, read, members=members)


def repeated(item: Type) -> Type:
    """Return the type of a list; one value where a list is expected is a list of it."""

    def read(value: Any, field: str) -> list[Any]:  # noqa: ANN401 - JSON
        if isinstance(value, str) and item.members is None:
            value = [value]
        if not isinstance(value, list):
            raise _wrong(value, field)
        return [item.read(part, f"{field}[{number}]") for number, part in enumerate(value)]

    return Type(f"{item.name}[]", read, item=item)


def required(kind: Type) -> Member:
    """Return a member that must be there."""
    return Member(kind, required=True)


def optional(kind: Type, default: Any = None) -> Member:  # noqa: ANN401 - any value
    """Return a member that may be left out; a list is empty then."""
    return Member(kind, default=[] if kind.item is not None and default is None else default)


def read_members(schema: Schema, given: Mapping[str, Any], place: str = "") -> Arguments:
    """Return the arguments of a call.

    Args:
        schema: what it takes.
        given: the members of the request.
        place: where in the request this object is, for errors.

    Raises:
        InvalidInputError: a member is missing or has the wrong type.

    """
    arguments: Arguments = {}
    for name, member in schema.items():
        value = given.get(name)
        field = f"{place}.{name}" if place else name
        if value is None:
            if member.required:
                raise InvalidInputError(
                    f"Missing value for required parameter '{field}'.",
                    field=field,
                    remedy=f"give {field}",
                )
            arguments[name] = list(member.default) if member.default == [] else member.default
            continue
        arguments[name] = member.type.read(value, field)
    return arguments
