"""PromQL as a tree: parsing it, reading its parts, and refusing one with its place."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Any

from lark import Lark, Token, Tree, UnexpectedInput, UnexpectedToken

from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.core.time import parse_duration


class RefusedRuleError(InvalidInputError):
    """A rule has no equal; ``position`` is the column of the part that has none."""

    code = "refused_rule"


def parts_of(node: Any) -> tuple[str, list[str] | None, list[Any]]:  # noqa: ANN401 - a tree
    """Return an aggregation's function, labels and arguments."""
    function, labels, values = str(node.children[0]).lower(), None, []
    for child in node.children[1:]:
        if name_of(child) == "arguments":
            values = arguments_of(child)
        elif name_of(child) == "grouping":
            if str(child.children[0]).lower() == "without":
                raise refused("without() has no equal: name the labels with by()", node)
            labels = [plain(token) for token in arguments_of(child.children[1])]
    return function, labels, values


def selected(node: Any) -> tuple[str, list[dict[str, str]], int | None, str]:  # noqa: ANN401 - a tree
    """Return a selector's metric, matchers, range in seconds and offset."""
    metric, matchers, length, shift = "", [], None, ""
    for child in node.children:
        kind = name_of(child)
        if isinstance(child, Token):
            metric = str(child)
        elif kind == "matchers":
            matchers = [matcher(one) for one in child.children]
        elif kind == "range":
            if len(child.children) != 1:
                raise refused("a subquery has no equal", child)
            length = seconds(child.children[0])
        elif kind == "offset":
            shift = f"{seconds(child.children[0])}s"
        else:
            raise refused("@ has no equal", child)
    named = [m["value"] for m in matchers if m["label"] == "__name__" and m["operator"] == "="]
    others = [one for one in matchers if one["label"] != "__name__"]
    return named[0] if named else metric, others, length, shift


def matcher(node: Tree[Token]) -> dict[str, str]:
    """Return a matcher of labels."""
    label, operator, value = node.children
    return {"label": plain(label), "operator": str(operator), "value": plain(value)}


def plain(token: Any) -> str:  # noqa: ANN401 - a token, or the tree of a label
    """Return a text without its quotes and escapes."""
    text = str(token.children[0] if isinstance(token, Tree) else token)
    if text[:1] == "`":
        return text[1:-1]
    if text[:1] in {'"', "'"}:
        return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), text[1:-1])
    return text


def percentile(quantile: float, node: Any) -> str:  # noqa: ANN401 - a tree
    """Return the statistic of a quantile between 0 and 1."""
    if not 0 < quantile <= 1:
        raise refused("a quantile is above 0 and up to 1", node)
    return f"p{quantile * 100:.10g}"


def seconds(token: Any) -> int:  # noqa: ANN401 - a token
    """Return a duration in seconds."""
    text = str(token)
    years = re.sub(r"(\d+)y", lambda m: f"{int(m[1]) * 365}d", text)
    return int(parse_duration(years, field="expr").total_seconds())


def arguments_of(node: Any) -> list[Any]:  # noqa: ANN401 - a tree
    """Return the values between parentheses."""
    return list(node.children)


def sides(tree: Tree[Token]) -> tuple[Any, str, Any]:
    """Return a comparison's left side, operator and right side."""
    at = next(
        n for n, child in enumerate(tree.children)
        if isinstance(child, Token) and child.type == "COMPARE"
    )  # fmt: skip
    return tree.children[0], str(tree.children[at]), tree.children[-1]


def unwrapped(node: Any) -> Any:  # noqa: ANN401 - a tree or a token
    """Return what is inside of parentheses."""
    while name_of(node) == "group":
        node = node.children[0]
    return node


def name_of(node: Any) -> str:  # noqa: ANN401 - a tree or a token
    """Return the kind of a tree; empty for a token."""
    return str(node.data) if isinstance(node, Tree) else ""


def position_of(node: Any) -> int:  # noqa: ANN401 - a tree or a token
    """Return the column where a part begins, from 0."""
    if isinstance(node, Token):
        return node.start_pos or 0
    return getattr(node.meta, "start_pos", 0) if isinstance(node, Tree) else 0


def refused(reason: str, node: Any) -> RefusedRuleError:  # noqa: ANN401 - a tree or a token
    """Return the error that a part has no equal."""
    position = position_of(node)
    return RefusedRuleError(
        f"{reason} (column {position + 1})", field="expr", position=position,
        remedy="write this alarm by hand: see docs/alarms.md",
    )  # fmt: skip


def parse(text: str) -> Any:  # noqa: ANN401 - a tree or a token
    """Return the tree of an expression; ``QuerySyntaxError`` where it is none."""
    depth = 0
    for char in text:
        depth += (char == "(") - (char == ")")
        if depth > 100:  # noqa: PLR2004 - deeper than anyone writes
            raise QuerySyntaxError("the expression is nested too deeply", field="expr", position=0)
    try:
        return grammar().parse(text)
    except UnexpectedInput as error:
        ended = isinstance(error, UnexpectedToken) and error.token.type == "$END"
        position = len(text) if ended else min(error.pos_in_stream or 0, len(text))
        found = repr(text[position : position + 20]) if position < len(text) else "the end"
        raise QuerySyntaxError(
            f"{found} was not expected here (column {position + 1})",
            field="expr", position=position, remedy="check it with promtool",
        ) from error  # fmt: skip


@cache
def grammar() -> Lark:
    """Return the parser."""
    text = resources.files("vedette.alarms").joinpath("promql.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", maybe_placeholders=False, propagate_positions=True)
