"""PromQL of alerting rules as metric queries and metric math: what fits exactly, and nothing else.

Semantics of Prometheus' "Querying basics", "Operators" and "Functions". A selector is each series'
newest sample, a range function a statistic over periods as long as its range, an aggregation a
``group_by`` with ``across``. What has no equal is refused with its place and the reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lark import Token, Tree

from vedette.alarms.promql_tree import (
    RefusedRuleError,
    arguments_of,
    name_of,
    parse,
    parts_of,
    percentile,
    position_of,
    refused,
    selected,
    sides,
    unwrapped,
)
from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.telemetry.metrics.periods import check_period

MAX_LENGTH = 8_192
INSTANT_SECONDS = 60
_OVER_TIME = {
    "avg_over_time": "Average",
    "max_over_time": "Maximum",
    "min_over_time": "Minimum",
    "sum_over_time": "Sum",
    "count_over_time": "SampleCount",
    "last_over_time": "Last",
    "rate": "rate",
    "increase": "increase",
}
_MATH = {"abs": "ABS", "ceil": "CEIL", "floor": "FLOOR", "ln": "LOG", "log10": "LOG10"}
_FLIPPED = {">": "<", "<": ">", ">=": "<=", "<=": ">=", "==": "==", "!=": "!="}
_ACROSS = {"sum": "sum", "avg": "avg", "min": "min", "max": "max"}


@dataclass(frozen=True, slots=True)
class Mapped:
    """An alerting expression as an alarm has it.

    Attributes:
        source: of the alarm's spec.
        condition: of the alarm's spec; None for absence.
        period: seconds.
        notes: what is not exactly as it was.

    """

    source: dict[str, Any]
    condition: dict[str, Any] | None
    period: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of an expression: a number, a query that can still be aggregated, or metric math.

    Attributes:
        text: metric math; the query's id, or a number.
        number: its value, where it is one.
        query: the query, where it is one and nothing else.
        position: where it begins.

    """

    text: str
    position: int
    number: float | None = None
    query: dict[str, Any] | None = None
    atom: bool = True


@dataclass(slots=True)
class _Mapper:
    queries: list[dict[str, Any]] = field(default_factory=list)
    periods: set[int] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def map_expression(text: str) -> Mapped:
    """Return an alerting expression as a source and a condition.

    Raises:
        QuerySyntaxError: it is no PromQL.
        RefusedRuleError: it has no equal here.

    """
    if len(text) > MAX_LENGTH:
        raise QuerySyntaxError("the expression is too long", field="expr", position=MAX_LENGTH)
    tree = unwrapped(parse(text))
    if isinstance(tree, Tree) and tree.data == "call":
        return _absent(tree)
    if not isinstance(tree, Tree) or tree.data != "compare":
        raise refused("an alarm compares with a number: nothing is compared here", tree)
    if any(isinstance(child, Tree) and child.data == "matching" for child in tree.children):
        raise refused("on() and ignoring() have no equal", tree)
    left, operator, right = sides(tree)
    mapper = _Mapper()
    one, other = _value(mapper, left), _value(mapper, right)
    if other.number is None and one.number is not None:
        one, other, operator = other, one, _FLIPPED[operator]
    if one.number is not None:
        raise refused("two numbers are compared", tree)
    if other.number is None:
        one, other = _binary(mapper, one, "-", other, tree), _Part("0", 0, number=0.0)
    return _finished(mapper, one, operator, other.number or 0.0)


@dataclass(frozen=True, slots=True)
class MappedQueries:
    """An expression as metric queries and math.

    Attributes:
        queries: what is read, and last the expression over it where there is one.
        shown: the id whose series are the expression's.
        notes: what is not exactly as it was.

    """

    queries: list[dict[str, Any]]
    shown: str
    notes: tuple[str, ...] = ()


def map_queries(text: str) -> MappedQueries:
    """Return an expression that is looked at, not compared: ranges become the chart's periods.

    Raises:
        QuerySyntaxError: it is no PromQL.
        RefusedRuleError: it has no equal here.

    """
    if len(text) > MAX_LENGTH:
        raise QuerySyntaxError("the expression is too long", field="expr", position=MAX_LENGTH)
    tree = unwrapped(parse(text))
    top: dict[str, Any] = {}
    if name_of(tree) == "aggregation":
        function, _, values = parts_of(tree)
        if function in {"topk", "bottomk"} and len(values) == 2:  # noqa: PLR2004 - how many, of what
            count = max(1, min(500, int(_number_of(values[0], tree))))
            top = {"top": {"count": count, "bottom": function == "bottomk"}}
            tree = unwrapped(values[1])
    mapper = _Mapper()
    part = _value(mapper, tree)
    if part.number is not None:
        raise refused("a number alone is no series", tree)
    queries = [{**one, **top, "hidden": part.query is None} for one in mapper.queries]
    if part.query is None:
        return MappedQueries(
            [*queries, {"id": "e1", "expression": part.text}], "e1", tuple(mapper.notes)
        )
    return MappedQueries(queries, part.text, tuple(dict.fromkeys(mapper.notes)))


