"""Metric math: expressions over series, with the functions and missing-data rules of CloudWatch.

Pure: series come in through an ``Environment``, numpy does the arithmetic.
"""

from vedette.query.metric_math.evaluate import Environment
from vedette.query.metric_math.expression import (
    CompiledExpression,
    compile_expression,
    evaluation_order,
)
from vedette.query.metric_math.signatures import FUNCTIONS
from vedette.query.metric_math.values import Grid, Kind, SeriesArray, TimeSeries, Value, kind_of

__all__ = [
    "FUNCTIONS",
    "CompiledExpression",
    "Environment",
    "Grid",
    "Kind",
    "SeriesArray",
    "TimeSeries",
    "Value",
    "compile_expression",
    "evaluation_order",
    "kind_of",
]
