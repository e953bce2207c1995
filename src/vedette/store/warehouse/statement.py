"""Statements as text: settings clauses and the engine's errors in the terms of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from vedette.core.errors import (
    InvalidInputError,
    QueryCancelledError,
    QueryLimitError,
    StoreError,
    UnavailableError,
    VedetteError,
)
from vedette.store.warehouse.base import OUTPUT_SETTINGS, Params, Query, query_marker

_CODE = re.compile(r"Code: (\d+)")
_TAIL = re.compile(r"\s*\([A-Z_]+\)\s*(?:\((?:version|for url) .*)?$", re.DOTALL)
_PREFIX = re.compile(r"^(?:.{0,80}?Code: \d+\. (?:DB::Exception: )*)+", re.DOTALL)
_MAX_MESSAGE = 600
_IMPOSSIBLE = re.compile(r"allocate chunk of (?:\d{1,3}\.\d\d GiB|[\d.]+ [TPE]iB)")

_TIMEOUT = {159, 160}
_LIMIT = {158, 191, 241, 307, 396, 290}
_CANCELLED = {394, 734, 735}
_UNAVAILABLE = {209, 210, 243, 999, 242, 319, 252, 203}
# Parse errors, unknown names, wrong types and arguments: the statement or the data is at fault.
_INPUT = {
    6, 8, 10, 16, 20, 26, 27, 32, 33, 34, 35, 36, 38, 41, 42, 43, 44, 46, 47, 48, 49, 50, 51, 53,
    57, 59, 60, 62, 63, 69, 70, 72, 80, 81, 117, 128, 130, 131, 153, 164, 179, 181, 184, 190, 206,
    207, 215, 349, 386, 407, 427, 431, 434, 435, 436, 437, 440, 444, 456, 457, 470, 471, 497, 524,
    617, 636,
}  # fmt: skip


def literal(value: str | float) -> str:
    """Return a setting's value as a SQL literal."""
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    return str(value)


def settings_clause(settings: Mapping[str, str | int | float]) -> str:
    """Return ``SETTINGS a = 1, b = 'x'``, or nothing."""
    if not settings:
        return ""
    return "SETTINGS " + ", ".join(f"{name} = {literal(value)}" for name, value in settings.items())


def query_settings(query: Query) -> Mapping[str, str | int | float]:
    """Return all settings a query runs with."""
    return {**OUTPUT_SETTINGS, **query.limits.settings(), **query.settings}


def marked(query: Query) -> str:
    """Return the statement with the comment that it is cancelled by."""
    return f"{query_marker(query.query_id)} {query.sql}" if query.query_id else query.sql


def bindable(params: Params) -> dict[str, Any]:
    """Return parameters as both drivers bind them alike.

    Times become text in UTC with microseconds, of which the driver would keep whole seconds; one
    without a zone is taken as UTC.
    """
    return {name: _bindable(value) for name, value in params.items()}


def _bindable(value: Any) -> Any:  # noqa: ANN401 - whatever a statement may take
    if isinstance(value, datetime):
        aware = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return aware.strftime("%Y-%m-%d %H:%M:%S" + (".%f" if aware.microsecond else ""))
    if isinstance(value, list | tuple):
        return type(value)(map(_bindable, value))
    return value


def error_code(message: str) -> int:
    """Return the engine's error code in a message, or 0."""
    match = _CODE.search(message)
    return int(match[1]) if match else 0


def translate(message: str, *, inserting: bool = False) -> VedetteError:
    """Turn an engine's message into our error for it.

    Args:
        message: what the engine said.
        inserting: whether the statement was an insert, whose data the error may be about.

    """
    code = error_code(message)
    if inserting and _IMPOSSIBLE.search(message):
        # Damaged data claims a length; memory that was short would have been asked for in less.
        return InvalidInputError("the engine refused it: a length in the data is beyond the data")
    text = _TAIL.sub("", _PREFIX.sub("", message.strip())).split("Stack trace")[0]
    text = text.split(" In scope ")[0]
    text = re.sub(r": \(in file/uri [^)]*\)", "", text)
    text = re.sub(r"/\* vedette:\w+ \*/ ?", "", text)[:_MAX_MESSAGE]
    if code in _TIMEOUT:
        return QueryLimitError(
            "the query ran longer than it may",
            remedy="narrow the time range or the filter",
        )
    if code in _LIMIT:
        return QueryLimitError(
            f"the query needs more than it may use: {text}",
            remedy="narrow the time range, the filter or the grouping",
        )
    if code in _UNAVAILABLE:
        return UnavailableError(f"the warehouse is not available: {text}", retry_after=5)
    if code in _CANCELLED:
        return QueryCancelledError("the query was cancelled")
    refused = InvalidInputError(f"the engine refused it: {text}")
    # Whatever fails while a body is read is the body's fault, also where the code is a new one.
    reading = inserting and "RowInputFormat" in message
    return refused if reading or code in _INPUT else StoreError(f"the warehouse failed: {text}")
