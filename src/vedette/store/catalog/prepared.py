"""Statements that run with every change, compiled once.

What SQLAlchemy does for each execution of a statement (its cache's key, the parameters' expansion,
the result's columns) takes several times as long as SQLite takes to run one. The guard on writes
judges these statements as it does all others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.store.catalog.engine import STATEMENT_OPTION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, CursorResult, Dialect
    from sqlalchemy.sql.expression import ClauseElement

    Bind = Callable[[Mapping[str, Any]], Any]


class Prepared:
    """One statement, whose text is made once for each dialect. Values are given by name."""

    def __init__(self, statement: ClauseElement, names: Sequence[str] = ()) -> None:
        """Prepare ``statement``, which has a parameter, or sets a column, for each of ``names``."""
        self._statement = statement
        self._names = list(names)
        self._options = {STATEMENT_OPTION: statement}
        self._compiled: dict[str, tuple[str, Bind]] = {}

    def run(self, connection: Connection, *rows: Mapping[str, Any]) -> CursorResult[Any]:
        """Run it once, or once for each of several rows."""
        text, bind = self._of(connection.dialect)
        values = [bind(row) for row in rows]
        return connection.exec_driver_sql(
            text, values if len(values) > 1 else values[0] if values else None, self._options
        )

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
        return lambda row: tuple([bound(row, name) for name in order])
    return lambda row: {name: bound(row, name) for name in compiled.params}
