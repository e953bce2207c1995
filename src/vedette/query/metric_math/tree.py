"""The tree of a metric math expression; every node knows its place in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Number:
    """A literal number."""

    value: float
    start: int


@dataclass(frozen=True, slots=True)
class Text:
    """A quoted string, as METRICS and SEARCH take."""

    value: str
    start: int


@dataclass(frozen=True, slots=True)
class Word:
    """An upper-case word that is an argument: REPEAT, LINEAR, ASC, DESC or a function's name."""

    value: str
    start: int


@dataclass(frozen=True, slots=True)
class Reference:
    """The id of a metric query or of another expression."""

    name: str
    start: int


@dataclass(frozen=True, slots=True)
class Negate:
    """Unary minus."""

    operand: Node
    start: int


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and what joins them; ``start`` is the operator's place."""

    operator: str
    left: Node
    right: Node
    start: int


@dataclass(frozen=True, slots=True)
class Array:
    """``[a, b]``: an array made of series and arrays."""

    items: tuple[Node, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    function: str
    arguments: tuple[Node, ...]
    start: int


Node = Number | Text | Word | Reference | Negate | Binary | Array | Call


def walk(node: Node) -> Iterator[Node]:
    """Yield the node and all below it, without recursion."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        if isinstance(current, Negate):
            waiting.append(current.operand)
        elif isinstance(current, Binary):
            waiting += (current.right, current.left)
        elif isinstance(current, Array):
            waiting += reversed(current.items)
        elif isinstance(current, Call):
            waiting += reversed(current.arguments)
