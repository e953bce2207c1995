"""Errors of the database turned into the errors that callers know."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from vedette.core.errors import (
    ConflictError,
    InvalidInputError,
    StoreError,
    UnavailableError,
    VedetteError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_PRIMARY_CODE = 0xFF
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_TRANSIENT = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_NOMEM,
}


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn errors of the database into ours; the original stays as the cause."""
    try:
        yield
    except PoolTimeoutError as error:
        raise _unavailable() from error
    except IntegrityError as error:
        raise ConflictError(
            "the change conflicts with what is stored", remedy="read it again and retry"
        ) from error
    except (DataError, UnicodeEncodeError) as error:
        raise InvalidInputError(
            "a value holds characters that the catalog cannot store",
            remedy="leave out NUL characters and unpaired surrogates",
        ) from error
    except DBAPIError as error:
        raise translate(error) from error


def translate(error: DBAPIError) -> VedetteError:
    """Return the error that callers get for an error of the driver."""
    original = error.orig
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", 0) & _PRIMARY_CODE
        if code in _DAMAGED:
            return StoreError(
                "the catalog's file is damaged or not a catalog", remedy="restore it from a backup"
            )
        if code in _TRANSIENT:
            return _unavailable()
    elif isinstance(error, OperationalError):
        return _unavailable()
    return StoreError("the catalog failed", remedy="see the server's log for the cause")


def _unavailable() -> UnavailableError:
    return UnavailableError(
        "the catalog cannot be used now: it is busy, full or away",
        remedy="try again; see the server's log for the cause",
    )