def _finished(mapper: _Mapper, part: _Part, operator: str, number: float) -> Mapped:
    if operator in {"==", "!="}:
        part = _Part(f"{_wrapped(part)} {operator} {number!r}", part.position, atom=False)
        operator, number = ">", 0.0
    queries = list(mapper.queries)
    if part.query is None:
        queries.append({"id": "result", "expression": part.text})
    if len(mapper.periods) > 1:
        found = ", ".join(f"{one} s" for one in sorted(mapper.periods))
        raise RefusedRuleError(
            f"the expression has ranges of {found}: an alarm has one period",
            field="expr", position=part.position, remedy="split it into alarms and join them by a rule",
        )  # fmt: skip
    period = next(iter(mapper.periods), INSTANT_SECONDS)
    return Mapped(
        {"type": "metric", "queries": queries},
        {"threshold": {"comparison": operator, "threshold": number}},
        period,
        tuple(dict.fromkeys(mapper.notes)),
    )


def _absent(tree: Tree[Token]) -> Mapped:
    name, arguments = str(tree.children[0]), arguments_of(tree.children[1])
    if name not in {"absent", "absent_over_time"}:
        raise refused("an alarm compares with a number: nothing is compared here", tree)
    if len(arguments) != 1 or name_of(arguments[0]) != "selector":
        raise refused(f"{name} takes a selector", tree)
    mapper = _Mapper()
    query = _selector(mapper, arguments[0], "SampleCount", ranged=name == "absent_over_time")
    source = {"type": "absence", "metric": query["metric"], "matchers": query["matchers"]}
    return Mapped(source, None, next(iter(mapper.periods), INSTANT_SECONDS))


def _value(mapper: _Mapper, node: Any) -> _Part:  # noqa: ANN401, PLR0911 - a table by kind of tree
    node = unwrapped(node)
    position = position_of(node)
    kind = name_of(node)
    if kind == "number":
        text = str(node.children[0])
        if text.lower() in {"inf", "nan"}:
            raise refused(f"{text} is no threshold", node)
        return _Part(text, position, number=float(text))
    if kind == "negate":
        part = _value(mapper, node.children[0])
        if part.number is not None:
            return _Part(f"-{part.text}", position, number=-part.number, atom=False)
        return _Part(f"-{_wrapped(part)}", position, atom=False)
    if kind == "binary":
        return _operation(mapper, node)
    if kind == "selector":
        return _added(mapper, _selector(mapper, node, "Last", ranged=False), position)
    if kind == "aggregation":
        return _aggregation(mapper, node)
    if kind == "call":
        return _call(mapper, node)
    if kind == "logical":
        word = next(str(c) for c in node.children if isinstance(c, Token) and c.type == "LOGIC")
        raise refused(f"{word} has no equal in one alarm: make two and a composite", node)
    raise refused("a comparison inside of an expression filters series, which has no equal", node)


def _operation(mapper: _Mapper, node: Tree[Token]) -> _Part:
    if any(name_of(child) == "matching" for child in node.children):
        raise refused("on(), ignoring() and group_left() have no equal", node)
    left, operator, right = node.children
    if str(operator) == "%":
        raise refused("metric math has no %", node)
    return _binary(mapper, _value(mapper, left), str(operator), _value(mapper, right), node)


def _binary(mapper: _Mapper, left: _Part, operator: str, right: _Part, node: Any) -> _Part:  # noqa: ANN401 - a tree
    if left.number is not None and right.number is not None:
        return _folded(left, operator, right, node)
    of = {q["id"]: q for q in mapper.queries}
    if left.query and right.query and not _same_labels(of[left.text], of[right.text]):
        raise refused("the two sides have different labels, so no series would match", node)
    return _Part(f"{_wrapped(left)} {operator} {_wrapped(right)}", left.position, atom=False)


def _folded(left: _Part, operator: str, right: _Part, node: Any) -> _Part:  # noqa: ANN401 - a tree
    one, other = left.number or 0.0, right.number or 0.0
    try:
        value = {
            "+": lambda: one + other, "-": lambda: one - other, "*": lambda: one * other,
            "/": lambda: one / other, "^": lambda: float(one**other),
        }[operator]()  # fmt: skip
    except (ArithmeticError, TypeError) as error:
        raise refused("this is no number", node) from error
    return _Part(repr(value), left.position, number=value, atom=value >= 0)


