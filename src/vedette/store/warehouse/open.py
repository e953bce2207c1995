"""Open the warehouse that a URL names, with its tables as this version needs them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from vedette.core.errors import InvalidInputError
from vedette.core.settings import Settings
from vedette.store.warehouse.base import Warehouse
from vedette.store.warehouse.migrate import migrate


def open_warehouse(settings: Settings, *, empty: bool = False) -> Warehouse:
    """Open the warehouse of ``settings.warehouse_url`` and bring its schema up to date.

    With ``empty`` no table is made, for a restore.
    """
    url = settings.resolved_warehouse_url()
    scheme = urlsplit(url).scheme
    warehouse: Warehouse
    if scheme == "chdb":
        from vedette.store.warehouse.embedded import EmbeddedWarehouse  # noqa: PLC0415 - slow import

        warehouse = EmbeddedWarehouse(
            Path(url.removeprefix("chdb://")),
            readers=settings.warehouse_readers,
            memory_bytes=settings.warehouse_memory_bytes,
            cache_bytes=settings.warehouse_cache_bytes,
            backups=settings.resolved_backup_dir(),
        )
    elif scheme == "clickhouse":
        from vedette.store.warehouse.server import ServerWarehouse  # noqa: PLC0415 - slow import

        warehouse = ServerWarehouse(url)
    else:
        raise InvalidInputError(
            f"no warehouse has URLs that start with {scheme!r}",
            field="warehouse_url",
            remedy="use chdb:///path or clickhouse://user:password@host:8123/database",
        )
    if empty:
        return warehouse
    try:
        migrate(warehouse)
    except Exception:
        warehouse.close()
        raise
    return warehouse
