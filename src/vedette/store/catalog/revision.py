"""Which migration a catalog's tables have reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from vedette.store.catalog.engine import WriteScope, writable

if TYPE_CHECKING:
    from sqlalchemy import Engine

HEAD = "0111"
"""The newest migration in ``migrations/versions``."""
_TABLE = "alembic_version"
_REVISIONS = text("SELECT version_num FROM alembic_version")


def is_current(engine: Engine) -> bool:
    """Tell whether there is nothing to migrate, without what a migration needs."""
    # Not to write: the inspector asks SQLite by other statements than SELECT.
    with writable(engine, WriteScope(schema=True)).connect() as connection:
        if not inspect(connection).has_table(_TABLE):
            return False
        return list(connection.scalars(_REVISIONS)) == [HEAD]
