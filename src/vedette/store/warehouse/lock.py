"""A folder belongs to one process: an advisory lock with the owner's process id for the message."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from vedette.core.errors import StoreLockedError


class FolderLock:
    """Exclusive lock on a folder, held until released or until the process ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder.with_name(folder.name + ".lock")
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock, or raise ``StoreLockedError`` that names the process that holds it."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(file, 32).decode(errors="replace").strip() or "unknown"
            os.close(file)
            raise StoreLockedError(
                f"the store {self._path.with_suffix('')} is open in another process (id {owner})",
                remedy="stop that process, or give this one another VEDETTE_DATA_DIR",
            ) from None
        os.ftruncate(file, 0)
        os.write(file, str(os.getpid()).encode())
        self._file = file

    def release(self) -> None:
        """Give the lock up; releasing twice is fine."""
        if self._file is not None:
            os.close(self._file)
            self._file = None
