"""Matchers against labels in memory, as the engine would: RE2, in linear time."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import re2

from vedette.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vedette.telemetry.metrics.model import Matcher


def matches(matcher: Matcher, labels: Mapping[str, str]) -> bool:
    """Tell whether a matcher holds; a missing label is the empty string."""
    value = labels.get(matcher.label, "")
    if matcher.operator in {"=", "!="}:
        return (value == matcher.value) == (matcher.operator == "=")
    found = compile_matcher(matcher.value).fullmatch(value) is not None
    return found == (matcher.operator == "=~")


@lru_cache(maxsize=4096)
def compile_matcher(pattern: str) -> Any:  # noqa: ANN401 - the library has no types
    """Return a compiled expression that must match a whole value.

    Raises:
        InvalidInputError: it is no RE2 expression.

    """
    try:
        return re2.compile(f"(?s:{pattern})")
    except re2.error as error:
        raise InvalidInputError(
            f"the expression {pattern[:100]!r} is wrong: {error}",
            field="matchers",
            remedy="write an RE2 expression",
        ) from error
