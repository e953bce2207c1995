"""Compiled expressions, and the order in which those that refer to each other are computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.query.language.errors import RefusedError
from vedette.query.metric_math.evaluate import Environment, evaluate
from vedette.query.metric_math.parser import parse
from vedette.query.metric_math.signatures import check
from vedette.query.metric_math.tree import Call, Node, Reference, Text, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vedette.query.metric_math.values import Kind, Value


@dataclass(frozen=True, slots=True)
class CompiledExpression:
    """An expression that parses.

    Attributes:
        text: as it was written.
        tree: what it means.
        references: ids that it names.
        metrics: texts that METRICS is called with; ``""`` stands for METRICS().

    """

    text: str
    tree: Node
    references: frozenset[str]
    metrics: frozenset[str]

    def kind(self, kinds: Mapping[str, Kind]) -> Kind:
        """Return the type of its result.

        Args:
            kinds: types of all ids that it may refer to.

        Raises:
            QuerySyntaxError: an id is unknown or a type is wrong; ``position`` says where.

        """
        try:
            return check(self.tree, kinds)
        except RefusedError as refused:
            raise refused.at(self.text) from refused

    def evaluate(self, environment: Environment) -> Value:
        """Return its value; ``kind`` must have passed before.

        Raises:
            QuerySyntaxError: a number that chooses series is not a whole number.

        """
        try:
            return evaluate(self.tree, environment)
        except RefusedError as refused:
            raise refused.at(self.text) from refused


def compile_expression(text: str) -> CompiledExpression:
    """Parse an expression.

    Raises:
        QuerySyntaxError: it does not parse; ``position`` is the offending column.

    """
    tree = parse(text)
    references: set[str] = set()
    metrics: set[str] = set()
    for node in walk(tree):
        if isinstance(node, Reference):
            references.add(node.name)
        elif isinstance(node, Call) and node.function == "METRICS":
            first = node.arguments[0] if node.arguments else None
            metrics.add(first.value if isinstance(first, Text) else "")
    return CompiledExpression(text, tree, frozenset(references), frozenset(metrics))


def evaluation_order(expressions: Mapping[str, CompiledExpression]) -> list[str]:
    """Return the ids so that each comes after those it refers to.

    Raises:
        InvalidInputError: expressions refer to each other in a circle; the message shows it.

    """
    order: list[str] = []
    done: set[str] = set()
    for first in expressions:
        path = [first]
        pending = [_next(expressions, first)]
        while path:
            if path[-1] in done:
                path.pop()
                pending.pop()
                continue
            follower = next(pending[-1], None)
            if follower is None:
                done.add(path[-1])
                order.append(path[-1])
            elif follower in path:
                circle = [*path[path.index(follower) :], follower]
                raise InvalidInputError(
                    f"expressions refer to each other in a circle: {' -> '.join(circle)}",
                    field=follower,
                    remedy="remove one of these references",
                )
            elif follower not in done:
                path.append(follower)
                pending.append(_next(expressions, follower))
    return order


def _next(expressions: Mapping[str, CompiledExpression], name: str) -> Iterator[str]:
    return iter(sorted(expressions[name].references & expressions.keys()))
