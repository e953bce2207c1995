"""The parsed form of a search: what the console shows as pills and the compiler turns into SQL."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Exact:
    """A word or, if ``quoted``, a phrase; on a field, its whole value."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Glob:
    """Literal pieces with any characters between them: ``time*`` is ``("time", "")``."""

    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """The field is there (``field:*``)."""


@dataclass(frozen=True, slots=True)
class Regex:
    """An RE2 expression that matches anywhere in the value."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison; ``operator`` is one of ``> >= < <=``."""

    operator: str
    text: str


@dataclass(frozen=True, slots=True)
class Range:
    """A range; a bound of None is open (``*``)."""

    low: str | None
    high: str | None
    include_low: bool = True
    include_high: bool = True


Match = Exact | Glob | Exists | Regex | Compare | Range


@dataclass(frozen=True, slots=True)
class FreeText:
    """A term without a field; ``start`` and ``end`` are its place in the text."""

    match: Exact | Glob
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FieldMatch:
    """A term on a field, whose name is as written, without escapes."""

    field: str
    match: Match
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Not:
    """A negated node."""

    item: Node


@dataclass(frozen=True, slots=True)
class And:
    """All of the items; none at all matches everything."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of the items."""

    items: tuple[Node, ...]


Node = FreeText | FieldMatch | Not | And | Or

_BARE = re.compile(r'[^\s()"\\*:\[\]{}<>/-][^\s()"\\*:]*')
_KEYWORDS = {"AND", "OR", "NOT", "TO"}


def render(node: Node) -> str:
    """Write a node as text that parses to an equal node (places aside)."""
    if isinstance(node, And | Or):
        return (" " if isinstance(node, And) else " OR ").join(map(_operand, node.items))
    if isinstance(node, Not):
        return f"NOT {_operand(node.item)}"
    if isinstance(node, FieldMatch):
        name = re.sub(r"([^\w.@/-]|^[-\d./])", r"\\\1", node.field)
        return f"{name}:{_match(node.match)}"
    return _match(node.match)


def _operand(node: Node) -> str:
    return f"({render(node)})" if isinstance(node, And | Or) else render(node)


def _match(match: Match) -> str:
    if isinstance(match, Exact):
        return _quote(match.text) if match.quoted else _escape(match.text)
    if isinstance(match, Glob):
        return "*".join(_escape(part) for part in match.parts)
    if isinstance(match, Regex):
        return f"/{match.pattern}/"
    if isinstance(match, Compare):
        return f"{match.operator}{_scalar(match.text)}"
    if isinstance(match, Range):
        opening = "[" if match.include_low else "{"
        closing = "]" if match.include_high else "}"
        return f"{opening}{_bound(match.low)} TO {_bound(match.high)}{closing}"
    return "*"


def _scalar(text: str) -> str:
    return text if _BARE.fullmatch(text) else _quote(text)


def _bound(text: str | None) -> str:
    if text is None:
        return "*"
    plain = re.fullmatch(r'[^\s"\[\]{}()\\*]+', text) and text not in _KEYWORDS
    return text if plain else _quote(text)


def _quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _escape(text: str) -> str:
    if text in _KEYWORDS:
        return f"\\{text}"
    return re.sub(r'([\s()"\\*:\[\]{}<>/-])', r"\\\1", text)
