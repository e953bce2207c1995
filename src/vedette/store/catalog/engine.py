"""The SQL engine of the catalog: SQLite or PostgreSQL, and the guard on writes.

Whatever reaches the database outside a write scope must be a SELECT; inside one, only the tables
that the scope is for can be written. So no code can change an entity and forget its audit record.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import re2
from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from vedette.core.errors import InvalidInputError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.pool import ConnectionPoolEntry

BUSY_TIMEOUT_S = 10.0
"""How long a statement waits for another's lock before it is answered 503."""

_SCOPE_OPTION = "vedette_write_scope"
_WAL_RETRY_S = 0.01
_POOL_SIZE = 8
_POOL_OVERFLOW = 24


@dataclass(slots=True)
class WriteScope:
    """What may be written on a connection, and which tables were.

    ``audited`` is for entities, inside a change; otherwise only for operational tables. ``schema``
    is for migrations, which may do anything; ``prunes`` also for removing old audit records.
    """

    audited: bool = False
    schema: bool = False
    prunes: bool = False
    authentication_changed: bool = False

    def admit(self, table: Table, *, inserts: bool, deletes: bool = False) -> None:
        """Note a write to ``table``; raise ``StoreError`` if this scope is not for it."""
        if table.info.get("append_only") and not inserts and not (deletes and self.prunes):
            raise StoreError(f"table {table.name!r} is append-only")
        audited = bool(table.info.get("audited", True))
        beside = self.audited and table.info.get("with_changes", False)
        if audited != self.audited and not beside:
            raise StoreError(
                f"table {table.name!r} cannot be written here",
                remedy="write entities in Catalog.change, operational state in Database.operate",
            )
        if table.info.get("authentication"):
            self.authentication_changed = True


def parse_url(text: str) -> URL:
    """Return the URL of a catalog with its driver; the password is never shown in errors."""
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise InvalidInputError(
            "the catalog's URL cannot be read",
            field="catalog_url",
            remedy="write sqlite:///path or postgresql://user:password@host/database",
        ) from error
    backend = url.get_backend_name()
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            raise InvalidInputError(
                "the catalog needs a file",
                field="catalog_url",
                remedy="write sqlite:///path, or sqlite:////absolute/path",
            )
        return url.set(drivername="sqlite+pysqlite")
    if backend in {"postgresql", "postgres"}:
        if not url.database:
            raise InvalidInputError(
                "the catalog's URL names no database",
                field="catalog_url",
                remedy="write postgresql://user:password@host/database",
            )
        return url.set(drivername="postgresql+psycopg")
    raise InvalidInputError(
        f"the catalog cannot be kept in {backend!r}",
        field="catalog_url",
        remedy="use sqlite or postgresql",
    )


def make_engine(url: URL) -> Engine:
    """Return a guarded engine; nothing connects before the first use, but SQLite's file is made."""
    if url.get_backend_name() == "sqlite":
        _make_file(Path(url.database or ""))
        engine = create_engine(
            url,
            pool_size=_POOL_SIZE,
            max_overflow=_POOL_OVERFLOW,
            pool_timeout=BUSY_TIMEOUT_S,
            # The connection used last has read what was written last; any other begins with no pages.
            pool_use_lifo=True,
            connect_args={"timeout": BUSY_TIMEOUT_S, "check_same_thread": False},
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = _make_postgresql(url)
        event.listen(engine, "begin", _begin_postgresql)
    event.listen(engine, "before_cursor_execute", _guard)
    return engine


def _make_postgresql(url: URL) -> Engine:
    try:
        return create_engine(
            url,
            pool_size=_POOL_SIZE,
            max_overflow=_POOL_OVERFLOW,
            pool_timeout=BUSY_TIMEOUT_S,
            pool_pre_ping=True,
            connect_args={"connect_timeout": int(BUSY_TIMEOUT_S), "application_name": "vedette"},
        )
    except ModuleNotFoundError as error:
        raise StoreError(
            "a catalog in PostgreSQL needs the driver psycopg, which is not installed",
            remedy="pip install 'vedette[server,postgresql]'",
        ) from error


def writable(engine: Engine, scope: WriteScope) -> Engine:
    """Return a view of ``engine``, on the same pool, whose connections write within ``scope``."""
    return engine.execution_options(**{_SCOPE_OPTION: scope})


@contextmanager
def connect(engine: Engine, scope: WriteScope) -> Iterator[Connection]:
    """Open a connection in a transaction that writes within ``scope``; what is not committed is undone."""
    with engine.connect() as connection:
        # For this connection alone: the pool gives its driver's connection out again without it.
        scoped = connection.execution_options(**{_SCOPE_OPTION: scope})
        scoped.begin()
        yield scoped


def _scope_of(connection: Connection) -> WriteScope | None:
    scope: WriteScope | None = connection.get_execution_options().get(_SCOPE_OPTION)
    return scope


def _make_file(path: Path) -> None:
    """Create the database file readable by its owner only: it holds hashes and addresses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"the catalog's file cannot be written: {error.strerror}",
            remedy="choose a folder that this user may write to (VEDETTE_DATA_DIR)",
        ) from error


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # The driver's own BEGIN comes late and is never IMMEDIATE, so transactions are begun by us.
    if not isinstance(connection, sqlite3.Connection):
        raise TypeError("the SQLite catalog needs the sqlite3 driver")
    connection.isolation_level = None
    _enter_wal(connection)
    connection.create_function("regexp", 2, _regexp, deterministic=True)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _regexp(pattern: str, text: object) -> bool:
    """Search in linear time, where the driver's own function could be made to run for ever."""
    return isinstance(text, str) and re2.search(pattern, text) is not None


def _enter_wal(connection: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; SQLite itself does not wait for locks when it does that."""
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_WAL_RETRY_S)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    # A write transaction that starts as a reader can fail to upgrade, whatever the timeout is.
    writes = _scope_of(connection) is not None
    # On the driver's own connection: SQLAlchemy's way to it takes as long as a statement.
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
    except sqlite3.Error as error:
        raise DBAPIError.instance(
            "BEGIN", None, error, sqlite3.Error, dialect=connection.dialect
        ) from error


def _begin_postgresql(connection: Connection) -> None:
    if _scope_of(connection) is not None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{int(BUSY_TIMEOUT_S)}s'")


_ALLOWED_TEXT = "SET LOCAL lock_timeout"


def _guard(
    connection: Connection,
    _cursor: Any,  # noqa: ANN401 - a DBAPI cursor
    statement: str,
    _parameters: Any,  # noqa: ANN401 - a DBAPI driver's parameters
    context: Any,  # noqa: ANN401 - SQLAlchemy's execution context
    _many: bool,  # noqa: FBT001 - the event passes it by position
) -> None:
    compiled = context.compiled if context is not None else None
    if compiled is not None:
        judge(connection, compiled.statement)
        return
    scope = _scope_of(connection)
    if not (scope is not None and scope.schema) and not statement.startswith(_ALLOWED_TEXT):
        raise _outside()


def judge(connection: Connection, clause: Any) -> None:  # noqa: ANN401 - a statement of any kind
    """Raise ``StoreError`` for a statement that may not run on a connection."""
    scope = _scope_of(connection)
    if clause.is_select or (scope is not None and scope.schema):
        return
    if scope is None or not clause.is_dml or not isinstance(clause.table, Table):
        raise _outside()
    scope.admit(clause.table, inserts=clause.is_insert, deletes=clause.is_delete)


def _outside() -> StoreError:
    return StoreError(
        "the catalog was to be written outside a change",
        remedy="make the change inside Catalog.change, which writes its audit record",
    )
