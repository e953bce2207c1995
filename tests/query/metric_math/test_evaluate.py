from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.core.errors import QuerySyntaxError
from vedette.query.metric_math import (
    Grid,
    SeriesArray,
    TimeSeries,
    Value,
    compile_expression,
    kind_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

PERIOD = 60
Points = list[float | None]


class Fixed:
    """An environment over given points; ids that start with g are arrays."""

    def __init__(self, size: int, **values: Points | list[Points] | float) -> None:
        self.grid = Grid(np.arange(size, dtype=np.int64) * PERIOD + 1_700_000_040, PERIOD)
        self.searched: list[tuple[str, str]] = []
        self.values: dict[str, Value] = {}
        for name, value in values.items():
            if isinstance(value, float):
                self.values[name] = value
            elif name.startswith("g"):
                self.values[name] = tuple(
                    TimeSeries(_array(points), f"{name}{n}")  # type: ignore[arg-type]
                    for n, points in enumerate(value)
                )
            else:
                self.values[name] = TimeSeries(_array(value), name)  # type: ignore[arg-type]

    def value(self, name: str) -> Value:
        return self.values[name]

    def metrics(self, part: str) -> SeriesArray:
        found: list[TimeSeries] = []
        for name, value in self.values.items():
            if part in name and not isinstance(value, float):
                found += [value] if isinstance(value, TimeSeries) else value
        return tuple(found)

    def search(self, selector: str, statistic: str) -> SeriesArray:
        self.searched.append((selector, statistic))
        return self.metrics("")

    def earlier(self) -> Fixed:
        """The same with three days before it that are like its first point."""
        before = 3 * 24 * 60
        wide = Fixed(0)
        step = self.grid.period
        start = self.grid.timestamps[0]
        times = np.arange(
            start - before * step, start + len(self.grid) * step, step, dtype=np.int64
        )
        wide.grid = Grid(times, step)

        def longer(one: TimeSeries) -> TimeSeries:
            return one.with_values(np.concatenate([np.full(before, one.values[0]), one.values]))

        for name, value in self.values.items():
            if isinstance(value, float):
                wide.values[name] = value
            else:
                wide.values[name] = (
                    longer(value) if isinstance(value, TimeSeries) else tuple(map(longer, value))
                )
        return wide

    def run(self, text: str) -> Value:
        compiled = compile_expression(text)
        kind = compiled.kind({name: kind_of(value) for name, value in self.values.items()})
        result = compiled.evaluate(self)
        assert kind_of(result) is kind
        return result


def _array(points: Points) -> np.ndarray:
    return np.array([math.nan if point is None else point for point in points], dtype=float)


def plain(value: Value) -> float | Points | list[Points] | None:
    if isinstance(value, TimeSeries):
        assert not np.isinf(value.values).any()
        return [None if math.isnan(x) else float(x) for x in value.values]
    if isinstance(value, tuple):
        return [plain(one) for one in value]  # type: ignore[misc]
    return None if math.isnan(value) else value


def close(actual: object, expected: Points, *, rel: float = 1e-9, floor: float = 1e-6) -> None:
    assert isinstance(actual, list)
    np.testing.assert_allclose(_array(actual), _array(expected), rtol=rel, atol=floor)


# The examples of "Using math expressions with CloudWatch metrics".
OPERANDS = {"metric1": [30, 20, 0, 0], "metric2": [20, None, 20, None]}
IF_CASES = {
    "metric1": [1, 1, 0, 0, None],
    "metric2": [30, None, 0, 0, 30],
    "metric3": [0, 0, 20, None, 20],
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("metric1 < metric2", [0, 0, 1, 0]),
        ("metric1 >= 30", [1, 0, 0, 0]),
        ("metric1 > 15 AND metric2 > 15", [1, 0, 0, 0]),
        ("metric1 > 15 OR metric2 > 15", [1, 1, 1, 0]),
        ("metric1 - metric2", [10, 20, -20, 0]),
        ("metric1 / metric2", [1.5, None, 0, None]),
        ("metric2 / metric1", [20 / 30, 0, None, None]),
        ("-metric2", [-20, None, -20, None]),
        ("2 ^ metric2", [2.0**20, None, 2.0**20, None]),
        ("metric2 != 20", [0, None, 0, None]),
    ],
)
def test_operators_take_missing_data_as_documented(text: str, expected: Points) -> None:
    assert plain(Fixed(4, **OPERANDS).run(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("IF(metric1, metric2, metric3)", [30, 0, 20, None, None]),
        ("IF(metric1, 5, metric3)", [5, 5, 20, None, None]),
        ("IF(metric1, metric2, 5)", [30, 0, 5, 5, None]),
        ("IF(metric1, metric2)", [30, 0, None, None, None]),
        ("IF(metric1 < 1, 10, 2)", [2, 2, 10, 10, None]),
        ("IF(1, metric2, metric3)", [30, None, 0, 0, 30]),
        ("IF(0, metric2, metric3)", [0, 0, 20, None, 20]),
        ("IF(0, metric2)", [None] * 5),
        ("IF(0, metric2, 7)", [7] * 5),
        ("TIME_SERIES(IF(2 > 1, 3, 4))", [3] * 5),
    ],
)
def test_if_chooses_as_documented(text: str, expected: Points) -> None:
    assert plain(Fixed(5, **IF_CASES).run(text)) == expected


