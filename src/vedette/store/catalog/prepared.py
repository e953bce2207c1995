"""Statements that run with every change: compiled once, and run on the driver's own cursor.

What SQLAlchemy does around each execution of a statement (its cache's key, the parameters' expansion,
events, the result's columns) takes several times as long as SQLite takes to run one. The guard on
writes judges these statements as it does all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError

from vedette.store.catalog.engine import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Dialect
    from sqlalchemy.sql.expression import ClauseElement

    Bind = Callable[[Mapping[str, Any]], Any]


class Prepared:
    """One statement, whose text is made once for each dialect. Values are given by name."""

    def __init__(self, statement: ClauseElement, names: Sequence[str] = ()) -> None:
        """Prepare ``statement``, which has a parameter, or sets a column, for each of ``names``."""
        self._statement = statement
        self._names = list(names)
        self._compiled: dict[str, tuple[str, Bind]] = {}

    def run(self, connection: Connection, *rows: Mapping[str, Any]) -> None:
        """Run it once for each row of values, within the connection's transaction."""
        self._execute(connection, rows).close()

    def first(self, connection: Connection, **values: Any) -> tuple[Any, ...] | None:  # noqa: ANN401 - of any column
        """Run it, and return the first row that it finds or gives back."""
        cursor = self._execute(connection, [values])
        found: tuple[Any, ...] | None = cursor.fetchone()
        cursor.close()
        return found

    def _execute(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> Any:  # noqa: ANN401 - the driver's cursor
        judge(connection, self._statement)
        text, bind = self._of(connection.dialect)
        values = [bind(row) for row in rows]
        cursor = connection.connection.cursor()
        try:
            if len(values) == 1:
                cursor.execute(text, values[0])
            else:
                cursor.executemany(text, values)
        except connection.dialect.loaded_dbapi.Error as error:
            base = connection.dialect.loaded_dbapi.Error
            raise DBAPIError.instance(
                text, None, error, base, dialect=connection.dialect
            ) from error
        return cursor

    def _of(self, dialect: Dialect) -> tuple[str, Bind]:
        if dialect.name not in self._compiled:
            compiled = self._statement.compile(dialect=dialect, column_keys=self._names or None)
            self._compiled[dialect.name] = (str(compiled), _binder(compiled))
        return self._compiled[dialect.name]


def _binder(compiled: Any) -> Bind:  # noqa: ANN401 - a compiled statement of any kind
    """Return what turns values by name into what the driver takes: in order, or by name."""
    processors: Mapping[str, Callable[[Any], Any]] = compiled._bind_processors  # noqa: SLF001 - there is no other way to them

    def bound(row: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 - a column's value
        process = processors.get(name)
        return process(row[name]) if process is not None else row[name]

    if compiled.positional:
        order = compiled.positiontup or []
        return lambda row: [bound(row, name) for name in order]
    return lambda row: {name: bound(row, name) for name in compiled.params}
