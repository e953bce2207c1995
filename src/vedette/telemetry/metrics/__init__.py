"""Metrics: what there is, series over a range, exemplars, and metric math over them."""

from vedette.telemetry.metrics.batch import query_metrics
from vedette.telemetry.metrics.exemplars import find_exemplars
from vedette.telemetry.metrics.listing import list_label_values, list_labels, list_metrics
from vedette.telemetry.metrics.model import (
    MAX_SERIES_READ,
    MAX_SERIES_RETURNED,
    BatchResult,
    Exemplar,
    Expression,
    LabelInfo,
    LabelValues,
    Matcher,
    MetricInfo,
    MetricPage,
    MetricQuery,
    MetricType,
    QueryResult,
    RangeResult,
    Top,
)
from vedette.telemetry.metrics.periods import choose_period, make_grid
from vedette.telemetry.metrics.range_query import compared, query_range
from vedette.telemetry.metrics.selectors import Selector, parse_selector
from vedette.telemetry.metrics.statistics import default_statistic, parse_statistic

__all__ = [
    "MAX_SERIES_READ",
    "MAX_SERIES_RETURNED",
    "BatchResult",
    "Exemplar",
    "Expression",
    "LabelInfo",
    "LabelValues",
    "Matcher",
    "MetricInfo",
    "MetricPage",
    "MetricQuery",
    "MetricType",
    "QueryResult",
    "RangeResult",
    "Selector",
    "Top",
    "choose_period",
    "compared",
    "default_statistic",
    "find_exemplars",
    "list_label_values",
    "list_labels",
    "list_metrics",
    "make_grid",
    "parse_selector",
    "parse_statistic",
    "query_metrics",
    "query_range",
]
