"""JSON patterns: conditions on members of a log event that is a JSON object.

A comparison is about a scalar: where the selector finds nothing, ``null``, an array or an object, it
does not match, whichever operator it has. ``!=`` matches every other scalar that is not equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vedette.core.errors import InvalidInputError
from vedette.query.language.errors import RefusedError
from vedette.telemetry.metric_filters.patterns.common import (
    NUMBER_OPERATORS,
    Build,
    Joined,
    Literal,
    Pattern,
    conditions_of,
    parse_tree,
)

if TYPE_CHECKING:
    from lark import Token

    from vedette.query.language.parameters import Parameters

_WORDS = {
    "SELECTOR": "a selector such as $.status",
    "OPERATOR": "a comparison",
    "IS": "IS NULL, IS TRUE or IS FALSE",
    "NOT": "NOT EXISTS",
    "NULL": "NULL",
    "TRUE": "TRUE",
    "FALSE": "FALSE",
    "EXISTS": "EXISTS",
    "STRING": "a quoted string",
    "NUMBER": "a number",
    "REGEX": "a %regular expression%",
    "BARE": "a word",
    "AND": "&&",
    "OR": "||",
    "OPEN": "'('",
    "CLOSE": "')'",
    "OPEN_BRACE": "'{'",
    "CLOSE_BRACE": "'}'",
    "$END": "the end of the pattern",
}
_SELECTOR = re.compile(r"\$(?:\.[A-Za-z0-9_-]+|\[\d{1,6}\]|\.?\['[^']*'\]|\.?\[\"[^\"]*\"\])+")
_PART = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]|\.?\['([^']*)'\]|\.?\[\"([^\"]*)\"\]")
_NUMBERS = "('Int64', 'UInt64', 'Double')"
_SCALARS = "('String', 'Int64', 'UInt64', 'Double', 'Bool')"


@dataclass(frozen=True, slots=True)
class _Path:
    """Members and (zero-based) indices on the way to a value."""

    parts: tuple[str | int, ...]

    @classmethod
    def parse(cls, selector: str) -> _Path:
        return cls(
            tuple(
                int(found[2]) if found[2] is not None else found[1] or found[3] or found[4] or ""
                for found in _PART.finditer(selector)
            )
        )

    def call(self, function: str, parameters: Parameters) -> str:
        arguments = (
            str(part + 1) if isinstance(part, int) else parameters.text(part) for part in self.parts
        )
        return f"{function}({', '.join(('Body', *arguments))})"


@dataclass(frozen=True, slots=True)
class _Comparison:
    path: _Path
    operator: str
    literal: Literal

    def condition(self, parameters: Parameters) -> str:
        kind = self.path.call("JSONType", parameters)
        if self.operator == "!=":
            return f"({kind} IN {_SCALARS} AND NOT {self._equal(kind, parameters)})"
        if self.operator == "=":
            return self._equal(kind, parameters)
        return self._number(kind, self.operator, parameters)

    def _equal(self, kind: str, parameters: Parameters) -> str:
        if self.literal.number is not None:
            return self._number(kind, "=", parameters)
        value = self.path.call("JSONExtractString", parameters)
        return f"({kind} = 'String' AND {self.literal.matches(value, parameters)})"

    def _number(self, kind: str, operator: str, parameters: Parameters) -> str:
        value = self.path.call("JSONExtractFloat", parameters)
        wanted = parameters.number(self.literal.number or 0.0)
        return f"({kind} IN {_NUMBERS} AND {value} {operator} {wanted})"


@dataclass(frozen=True, slots=True)
class _State:
    path: _Path
    state: str

    def condition(self, parameters: Parameters) -> str:
        kind = self.path.call("JSONType", parameters)
        there = self.path.call("JSONHas", parameters)
        if self.state == "NULL":
            return f"({there} AND {kind} = 'Null')"
        if self.state == "ABSENT":
            return f"(JSONType(Body) IN ('Object', 'Array') AND NOT {there})"
        wanted = "" if self.state == "TRUE" else "NOT "
        return f"({kind} = 'Bool' AND {wanted}{self.path.call('JSONExtractBool', parameters)})"


class _Build(Build):
    def start(self, children: list[Any]) -> Any:  # noqa: ANN401
        return children[1]

    def nested(self, children: list[Any]) -> Any:  # noqa: ANN401
        return children[1]

    def comparison(self, children: list[Any]) -> _Comparison:
        selector, operator, literal = children
        if operator in NUMBER_OPERATORS and literal.number is None:
            raise RefusedError(
                f"{operator} compares numbers, and this is a string",
                literal.start,
                "use = or !=, or write a number without quotes",
            )
        return _Comparison(_Path.parse(selector), str(operator), literal)

    def state(self, children: list[Token]) -> _State:
        return _State(_Path.parse(children[0]), str(children[2]))

    def absence(self, children: list[Token]) -> _State:
        return _State(_Path.parse(children[0]), "ABSENT")


class JsonPattern(Pattern):
    """``{ $.a.b[0] = "x*" && ($.n >= 1e3 || $.k IS NULL) }``."""

    kind = "json"

    def __init__(self, text: str) -> None:
        self.text = text
        self._tree = parse_tree("json", text, _WORDS, _Build(text))

    @property
    def regexes(self) -> list[Literal]:
        """Regular expressions in the pattern."""
        leaves = conditions_of(self._tree)
        return [one.literal for one in leaves if isinstance(one, _Comparison) and one.literal.regex]

    def condition(self, parameters: Parameters) -> str:
        """See ``Pattern.condition``."""
        return _sql(self._tree, parameters)

    def number(self, selector: str, parameters: Parameters, *, field: str) -> str:
        """See ``Pattern.number``; a string that is a number counts as one."""
        path = _selected(selector, field)
        kind = path.call("JSONType", parameters)
        text = path.call("JSONExtractString", parameters)
        value = path.call("JSONExtractFloat", parameters)
        return (
            f"multiIf({kind} IN {_NUMBERS}, toNullable({value}), "
            f"{kind} = 'String', toFloat64OrNull({text}), NULL)"
        )

    def label(self, selector: str, parameters: Parameters, *, field: str) -> str:
        """See ``Pattern.label``; arrays and objects are nothing."""
        path = _selected(selector, field)
        kind = path.call("JSONType", parameters)
        text = path.call("JSONExtractString", parameters)
        return f"if({kind} IN {_SCALARS}, {text}, '')"


def _selected(selector: str, field: str) -> _Path:
    if not _SELECTOR.fullmatch(selector):
        raise InvalidInputError(
            f"{selector!r} is no selector",
            field=field,
            position=0,
            remedy="write $.user.id, $.items[0] or $['a key']",
        )
    return _Path.parse(selector)


def _sql(node: Any, parameters: Parameters) -> str:  # noqa: ANN401 - a leaf or Joined
    if isinstance(node, Joined):
        return f"({f' {node.operator} '.join(_sql(part, parameters) for part in node.parts)})"
    condition: str = node.condition(parameters)
    return condition
