"""The one error hierarchy.

Every error that reaches a user says what is wrong, which field it is about and what to do. Each
wire protocol turns it into its own shape (JSON problem, OTLP ``Status``, gRPC status) from
``status``, ``code`` and ``retry_after``; no layer builds a protocol's error by hand.
"""

from __future__ import annotations

from typing import Any


class VedetteError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: what is wrong, in one sentence, for a person.
        field: the input the error is about (``"limit"``, ``"resourceSpans[0]"``), if there is one.
        remedy: what to do about it.
        position: zero-based column in a query text the error points at.

    """

    code = "internal"
    """Stable machine-readable name of the class of error."""
    status = 500
    """HTTP status that a receiver or the API answers with."""

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        remedy: str | None = None,
        position: int | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.remedy = remedy
        self.position = position

    def as_dict(self) -> dict[str, Any]:
        """Return the error as the JSON API shows it, without empty members."""
        members = {
            "code": self.code,
            "message": self.message,
            "field": self.field,
            "remedy": self.remedy,
            "position": self.position,
        }
        return {name: value for name, value in members.items() if value is not None}


class InvalidInputError(VedetteError):
    """The request is wrong and sending it again will not help (400)."""

    code = "invalid_input"
    status = 400


class QuerySyntaxError(InvalidInputError):
    """A query text does not parse; ``position`` is the column it stops making sense at (400)."""

    code = "query_syntax"


class UnauthenticatedError(VedetteError):
    """No credentials, or credentials that are unknown, expired or revoked (401)."""

    code = "unauthenticated"
    status = 401


class ForbiddenError(VedetteError):
    """The caller is known and may not do this (403)."""

    code = "forbidden"
    status = 403


class NotFoundError(VedetteError):
    """The named thing is not in this account (404)."""

    code = "not_found"
    status = 404


class MethodNotAllowedError(VedetteError):
    """The path exists, but not for this HTTP method (405)."""

    code = "method_not_allowed"
    status = 405


class ConflictError(VedetteError):
    """The thing exists already, or changed since it was read (409)."""

    code = "conflict"
    status = 409


class TooLargeError(VedetteError):
    """The body is over the limit, compressed or unpacked (413)."""

    code = "too_large"
    status = 413


class UnsupportedMediaError(VedetteError):
    """Content-Type or Content-Encoding is not one that this receiver reads (415)."""

    code = "unsupported_media_type"
    status = 415


class RetryableError(VedetteError):
    """Nothing was stored; the same request may succeed after ``retry_after`` seconds."""

    code = "unavailable"
    status = 503

    def __init__(self, message: str, *, retry_after: int = 1, remedy: str | None = None) -> None:
        super().__init__(message, remedy=remedy)
        self.retry_after = retry_after


class OverloadedError(RetryableError):
    """A bounded queue is full (429)."""

    code = "overloaded"
    status = 429


class UnavailableError(RetryableError):
    """The store cannot take writes now: disk nearly full, closing, or not ready (503)."""


class QueryLimitError(VedetteError):
    """A query went over its limit of rows, time or memory (422)."""

    code = "query_limit"
    status = 422


class QueryCancelledError(VedetteError):
    """A query was cancelled by its caller (499)."""

    code = "query_cancelled"
    status = 499


class StoreError(VedetteError):
    """The warehouse or the catalog failed in a way nobody foresaw (500)."""

    code = "store"


class StoreLockedError(StoreError):
    """Another process holds the store's folder."""

    code = "store_locked"
