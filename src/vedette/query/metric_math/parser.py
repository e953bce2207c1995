"""Text of a metric math expression to its tree."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from vedette.query.language.errors import (
    RefusedError,
    check_text,
    expectation,
    found_and_expected,
    syntax_error,
)
from vedette.query.metric_math.tree import (
    Array,
    Binary,
    Call,
    Negate,
    Node,
    Number,
    Reference,
    Text,
    Word,
)

if TYPE_CHECKING:
    from vedette.core.errors import QuerySyntaxError

MAX_LENGTH = 2048
"""Longest expression, in characters."""
MAX_DEPTH = 100
"""Deepest nesting, the links of a chain such as ``a + b + c`` included."""

_OPERATORS = {"&&": "AND", "||": "OR"}
_WORDS = {
    "ID": "an id",
    "NUMBER": "a number",
    "UPPER": "a function",
    "OPEN": "'('",
    "TEXT": "a quoted text",
    "COMPARISON": "a comparison",
    "PLUS": "an operator",
    "POWER": "an operator",
    "TIMES": "an operator",
    "CLOSE": "')'",
    "CLOSE_ARRAY": "']'",
    "COMMA": "','",
    "$END": "the end of the expression",
}


def parse(text: str) -> Node:
    """Parse an expression.

    Raises:
        QuerySyntaxError: it does not parse; ``position`` is the offending column.

    """
    if len(text) > MAX_LENGTH:
        raise syntax_error(
            text,
            MAX_LENGTH,
            f"the expression is longer than {MAX_LENGTH} characters",
            remedy="split it into several expressions that refer to each other",
        )
    check_text(text)
    try:
        # The transformer runs inside the parser, which keeps its own stack: no deep recursion.
        built = _grammar().parse(text)
    except UnexpectedInput as error:
        raise _explain(text, error) from error
    except RefusedError as refused:
        raise refused.at(text) from refused
    node: Node = built.node  # type: ignore[attr-defined]  # the transformer makes no lark Tree
    return node


@dataclass(frozen=True, slots=True)
class _Built:
    """A node and how deep the tree below it is."""

    node: Node
    depth: int = 0


@v_args(inline=True)
class _Build(Transformer[Token, _Built]):
    """Builds the tree bottom up and keeps it within its depth."""

    def start(self, built: _Built) -> _Built:
        return built

    def number(self, token: Token) -> _Built:
        value = float(token)
        if not math.isfinite(value):
            raise RefusedError("the number is too large", _start(token), "write a smaller one")
        return _Built(Number(value, _start(token)))

    def reference(self, token: Token) -> _Built:
        return _Built(Reference(str(token), _start(token)))

    def text(self, token: Token) -> _Built:
        return _Built(Text(token[1:-1], _start(token)))

    def word(self, token: Token) -> _Built:
        return _Built(Word(str(token), _start(token)))

    def nested(self, opening: Token, built: _Built, _closing: Token) -> _Built:
        return _Built(built.node, _deeper((built,), _start(opening)))

    def negate(self, minus: Token, built: _Built) -> _Built:
        return _Built(Negate(built.node, _start(minus)), _deeper((built,), _start(minus)))

    def binary(self, left: _Built, operator: Token, right: _Built) -> _Built:
        name = _OPERATORS.get(str(operator), str(operator))
        node = Binary(name, left.node, right.node, _start(operator))
        return _Built(node, _deeper((left, right), _start(operator)))

    def arguments(self, *parts: _Built | Token) -> tuple[_Built, ...]:
        return tuple(part for part in parts if isinstance(part, _Built))

    elements = arguments

    def call(
        self, name: Token, _opening: Token, arguments: tuple[_Built, ...], _closing: Token
    ) -> _Built:
        nodes = tuple(built.node for built in arguments)
        return _Built(Call(str(name), nodes, _start(name)), _deeper(arguments, _start(name)))

    def array(self, opening: Token, items: tuple[_Built, ...], _closing: Token) -> _Built:
        nodes = tuple(built.node for built in items)
        return _Built(Array(nodes, _start(opening)), _deeper(items, _start(opening)))


@cache
def _grammar() -> Lark:
    source = resources.files(__package__).joinpath("metric_math.lark").read_text("utf-8")
    return Lark(
        source, parser="lalr", lexer="contextual", maybe_placeholders=False, transformer=_Build()
    )


def _deeper(parts: tuple[_Built, ...], position: int) -> int:
    depth = 1 + max((part.depth for part in parts), default=0)
    if depth > MAX_DEPTH:
        raise RefusedError(
            f"the expression is nested more than {MAX_DEPTH} deep",
            position,
            "add many series with SUM([m1, m2, ...]), or split the expression",
        )
    return depth


def _start(token: Token) -> int:
    return token.start_pos or 0


def _explain(text: str, error: UnexpectedInput) -> QuerySyntaxError:
    position, found, expected = found_and_expected(text, error, _WORDS)
    found = found.replace("the end of the query", "the end of the expression")
    before = text[:position].rstrip()
    here = text[position : position + 1]
    called = re.search(r"(?<![A-Za-z0-9_])([a-z]\w*)$", before)
    capital = re.search(r"(?<![A-Za-z0-9_])([A-Z][A-Z0-9_]*)$", before)
    message, remedy = expectation(found, expected), None
    if here == "(" and called:
        message = f"{called[1]} is an id, and an id cannot be called"
        remedy = f"functions are written in upper case: {called[1].upper()}(...)"
    elif here == "=":
        remedy = "a comparison for equality is =="
    elif here in {'"', "'"} and text.count(here) % 2:
        message, remedy = "the quote is not closed", f"add a closing {here}"
    elif capital and expected == ["'('"]:
        remedy = "names in upper case are functions; ids start with a lower-case letter"
    elif not text.strip():
        message, remedy = "the expression is empty", "write one, such as m1 * 100"
    return syntax_error(text, position, message, remedy=remedy)
