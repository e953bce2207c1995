"""Severity: names to numbers and back, as the OpenTelemetry logs data model defines them.

Source: https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-severitynumber
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

_TEXTS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")


def number_sql(text: str) -> str:
    """Return SQL for the severity number that a text stands for, or 0."""
    names = ", ".join(f"'{name}'" for name in NUMBERS)
    numbers = ", ".join(str(number) for number in NUMBERS.values())
    return f"transform(lower({text}), [{names}], [{numbers}]::Array(UInt8), 0::UInt8)"


def text_sql(number: str) -> str:
    """Return SQL for the short name of a severity number, or the empty string."""
    names = ", ".join(f"'{name}'" for name in _TEXTS)
    return f"if({number} BETWEEN 1 AND 24, [{names}][intDiv({number} - 1, 4) + 1], '')"
