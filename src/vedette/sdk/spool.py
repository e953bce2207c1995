"""Batches on disk while the server is away: one file a batch, oldest first, bounded bytes.

Several processes may share a folder. Each only adds files; whoever holds the folder's lock
resends them, in order. A file is written under another name, synced and renamed, so a crash
leaves whole batches only. Its name carries everything about the batch but its body::

    <time ns>-<signal>-<batch id>-<attempts>-<items>.<coding>

A batch that is read here may have reached the server before (a lost answer, a crash), so its
next attempt is never numbered 1: that tells the server to look for a stored copy first.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vedette.sdk.diagnostics import warn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vedette.sdk.batch import Batch

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_NAME = re.compile(
    r"(?P<time>\d{20})-(?P<signal>traces|metrics|logs|predictions|labels|lineage)-(?P<id>[0-9a-f]{16})"
    r"-(?P<attempts>\d{1,9})-(?P<items>\d{1,9})\.(?P<coding>none|gzip|zstd)"
)
_TEMPORARY_NAME = re.compile(r"\.\d+-\d+-[0-9a-f]{16}\.tmp")
_FOLDER_NAME = re.compile(r"[0-9a-f]{16}")
_LOCK_NAME = "lock"
_MAX_FILES = 100_000
_RECOUNT_S = 5.0
_STALE_TMP_S = 3600.0
_ORPHAN_S = 14 * 86400.0
_OFTEN_FAILED = 10
_ROOMY = 0.75


@dataclass(frozen=True, slots=True)
class SpoolFile:
    """One batch on disk, as its name tells it."""

    path: Path
    signal: str
    batch_id: str
    attempts: int
    items: int
    coding: str


@dataclass(frozen=True, slots=True)
class Evicted:
    """What was dropped to stay within the bound."""

    batches: int = 0
    items: int = 0


class Spool:
    """The folder of one endpoint and key.

    Args:
        folder: made with its parents, readable by its owner only.
        max_bytes: most bytes of all files; the oldest are dropped first.

    Raises:
        OSError: the folder cannot be made or written.

    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(f"{folder} cannot be written")
        self._lock = threading.Lock()
        self._claim_lock = threading.Lock()
        self._claim_descriptor: int | None = None
        self._waiting: deque[str] = deque()
        self._bytes = 0
        self._files = 0
        self._counted_at = float("-inf")
        self._sweep()

    def put(self, batch: Batch) -> Evicted:
        """Write a batch durably, then drop the oldest ones beyond the bound.

        Raises:
            OSError: it could not be written (disk full, folder gone); nothing is left behind.

        """
        if len(batch.body) > self.max_bytes:
            raise OSError(f"a batch of {len(batch.body)} bytes is over the spool's bound")
        name = _name(batch.created_ns, batch, max(batch.attempts, 1))
        temporary = self.folder / f".{os.getpid()}-{threading.get_ident()}-{batch.batch_id}.tmp"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # a cleaner may have been by
        write_durably(self.folder / name, batch.body, temporary=temporary)
        with self._lock:
            self._bytes += len(batch.body)
            self._files += 1
            return self._evict()

    @contextlib.contextmanager
    def claim(self) -> Iterator[bool]:
        """Try to become the one process that resends; False where another is."""
        with self._claim_lock:
            descriptor = lock_file(self.folder / _LOCK_NAME)
            self._claim_descriptor = descriptor
        try:
            yield descriptor is not None
        finally:
            with self._claim_lock:
                if descriptor is not None and self._claim_descriptor == descriptor:
                    self._claim_descriptor = None
                    os.close(descriptor)

    def next(self) -> SpoolFile | None:
        """Return the oldest file; None when there is none. Only under ``claim``."""
        for fresh_listing in (False, True):
            if fresh_listing and not self._waiting:
                self._waiting.extend(sorted(self._names()))
            while self._waiting:
                found = self._parse(self._waiting[0])
                if found.path.exists():
                    return found
                self._waiting.popleft()
        return None

    def start_attempt(self, file: SpoolFile) -> tuple[SpoolFile, bytes] | None:
        """Count one more attempt in the file's name, and read the body.

        Returns None when the file is gone (dropped by another process to stay in bounds).
        """
        created_ns, attempts = int(file.path.name.partition("-")[0]), file.attempts + 1
        renamed = file.path.with_name(_name(created_ns, file, attempts))
        try:
            file.path.replace(renamed)
            body = renamed.read_bytes()
        except FileNotFoundError:
            self._forget(file)
            return None
        if self._waiting and self._waiting[0] == file.path.name:
            self._waiting[0] = renamed.name
        return replace(file, path=renamed, attempts=attempts), body

    def finish(self, file: SpoolFile) -> None:
        """Remove a batch that the server has settled."""
        with contextlib.suppress(FileNotFoundError):
            size = file.path.stat().st_size
            file.path.unlink()
            with self._lock:
                self._bytes -= size
                self._files -= 1
        self._forget(file)

    def postpone(self, file: SpoolFile) -> None:
        """Leave a batch that could not be sent; one that fails often lets the next go first."""
        if file.attempts >= _OFTEN_FAILED and self._waiting:
            self._waiting.rotate(-1)

    def usage(self) -> tuple[int, int]:
        """Return files and bytes in the folder now, of all processes."""
        with self._lock:
            self._count()
            return self._files, self._bytes

    def has_room(self) -> bool:
        """Return whether there is room to spare, so far as this process knows."""
        with self._lock:
            return self._bytes < self.max_bytes * _ROOMY and self._files < _MAX_FILES * _ROOMY

    def is_empty(self) -> bool:
        """Return whether there is nothing to resend."""
        return next(self._names(), None) is None

    def before_fork(self) -> None:
        """Hold the claim still, so that a child never inherits one that nobody knows of."""
        self._claim_lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Let go again."""
        self._claim_lock.release()

    def after_fork_in_child(self) -> None:
        """Drop the child's copy of the parent's lock; the parent keeps its own."""
        if self._claim_descriptor is not None:
            os.close(self._claim_descriptor)
            self._claim_descriptor = None
        self._lock = threading.Lock()
        self._claim_lock = threading.Lock()
        self._waiting.clear()

    def _names(self) -> Iterator[str]:
        with contextlib.suppress(FileNotFoundError), os.scandir(self.folder) as entries:
            for entry in entries:
                if _NAME.fullmatch(entry.name):
                    yield entry.name

    def _parse(self, name: str) -> SpoolFile:
        match = _NAME.fullmatch(name)
        if match is None:  # _names() lists only what matches
            raise ValueError(name)
        return SpoolFile(
            self.folder / name,
            match["signal"],
            match["id"],
            int(match["attempts"]),
            int(match["items"]),
            match["coding"],
        )

    def _forget(self, file: SpoolFile) -> None:
        # The name in the list may carry an older attempt count than the file's.
        if self._waiting and self._parse(self._waiting[0]).batch_id == file.batch_id:
            self._waiting.popleft()

    def _count(self) -> None:
        sizes = []
        for name in self._names():
            with contextlib.suppress(FileNotFoundError):
                sizes.append((self.folder / name).stat().st_size)
        self._bytes, self._files = sum(sizes), len(sizes)
        self._counted_at = time.monotonic()

    def _evict(self) -> Evicted:
        # Other processes write and remove here too: the own tally is only good for a while.
        if time.monotonic() - self._counted_at > _RECOUNT_S or self._is_over():
            self._count()
        if not self._is_over():
            return Evicted()
        batches = items = 0
        for name in sorted(self._names()):
            if not self._is_over():
                break
            path = self.folder / name
            with contextlib.suppress(FileNotFoundError):
                size = path.stat().st_size
                path.unlink()
                self._bytes -= size
                self._files -= 1
                batches += 1
                items += self._parse(name).items
        return Evicted(batches, items)

    def _is_over(self) -> bool:
        return self._bytes > self.max_bytes or self._files > _MAX_FILES

    def _sweep(self) -> None:
        """Remove half-written files of crashed processes, and what a key no longer used left."""
        removed = 0
        for folder in self.folder.parent.iterdir():
            if not _FOLDER_NAME.fullmatch(folder.name) or not folder.is_dir():
                continue
            _remove_older(folder, _TEMPORARY_NAME, _STALE_TMP_S)
            if folder != self.folder:
                removed += _remove_older(folder, _NAME, _ORPHAN_S)
        if removed:
            warn(
                "spool-orphans",
                "%d batches in %s were never sent under their endpoint and key and are too old now",
                removed,
                self.folder.parent,
            )


def _remove_older(folder: Path, pattern: re.Pattern[str], seconds: float) -> int:
    """Remove the files of that name pattern not written for so long; return how many."""
    removed = 0
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if pattern.fullmatch(path.name) and time.time() - path.stat().st_mtime > seconds:
                path.unlink()
                removed += 1
    return removed


def _name(created_ns: int, batch: Batch | SpoolFile, attempts: int) -> str:
    return (
        f"{created_ns:020d}-{batch.signal}-{batch.batch_id}-{attempts}-{batch.items}.{batch.coding}"
    )


def write_durably(path: Path, body: bytes, *, temporary: Path | None = None) -> None:
    """Write a file whole or not at all: another name, sync, rename, sync of the folder.

    Raises:
        OSError: it could not be written; nothing is left behind.

    """
    temporary = temporary or path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make a rename durable; a file system that cannot is left to its own promises."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def lock_file(path: Path) -> int | None:
    """Lock a file without waiting; the lock ends with the process at the latest."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        return None
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
