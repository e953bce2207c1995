"""Arithmetic, comparison and logical operators over values.

Missing data as in Amazon CloudWatch ("Using math expressions with CloudWatch metrics"): between two
series a missing data point counts as 0 where the other has one; where both miss it, so does the
result. With a scalar, the result has a data point where the series has one. A result that is not a
finite number, as after a division by zero, is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from vedette.query.metric_math.values import Floats, TimeSeries, Value, finite

Operation = Callable[[Floats, Floats], Floats]


def _truth(
    operation: Callable[[Floats, Floats], np.ndarray[tuple[int, ...], np.dtype[np.bool_]]],
) -> Operation:
    return lambda left, right: operation(left, right).astype(np.float64)


OPERATIONS: Mapping[str, Operation] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
    "==": _truth(np.equal),
    "!=": _truth(np.not_equal),
    "<": _truth(np.less),
    "<=": _truth(np.less_equal),
    ">": _truth(np.greater),
    ">=": _truth(np.greater_equal),
    "AND": _truth(lambda left, right: (left != 0) & (right != 0)),
    "OR": _truth(lambda left, right: (left != 0) | (right != 0)),
}
"""What each operator does to two arrays of numbers; logical ones take 0 as false."""


def negate(value: Value) -> Value:
    """Return the value with its sign changed."""
    if isinstance(value, TimeSeries):
        return value.with_values(-value.values)
    if isinstance(value, tuple):
        return tuple(series.with_values(-series.values) for series in value)
    return -value


def combine(operator: str, left: Value, right: Value) -> Value:
    """Apply an operator; an array is taken series by series.

    Two arrays are joined series by series where all their labels are the same, as Prometheus joins
    vectors; a series that the other array does not have is left out. CloudWatch refuses this.
    """
    if isinstance(left, tuple) and isinstance(right, tuple):
        others = {tuple(sorted(one.labels.items())): one for one in right}
        pairs = ((one, others.get(tuple(sorted(one.labels.items())))) for one in left)
        return tuple(_joined(operator, one, other) for one, other in pairs if other is not None)
    if isinstance(left, tuple):
        return tuple(_joined(operator, series, right) for series in left)
    if isinstance(right, tuple):
        # Each result keeps the name of the array's series.
        return tuple(series.with_values(_joined(operator, left, series).values) for series in right)
    if isinstance(left, TimeSeries) or isinstance(right, TimeSeries):
        return _joined(operator, left, right)
    with np.errstate(all="ignore"):
        result = OPERATIONS[operator](np.float64(left), np.float64(right))  # type: ignore[arg-type]
    missing = np.isnan(left) or np.isnan(right) or not np.isfinite(result)
    return float("nan") if missing else float(result)


def _joined(operator: str, left: Value, right: Value) -> TimeSeries:
    """Join two operands of which at least one is a series and none an array."""
    operation = OPERATIONS[operator]
    with np.errstate(all="ignore"):
        if isinstance(left, TimeSeries) and isinstance(right, TimeSeries):
            there = ~(np.isnan(left.values) & np.isnan(right.values))
            result = operation(_zeroed(left.values), _zeroed(right.values))
            return left.with_values(finite(np.where(there, result, np.nan)))
        if isinstance(left, TimeSeries):
            scalar, series = _scalar(right), left
            result = operation(series.values, np.full_like(series.values, scalar))
        elif isinstance(right, TimeSeries):
            scalar, series = _scalar(left), right
            result = operation(np.full_like(series.values, scalar), series.values)
        else:
            raise TypeError("at least one operand is a series")
        there = ~np.isnan(series.values) & ~np.isnan(scalar)
        return series.with_values(finite(np.where(there, result, np.nan)))


def _scalar(value: Value) -> float:
    if isinstance(value, TimeSeries | tuple):
        raise TypeError("not a scalar")
    return value


def _zeroed(values: Floats) -> Floats:
    return np.where(np.isnan(values), 0.0, values)