def _same_labels(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Tell whether two queries can have series with the same labels."""
    if one["group_by"] is None and other["group_by"] is None:
        return True
    return one["group_by"] is not None and one["group_by"] == other["group_by"]


def _wrapped(part: _Part) -> str:
    return part.text if part.atom else f"({part.text})"


def _added(mapper: _Mapper, query: dict[str, Any], position: int) -> _Part:
    for there in mapper.queries:
        if {**there, "id": ""} == {**query, "id": ""}:
            return _Part(there["id"], position, query=there)
    query = {"id": f"m{len(mapper.queries) + 1}", **query}
    mapper.queries.append(query)
    return _Part(query["id"], position, query=query)


def _call(mapper: _Mapper, node: Tree[Token]) -> _Part:
    name, arguments, position = (
        str(node.children[0]),
        arguments_of(node.children[1]),
        position_of(node),
    )
    if name in {*_OVER_TIME, "irate", "quantile_over_time"}:
        return _added(mapper, _range_function(mapper, node, name, arguments), position)
    if name == "histogram_quantile" and len(arguments) == 2:  # noqa: PLR2004 - quantile and buckets
        return _histogram(mapper, arguments, node)
    if name in _MATH and len(arguments) == 1:
        return _Part(f"{_MATH[name]}({_value(mapper, arguments[0]).text})", position)
    raise refused(f"{name}() has no equal", node)


def _range_function(
    mapper: _Mapper, node: Tree[Token], name: str, arguments: list[Any]
) -> dict[str, Any]:
    statistic = _OVER_TIME.get(name, "rate")
    if name == "irate":
        mapper.notes.append("irate became rate: over the whole period, not the last two samples")
    if name == "quantile_over_time":
        quantile = _number_of(arguments.pop(0), node) if len(arguments) > 1 else -1.0
        statistic = percentile(quantile, node)
    if len(arguments) != 1 or name_of(arguments[0]) != "selector":
        raise refused(f"{name}() of anything but a selector has no equal", node)
    return _selector(mapper, arguments[0], statistic, ranged=True)


def _histogram(mapper: _Mapper, arguments: list[Any], node: Tree[Token]) -> _Part:
    statistic = percentile(_number_of(arguments[0], node), node)
    inner: Any = unwrapped(arguments[1])
    group_by = None
    if name_of(inner) == "aggregation":
        function, labels, values = parts_of(inner)
        if function != "sum" or labels is None or "le" not in labels or len(values) != 1:
            raise refused("a quantile is of sum by (le, ...) (rate(..._bucket[..]))", inner)
        group_by = [label for label in labels if label != "le"]
        inner = unwrapped(values[0])
    if name_of(inner) != "call" or str(inner.children[0]) not in {"rate", "increase"}:
        raise refused("a quantile is of rate(..._bucket[..])", inner)
    query = _range_function(mapper, inner, str(inner.children[0]), arguments_of(inner.children[1]))
    if not query["metric"].endswith("_bucket"):
        raise refused("a quantile is of a classic histogram's buckets", inner)
    query = {**query, "statistic": statistic, "group_by": group_by}
    return _added(mapper, query, position_of(node))


def _aggregation(mapper: _Mapper, node: Any) -> _Part:  # noqa: ANN401 - a tree
    function, labels, values = parts_of(node)
    across = _ACROSS.get(function)
    if across is None or len(values) != 1:
        raise refused(f"{function}() over series has no equal", node)
    inner = unwrapped(values[0])
    before = len(mapper.queries)
    part = _value(mapper, inner)
    if part.query is None or part.query["group_by"] is not None:
        raise refused(f"{function}() of anything but a selector or a range function", node)
    query = {**part.query, "group_by": labels or [], "across": across}
    if len(mapper.queries) > before:
        mapper.queries.pop()
    query.pop("id")
    return _added(mapper, query, position_of(node))


def _selector(mapper: _Mapper, node: Any, statistic: str, *, ranged: bool) -> dict[str, Any]:  # noqa: ANN401 - a tree
    node = unwrapped(node)
    if name_of(node) != "selector":
        raise refused("only a selector can stand here", node)
    metric, matchers, length, shift = selected(node)
    if not metric:
        raise refused("the selector names no metric", node)
    if ranged != (length is not None):
        raise refused("a range is needed here" if ranged else "a range cannot stand here", node)
    if length is not None:
        try:
            mapper.periods.add(check_period(length))
        except InvalidInputError as error:
            raise refused(error.message, node) from error
    query: dict[str, Any] = {
        "metric": metric, "statistic": statistic, "matchers": matchers, "group_by": None,
    }  # fmt: skip
    return {**query, "shift": shift} if shift else query


def _number_of(node: Any, at: Any) -> float:  # noqa: ANN401 - a tree
    part = _value(_Mapper(), node)
    if part.number is None:
        raise refused("only a number can stand here", at)
    return part.number