SPARSE: Points = [None, 4, None, None, 10, 7, None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FILL(m1, 0)", [0, 4, 0, 0, 10, 7, 0]),
        ("FILL(m1, REPEAT)", [None, 4, 4, 4, 10, 7, 7]),
        ("FILL(m1, LINEAR)", [None, 4, 6, 8, 10, 7, None]),
        ("FILL(m1, m2)", [1, 4, 3, None, 10, 7, 7]),
        ("DIFF(m1)", [None, None, None, None, 6, -3, None]),
        ("DIFF_TIME(m1)", [None, None, None, None, 180, 60, None]),
        ("RATE(m1)", [None, None, None, None, 6 / 180, -3 / 60, None]),
        ("RUNNING_SUM(m1)", [None, 4, None, None, 14, 21, None]),
        ("LOG10(m1 * 0)", [None] * 7),
        ("CEIL(m1 / 3) - FLOOR(m1 / 3)", [None, 1, None, None, 1, 1, None]),
        ("m1 * 0 + PERIOD(m1)", [None, 60, None, None, 60, 60, None]),
        ("TIME_SERIES(AVG(m1))", [3] * 7),
        ("TIME_SERIES(SUM(m1) / DATAPOINT_COUNT(m1))", [7] * 7),
        ("TIME_SERIES(MAX(m1) - MIN(m1))", [6] * 7),
        ("TIME_SERIES(MAX(e))", [None] * 7),
        ("TIME_SERIES(SUM(e))", [0] * 7),
        ("SUM([m1, m2])", [1, 6, 3, None, 15, 13, 7]),
        ("AVG([m1, m2])", [0.5, 3, 1.5, None, 7.5, 6.5, 3.5]),
        ("MAX([m1, m2])", [1, 4, 3, None, 10, 7, 7]),
        ("MIN([m1, m2])", [1, 2, 3, None, 5, 6, 7]),
        ("DATAPOINT_COUNT([m1, m2])", [1, 2, 1, 0, 2, 2, 1]),
        ("STDDEV([m1, m2])", [0, 1, 0, None, 2.5, 0.5, 0]),
        ("m1 / (m2 - m2)", [None] * 7),
    ],
)
def test_functions_by_hand(text: str, expected: Points) -> None:
    fixed = Fixed(7, m1=SPARSE, m2=[1, 2, 3, None, 5, 6, 7], e=[None] * 7)
    close(plain(fixed.run(text)), expected)


def test_arrays_are_sorted_sliced_and_counted() -> None:
    fixed = Fixed(2, g1=[[1, 2], [None, None], [9, 1], [3, 3]], m1=[1, 2])
    assert plain(fixed.run("SORT(g1, MAX, DESC)")) == [[9, 1], [3, 3], [1, 2], [None, None]]
    assert plain(fixed.run("SORT(g1, AVG, ASC, 2)")) == [[1, 2], [3, 3]]
    assert plain(fixed.run("SLICE(g1, 2)")) == [[9, 1], [3, 3]]
    assert plain(fixed.run("SLICE(g1, 0, 1)")) == [[1, 2]]
    assert plain(fixed.run("FIRST(REMOVE_EMPTY(SLICE(g1, 1)))")) == [9, 1]
    assert plain(fixed.run("LAST(g1) * METRIC_COUNT(g1)")) == [12, 12]
    assert plain(fixed.run("FIRST(SLICE(g1, 9))")) == [None, None]
    assert plain(fixed.run("SUM(SLICE(g1, 9))")) == [None, None]
    assert plain(fixed.run("METRICS('m')")) == [[1, 2]]
    assert plain(fixed.run("SUM(METRICS())")) == [14, 8]
    assert plain(fixed.run("100 * SLICE(g1, 0, 1) / m1")) == [[100, 100]]


