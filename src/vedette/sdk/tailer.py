"""All files of all log sources: finding them, reading them by turns, keeping the checkpoint."""

from __future__ import annotations

import glob
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from vedette.sdk import compression
from vedette.sdk.batch import EVICTED, Batch
from vedette.sdk.checkpoint import FilePosition
from vedette.sdk.diagnostics import warn
from vedette.sdk.log_records import encode_file
from vedette.sdk.tail import CHUNK_BYTES, LogSource, Piece, TailedFile, has_head

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vedette.sdk.checkpoint import Checkpoint
    from vedette.sdk.transport import Sender

MAX_FILES = 1000
"""Files followed at a time; more warn and wait for others to end."""
_ROUND_BYTES = 16 * CHUNK_BYTES
_PACKED = frozenset({".gz", ".zst", ".bz2", ".xz", ".zip"})


class Tailer:
    """Follows files and submits their records.

    Call ``poll`` again and again from one thread.

    Args:
        sources: what to follow; a file that several patterns find belongs to the first.
        checkpoint: positions of the last run, kept up to date.
        sender: takes the batches.
        resource: resource attributes of every record.
        rescan_seconds: how often patterns are expanded again.
        wake: called from the sender's thread when a batch is settled.
        clock: monotonic seconds.

    """

    def __init__(
        self,
        sources: Sequence[LogSource],
        checkpoint: Checkpoint,
        sender: Sender,
        resource: Mapping[str, str | bool | int | float],
        *,
        rescan_seconds: float = 10.0,
        wake: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sources = sources
        self._checkpoint = checkpoint
        self._sender = sender
        self._resource = resource
        self._rescan_seconds = rescan_seconds
        self._wake = wake
        self._clock = clock
        self._files: dict[tuple[int, int], TailedFile] = {}
        self._rescan_at = self._scanned_at = float("-inf")
        self._is_dirty = False
        self._first_scan = True

    def poll(self) -> bool:
        """Do one round: settle, look for files, read, checkpoint, submit.

        Returns:
            True when there was something to read, so that there may be more.

        """
        self.apply_outcomes()
        if self._clock() >= self._rescan_at:
            self._scanned_at = self._clock()
            self._rescan_at = self._scanned_at + self._rescan_seconds
            self._scan()
        pieces = self._read_round() if self._sender.has_room() else []
        if (pieces or self._is_dirty) and not self._save():
            # Nothing is sent that a crash could send twice: read again when the disk is back.
            for tailed, _ in pieces:
                tailed.in_flight = False
            return False
        for tailed, piece in pieces:
            self._submit(tailed, piece)
        self._close_done()
        return bool(pieces)

    def apply_outcomes(self) -> None:
        """Move positions past settled batches."""
        for tailed in self._files.values():
            self._is_dirty |= tailed.apply_outcome()

    def close(self) -> None:
        """Write the last state; call after the sender has stopped, when all is settled."""
        self.apply_outcomes()
        self._save()
        for tailed in self._files.values():
            tailed.close()

    def _read_round(self) -> list[tuple[TailedFile, Piece]]:
        pieces = []
        budget = _ROUND_BYTES
        for tailed in list(self._files.values()):
            if budget <= 0:
                break
            before = tailed.position.offset
            try:
                piece = tailed.read()
            except OSError as error:
                warn("read", "%s cannot be read: %s", tailed.position.path, error.strerror)
                continue
            self._is_dirty |= tailed.position.offset != before
            if piece is not None:
                budget -= piece.pending.end - tailed.position.offset
                pieces.append((tailed, piece))
        if pieces:
            # Who was read goes to the end of the line, so that a busy file starves no other.
            for tailed, _ in pieces:
                key = (tailed.position.device, tailed.position.inode)
                self._files[key] = self._files.pop(key)
        return pieces

    def _submit(self, tailed: TailedFile, piece: Piece) -> None:
        source = tailed.source
        resource = dict(self._resource)
        if source.service_name:
            resource["service.name"] = source.service_name
        body = encode_file(
            piece.records,
            path=tailed.position.path,
            form=source.form,
            encoding=source.encoding,
            resource=resource,
            attributes=source.attributes,
        )

        def settled(outcome: str) -> None:
            tailed.settle(outcome)
            if outcome != EVICTED:  # that is tried again after a pause
                self._wake()

        coding = self._sender.coding
        self._sender.submit(
            Batch(
                "logs",
                compression.compress(body, coding),
                coding,
                len(piece.records),
                batch_id=piece.pending.batch_id,
                attempts=int(piece.is_resend),
                on_settled=settled,
            )
        )

    def _save(self) -> bool:
        try:
            self._checkpoint.save()
        except OSError as error:
            warn("checkpoint", "the checkpoint cannot be written: %s", error)
            return False
        self._is_dirty = False
        return True

    def _close_done(self) -> None:
        for key, tailed in list(self._files.items()):
            if tailed.gone_since is not None and tailed.gone_since > self._scanned_at:
                self._rescan_at = float("-inf")  # perhaps it has another name that matches
            elif tailed.is_done:
                tailed.close()
                del self._files[key]
                self._checkpoint.files.remove(tailed.position)
                self._is_dirty = True

    def _scan(self) -> None:
        """Find files by pattern; on the first scan also those rotated while nobody looked."""
        for source in self._sources:
            is_new_pattern = source.pattern not in self._checkpoint.known_patterns
            for path in sorted(glob.glob(source.pattern, recursive=True)):  # noqa: PTH207 - patterns may be absolute
                self._find(source, Path(path), is_new_pattern=is_new_pattern)
            if is_new_pattern:
                self._checkpoint.known_patterns.add(source.pattern)
                self._is_dirty = True
        if self._first_scan:
            self._first_scan = False
            self._find_rotated()

    def _find(self, source: LogSource, path: Path, *, is_new_pattern: bool) -> None:
        try:
            status = path.stat()
        except OSError:
            return
        key = (status.st_dev, status.st_ino)
        if key in self._files:
            self._files[key].found_at(path)
            return
        if not path.is_file() or path.suffix in _PACKED:
            return
        if len(self._files) >= MAX_FILES:
            warn("files", "more than %d log files match: the rest is not followed", MAX_FILES)
            return
        position = self._remembered(key, path)
        if position is None:
            position = FilePosition(str(path.absolute()), *key)
            if is_new_pattern and source.start_at == "end":
                position.offset = status.st_size
            self._checkpoint.files.append(position)
            self._is_dirty = True
        self._open(source, position, path)

    def _remembered(self, key: tuple[int, int], path: Path) -> FilePosition | None:
        """Return the position of the last run, unless the inode has another file by now."""
        for position in self._checkpoint.files:
            if (position.device, position.inode) == key:
                if has_head(path, position):
                    return position
                self._checkpoint.files.remove(position)
                return None
        return None

    def _find_rotated(self) -> None:
        """Find files under new names in their folders; forget those that are gone."""
        for position in list(self._checkpoint.files):
            if (position.device, position.inode) in self._files:
                continue
            source = next((s for s in self._sources if _matches(s, position.path)), None)
            path = _find_inode(Path(position.path).parent, position)
            if source is not None and path is not None and has_head(path, position):
                self._open(source, position, path)
            else:
                self._checkpoint.files.remove(position)
                self._is_dirty = True

    def _open(self, source: LogSource, position: FilePosition, path: Path) -> None:
        try:
            tailed = TailedFile(source, position, path, self._clock)
        except OSError as error:
            warn("open", "%s cannot be followed: %s", path, error.strerror or error)
            self._checkpoint.files.remove(position)
            return
        self._files[position.device, position.inode] = tailed


def _matches(source: LogSource, path: str) -> bool:
    """Return whether a file that may be gone belongs to the source.

    Only the folder and name patterns are compared: a renamed file no longer matches itself.
    """
    pattern = Path(source.pattern).absolute()
    return Path(path).match(str(pattern)) or Path(path).match(pattern.name)


def _find_inode(folder: Path, position: FilePosition) -> Path | None:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.inode() == position.inode and entry.is_file():
                    status = entry.stat()
                    if (status.st_dev, status.st_ino) == (position.device, position.inode):
                        return Path(entry.path)
    except OSError:
        pass
    return None
