"""Rules of composite alarms: states of other alarms, ``AND OR NOT`` and ``AT_LEAST``.

As in Amazon CloudWatch (``PutCompositeAlarm``, AlarmRule): ``ALARM("a")``, ``OK("a")``,
``INSUFFICIENT_DATA("a")``, ``TRUE``, ``FALSE``, and ``AT_LEAST(2, ALARM, ("a", "b", "c"))`` or
``AT_LEAST(60%, NOT OK, (...))``. A name that needs no quotes may go without.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from lark import Lark, Token, Transformer, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from vedette.alarms.model import State
from vedette.core.errors import InvalidInputError, QuerySyntaxError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

MAX_CHILDREN = 100
MAX_LENGTH = 10_240
MAX_NESTING = 60
_REMEDY = 'write such as ALARM("a") AND NOT OK("b"), or AT_LEAST(2, ALARM, ("a", "b", "c"))'


@dataclass(frozen=True, slots=True)
class Test:
    """Whether one alarm is, or is not, in a state."""

    name: str
    state: State
    inverse: bool = False

    def holds(self, states: Mapping[str, State]) -> bool:
        """Tell whether it holds; an alarm that is not there has insufficient data."""
        return (states.get(self.name, State.INSUFFICIENT_DATA) is self.state) != self.inverse


@dataclass(frozen=True, slots=True)
class Constant:
    """TRUE or FALSE."""

    value: bool

    def holds(self, states: Mapping[str, State]) -> bool:  # noqa: ARG002 - the shape of all of these
        """Return the constant."""
        return self.value


@dataclass(frozen=True, slots=True)
class Inverse:
    """NOT."""

    part: Node

    def holds(self, states: Mapping[str, State]) -> bool:
        """Tell whether the part does not hold."""
        return not self.part.holds(states)


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many of the parts: all for AND, one for OR."""

    needed: int
    parts: tuple[Node, ...]

    def holds(self, states: Mapping[str, State]) -> bool:
        """Tell whether enough parts hold."""
        return sum(part.holds(states) for part in self.parts) >= self.needed


Node = Test | Constant | Inverse | AtLeast


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """A rule that parses.

    Attributes:
        text: as it was written.
        tree: what it means.
        children: the alarms that it names, in order.

    """

    text: str
    tree: Node
    children: tuple[str, ...]

    def state(self, states: Mapping[str, State]) -> State:
        """Return the composite's state: ALARM where the rule holds, OK otherwise."""
        return State.ALARM if self.tree.holds(states) else State.OK


@lru_cache(maxsize=4096)
def parse_rule(text: str) -> AlarmRule:
    """Parse a rule.

    Raises:
        QuerySyntaxError: it does not parse; ``position`` is the column it stops making sense at.
        InvalidInputError: it names too many alarms, or is nested too deeply.

    """
    if len(text) > MAX_LENGTH:
        raise _error("the rule is too long", MAX_LENGTH)
    _check_nesting(text)
    try:
        tree = _Builder(text).transform(_grammar().parse(text))
    except UnexpectedInput as error:
        ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        position = len(text) if ended else min(error.pos_in_stream or 0, len(text))
        found = repr(text[position : position + 20]) if position < len(text) else "the end"
        raise _error(f"{found} was not expected here", position) from error
    except VisitError as error:
        raise error.orig_exc from error
    children = tuple(dict.fromkeys(test.name for test in _tests(tree)))
    if not children:
        raise _error("the rule names no alarm", 0)
    if len(children) > MAX_CHILDREN:
        raise InvalidInputError(
            f"the rule names {len(children)} alarms, more than {MAX_CHILDREN}",
            field="rule",
            remedy="make composites of parts of them first",
        )
    return AlarmRule(text, tree, children)


def find_cycle(rules: Mapping[str, tuple[str, ...]], start: str) -> list[str] | None:
    """Return the way from an alarm through those that it depends on back to itself, or None."""
    path: list[str] = []
    seen: set[str] = set()

    def walk(pending: list[tuple[str, int]]) -> list[str] | None:
        while pending:
            name, depth = pending.pop()
            del path[depth:]
            path.append(name)
            for child in rules.get(name, ()):
                if child == start:
                    return [*path, start]
                if child not in seen:
                    seen.add(child)
                    pending.append((child, depth + 1))
        return None

    return walk([(start, 0)])