def test_an_array_keeps_the_names_of_its_series() -> None:
    result = Fixed(1, g1=[[1], [2]], m1=[4]).run("m1 / g1")
    assert isinstance(result, tuple)
    assert [series.label for series in result] == ["g10", "g11"]


def test_search_asks_the_environment() -> None:
    fixed = Fixed(1, m1=[4])
    assert plain(fixed.run("SUM(SEARCH('cpu{host=~\"a.*\"}', 'p99'))")) == [4]
    assert fixed.searched == [('cpu{host=~"a.*"}', "p99")]


@pytest.mark.parametrize("text", ["SLICE(g1, 0.5)", "SLICE(g1, -1)", "SORT(g1, AVG, ASC, 1/0)"])
def test_a_number_that_chooses_series_must_be_whole(text: str) -> None:
    with pytest.raises(QuerySyntaxError, match="whole number") as caught:
        Fixed(1, g1=[[1]]).run(text)
    assert (caught.value.position or 0) > text.rindex(",")


POINT = st.one_of(
    st.none(),
    st.integers(-5, 5).map(float),
    st.floats(-1e6, 1e6),
    st.floats(allow_nan=False, allow_infinity=False),
)
ROWS = st.integers(1, 12).flatmap(
    lambda size: st.lists(st.lists(POINT, min_size=size, max_size=size), min_size=2, max_size=4)
)


def _naive_binary(operator: str, left: float, right: float) -> float | None:
    """One data point, by plain Python."""
    if operator in {"+", "-", "*", "/", "^"}:
        try:
            result = {
                "+": lambda: left + right,
                "-": lambda: left - right,
                "*": lambda: left * right,
                "/": lambda: left / right,
                "^": lambda: math.pow(left, right),
            }[operator]()
        except (ZeroDivisionError, OverflowError, ValueError):
            return None
        return result if math.isfinite(result) else None
    return float(
        {
            "==": left == right,
            "!=": left != right,
            "<": left < right,
            "<=": left <= right,
            ">": left > right,
            ">=": left >= right,
            "AND": bool(left) and bool(right),
            "OR": bool(left) or bool(right),
        }[operator]
    )


@settings(max_examples=300, deadline=None)
@given(
    ROWS, st.sampled_from(["+", "-", "*", "/", "^", "==", "!=", "<", "<=", ">", ">=", "AND", "OR"])
)
def test_operators_agree_with_a_loop(rows: list[Points], operator: str) -> None:
    left, right = rows[0], rows[1]
    expected = [
        None if a is None and b is None else _naive_binary(operator, a or 0.0, b or 0.0)
        for a, b in zip(left, right, strict=True)
    ]
    fixed = Fixed(len(left), m1=left, m2=right)
    close(plain(fixed.run(f"m1 {operator} m2")), expected, rel=1e-12, floor=0)


def _steps(points: Points, make: Callable[[float, float, int], float]) -> Points:
    out: Points = []
    last: tuple[int, float] | None = None
    for index, point in enumerate(points):
        if point is None:
            out.append(None)
            continue
        value = None if last is None else make(last[1], point, (index - last[0]) * PERIOD)
        out.append(value if value is not None and math.isfinite(value) else None)
        last = (index, point)
    return out


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_steps_agree_with_a_loop(rows: list[Points]) -> None:
    points = rows[0]
    fixed = Fixed(len(points), m1=points)
    close(plain(fixed.run("DIFF(m1)")), _steps(points, lambda a, b, _: b - a), floor=0)
    close(plain(fixed.run("RATE(m1)")), _steps(points, lambda a, b, t: (b - a) / t), floor=0)
    assert plain(fixed.run("DIFF_TIME(m1)")) == _steps(points, lambda _a, _b, t: t)


def _fill_repeat(points: Points) -> Points:
    out: Points = []
    for point in points:
        out.append(point if point is not None else (out[-1] if out else None))
    return out


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_fill_agrees_with_a_loop(rows: list[Points]) -> None:
    points = [None if p is None else max(-1e9, min(1e9, p)) for p in rows[0]]
    fixed = Fixed(len(points), m1=points)
    assert plain(fixed.run("FILL(m1, 3)")) == [3.0 if p is None else p for p in points]
    assert plain(fixed.run("FILL(m1, REPEAT)")) == _fill_repeat(points)
    line: Points = list(points)
    known = [n for n, p in enumerate(points) if p is not None]
    for a, b in itertools.pairwise(known):
        for n in range(a + 1, b):
            low, high = points[a], points[b]
            assert low is not None
            assert high is not None
            line[n] = low + (high - low) * (n - a) / (b - a)
    close(plain(fixed.run("FILL(m1, LINEAR)")), line)


