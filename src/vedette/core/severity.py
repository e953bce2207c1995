"""Severity: what the names of levels mean, as the OpenTelemetry logs data model numbers them.

Source: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber; names of
other systems as its appendix maps them.
"""

from __future__ import annotations

NUMBERS = {
    "trace": 1,
    "verbose": 1,
    "debug": 5,
    "info": 9,
    "information": 9,
    "informational": 9,
    "notice": 10,
    "warn": 13,
    "warning": 13,
    "error": 17,
    "err": 17,
    "severe": 17,
    "critical": 21,
    "crit": 21,
    "alert": 21,
    "emerg": 21,
    "emergency": 21,
    "fatal": 21,
    "panic": 21,
}
"""The number of the first level of each name; a range is four numbers wide."""
