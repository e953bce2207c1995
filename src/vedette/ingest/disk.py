"""Watches the disk: below the limit ingest stops, and goes on once there is room again."""

from __future__ import annotations

import time

from vedette.core.errors import UnavailableError, VedetteError
from vedette.store.warehouse import Warehouse

CHECK_SECONDS = 2.0
RECOVERY_FACTOR = 1.1


class DiskGuard:
    """Refuses writes while the store's disk has less than ``minimum`` bytes free."""

    def __init__(self, warehouse: Warehouse, minimum: int) -> None:
        self._warehouse = warehouse
        self._minimum = minimum
        self._checked = 0.0
        self._full = False
        self._free = 0

    def refresh(self) -> None:
        """Measure, at most every ``CHECK_SECONDS``; blocks for one call to the store."""
        now = time.monotonic()
        if now - self._checked < CHECK_SECONDS:
            return
        self._checked = now
        try:
            self._free = self._warehouse.free_disk_bytes()
        except VedetteError:
            return  # the insert itself will say what is wrong with the store
        limit = self._minimum * RECOVERY_FACTOR if self._full else self._minimum
        self._full = self._free < limit

    @property
    def full(self) -> bool:
        """Whether the disk was nearly full when it was last measured."""
        return self._full

    def check(self) -> None:
        """Raise ``UnavailableError`` while the disk is nearly full."""
        if self._full:
            raise UnavailableError(
                f"the disk is nearly full: {self._free} bytes free, {self._minimum} needed",
                retry_after=10,
                remedy="free disk space or shorten the retention",
            )
