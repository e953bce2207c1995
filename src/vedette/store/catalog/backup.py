"""Copying a SQLite catalog while it is in use."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from vedette.core.errors import ConflictError, InvalidInputError, StoreError
from vedette.core.ids import new_id

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine


def backup_to(engine: Engine, path: Path) -> None:
    """Write a consistent copy of the catalog to ``path``, which must not exist.

    Changes go on meanwhile and are not in the copy. The file appears under its name only when it is
    whole and on disk. https://www.sqlite.org/backup.html

    Raises:
        InvalidInputError: the catalog is in PostgreSQL, which has its own tool for this.
        ConflictError: there is a file of this name.
        StoreError: the copy cannot be written.

    """
    if engine.dialect.name != "sqlite":
        raise InvalidInputError(
            "a PostgreSQL catalog is not copied by Vedette",
            field="catalog_url",
            remedy="use pg_dump --format=custom, and pg_restore to bring it back",
        )
    if path.exists():
        raise ConflictError(
            f"{path.name!r} exists already", field="path", remedy="choose another name"
        )
    partial = path.with_name(f".{path.name}.{new_id()}")
    try:
        partial.touch(mode=0o600)
        with closing(sqlite3.connect(partial)) as target:
            connection = engine.raw_connection()
            try:
                source = connection.driver_connection
                if not isinstance(source, sqlite3.Connection):
                    raise TypeError("the SQLite catalog needs the sqlite3 driver")
                source.backup(target)
            finally:
                connection.close()
            # A copy that stands alone: no files beside it, whatever the original's mode is.
            target.execute("PRAGMA journal_mode = DELETE")
        _sync(partial)
        partial.rename(path)
        _sync(path.parent)
    except (OSError, sqlite3.Error) as error:
        partial.unlink(missing_ok=True)
        raise StoreError(
            f"the catalog could not be copied: {error}", remedy="check the folder and its space"
        ) from error


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
