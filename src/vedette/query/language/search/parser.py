"""Text of the search box to its tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from vedette.query.language.errors import (
    MAX_DEPTH,
    MAX_TERMS,
    RefusedError,
    check_text,
    expectation,
    found_and_expected,
    syntax_error,
)
from vedette.query.language.regexes import check_regex
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
    from vedette.core.errors import QuerySyntaxError

_WORDS = {
    "VALUE": "a value",
    "BOUND": "a value",
    "_TO": "TO",
    "RANGE_CLOSE": "']' or '}'",
    "WORD": "a word",
    "QUOTED": 'a "quoted phrase"',
    "FIELD": "field:value",
    "CLOSE": "')'",
    "OPEN": "'('",
    "NOT": "NOT",
    "MINUS": "'-'",
    "_OR": "OR",
    "_AND": "AND",
    "REGEX": "/regex/",
    "COMPARISON": "a comparison",
    "RANGE_OPEN": "a [range]",
    "$END": "the end of the query",
}


def parse_search(text: str) -> Node:
    """Parse a search; the empty text is an empty ``And``, which matches everything.

    Raises:
        QuerySyntaxError: the text is not a search; ``position`` is the offending column.

    """
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
    """A node with its place and size; nodes under a field carry an empty field name at first."""

    node: Node
    start: int
    end: int
    depth: int = 0
    terms: int = 1


@v_args(inline=True)
class _Build(Transformer[Token, _Built]):
    """Builds the tree bottom up and keeps it within its bounds."""

    def start(self, built: _Built | None = None) -> _Built:
        return built or _Built(And(()), 0, 0, terms=0)

    def both(self, left: _Built, right: _Built) -> _Built:
        return _join(And, left, right)

    def either(self, left: _Built, right: _Built) -> _Built:
        return _join(Or, left, right)

    def no(self, token: Token, built: _Built) -> _Built:
        return _deeper(Not(built.node), built, _start(token), built.end)

    def nested(self, opening: Token, built: _Built, closing: Token) -> _Built:
        return _deeper(built.node, built, _start(opening), _end(closing))

    def free_word(self, word: Token) -> _Built:
        match = _word(word)
        if isinstance(match, Exists):
            match = Glob(("", ""))
        return _Built(FreeText(match, _start(word), _end(word)), _start(word), _end(word))

    def free_quoted(self, phrase: Token) -> _Built:
        match = Exact(_unquote(phrase), quoted=True)
        return _Built(FreeText(match, _start(phrase), _end(phrase)), _start(phrase), _end(phrase))

    def field(self, name: Token, value: _Built) -> _Built:
        if value.start != _end(name):
            raise RefusedError(
                f"a value must follow '{name}' directly",
                _end(name),
                f'remove the space, or quote the word to search the text for it: "{name}"',
            )
        node = _under(_unescape(name[:-1]), value.node, _start(name))
        return _Built(node, _start(name), value.end, value.depth, value.terms)

    def plain(self, word: Token) -> _Built:
        return _leaf(_word(word), _start(word), _end(word))

    def quoted(self, phrase: Token) -> _Built:
        return _leaf(Exact(_unquote(phrase), quoted=True), _start(phrase), _end(phrase))

    def regex(self, token: Token) -> _Built:
        pattern = token[1:-1]

        def fail(message: str, offset: int, remedy: str | None) -> QuerySyntaxError:
            raise RefusedError(message, _start(token) + 1 + offset, remedy or "")

        check_regex(pattern, fail)
        return _leaf(Regex(pattern), _start(token), _end(token))

    def compare(self, operator: Token, value: Token) -> _Built:
        match = Compare(str(operator), _scalar(value))
        return _leaf(match, _start(operator), _end(value))

    def bound(self, token: Token) -> Token:
        return token

    def range(self, opening: Token, low: Token, high: Token, closing: Token) -> _Built:
        bounds = [None if bound == "*" else _scalar(bound) for bound in (low, high)]
        match = Range(bounds[0], bounds[1], opening == "[", closing == "]")
        return _leaf(match, _start(opening), _end(closing))


@cache
def _grammar() -> Lark:
    source = resources.files(__package__).joinpath("search.lark").read_text("utf-8")
    return Lark(
        source, parser="lalr", lexer="contextual", maybe_placeholders=False, transformer=_Build()
    )


def _join(kind: type[And | Or], left: _Built, right: _Built) -> _Built:
    terms = left.terms + right.terms
    if terms > MAX_TERMS:
        raise RefusedError(
            f"the search has more than {MAX_TERMS} terms", right.start, "split it into several"
        )
    items = (*_items(kind, left.node), *_items(kind, right.node))
    return _Built(kind(items), left.start, right.end, max(left.depth, right.depth), terms)


def _items(kind: type[And | Or], node: Node) -> tuple[Node, ...]:
    return node.items if isinstance(node, And | Or) and isinstance(node, kind) else (node,)


def _deeper(node: Node, built: _Built, start: int, end: int) -> _Built:
    if built.depth >= MAX_DEPTH:
        raise RefusedError(f"the search is nested more than {MAX_DEPTH} deep", start, "flatten it")
    return _Built(node, start, end, built.depth + 1, built.terms)


def _leaf(match: Match, start: int, end: int) -> _Built:
    return _Built(FieldMatch("", match, start, end), start, end)


def _under(field: str, node: Node, start: int) -> Node:
    """Give the field's name to every match of its value; the first one starts at the name."""
    if isinstance(node, And | Or):
        return type(node)(tuple(_under(field, item, start) for item in node.items))
    if isinstance(node, Not):
        return Not(_under(field, node.item, start))
    if isinstance(node, FieldMatch):
        return FieldMatch(node.field or field, node.match, start, node.end)
    return node


