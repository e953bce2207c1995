"""Rows of keys and values in the catalog, read and written in bulk, without an object a row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from vedette.core.errors import NotFoundError

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    from vedette.store.catalog.models import Base

_CHUNK = 500
"""Values of one IN list: SQLite takes some 32,000 parameters, PostgreSQL 65,535."""


def table_of(row: type[Base]) -> Table:
    """Return the table behind a mapped class."""
    table = row.__table__
    assert isinstance(table, Table)  # noqa: S101 - every class of ours maps a table
    return table


def insert_into(target: Session | Connection, row: type[Base]) -> Any:  # noqa: ANN401 - a dialect's insert
    """Return an INSERT that can have an ON CONFLICT clause, in the catalog's dialect."""
    dialect = target.get_bind().dialect.name if hasattr(target, "get_bind") else target.dialect.name
    return insert_for(dialect, row)


def insert_for(dialect: str, row: type[Base]) -> Any:  # noqa: ANN401 - a dialect's insert
    """Return the same for a dialect known by name."""
    return (sqlite if dialect == "sqlite" else postgresql).insert(table_of(row))


def upsert(
    target: Session | Connection, row: type[Base], values: Sequence[Mapping[str, Any]]
) -> None:
    """Insert rows, replacing the other columns of those whose primary key is there."""
    if not values:
        return
    table = table_of(row)
    keys = [column.name for column in table.primary_key]
    statement = insert_into(target, row)
    others = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in keys
    }
    target.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), values)


def insert_missing(
    target: Session | Connection, row: type[Base], values: Sequence[Mapping[str, Any]]
) -> None:
    """Insert the rows whose key is not there."""
    if values:
        target.execute(insert_into(target, row).on_conflict_do_nothing(), values)


def keyed_values(
    session: Session, row: type[Base], owner: str, ids: Sequence[Any], **equal: object
) -> dict[Any, dict[str, str]]:
    """Return keys and values by the owner's id, for many owners.

    Args:
        session: where to read.
        row: a table with the columns ``key`` and ``value``.
        owner: the column that names the owner.
        ids: the owners.
        equal: further columns and what they must be.

    """
    table = table_of(row)
    found: dict[Any, dict[str, str]] = {}
    for part in chunks(ids):
        chosen = (
            select(table.c[owner], table.c.key, table.c.value)
            .where(table.c[owner].in_(part), *(table.c[name] == v for name, v in equal.items()))
            .order_by(table.c[owner], table.c.key)
        )
        for identity, key, value in session.execute(chosen):
            found.setdefault(identity, {})[key] = value
    return found


def keyed_rows(values: Mapping[str, str], **owner: object) -> list[dict[str, object]]:
    """Return keys and values as rows of their owner, whose columns are given by name."""
    return [{**owner, "key": key, "value": value} for key, value in values.items()]


def delete_key(
    session: Session,
    row: type[Base],
    owner: Mapping[str, Any],
    key: str,
    *,
    missing_ok: bool = False,
) -> bool:
    """Delete one key of an owner, and return whether it was there.

    Raises:
        NotFoundError: it was not, and that is not ``missing_ok``.

    """
    table = table_of(row)
    chosen = delete(table).where(
        *(table.c[name] == value for name, value in owner.items()), table.c.key == key
    )
    found = session.execute(chosen.returning(table.c.key)).first() is not None
    if not (found or missing_ok):
        raise NotFoundError(f"there is no tag {key[:100]!r}", field="key")
    return found


def chunks(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Yield the items in lists short enough for one statement."""
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))
