"""Search tree to one SQL condition."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.core.time import parse_moment
from vedette.query.language.dialect import (
    LEVELS,
    Dialect,
    Field,
    FieldKind,
    Signal,
    ascii_lower,
    dialect_for,
    escape_like,
    level_numbers,
)
from vedette.query.language.errors import check_size, closest, syntax_error
from vedette.query.language.parameters import Parameters
from vedette.query.language.regexes import check_regex
from vedette.query.language.search.parser import parse_search
from vedette.query.language.search.tree import (
    And,
    Compare,
    Exact,
    Exists,
    FieldMatch,
    FreeText,
    Glob,
    Match,
    Node,
    Not,
    Or,
    Range,
    Regex,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

EVERYTHING = "1"
"""The condition of a search that filters nothing."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)?")
_DURATION_NS = {
    "ns": 1.0,
    "us": 1e3,
    "µs": 1e3,
    "ms": 1e6,
    "s": 1e9,
    "m": 60e9,
    "h": 3600e9,
    "d": 86400e9,
}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1900, 2262)  # what DateTime64(9) holds


@dataclass(frozen=True, slots=True)
class Condition:
    """A search compiled for one signal.

    Args:
        sql: a boolean expression over the columns of the signal's table; ``1`` if nothing filters.
        params: the value of every placeholder in ``sql``.
        terms: words and phrases that matching text contains, for highlighting, in order.

    """

    sql: str
    params: dict[str, Any]
    terms: tuple[str, ...]


def compile_search(text: str, signal: Signal, *, parameters: Parameters | None = None) -> Condition:
    """Compile the text of the search box.

    Args:
        text: the search; empty matches everything.
        signal: the table the condition is for.
        parameters: where to bind values, when the condition joins a larger statement.

    Raises:
        QuerySyntaxError: the text does not parse, or a value does not suit its field.

    """
    parameters = parameters if parameters is not None else Parameters()
    tree = parse_search(text)
    sql = _Compiler(text, dialect_for(signal), parameters).node(tree)
    check_size(text, sql)
    return Condition(sql, parameters.values, tuple(dict.fromkeys(_terms(tree, signal))))


def moment_ns(moment: datetime) -> int:
    """Return the nanoseconds since the epoch.

    Raises:
        InvalidInputError: the moment is outside what the tables hold.

    """
    if moment.year not in _YEARS:
        raise InvalidInputError(
            f"the year {moment.year} is out of range",
            field="time",
            remedy=f"give a year from {_YEARS.start} to {_YEARS.stop - 1}",
        )
    passed = moment - _EPOCH
    return (passed.days * 86400 + passed.seconds) * 10**9 + passed.microseconds * 1000


def parse_number(text: str) -> float | None:
    """Return the finite number that ``text`` is, or None."""
    if not _NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def _terms(node: Node, signal: Signal) -> list[str]:
    if isinstance(node, And | Or):
        return [term for item in node.items for term in _terms(item, signal)]
    if isinstance(node, Not):
        return []
    if isinstance(node, FieldMatch):
        known = dialect_for(signal).field(node.field)
        if known is None or known.kind is not FieldKind.WORDS:
            return []
    if isinstance(node.match, Exact):
        return [node.match.text] if node.match.text else []
    return [part for part in node.match.parts if part] if isinstance(node.match, Glob) else []


