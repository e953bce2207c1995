"""Log records: search, counts over time, facets, patterns, live tail and export."""

from vedette.telemetry.logs.facets import facets
from vedette.telemetry.logs.patterns import patterns
from vedette.telemetry.logs.search import (
    MAX_EXPORT_ROWS,
    MAX_PAGE,
    LogPage,
    export_logs,
    histogram,
    search_logs,
)
from vedette.telemetry.logs.tail import LogTail

__all__ = [
    "MAX_EXPORT_ROWS",
    "MAX_PAGE",
    "LogPage",
    "LogTail",
    "export_logs",
    "facets",
    "histogram",
    "patterns",
    "search_logs",
]
