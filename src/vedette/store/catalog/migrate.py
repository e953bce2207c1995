"""Bringing a catalog's tables to the version that this code knows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from vedette.core.errors import StoreError
from vedette.store.catalog.engine import WriteScope, writable

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_MIGRATIONS = Path(__file__).parent / "migrations"
# Any number that no other program takes for an advisory lock in the same database.
_LOCK = 7_365_647_265_674_465
_TAKE_LOCK = text("SELECT pg_advisory_xact_lock(:key)")


def upgrade(engine: Engine) -> None:
    """Apply the migrations that are missing, all in one transaction, one process at a time.

    Raises:
        StoreError: a newer Vedette has migrated this catalog.

    """
    config = _config()
    scripts = ScriptDirectory.from_config(config)
    with writable(engine, WriteScope(schema=True)).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(_TAKE_LOCK, {"key": _LOCK})
        if _current(connection, scripts) == scripts.get_current_head():
            return
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    # The option is read with interpolation, so a percent sign in the path must be doubled.
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _current(connection: Connection, scripts: ScriptDirectory) -> str | None:
    """Return the catalog's revision; raise ``StoreError`` if this code does not know it."""
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in scripts.walk_revisions()}
    if current is not None and current not in known:
        raise StoreError(
            f"the catalog has schema version {current}; this Vedette knows versions up to "
            f"{scripts.get_current_head()}",
            remedy="run the Vedette that wrote it or a newer one, or restore an older backup",
        )
    return current