class _Compiler:
    """Compiles one tree; every method returns a boolean SQL expression."""

    def __init__(self, text: str, dialect: Dialect, parameters: Parameters) -> None:
        self.text = text
        self.dialect = dialect
        self.bind = parameters
        self.by_kind: dict[FieldKind, Callable[[Field, FieldMatch], str]] = {
            FieldKind.TEXT: self._text_field,
            FieldKind.IDENTIFIER: self._identifier,
            FieldKind.WORDS: self._words,
            FieldKind.CHOICE: self._choice,
            FieldKind.NUMBER: self._number,
            FieldKind.DURATION: self._duration,
            FieldKind.TIME: self._time,
            FieldKind.LEVEL: self._level,
            FieldKind.NAMES: self._names,
        }

    def node(self, node: Node) -> str:
        if isinstance(node, And):
            return self._joined(" AND ", node.items)
        if isinstance(node, Or):
            return self._joined(" OR ", node.items)
        if isinstance(node, Not):
            return f"NOT ({self.node(node.item)})"
        if isinstance(node, FreeText):
            return _any(self._prose(column, node.match) for column in self.dialect.words)
        return self._field(node)

    def _joined(self, operator: str, items: tuple[Node, ...]) -> str:
        if not items:
            return EVERYTHING
        return f"({operator.join(self.node(item) for item in items)})"

    def _prose(self, column: str, match: Match) -> str:
        """Match words, phrases and wildcards in a text column."""
        if isinstance(match, Exact):
            return (
                self.dialect.has_text(column, match.text, self.bind) if match.text else EVERYTHING
            )
        if isinstance(match, Glob):
            if not any(match.parts):
                return EVERYTHING
            return self.dialect.has_glob(column, match.parts, self.bind)
        return self._text(column, match)

    def _field(self, node: FieldMatch) -> str:
        known = self.dialect.field(node.field)
        if known is None:
            return self._attribute(node)
        if isinstance(node.match, Exists):
            return self._is_present(known)
        return self.by_kind[known.kind](known, node)

    def _is_present(self, known: Field) -> str:
        if known.kind is FieldKind.LEVEL:
            return "(SeverityNumber > 0 OR SeverityText != '')"
        if known.kind is FieldKind.NAMES:
            return f"notEmpty({known.sql})"
        prose = known.optional or known.kind is FieldKind.WORDS
        return f"{known.sql} != ''" if prose else EVERYTHING

    # Built-in fields, by kind ------------------------------------------------------------

    def _text_field(self, known: Field, node: FieldMatch) -> str:
        return self._text(known.sql, node.match, node)

    def _identifier(self, known: Field, node: FieldMatch) -> str:
        match = node.match
        if isinstance(match, Exact):
            match = Exact(ascii_lower(match.text))
        elif isinstance(match, Glob):
            match = Glob(tuple(ascii_lower(part) for part in match.parts))
        return self._text(known.sql, match, node)

    def _words(self, known: Field, node: FieldMatch) -> str:
        return self._prose(known.sql, node.match)

    def _choice(self, known: Field, node: FieldMatch) -> str:
        if not isinstance(node.match, Exact):
            return self._text(f"lower({known.sql})", node.match, node)
        spelled = {ascii_lower(choice): choice for choice in known.choices}
        choice = spelled.get(ascii_lower(node.match.text))
        if choice is None:
            near = closest(node.match.text, spelled)
            raise self._wrong(
                node,
                f"{node.match.text!r} is not a {known.name}",
                f"did you mean {near}?" if near else f"write one of {', '.join(spelled)}",
            )
        return f"{known.sql} = {self.bind.text(choice)}"

    def _number(self, known: Field, node: FieldMatch) -> str:
        def number(text: str) -> str:
            value = parse_number(text)
            if value is None:
                raise self._wrong(node, f"{text!r} is not a number", "write a number such as 17")
            return self.bind.number(value)

        return self._ordered(known.sql, node, number)

    def _duration(self, known: Field, node: FieldMatch) -> str:
        def nanoseconds(text: str) -> str:
            found = _DURATION.fullmatch(text)
            if not found or len(found[1]) > 15:  # noqa: PLR2004 - what a float holds exactly
                raise self._wrong(
                    node,
                    f"{text!r} is not a duration",
                    "write a number of milliseconds, or one with ns, us, ms, s, m, h or d",
                )
            return self.bind.number(float(found[1]) * _DURATION_NS[found[2] or "ms"])

        return self._ordered(known.sql, node, nanoseconds)

    def _time(self, known: Field, node: FieldMatch) -> str:
        def moment(text: str) -> str:
            try:
                nanoseconds = moment_ns(parse_moment(text))
            except InvalidInputError as error:
                raise self._wrong(node, error.message, error.remedy) from error
            return f"fromUnixTimestamp64Nano({self.bind.integer(nanoseconds)}, 'UTC')"

        return self._ordered(known.sql, node, moment)

    def _level(self, known: Field, node: FieldMatch) -> str:
        match = node.match
        if isinstance(match, Exact):
            return self.dialect.level_is(match.text, self.bind)
        if isinstance(match, Compare):
            return self._level_side(node, match.operator, match.text)
        if isinstance(match, Range):
            low, high = _sides(match)
            sides = [self._level_side(node, *side) for side in (low, high) if side]
            return _all(sides) if sides else EVERYTHING
        return self._text(f"lower({known.sql})", match, node)

    def _level_side(self, node: FieldMatch, operator: str, text: str) -> str:
        if level_numbers(text) is None:
            near = closest(text, LEVELS)
            raise self._wrong(
                node,
                f"{text!r} is not a level that can be compared",
                f"did you mean {near}?" if near else f"use one of {', '.join(LEVELS)}",
            )
        return self.dialect.level_compares(operator, text)

    def _names(self, known: Field, node: FieldMatch) -> str:
        if isinstance(node.match, Exact):
            return f"has({known.sql}, {self.bind.text(node.match.text)})"
        condition = self._text("item", node.match, node)
        return f"arrayExists(item -> {condition}, {known.sql})"

    # Attributes --------------------------------------------------------------------------

    def _attribute(self, node: FieldMatch) -> str:
        dialect = self.dialect
        for prefix, column in (
            ("resource.", dialect.resource),
            ("attributes.", dialect.attributes),
        ):
            name = node.field.removeprefix(prefix)
            if name and name != node.field:
                return self._attribute_in(column, self.bind.text(name), node)
        key = self.bind.text(node.field)
        own = self._attribute_in(dialect.attributes, key, node)
        resource = self._attribute_in(dialect.resource, key, node)
        if isinstance(node.match, Exists):
            return f"({own} OR {resource})"
        # The record's own attribute hides the resource's of the same name.
        hidden = dialect.has_attribute(dialect.attributes, key)
        return f"({own} OR ({resource} AND NOT {hidden}))"

    def _attribute_in(self, column: str, key: str, node: FieldMatch) -> str:
        dialect, match = self.dialect, node.match
        present = dialect.has_attribute(column, key)
        if isinstance(match, Exists):
            return present
        if isinstance(match, Exact):
            value = self.bind.text(match.text)
            return dialect.attribute_is(column, key, value, empty=not match.text)
        return f"({present} AND {self._text(dialect.attribute(column, key), match, node)})"

    # Text expressions --------------------------------------------------------------------

    def _text(self, sql: str, match: Match, node: FieldMatch | None = None) -> str:
        """Match the whole text of an expression."""
        if isinstance(match, Exact):
            return f"{sql} = {self.bind.text(match.text)}"
        if isinstance(match, Glob):
            pattern = "%".join(escape_like(part) for part in match.parts)
            return f"{sql} LIKE {self.bind.text(pattern)}"
        if isinstance(match, Regex):
            return f"match({sql}, {self.bind.text(self._checked(match.pattern))})"
        if isinstance(match, Compare):
            return self._text_side(sql, match.operator, match.text, node)
        if isinstance(match, Range):
            sides = [self._text_side(sql, *side, node) for side in _sides(match) if side]
            return _all(sides) if sides else EVERYTHING
        return f"{sql} != ''"

    def _text_side(self, sql: str, operator: str, text: str, node: FieldMatch | None) -> str:
        """Compare as numbers when the bound is one; text that is none then never matches."""
        number = parse_number(text)
        if number is not None:
            compared = f"toFloat64OrNull({sql}) {operator} {self.bind.number(number)}"
            return f"ifNull({compared}, 0)"
        if node and _DURATION.fullmatch(text):
            raise self._wrong(
                node,
                f"{node.field!r} has no unit, so {text!r} cannot be compared with it",
                "compare with a plain number in the field's own unit",
            )
        return f"{sql} {operator} {self.bind.text(text)}"

    def _checked(self, pattern: str) -> str:
        def fail(message: str, offset: int, remedy: str | None) -> QuerySyntaxError:
            return syntax_error(self.text, offset, message, remedy=remedy)

        return check_regex(pattern, fail).pattern

    def _ordered(self, sql: str, node: FieldMatch, bind: Callable[[str], str]) -> str:
        """Compare an expression of a type with an order; ``bind`` reads one value."""
        match = node.match
        if isinstance(match, Exact):
            return f"{sql} = {bind(match.text)}"
        if isinstance(match, Compare):
            return f"{sql} {match.operator} {bind(match.text)}"
        if isinstance(match, Range):
            sides = [
                f"{sql} {operator} {bind(text)}" for operator, text in filter(None, _sides(match))
            ]
            return _all(sides) if sides else EVERYTHING
        raise self._wrong(
            node,
            f"{node.field!r} cannot be matched by a wildcard or a regular expression",
            f"compare it, as in {node.field}:>VALUE, or give a range [LOW TO HIGH]",
        )

    def _wrong(self, node: FieldMatch, message: str, remedy: str | None) -> QuerySyntaxError:
        return syntax_error(self.text, node.start, message, remedy=remedy)


def _sides(match: Range) -> tuple[tuple[str, str] | None, tuple[str, str] | None]:
    low = (">=" if match.include_low else ">", match.low) if match.low is not None else None
    high = ("<=" if match.include_high else "<", match.high) if match.high is not None else None
    return low, high


def _any(conditions: Iterable[str]) -> str:
    listed = list(dict.fromkeys(conditions))
    return listed[0] if len(listed) == 1 else f"({' OR '.join(listed)})"


def _all(conditions: list[str]) -> str:
    return conditions[0] if len(conditions) == 1 else f"({' AND '.join(conditions)})"
