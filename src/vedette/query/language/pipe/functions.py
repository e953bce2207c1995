"""The functions of the pipe language, after CloudWatch Logs Insights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.query.language.errors import RefusedError
from vedette.query.language.pipe.values import (
    Kind,
    Value,
    as_condition,
    as_number,
    as_text,
    as_time,
    finite,
    unified,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from vedette.query.language.parameters import Parameters
    from vedette.query.language.pipe.tree import Period

UNBOUNDED = 50
"""Most arguments of a function that takes any number."""

_INTERVALS = {
    "ms": "Millisecond",
    "s": "Second",
    "m": "Minute",
    "h": "Hour",
    "d": "Day",
    "w": "Week",
    "mo": "Month",
    "q": "Quarter",
    "y": "Year",
}


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one call, the place it is at, and where constants are bound."""

    values: list[Value]
    position: int
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class Function:
    """A function: how many arguments it takes and what it compiles to."""

    least: int
    most: int
    build: Callable[[Arguments], Value]


def floor_time(time: str, period: Period) -> str:
    """Return the start of the interval that a time lies in; weeks start on Mondays, all in UTC."""
    interval = f"toInterval{_INTERVALS[period.unit]}({period.amount})"
    return f"toDateTime64(toStartOfInterval({time}, {interval}, 'UTC'), 9, 'UTC')"


def ceil_time(time: str, period: Period) -> str:
    """Return the time itself if it starts an interval, or else the start of the next one."""
    floor = floor_time(time, period)
    later = f"{floor} + toInterval{_INTERVALS[period.unit]}({period.amount})"
    return f"if({floor} = {time}, {floor}, {later})"


def _numeric(template: str, *, guard: bool = False) -> Callable[[Arguments], Value]:
    def build(arguments: Arguments) -> Value:
        sql = template.format(", ".join(as_number(value) for value in arguments.values))
        return Value(finite(sql) if guard else sql, Kind.NUMBER)

    return build


def _textual(template: str) -> Callable[[Arguments], Value]:
    def build(arguments: Arguments) -> Value:
        return Value(template.format(*(as_text(value) for value in arguments.values)), Kind.TEXT)

    return build


def _strlen(arguments: Arguments) -> Value:
    sql = f"lengthUTF8({as_text(arguments.values[0])})"
    return Value(sql, Kind.NUMBER, integer=True)


def _concat(arguments: Arguments) -> Value:
    parts = ", ".join(f"ifNull({as_text(value)}, '')" for value in arguments.values)
    return Value(f"concat({parts})", Kind.TEXT, nullable=False)


def _substr(arguments: Arguments) -> Value:
    """Cut from a zero-based index on; ClickHouse counts from 1, and from the end below 1."""
    text, *numbers = arguments.values
    whole = [f"accurateCastOrNull(trunc({as_number(number)}), 'Int64')" for number in numbers]
    whole = [f"greatest(ifNull({number}, 0), 0)" for number in whole]
    sizes = ", ".join([f"{whole[0]} + 1", *whole[1:]])
    return Value(f"substringUTF8({as_text(text)}, {sizes})", Kind.TEXT)


def _trim(side: str) -> Callable[[Arguments], Value]:
    def build(arguments: Arguments) -> Value:
        text, *characters = arguments.values
        if not characters:
            return Value(f"trim{side}({as_text(text)})", Kind.TEXT)
        if not isinstance(characters[0].constant, str):
            raise RefusedError(
                "the characters to trim must be a string",
                arguments.position,
                "write them in quotes",
            )
        return Value(f"trim{side}({as_text(text)}, {characters[0].sql})", Kind.TEXT)

    return build


def _replace(arguments: Arguments) -> Value:
    text, search, replacement = (as_text(value) for value in arguments.values)
    if not isinstance(arguments.values[1].constant, str):
        raise RefusedError(
            "the text to replace must be a string", arguments.position, "write it in quotes"
        )
    sql = f"replaceAll({text}, {search}, ifNull({replacement}, ''))"
    return Value(sql, Kind.TEXT)


