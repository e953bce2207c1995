"""What the three grammars share: values, wildcards, expressions, and errors that point at a place."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from lark import Lark, Token, Transformer, UnexpectedInput

from vedette.query.language.errors import (
    MAX_DEPTH,
    RefusedError,
    expectation,
    found_and_expected,
    syntax_error,
)
from vedette.query.language.regexes import check_regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vedette.core.errors import QuerySyntaxError
    from vedette.query.language.parameters import Parameters

MAX_PATTERN = 1024
"""Longest pattern, in characters."""
MAX_REGEXES = 2
"""Most regular expressions of one pattern."""
NUMBER_OPERATORS = ("<", "<=", ">", ">=")


class Pattern(ABC):
    """A pattern that parses.

    Attributes:
        kind: ``text``, ``json`` or ``space``.
        text: as it was written.
        fields: names of a space-delimited pattern's fields, in order.

    """

    kind: str
    text: str
    fields: tuple[str, ...] = ()

    @abstractmethod
    def condition(self, parameters: Parameters) -> str:
        """Return the SQL condition on ``Body``; values are bound in ``parameters``."""

    def number(self, selector: str, parameters: Parameters, *, field: str) -> str:
        """Return a ``Nullable(Float64)`` expression of what a selector finds.

        Raises:
            InvalidInputError: the pattern has no such field.

        """
        return f"toFloat64OrNull({self.label(selector, parameters, field=field)})"

    @abstractmethod
    def label(self, selector: str, parameters: Parameters, *, field: str) -> str:
        """Return a ``String`` expression of what a selector finds, ``''`` where that is nothing."""


@dataclass(frozen=True, slots=True)
class Literal:
    """What something is compared with.

    Attributes:
        text: a string in which ``*`` stands for any characters, or a regular expression.
        number: the number where it is one.
        regex: the text is a regular expression.
        start: its place in the pattern.

    """

    text: str
    start: int
    number: float | None = None
    regex: bool = False
    quoted: bool = False

    def matches(self, expression: str, parameters: Parameters) -> str:
        """Return the condition that a string is this one."""
        if self.regex:
            return f"match({expression}, {parameters.text(self.text)})"
        if "*" not in self.text:
            return f"{expression} = {parameters.text(self.text)}"
        # `.` must match a line's end, too; everything but `*` stands for itself.
        parts = (quoted_regex(part) for part in self.text.split("*"))
        return f"match({expression}, {parameters.text('(?s)^' + '.*'.join(parts) + '$')})"


def quoted_regex(text: str) -> str:
    r"""Return an RE2 expression of exactly this text (``\Q...\E``, in which only ``\E`` is special)."""
    return "".join(f"\\{one}" if not (one.isalnum() or one == "_") else one for one in text)


@dataclass(frozen=True, slots=True)
class Joined:
    """Conditions joined by AND or OR."""

    operator: str
    parts: tuple[Any, ...]


def conditions_of(node: Any) -> Iterator[Any]:  # noqa: ANN401 - each grammar has its own leaves
    """Yield the leaves of a tree, from left to right."""
    if isinstance(node, Joined):
        for part in node.parts:
            yield from conditions_of(part)
    else:
        yield node


class Build(Transformer[Token, Any]):
    """What the transformers of the grammars share; keeps count of depth."""

    def __init__(self, pattern: str) -> None:
        super().__init__()
        self.pattern = pattern

    def string(self, children: list[Token]) -> Literal:
        """Return a quoted string without its quotes."""
        token = children[0]
        text = token[1:-1].replace('\\"', '"').replace("\\\\", "\\")
        return Literal(text, start(token), quoted=True)

    def regex(self, children: list[Token]) -> Literal:
        """Return a regular expression that RE2 can be given."""
        return checked_regex(children[0], start(children[0]))

    def number(self, children: list[Token]) -> Literal:
        """Return a finite number."""
        token = children[0]
        value = float(token)
        if not math.isfinite(value):
            raise RefusedError("the number is too large", start(token), "write a smaller one")
        return Literal(str(token), start(token), number=value)

    def bare(self, children: list[Token]) -> Literal:
        """Return an unquoted string."""
        return Literal(str(children[0]), start(children[0]))

    def any_of(self, children: list[Any]) -> Any:  # noqa: ANN401
        """Join by OR."""
        return _joined("OR", children)

    def all_of(self, children: list[Any]) -> Any:  # noqa: ANN401
        """Join by AND."""
        return _joined("AND", children)


def _joined(operator: str, children: list[Any]) -> Any:  # noqa: ANN401
    parts = tuple(one for one in children if not isinstance(one, Token))
    return parts[0] if len(parts) == 1 else Joined(operator, parts)


def checked_regex(token: str, position: int) -> Literal:
    """Return the expression between the percent signs.

    Raises:
        RefusedError: its brackets or groups are wrong.

    """

    def fail(message: str, offset: int, remedy: str | None) -> RefusedError:
        return RefusedError(message, position + 1 + offset, remedy)

    return Literal(check_regex(token[1:-1], fail).pattern, position, regex=True)


def start(token: Token) -> int:
    """Return the place of a token in the text."""
    return token.start_pos or 0


@cache
def grammar(name: str) -> Lark:
    """Return the parser of ``<name>.lark``."""
    source = resources.files(__package__).joinpath(f"{name}.lark").read_text("utf-8")
    return Lark(source, parser="lalr", lexer="contextual", maybe_placeholders=False)


def parse_tree(name: str, text: str, words: Mapping[str, str], build: Build) -> Any:  # noqa: ANN401
    """Parse a text and build its tree.

    Raises:
        QuerySyntaxError: it does not parse; ``position`` is the offending column.

    """
    depth = 0
    for position, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth > MAX_DEPTH:
            raise at_pattern(
                syntax_error(text, position, f"the pattern is nested more than {MAX_DEPTH} deep")
            )
    try:
        return build.transform(grammar(name).parse(text))
    except UnexpectedInput as error:
        position, found, expected = found_and_expected(text, error, words)
        found = found.replace("of the query", "of the pattern")
        remedy = _remedy(text, position)
        raise at_pattern(
            syntax_error(text, position, expectation(found, expected), remedy=remedy)
        ) from error
    except RefusedError as refused:
        raise at_pattern(refused.at(text)) from refused
    except Exception as error:
        # lark wraps what a transformer raises.
        cause = getattr(error, "orig_exc", None)
        if isinstance(cause, RefusedError):
            raise at_pattern(cause.at(text)) from cause
        raise


def at_pattern(error: QuerySyntaxError) -> QuerySyntaxError:
    """Say that the error is about the field ``pattern``."""
    error.field = "pattern"
    return error


def _remedy(text: str, position: int) -> str | None:
    here = text[position : position + 1]
    if here == '"':
        return 'close the quote, and write \\" for a quote within'
    if here == "%":
        return "close the regular expression with %"
    if here == "$":
        return "write a selector such as $.user.id, $.items[0] or $['a key']"
    return None
