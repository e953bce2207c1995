"""What the engine says when data cannot be read, as errors of ours that name a remedy."""

from __future__ import annotations

import re

from vedette.core.errors import ConflictError, InvalidInputError, VedetteError

_UNREACHABLE = (
    "Connection refused", "could not translate host name", "timeout expired", "No route to host",
    "Can't connect to", "Unknown MySQL server host", "Unknown server host", "Host not found",
    "DNS_ERROR", "NETWORK_ERROR", "SOCKET_TIMEOUT",
)  # fmt: skip
_KNOWN: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("password authentication failed", "using password:", "no password supplied"),
        "the database refuses the user or the password",
        "check both; characters such as @ and / are written as %40 and %2F in a URL",
    ),
    (
        ("no pg_hba.conf entry",),
        "the database takes no connections of that user from here",
        "have its pg_hba.conf allow it",
    ),
    (
        ("permission denied for", "command denied to user"),
        "the user may not read that table",
        "grant it SELECT",
    ),
    (
        ("to database '", "Unknown database", "FATAL:  database"),
        "there is no such database, or the user may not read it",
        "check its name, and what the user is granted",
    ),
    (_UNREACHABLE, "the server cannot be reached", "check host and port, and that it runs"),
    (
        ("HTTP response code: 404", "NoSuchBucket", "there are no files with provided path"),
        "there is nothing at that address",
        "check bucket and key; of a pattern, that something matches",
    ),
    (
        ("HTTP response code: 403", "Access Denied", "InvalidAccessKeyId", "SignatureDoesNotMatch"),
        "the store refuses to be read with these keys",
        "check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and what they may read",
    ),
)
"""What the engine's text has, what happened, and what to do; the first that fits."""
_REPLACED = "S3_OBJECT_CHANGED_DURING_READ"
_REMEDY = "check that it is there, readable, and in the format that its name says"
_SHOWN = 400
_MISFIT = re.compile(
    r"\(at row (?P<row>\d+)\).*name: (?P<name>[^\n]+?), +type: (?:Nullable\()?(?P<type>\w+)[^\n]*\nERROR",
    re.DOTALL,
)
"""What the engine shows of a value that is not of the type which the file's first rows have."""


def changed(label: str) -> ConflictError:
    """Return the error of data that were not the same from the first to the last look at them."""
    return ConflictError(
        f"{label} changed while it was read",
        field="source",
        remedy="profile it once nothing writes to it, or a snapshot of it",
    )


def readable(error: Exception) -> VedetteError:
    """Return what the engine said as an error of ours: its first sentence, without versions."""
    if isinstance(error, VedetteError):
        return error
    text = str(error).split("Stack trace")[0].split(" In scope ")[0]
    if _REPLACED in text:
        return changed("the source")
    for marks, message, remedy in _KNOWN:
        if any(mark in text for mark in marks):
            return InvalidInputError(
                f"the data cannot be read: {message}", field="source", remedy=remedy
            )
    if misfit := _MISFIT.search(text):
        return InvalidInputError(
            f"the data cannot be read: {misfit['name']} of row {misfit['row']} is no {misfit['type']}, "
            "which the first rows are",
            field="source",
            remedy="correct the row, or convert the file to Parquet, which says what its columns are",
        )
    text = text.rpartition("DB::Exception: ")[2].strip()
    for secret in ("password", "secret_access_key", "access_key"):
        if secret in text.lower():
            text = text[: text.lower().index(secret)]
    return InvalidInputError(
        f"the data cannot be read: {text[:_SHOWN]}", field="source", remedy=_REMEDY
    )