def _strcontains(arguments: Arguments) -> Value:
    text, part = (as_text(value) for value in arguments.values)
    sql = f"ifNull(position({text}, ifNull({part}, '')) > 0, 0)"
    return Value(sql, Kind.BOOL, nullable=False)


def _test(template: str) -> Callable[[Arguments], Value]:
    def build(arguments: Arguments) -> Value:
        sql = template.format(as_text(arguments.values[0]))
        return Value(sql, Kind.BOOL, nullable=False)

    return build


def _ispresent(arguments: Arguments) -> Value:
    return Value(f"isNotNull({arguments.values[0].sql})", Kind.BOOL, nullable=False)


def _coalesce(arguments: Arguments) -> Value:
    branches, kind = unified(arguments.values)
    nullable = all(value.nullable for value in arguments.values)
    return Value(f"coalesce({', '.join(branches)})", kind, nullable=nullable)


def _if(arguments: Arguments) -> Value:
    condition, *choices = arguments.values
    branches, kind = unified(choices)
    nullable = any(value.nullable for value in choices)
    test = as_condition(condition, arguments.position)
    return Value(f"if({test}, {branches[0]}, {branches[1]})", kind, nullable=nullable)


def _case(arguments: Arguments) -> Value:
    """Read ``case(condition, value, condition, value, ..., otherwise)``."""
    values = arguments.values
    tests = values[:-1:2] if len(values) % 2 else values[::2]
    choices = values[1::2] + (values[-1:] if len(values) % 2 else [])
    branches, kind = unified(choices)
    otherwise = branches.pop() if len(values) % 2 else "NULL"
    pairs = ", ".join(
        f"{as_condition(test, arguments.position)}, {branch}"
        for test, branch in zip(tests, branches, strict=True)
    )
    return Value(f"multiIf({pairs}, {otherwise})", kind)


def _from_millis(arguments: Arguments) -> Value:
    number = Value(as_number(arguments.values[0]), Kind.NUMBER)
    return Value(as_time(number, arguments.parameters, arguments.position), Kind.TIME)


def _to_millis(arguments: Arguments) -> Value:
    time = as_time(arguments.values[0], arguments.parameters, arguments.position)
    return Value(f"toUnixTimestamp64Milli({time})", Kind.NUMBER, integer=True)


FUNCTIONS: dict[str, Function] = {
    "abs": Function(1, 1, _numeric("abs({})")),
    "ceil": Function(1, 1, _numeric("ceil({})")),
    "floor": Function(1, 1, _numeric("floor({})")),
    "round": Function(1, 1, _numeric("round({})")),
    "sqrt": Function(1, 1, _numeric("sqrt({})", guard=True)),
    "log": Function(1, 1, _numeric("log({})", guard=True)),
    "greatest": Function(1, UNBOUNDED, _numeric("greatest({})")),
    "least": Function(1, UNBOUNDED, _numeric("least({})")),
    "strlen": Function(1, 1, _strlen),
    "toupper": Function(1, 1, _textual("upperUTF8({})")),
    "tolower": Function(1, 1, _textual("lowerUTF8({})")),
    "concat": Function(1, UNBOUNDED, _concat),
    "substr": Function(2, 3, _substr),
    "replace": Function(3, 3, _replace),
    "trim": Function(1, 2, _trim("Both")),
    "ltrim": Function(1, 2, _trim("Left")),
    "rtrim": Function(1, 2, _trim("Right")),
    "strcontains": Function(2, 2, _strcontains),
    "isempty": Function(1, 1, _test("ifNull({} = '', 1)")),
    "isblank": Function(1, 1, _test("ifNull(trimBoth({}) = '', 1)")),
    "ispresent": Function(1, 1, _ispresent),
    "coalesce": Function(1, UNBOUNDED, _coalesce),
    "if": Function(3, 3, _if),
    "case": Function(2, UNBOUNDED, _case),
    "frommillis": Function(1, 1, _from_millis),
    "tomillis": Function(1, 1, _to_millis),
}
"""Every function by its name in lower case, but for the time functions that take a period."""
