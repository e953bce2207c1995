"""Backup and restore of both stores together."""

from __future__ import annotations

import json
import logging
import re
import shutil
from pathlib import Path

from vedette.core.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    StoreError,
)
from vedette.core.settings import Settings
from vedette.core.time import utc_now
from vedette.core.version import VERSION
from vedette.store.catalog import Catalog
from vedette.store.warehouse import Warehouse, open_warehouse

MAX_LISTED = 1000
_log = logging.getLogger(__name__)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MANIFEST, _CATALOG, _WAREHOUSE = "manifest.json", "catalog.sqlite", "warehouse"


def backup(settings: Settings, warehouse: Warehouse, catalog: Catalog, name: str = "") -> Path:
    """Write both stores to a new folder under the backup folder and return it.

    The catalog is copied first: a fact may then refer to an entity of the moment before, never the
    other way about. A PostgreSQL catalog is refused; back it up with ``pg_dump``.
    """
    name = name or utc_now().strftime("%Y%m%dT%H%M%SZ")
    folder = _folder(settings, name)
    try:
        folder.mkdir(parents=True)
    except FileExistsError as error:
        raise ConflictError(
            f"the backup {name} exists already", field="name", remedy="choose another name"
        ) from error
    except OSError as error:
        raise StoreError(
            f"the backup folder cannot be written: {error.strerror}",
            field="name",
            remedy="let the server write to VEDETTE_BACKUP_DIR",
        ) from error
    try:
        catalog.backup_to(folder / _CATALOG)
        warehouse.backup(folder / _WAREHOUSE)
        manifest = {"version": VERSION, "created": utc_now().isoformat()}
        (folder / _MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n")
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def restore(settings: Settings, name: str) -> None:
    """Bring a backup back into an empty data folder; the server must not run."""
    folder = _folder(settings, name)
    if not (folder / _MANIFEST).is_file():
        raise NotFoundError(
            f"there is no whole backup {name} in {folder.parent}",
            field="name",
            remedy="see 'vedette backup --list'; set VEDETTE_BACKUP_DIR where backups lie elsewhere",
        )
    target = Path(settings.resolved_catalog_url().removeprefix("sqlite:///"))
    if target.exists() or (settings.data_dir / "warehouse").exists():
        raise ConflictError(
            f"{settings.data_dir} holds a store already",
            field="data_dir",
            remedy="restore into a folder that does not exist yet",
        )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    warehouse = open_warehouse(settings, empty=True)
    try:
        warehouse.restore(folder / _WAREHOUSE)
    finally:
        warehouse.close()
    shutil.copyfile(folder / _CATALOG, target)


def list_backups(settings: Settings) -> list[dict[str, str]]:
    """Return name, version and creation time of each whole backup, newest first, up to 1000."""
    found = []
    for manifest in settings.resolved_backup_dir().glob(f"*/{_MANIFEST}"):
        try:
            told = json.loads(manifest.read_text())
            entry = {"version": str(told["version"]), "created": str(told["created"])}
        except (OSError, ValueError, KeyError, TypeError) as error:
            _log.warning("%s is not a backup's manifest: %s", manifest, error)
            continue
        found.append({"name": manifest.parent.name, **entry})
    return sorted(found, key=lambda entry: entry["created"], reverse=True)[:MAX_LISTED]


def _folder(settings: Settings, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise InvalidInputError(
            f"{name!r} is not a backup name",
            field="name",
            remedy="use letters, digits, dots, hyphens and underscores",
        )
    return settings.resolved_backup_dir() / name
