"""One log file that is followed: reading on, noticing rotation, keeping its place."""

from __future__ import annotations

import codecs
import hashlib
import os
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.sdk.batch import EVICTED, new_batch_id
from vedette.sdk.checkpoint import FilePosition, Pending
from vedette.sdk.log_records import RawRecord, Split, split

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

CHUNK_BYTES = 1024 * 1024
"""Most bytes of one file in one batch."""
_HEAD_BYTES = 256
_ROTATED_GRACE_S = 5.0
_LEAST_LINE, _MOST_LINE = 64, CHUNK_BYTES // 8
_FORMS = ("auto", "json", "plain")


@dataclass(frozen=True, slots=True)
class LogSource:
    """Which files to follow, and how to read them.

    Raises:
        InvalidInputError: a field is wrong; it is named.

    """

    pattern: str
    """A path, or a glob with ``*``, ``?``, ``[...]`` and ``**``."""
    service_name: str | None = None
    """``service.name`` of the records; None takes the agent's."""
    form: str = "auto"
    """``json``, ``plain``, or ``auto``: JSON where a line is a JSON object."""
    multiline_start: str | None = None
    """Regular expression that the first line of each record matches; None: a line a record."""
    start_at: str = "end"
    """Where to begin in files that exist when the agent first meets this pattern: ``end`` or
    ``beginning``. Files that appear later are read whole."""
    encoding: str = "utf-8"
    """An encoding in which a line break is the byte 0x0A."""
    max_line_bytes: int = 64 * 1024
    multiline_seconds: float = 2.0
    """A multi-line record is taken to be whole when nothing was written for so long."""
    attributes: Mapping[str, str | bool | int | float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.pattern:
            raise InvalidInputError("the pattern is empty", field="pattern", remedy="give a path")
        for name, allowed in (("form", _FORMS), ("start_at", ("end", "beginning"))):
            if getattr(self, name) not in allowed:
                raise InvalidInputError(
                    f"{getattr(self, name)!r} is not a {name}",
                    field=name,
                    remedy=f"use one of {', '.join(allowed)}",
                )
        if not _LEAST_LINE <= self.max_line_bytes <= _MOST_LINE:
            raise InvalidInputError(
                f"a longest line of {self.max_line_bytes} bytes is out of bounds",
                field="max_line_bytes",
                remedy=f"use {_LEAST_LINE} to {_MOST_LINE}",
            )
        self._check_encoding()
        self.start_pattern()

    def start_pattern(self) -> re.Pattern[bytes] | None:
        """Return ``multiline_start`` compiled for bytes."""
        if self.multiline_start is None:
            return None
        try:
            return re.compile(self.multiline_start.encode(self.encoding))
        except (re.error, UnicodeEncodeError) as error:
            raise InvalidInputError(
                f"multiline_start is not a regular expression: {error}",
                field="multiline_start",
                remedy=r"write one such as ^\d{4}-\d\d-\d\d",
            ) from error

    def _check_encoding(self) -> None:
        try:
            codecs.lookup(self.encoding)
            is_usable = "\n".encode(self.encoding) == b"\n"
        except (LookupError, TypeError):
            is_usable = False
        if not is_usable:
            raise InvalidInputError(
                f"{self.encoding!r} is not an encoding that log files can be read in",
                field="encoding",
                remedy="use utf-8, latin-1 or another in which a line break is one byte",
            )


@dataclass(frozen=True, slots=True)
class Piece:
    """What was read of a file, to become one batch."""

    records: list[RawRecord]
    pending: Pending
    is_resend: bool


class TailedFile:
    """An open file and its position.

    At most one batch of it is on its way; the position moves when that batch is settled.

    Args:
        source: how to read it.
        position: where to go on; ``path``, ``device`` and ``inode`` are those of the open file.
        clock: monotonic seconds.

    Raises:
        OSError: the file cannot be opened, or is another one by now.

    """

    def __init__(
        self,
        source: LogSource,
        position: FilePosition,
        path: Path,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.source = source
        self.position = position
        self._clock = clock
        self._start = source.start_pattern()
        self._file = path.open("rb", buffering=0)
        status = os.fstat(self._file.fileno())
        if (status.st_dev, status.st_ino) != (position.device, position.inode):
            self._file.close()
            raise FileNotFoundError(f"{path} was replaced")
        self._size, self._modified_ns = status.st_size, status.st_mtime_ns
        self._grew_at = clock()
        self._path = path
        self.gone_since: float | None = None
        """When the file was first missed under the name it was found by."""
        self._outcome: str | None = None
        self.in_flight = False
        self.is_done = False

    def close(self) -> None:
        """Close the file; its position stays."""
        self._file.close()

    def found_at(self, path: Path) -> None:
        """Note a name that a pattern finds the file by; a rotated file may match under its new."""
        if path != self._path and not self._is_at_path():
            self._path = path

    def settle(self, outcome: str) -> None:
        """Note what became of the batch; may be called from any thread."""
        self._outcome = outcome

    def apply_outcome(self) -> bool:
        """Move the position past a settled batch; True when it moved.

        A batch that was dropped from a full queue stays pending and is sent again.
        """
        outcome, pending = self._outcome, self.position.pending
        if outcome is None or pending is None:
            return False
        self._outcome = None
        self.in_flight = False
        if outcome == EVICTED:
            return False
        self.position.offset = pending.end
        self.position.skip = pending.skip
        self.position.pending = None
        return True

    def read(self) -> Piece | None:
        """Read the next records; None when there are none, or a batch is on its way.

        A pending batch of an earlier try or run is read again over the same bytes.
        """
        if self.in_flight:
            return None
        pending = self.position.pending
        if pending is not None:
            return self._read_again(pending)
        self._notice_changes()
        is_new = self._size > self.position.offset
        result = self._split(self._read_at(self.position.offset, CHUNK_BYTES) if is_new else b"")
        if not result.consumed:
            self._finish_if_gone()
            return None
        end = self.position.offset + result.consumed
        if not result.records:  # the rest of a line that was cut
            self.position.offset, self.position.skip = end, result.skip
            return None
        self.position.pending = Pending(new_batch_id(), end, result.skip, final=self._is_final())
        self.in_flight = True
        return Piece(result.records, self.position.pending, is_resend=False)

    def _read_again(self, pending: Pending) -> Piece | None:
        data = self._read_at(self.position.offset, pending.end - self.position.offset)
        # The range ended where records ended, so all of it is whole now.
        result = split(
            data,
            max_line_bytes=self.source.max_line_bytes,
            start=self._start,
            skip=self.position.skip,
            idle=True,
            final=pending.final,
        )
        if not result.records:  # truncated meanwhile: the bytes are gone
            self.position.pending = None
            return None
        self.in_flight = True
        return Piece(result.records, pending, is_resend=True)

    def _split(self, data: bytes) -> Split:
        idle_s = self._clock() - self._grew_at
        return split(
            data,
            max_line_bytes=self.source.max_line_bytes,
            start=self._start,
            skip=self.position.skip,
            idle=idle_s >= self.source.multiline_seconds and len(data) < CHUNK_BYTES,
            final=self._is_final() and len(data) < CHUNK_BYTES,
        )

    def _read_at(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size) or b""

    def _notice_changes(self) -> None:
        """Notice growth, truncation, and that the path has another file or none."""
        status = os.fstat(self._file.fileno())
        if (status.st_size, status.st_mtime_ns) != (self._size, self._modified_ns):
            self._size, self._modified_ns = status.st_size, status.st_mtime_ns
            self._grew_at = self._clock()
            if self.gone_since is not None:  # still written to under its new name
                self.gone_since = self._grew_at
            if self._size < self.position.offset or not self._has_same_head():
                self.position.offset, self.position.skip = 0, False
                self.position.head, self.position.head_bytes = "", 0
        self._remember_head()
        if self._is_at_path():
            self.gone_since = None
        elif self.gone_since is None:
            self.gone_since = self._clock()

    def _is_at_path(self) -> bool:
        try:
            status = self._path.stat()
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == (self.position.device, self.position.inode)

    def _is_final(self) -> bool:
        """Whether the file was rotated away or deleted, long enough for its writer to let go."""
        return self.gone_since is not None and self._clock() - self.gone_since >= _ROTATED_GRACE_S

    def _finish_if_gone(self) -> None:
        self.is_done = self._is_final()

    def _has_same_head(self) -> bool:
        count = self.position.head_bytes
        return not count or _digest(self._read_at(0, count)) == self.position.head

    def _remember_head(self) -> None:
        if self.position.head_bytes < _HEAD_BYTES and self._size > self.position.head_bytes:
            head = self._read_at(0, _HEAD_BYTES)
            self.position.head, self.position.head_bytes = _digest(head), len(head)


def has_head(path: Path, position: FilePosition) -> bool:
    """Return whether a file begins as the one that the position was taken in."""
    try:
        with path.open("rb") as file:
            return _digest(file.read(position.head_bytes)) == position.head
    except OSError:
        return False


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
