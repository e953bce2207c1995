"""Text patterns: case-sensitive terms that a log event contains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lark import UnexpectedInput

from vedette.core.errors import InvalidInputError
from vedette.query.language.errors import RefusedError, syntax_error
from vedette.telemetry.metric_filters.patterns.common import (
    Build,
    Literal,
    Pattern,
    at_pattern,
    checked_regex,
    parse_tree,
    start,
)

if TYPE_CHECKING:
    from lark import Token

    from vedette.core.errors import QuerySyntaxError
    from vedette.query.language.parameters import Parameters

_WORDS = {"WORD": "a term", "PHRASE": "a quoted phrase", "REGEX": "a %regular expression%"}


@dataclass(frozen=True, slots=True)
class _Term:
    sign: str
    literal: Literal
    start: int

    def condition(self, parameters: Parameters) -> str:
        if self.literal.regex:
            return self.literal.matches("Body", parameters)
        return f"position(Body, {parameters.text(self.literal.text)}) > 0"


class _Build(Build):
    def start(self, children: list[_Term]) -> list[_Term]:
        return children

    def word(self, children: list[Token]) -> _Term:
        sign, text = _signed(children[0])
        return _Term(sign, Literal(text, start(children[0])), start(children[0]))

    def phrase(self, children: list[Token]) -> _Term:
        sign, text = _signed(children[0])
        inside = text[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        return _Term(sign, Literal(inside, start(children[0])), start(children[0]))

    def expression(self, children: list[Token]) -> _Term:
        sign, text = _signed(children[0])
        at = start(children[0]) + len(sign)
        return _Term(sign, checked_regex(text, at), start(children[0]))


class TextPattern(Pattern):
    """Terms: all of them, those with ``-`` none, and of those with ``?`` at least one."""

    kind = "text"

    def __init__(self, text: str) -> None:
        self.text = text
        # `" "` is how an empty pattern is written where one must be given.
        self._terms: list[_Term] = [] if text.strip(' "') == "" else _parse(text)

    @property
    def regexes(self) -> list[Literal]:
        """Regular expressions in the pattern."""
        return [term.literal for term in self._terms if term.literal.regex]

    def condition(self, parameters: Parameters) -> str:
        """See ``Pattern.condition``."""
        optional = [term.condition(parameters) for term in self._terms if term.sign == "?"]
        parts = [
            f"NOT {term.condition(parameters)}" if term.sign else term.condition(parameters)
            for term in self._terms
            if term.sign != "?"
        ]
        if optional:
            parts.append(f"({' OR '.join(optional)})")
        return " AND ".join(parts) or "1"

    def label(self, selector: str, parameters: Parameters, *, field: str) -> str:  # noqa: ARG002
        """Refuse: a text has no fields."""
        raise InvalidInputError(
            f"a text pattern has no fields, so {selector} names nothing",
            field=field,
            remedy="use a JSON or space-delimited pattern, or a number as the value",
        )


def _parse(text: str) -> list[_Term]:
    try:
        terms: list[_Term] = parse_tree("text", text, _WORDS, _Build(text))
    except InvalidInputError as error:
        raise _explained(text, error) from error
    optional = [term for term in terms if term.sign == "?"]
    others = [term for term in terms if term.sign != "?"]
    if optional and others:
        first = others[0]
        raise at_pattern(
            RefusedError(
                "terms with ? cannot stand beside terms without",
                first.start,
                "give every term a ?, or write %a|b% for the alternatives",
            ).at(text)
        )
    return terms


def _explained(text: str, error: InvalidInputError) -> InvalidInputError:
    """Say of a character that no term may hold what to do about it."""
    position = error.position or 0
    here = text[position : position + 1]
    if not isinstance(error.__cause__, UnexpectedInput) or not here or here in '"%':
        return error
    left = max(text.rfind(" ", 0, position) + 1, 0)
    right = text.find(" ", position)
    word = text[left : right if right >= 0 else len(text)]
    bad = next((n for n, one in enumerate(word) if not (one.isalnum() or one in "_?-")), 0)
    found: QuerySyntaxError = syntax_error(
        text,
        left + bad,
        f"{word[:40]!r} holds characters that are neither letters nor digits",
        remedy=f'put it in double quotes: "{word[:40]}"',
    )
    return at_pattern(found)


def _signed(token: str) -> tuple[str, str]:
    return (token[0], token[1:]) if token[0] in "?-" else ("", str(token))
