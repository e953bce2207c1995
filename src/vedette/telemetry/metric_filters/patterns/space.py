"""Space-delimited patterns: names and conditions for the fields of a line.

What stands in brackets or in double quotes is one field, without them. A pattern without ``...``
matches lines of exactly as many fields; ``...`` stands for any number of fields, none included.
"""

from __future__ import annotations

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
    start,
)

if TYPE_CHECKING:
    from lark import Token

    from vedette.query.language.parameters import Parameters

MAX_FIELDS = 100
_WORDS = {
    "NAME": "a field's name",
    "ELLIPSIS": "...",
    "OPERATOR": "a comparison",
    "STRING": "a quoted string",
    "NUMBER": "a number",
    "REGEX": "a %regular expression%",
    "BARE": "a word",
    "AND": "&&",
    "OR": "||",
    "COMMA": "','",
    "OPEN": "'['",
    "CLOSE": "']'",
    "$END": "the end of the pattern",
}

FIELDS = r"""arrayMap(
    field -> if(match(field, '^(?s:\\[.*\\]|".*")$'), substring(field, 2, length(field) - 2), field),
    extractAll(Body, '\\[[^\\]]*\\]|"[^"]*"|\\S+'))"""
"""The fields of a line, as an array of strings."""


@dataclass(frozen=True, slots=True)
class _Test:
    name: str
    start: int
    operator: str = ""
    literal: Literal | None = None

    def condition(self, field: str, parameters: Parameters) -> str:
        literal = self.literal
        if literal is None:
            return "1"
        if self.operator in NUMBER_OPERATORS:
            wanted = parameters.number(literal.number or 0.0)
            return f"ifNull(toFloat64OrNull({field}) {self.operator} {wanted}, 0)"
        equal = literal.matches(field, parameters)
        if literal.number is not None:
            wanted = parameters.number(literal.number)
            equal = f"({equal} OR ifNull(toFloat64OrNull({field}) = {wanted}, 0))"
        return f"NOT ({equal})" if self.operator == "!=" else f"({equal})"


@dataclass(frozen=True, slots=True)
class _Field:
    name: str
    tree: Any


class _Build(Build):
    def start(self, children: list[Any]) -> list[_Field | None]:
        return [one for one in children if one is None or isinstance(one, _Field)]

    def ellipsis(self, _children: list[Token]) -> None:
        return None

    def named(self, children: list[Any]) -> _Field:
        tests = list(conditions_of(children[0]))
        name = tests[0].name
        for test in tests:
            if test.name != name:
                raise RefusedError(
                    f"the conditions of the field {name} name another one, {test.name}",
                    test.start,
                    f"write {name} again, or put a comma between fields",
                )
        return _Field(name, children[0])

    def free(self, children: list[Token]) -> _Test:
        return _Test(str(children[0]), start(children[0]))

    def comparison(self, children: list[Any]) -> _Test:
        name, operator, literal = children
        if operator in NUMBER_OPERATORS and literal.number is None:
            raise RefusedError(
                f"{operator} compares numbers, and this is a string",
                literal.start,
                "use = or !=, or write a number without quotes",
            )
        return _Test(str(name), start(name), str(operator), literal)


class SpacePattern(Pattern):
    """``[ip, ..., status=4* || status=500, bytes>1000]``."""

    kind = "space"

    def __init__(self, text: str) -> None:
        self.text = text
        found: list[_Field | None] = parse_tree("space", text, _WORDS, _Build(text))
        names = [field.name for field in found if field]
        self._refuse(found, names)
        self.fields = tuple(names)
        self._open = None in found
        before = found.index(None) if self._open else len(found)
        self._trees = {field.name: field.tree for field in found if field}
        # Fields after `...` are counted from the end of the line.
        self._places = {
            field.name: place + 1 if place < before else place - len(found)
            for place, field in enumerate(found)
            if field
        }

    def _refuse(self, found: list[_Field | None], names: list[str]) -> None:
        message, at = "", 0
        if found.count(None) > 1:
            message, at = "... can stand only once", self.text.rfind("...")
        elif len(found) > MAX_FIELDS:
            message = f"the pattern has {len(found)} fields, more than {MAX_FIELDS}"
        else:
            twice = next((name for n, name in enumerate(names) if name in names[:n]), None)
            if twice:
                message, at = f"the name {twice} is there twice", self.text.rfind(twice)
        if message:
            refused = RefusedError(message, at, "name every field once, and use ... once").at(
                self.text
            )
            refused.field = "pattern"
            raise refused

    @property
    def regexes(self) -> list[Literal]:
        """Regular expressions in the pattern."""
        tests = (test for tree in self._trees.values() for test in conditions_of(tree))
        return [test.literal for test in tests if test.literal and test.literal.regex]

    def condition(self, parameters: Parameters) -> str:
        """See ``Pattern.condition``."""
        count = len(self.fields)
        parts = [f"length({FIELDS}) {'>=' if self._open else '='} {count}"]
        parts += [
            _sql(tree, self._field(name), parameters)
            for name, tree in self._trees.items()
            if any(test.literal for test in conditions_of(tree))
        ]
        return f"({' AND '.join(parts)})"

    def label(self, selector: str, parameters: Parameters, *, field: str) -> str:  # noqa: ARG002
        """See ``Pattern.label``; a selector is ``$name``."""
        name = selector.removeprefix("$").removeprefix(".")
        if not selector.startswith("$") or name not in self._places:
            raise InvalidInputError(
                f"{selector!r} is no field of the pattern",
                field=field,
                position=0,
                remedy=f"use one of {', '.join(f'${one}' for one in self.fields[:20])}",
            )
        return self._field(name)

    def _field(self, name: str) -> str:
        return f"{FIELDS}[{self._places[name]}]"


def _sql(node: Any, field: str, parameters: Parameters) -> str:  # noqa: ANN401 - _Test or Joined
    if isinstance(node, Joined):
        parts = (_sql(part, field, parameters) for part in node.parts)
        return f"({f' {node.operator} '.join(parts)})"
    condition: str = node.condition(field, parameters)
    return condition