@settings(max_examples=200, deadline=None)
@given(ROWS)
def test_reducers_agree_with_a_loop(rows: list[Points]) -> None:
    rows = [[None if p is None else max(-1e6, min(1e6, p)) for p in row] for row in rows]
    fixed = Fixed(len(rows[0]), g1=rows, m1=rows[0])
    for column, total in zip(zip(*rows, strict=True), plain(fixed.run("SUM(g1)")), strict=True):  # type: ignore[arg-type]
        there = [p for p in column if p is not None]
        assert total == (pytest.approx(sum(there), abs=1e-6) if there else None)
    for name, fold in (("MIN", min), ("MAX", max)):
        columns = [[p for p in column if p is not None] for column in zip(*rows, strict=True)]
        assert plain(fixed.run(f"{name}(g1)")) == [fold(c) if c else None for c in columns]
    there = [p for p in rows[0] if p is not None]
    assert fixed.run("AVG(m1)") == pytest.approx(sum(there) / len(rows[0]), abs=1e-6)
    assert fixed.run("DATAPOINT_COUNT(m1)") == len(there)
    deviation = fixed.run("STDDEV(m1)")
    assert isinstance(deviation, float)
    if there:
        mean = sum(there) / len(there)
        expected = math.sqrt(sum((p - mean) ** 2 for p in there) / len(there))
        assert deviation == pytest.approx(expected, rel=1e-6, abs=1e-6)
    else:
        assert math.isnan(deviation)


@settings(max_examples=100, deadline=None)
@given(ROWS, st.sampled_from(["AVG", "MIN", "MAX", "SUM"]), st.sampled_from(["ASC", "DESC"]))
def test_sort_orders_by_the_function(rows: list[Points], by: str, order: str) -> None:
    fixed = Fixed(len(rows[0]), g1=rows)
    result = fixed.run(f"SORT(REMOVE_EMPTY(g1), {by}, {order})")
    assert isinstance(result, tuple)
    keys = []
    for series in result:
        there = [float(x) for x in series.values if not math.isnan(x)]
        fold = {"MIN": min, "MAX": max}.get(by, lambda xs: float(np.sum(xs)))
        with np.errstate(over="ignore"):
            keys.append(fold(there))
    ordered = sorted(keys, reverse=order == "DESC")
    if all(math.isfinite(key) and abs(key) < 1e15 for key in keys):
        assert keys == pytest.approx(ordered, rel=1e-9, abs=1e-6)


def test_a_band_is_what_was_usual_before_and_widens_with_its_number() -> None:
    fixed = Fixed(4, m1=[100.0, 100.0, 900.0, 100.0], g1=[[1.0] * 4, [5.0] * 4])
    compiled = compile_expression("ANOMALY_DETECTION_BAND(m1 * 2, 4)")
    assert (
        compiled.kind({name: kind_of(value) for name, value in fixed.values.items()}).name
        == "ARRAY"
    )
    lower, upper = compiled.evaluate(fixed)
    # The scale of a constant series is 5 % of its value.
    np.testing.assert_allclose(lower.values, 200 - 4 * 10, rtol=0.05)
    np.testing.assert_allclose(upper.values, 200 + 4 * 10, rtol=0.05)
    assert (lower.labels["band"], upper.labels["band"]) == ("lower", "upper")
    default = compile_expression("ANOMALY_DETECTION_BAND(m1)").evaluate(fixed)
    np.testing.assert_allclose(default[1].values, 100 + 2 * 5, rtol=0.05)
    assert len(compile_expression("ANOMALY_DETECTION_BAND(g1)").evaluate(fixed)) == 4


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("ANOMALY_DETECTION_BAND(2)", 23),
        ("ANOMALY_DETECTION_BAND(m1, m1)", 27),
        ("ANOMALY_DETECTION_BAND()", 0),
        ("ANOMALY_DETECTION_BAND(m1, 0)", 27),
        ("ANOMALY_DETECTION_BAND(m1, -1)", 27),
    ],
)
def test_a_wrong_band_is_refused(text: str, position: int) -> None:
    fixed = Fixed(2, m1=[1.0, 2.0])
    with pytest.raises(QuerySyntaxError) as caught:
        compiled = compile_expression(text)
        compiled.kind({name: kind_of(value) for name, value in fixed.values.items()})
        compiled.evaluate(fixed)
    assert caught.value.position == position