def _word(token: Token) -> Exact | Glob | Exists:
    parts = [_unescape(part) for part in _split_stars(str(token))]
    if len(parts) == 1:
        return Exact(parts[0])
    if not any(parts):
        return Exists()
    # Stars side by side mean the same as one.
    inner = [part for part in parts[1:-1] if part]
    return Glob((parts[0], *inner, parts[-1]))


def _split_stars(text: str) -> list[str]:
    parts, start = [], 0
    for found in re.finditer(r"\\.|\*", text, re.DOTALL):
        if found[0] == "*":
            parts.append(text[start : found.start()])
            start = found.end()
    return [*parts, text[start:]]


def _scalar(token: Token) -> str:
    return _unquote(token) if token.startswith('"') else _unescape(str(token))


def _unquote(token: Token) -> str:
    return _unescape(token[1:-1])


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def _start(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return token.end_pos or 0


def _explain(text: str, error: UnexpectedInput) -> QuerySyntaxError:
    position, found, expected = found_and_expected(text, error, _WORDS)
    at_end = position >= len(text.rstrip())
    before = text[:position].rstrip()
    if text[position : position + 1] == '"' and before.count('"') % 2 == 0:
        message, remedy = "the quote is not closed", 'add a closing "'
    elif before.endswith(":") and not _only_operators(expected):
        name = before.split()[-1]
        message = f"a value must follow '{name}'"
        remedy = f"write {name}value, {name}* for any value, or quote it to search the text"
    elif text[position : position + 1] == ")" and before.endswith("("):
        message, remedy = "the parentheses are empty", "write a term between them"
    elif text[position : position + 1] == ")":
        message = "')' closes nothing" if "')'" not in expected else expectation(found, expected)
        remedy = "remove it, or quote it to search for it"
    elif at_end and "')'" in expected:
        message, remedy = "a '(' is not closed", "add ')'"
    elif re.search(r"(?:^|[\s(])(?:AND|OR|NOT)$", before) or re.match(
        r"(?:AND|OR)\b", text[position:]
    ):
        message = "an operator has no term beside it"
        remedy = "AND and OR stand between two terms, NOT before one; quote them to search for them"
    elif text[position : position + 1] == "\\":
        message, remedy = "a lone backslash ends the search", "write \\\\ to search for one"
    else:
        message, remedy = expectation(found, expected), None
    return syntax_error(text, position, message, remedy=remedy)


def _only_operators(expected: list[str]) -> bool:
    """Tell whether no term could stand at the place."""
    return not any(phrase in expected for phrase in ("a value", "a word", "field:value"))
