"""Checks of input that every repository shares, and the page that every list returns."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Generic, TypeVar

from vedette.core.errors import InvalidInputError

MAX_PAGE = 1000
DEFAULT_PAGE = 100

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list; ``next`` is what to give as ``after`` for the part that follows, or None."""

    items: list[T]
    next: str | None = None


def check_text(value: str, *, field: str, max_length: int, min_length: int = 1) -> str:
    """Return ``value`` without surrounding blanks if it is plain text of allowed length.

    Control characters, unpaired surrogates and unassigned code points are refused: PostgreSQL
    cannot store the first two, and nobody can see any of them.
    """
    text = value.strip()
    if any(unicodedata.category(char) in {"Cc", "Cs"} for char in text):
        raise InvalidInputError(
            f"{field} holds a character that is not text",
            field=field,
            remedy="leave out control characters",
        )
    if not min_length <= len(text) <= max_length:
        raise InvalidInputError(
            f"{field} has {len(text)} characters",
            field=field,
            remedy=f"give {min_length} to {max_length} characters",
        )
    return text


def check_limit(limit: int) -> int:
    """Return ``limit`` if a page may hold that many items."""
    if not 1 <= limit <= MAX_PAGE:
        raise InvalidInputError(
            f"a page cannot hold {limit} items", field="limit", remedy=f"give 1 to {MAX_PAGE}"
        )
    return limit


def is_storable(text: str) -> bool:
    """Tell whether a text can be in the catalog at all; look-ups of others find nothing."""
    return not any(unicodedata.category(char) in {"Cc", "Cs"} for char in text)
