"""Checked trees to values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, cast

import numpy as np

from vedette.query.language.errors import RefusedError
from vedette.query.metric_math import functions
from vedette.query.metric_math.band import DEFAULT_WIDTH, band
from vedette.query.metric_math.operators import combine, negate
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
from vedette.query.metric_math.values import Grid, SeriesArray, TimeSeries, Value


class Environment(Protocol):
    """Where an expression's ids, METRICS() and SEARCH() get their series from."""

    @property
    def grid(self) -> Grid:
        """The timestamps of every series."""

    def value(self, name: str) -> Value:
        """Return the result of the query or expression with this id."""

    def metrics(self, part: str) -> SeriesArray:
        """Return all series of the metric queries whose id contains ``part``."""

    def search(self, selector: str, statistic: str) -> SeriesArray:
        """Return each series that a selector matches."""

    def earlier(self) -> Environment:
        """Return the environment over the same grid with the history before it that bands need."""


def evaluate(node: Node, environment: Environment) -> Value:
    """Return the value of a tree that passed ``signatures.check``.

    Raises:
        RefusedError: a scalar that chooses series is not a usable number.

    """
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Reference):
        return environment.value(node.name)
    if isinstance(node, Negate):
        return negate(evaluate(node.operand, environment))
    if isinstance(node, Binary):
        left, right = evaluate(node.left, environment), evaluate(node.right, environment)
        return combine(node.operator, left, right)
    if isinstance(node, Array):
        return _flat(tuple(evaluate(item, environment) for item in node.items))
    if isinstance(node, Call):
        return _call(node, environment)
    raise TypeError(f"{type(node).__name__} is no value")


def _flat(values: tuple[Value, ...]) -> SeriesArray:
    out: list[TimeSeries] = []
    for value in values:
        if isinstance(value, TimeSeries):
            out.append(value)
        else:
            out.extend(cast("SeriesArray", value))
    return tuple(out)


def _call(node: Call, environment: Environment) -> Value:
    name, grid = node.function, environment.grid
    if name in _OF_ENVIRONMENT:
        return _OF_ENVIRONMENT[name](node, environment)
    words = {n: arg.value for n, arg in enumerate(node.arguments) if isinstance(arg, Word)}
    values = [
        0.0 if n in words else evaluate(argument, environment)
        for n, argument in enumerate(node.arguments)
    ]
    if name in functions.ELEMENTWISE:
        return functions.elementwise(name, values[0])
    if name in functions.STEPWISE:
        return functions.stepwise(name, grid, cast("TimeSeries | SeriesArray", values[0]))
    if name in functions.REDUCERS:
        return functions.reduce(name, grid, cast("TimeSeries | SeriesArray", values[0]))
    return _special(node, values, words, grid)


def _metrics(node: Call, environment: Environment) -> SeriesArray:
    part = cast("Text", node.arguments[0]).value if node.arguments else ""
    return environment.metrics(part)


def _search(node: Call, environment: Environment) -> SeriesArray:
    selector, statistic = (cast("Text", argument).value for argument in node.arguments)
    return environment.search(selector, statistic)


def _band(node: Call, environment: Environment) -> SeriesArray:
    wide = environment.earlier()
    value = cast("TimeSeries | SeriesArray", evaluate(node.arguments[0], wide))
    width = evaluate(node.arguments[1], environment) if len(node.arguments) > 1 else DEFAULT_WIDTH
    number = cast("float", width)
    if not np.isfinite(number) or number <= 0:
        raise RefusedError(
            f"the width of a band must be above 0, and this is {number:g}",
            node.arguments[1].start,
            "give a number of standard deviations, such as 2",
        )
    series = (value,) if isinstance(value, TimeSeries) else value
    return band(wide.grid, series, number, len(environment.grid))


_OF_ENVIRONMENT: Mapping[str, Callable[[Call, Environment], SeriesArray]] = {
    "ANOMALY_DETECTION_BAND": _band,
    "METRICS": _metrics,
    "SEARCH": _search,
}


def _special(node: Call, values: list[Value], words: dict[int, str], grid: Grid) -> Value:
    name = node.function
    if name == "IF":
        parts = cast("list[float | TimeSeries]", values)
        return functions.choose(grid, parts[0], parts[1], parts[2] if len(parts) > 2 else None)  # noqa: PLR2004 - the third argument
    if name == "FILL":
        filler = words.get(1, cast("float | TimeSeries", values[1]))
        return _fill(grid, cast("TimeSeries | SeriesArray", values[0]), filler)
    if name == "PERIOD":
        return float(grid.period)
    if name == "TIME_SERIES":
        return TimeSeries(np.full(len(grid), cast("float", values[0])))
    return _of_array(node, cast("SeriesArray", values[0]), values, words, grid)


def _fill(
    grid: Grid, value: TimeSeries | SeriesArray, filler: float | TimeSeries | str
) -> TimeSeries | SeriesArray:
    if isinstance(value, TimeSeries):
        return value.with_values(functions.fill(grid, value.values, filler))
    return tuple(one.with_values(functions.fill(grid, one.values, filler)) for one in value)


def _of_array(
    node: Call, series: SeriesArray, values: list[Value], words: dict[int, str], grid: Grid
) -> Value:
    name = node.function
    if name in {"FIRST", "LAST"}:
        # An array may turn out empty only when the data is read; that is no mistake of the writer.
        empty = TimeSeries(np.full(len(grid), np.nan))
        return (series[0] if name == "FIRST" else series[-1]) if series else empty
    if name == "METRIC_COUNT":
        return float(len(series))
    if name == "REMOVE_EMPTY":
        return functions.remove_empty(series)
    if name == "SLICE":
        bounds = [_index(node, n, values[n]) for n in range(1, len(values))]
        return series[bounds[0] :] if len(bounds) == 1 else series[bounds[0] : bounds[1]]
    limit = _index(node, 3, values[3]) if len(values) > 3 else None  # noqa: PLR2004 - the fourth argument
    return functions.sort(grid, series, words[1], descending=words[2] == "DESC", limit=limit)


def _index(node: Call, argument: int, value: Value) -> int:
    number = cast("float", value)
    if not np.isfinite(number) or number < 0 or number != int(number):
        raise RefusedError(
            f"argument {argument + 1} of {node.function} must be a whole number of 0 or more,"
            f" and this is {number:g}",
            node.arguments[argument].start,
            "round it with FLOOR(...)",
        )
    return int(number)
