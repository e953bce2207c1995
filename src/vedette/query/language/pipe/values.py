"""What an expression compiles to, and how one kind is read as another.

Nothing here throws while the statement runs: text that is no number or time reads as missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.core.time import parse_moment
from vedette.query.language.errors import RefusedError
from vedette.query.language.search.compiler import moment_ns

if TYPE_CHECKING:
    from vedette.query.language.parameters import Parameters

_EARLIEST_MS = -2_208_988_800_000  # 1900
_LATEST_MS = 9_214_646_400_000  # 2262: what DateTime64(9) holds


class Kind(StrEnum):
    """The kind of a value, as columns of a result tell it."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"
    BOOL = "bool"
    LEVEL = "level"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class Value:
    """An SQL expression of a known kind.

    Args:
        sql: the expression.
        kind: what it is.
        nullable: whether it can be missing (NULL).
        constant: its value, if it is a literal.
        plain: an index-friendly form that is '' instead of missing, for equality.
        integer: a number of an integer type.
        level: a level read from the record itself, whose number and text both count.
        column: the text column it is, whose words are indexed.
        choices: the spellings of a field that is matched without regard to case.
        binned: a time cut into intervals, the axis of a time series.

    """

    sql: str
    kind: Kind
    nullable: bool = True
    constant: str | float | None = None
    plain: str | None = None
    integer: bool = False
    level: bool = False
    column: str | None = None
    choices: tuple[str, ...] = ()
    binned: bool = False


def as_text(value: Value) -> str:
    """Read as text; a list joins its items by commas."""
    if value.kind in {Kind.TEXT, Kind.LEVEL}:
        return value.sql
    if value.kind is Kind.BOOL:
        return f"if({value.sql}, 'true', 'false')"
    if value.kind is Kind.LIST:
        return f"arrayStringConcat({value.sql}, ',')"
    return f"toString({value.sql})"


def as_number(value: Value) -> str:
    """Read as a 64-bit float: times in milliseconds since the epoch, conditions as 1 and 0."""
    if value.kind is Kind.NUMBER:
        return f"toFloat64({value.sql})" if value.integer else value.sql
    if value.kind is Kind.TIME:
        return f"toFloat64(toUnixTimestamp64Milli({value.sql}))"
    if value.kind is Kind.BOOL:
        return f"toFloat64({value.sql})"
    return finite(f"toFloat64OrNull({as_text(value)})")


def as_time(value: Value, parameters: Parameters, position: int) -> str:
    """Read as a time: numbers are milliseconds since the epoch, text is RFC 3339 or alike.

    Raises:
        RefusedError: a literal is not a time.

    """
    if value.kind is Kind.TIME:
        return value.sql
    if isinstance(value.constant, str):
        try:
            nanoseconds = moment_ns(parse_moment(value.constant))
        except InvalidInputError as error:
            raise RefusedError(error.message, position, error.remedy) from error
        return f"fromUnixTimestamp64Nano({parameters.integer(nanoseconds)}, 'UTC')"
    if value.kind is Kind.TEXT:
        return f"parseDateTime64BestEffortOrNull({value.sql}, 9, 'UTC')"
    number = as_number(value)
    held = f"greatest(toFloat64({_EARLIEST_MS}), least(toFloat64({_LATEST_MS}), {number}))"
    # greatest and least skip NULL, which would turn a missing number into a bound.
    milliseconds = f"if(isNull({number}), NULL, {held})"
    whole = f"accurateCastOrNull(trunc({milliseconds}), 'Int64')"
    return f"fromUnixTimestamp64Nano({whole} * 1000000, 'UTC')"


def as_condition(value: Value, position: int) -> str:
    """Read as a condition, which is never missing.

    Raises:
        RefusedError: the value is neither a condition nor a number.

    """
    if value.kind is Kind.BOOL:
        return value.sql
    if value.kind is Kind.NUMBER:
        return f"ifNull({value.sql} != 0, 0)"
    raise RefusedError(
        f"a condition is needed here, not a {value.kind}",
        position,
        "compare it, as in x = 'value', or test it with ispresent(x)",
    )


def finite(sql: str) -> str:
    """Turn NaN and infinities, which would spoil every aggregate, into missing."""
    return f"ifNotFinite({sql}, NULL)"


def unified(values: list[Value]) -> tuple[list[str], Kind]:
    """Bring the branches of a choice to one kind: their own, or text where they differ."""
    kinds = {Kind.TEXT if value.kind is Kind.LEVEL else value.kind for value in values}
    kind = kinds.pop() if len(kinds) == 1 else Kind.TEXT
    if kind is Kind.NUMBER:
        return [as_number(value) for value in values], kind
    if kind in {Kind.TEXT, Kind.LIST}:
        return [as_text(value) for value in values], Kind.TEXT
    return [value.sql for value in values], kind
