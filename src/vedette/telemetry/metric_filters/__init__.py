"""Metric filters: patterns of log events that make metric points; the embedded metric format."""

from vedette.telemetry.metric_filters.derivation import LogMetrics, Progress
from vedette.telemetry.metric_filters.model import (
    MAX_DIMENSIONS,
    MAX_FILTERS,
    FilterDefinition,
    MetricFilter,
)
from vedette.telemetry.metric_filters.patterns import MAX_PATTERN, parse_pattern
from vedette.telemetry.metric_filters.repository import MetricFilters
from vedette.telemetry.metric_filters.tester import (
    MAX_EVENTS,
    MAX_SHOWN,
    Match,
    Trial,
    check_by_engine,
    try_events,
    try_stored,
)

__all__ = [
    "MAX_DIMENSIONS",
    "MAX_EVENTS",
    "MAX_FILTERS",
    "MAX_PATTERN",
    "MAX_SHOWN",
    "FilterDefinition",
    "LogMetrics",
    "Match",
    "MetricFilter",
    "MetricFilters",
    "Progress",
    "Trial",
    "check_by_engine",
    "parse_pattern",
    "try_events",
    "try_stored",
]
