"""Severity in SQL: names to numbers and back."""

from __future__ import annotations

from vedette.core.severity import NUMBERS

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