def in_order(rules: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return composites so that each comes after those it depends on; cycles come last."""
    order: list[str] = []
    waiting = {name: {c for c in children if c in rules} for name, children in rules.items()}
    while waiting:
        ready = sorted(name for name, children in waiting.items() if not children & waiting.keys())
        if not ready:
            return order + sorted(waiting)
        order += ready
        for name in ready:
            del waiting[name]
    return order


def _tests(node: Node) -> Iterator[Test]:
    waiting: list[Node] = [node]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, Test):
            yield one
        elif isinstance(one, Inverse):
            waiting.insert(0, one.part)
        elif isinstance(one, AtLeast):
            waiting[:0] = one.parts


def _check_nesting(text: str) -> None:
    depth = 0
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'', lambda m: " " * len(m[0]), text)
    for position, char in enumerate(bare):
        depth += (char == "(") - (char == ")")
        if depth > MAX_NESTING:
            raise _error("the rule is nested too deeply", position)
    if len(re.findall(r"(?i)\bNOT\s+NOT\b", bare)) > MAX_NESTING:
        raise _error("the rule is nested too deeply", 0)


def _error(message: str, position: int) -> QuerySyntaxError:
    return QuerySyntaxError(
        f"{message} (column {position + 1})", field="rule", position=position, remedy=_REMEDY
    )


def _grammar() -> Lark:
    global _parser  # noqa: PLW0603 - built once, when the first rule is read
    if _parser is None:
        text = resources.files("vedette.alarms").joinpath("rule.lark").read_text(encoding="utf-8")
        _parser = Lark(text, parser="lalr", maybe_placeholders=False)
    return _parser


_parser: Lark | None = None


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    """Parse tree to rule tree."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def name(self, token: Token) -> str:
        """Return a name without its quotes."""
        if token.type == "BARE":
            return str(token)
        return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)

    def state(self, state: Token, name: str) -> Test:
        """Return the test of one alarm."""
        return Test(name, State(state.upper()))

    def true(self) -> Constant:
        """Return TRUE."""
        return Constant(value=True)

    def false(self) -> Constant:
        """Return FALSE."""
        return Constant(value=False)

    def inverse(self, part: Node) -> Inverse:
        """Return NOT."""
        return Inverse(part)

    def conjunction(self, *parts: Node) -> Node:
        """Return AND."""
        return parts[0] if len(parts) == 1 else AtLeast(len(parts), parts)

    def disjunction(self, *parts: Node) -> Node:
        """Return OR."""
        return parts[0] if len(parts) == 1 else AtLeast(1, parts)

    def count(self, number: Token, percent: Token | None = None) -> tuple[Token, bool]:
        """Return how many, and whether in percent."""
        return number, percent is not None

    def wanted(self, *tokens: Token) -> Callable[[str], Test]:
        """Return what makes the test of each name."""
        state, inverse = State(tokens[-1].upper()), len(tokens) > 1
        return lambda name: Test(name, state, inverse)

    def names(self, *names: str) -> tuple[str, ...]:
        """Return the names."""
        return names

    def at_least(
        self, count: tuple[Token, bool], wanted: Callable[[str], Test], names: tuple[str, ...]
    ) -> AtLeast:
        """Return AT_LEAST; a share is rounded up."""
        number, percent = count
        value = float(number)
        position = number.start_pos or 0
        needed = math.ceil(len(names) * value / 100 - 1e-9) if percent else int(value)
        if (not percent and value != needed) or (percent and value > 100):  # noqa: PLR2004
            raise _error(f"{number}{'%' if percent else ''} is no number of alarms", position)
        if not 1 <= needed <= len(names):
            raise _error(f"AT_LEAST({number}) of {len(names)} alarms cannot be", position)
        return AtLeast(needed, tuple(wanted(name) for name in names))
