"""How far each log file was read, on disk.

A batch is written here, with its id and its byte range, before it is sent. After a crash the same
range is read again and sent under the same id, and the server drops it if it has it: nothing is
lost, nothing is stored twice.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from vedette.core.errors import ConflictError
from vedette.sdk.diagnostics import warn
from vedette.sdk.spool import lock_file, write_durably

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = 1
_FILE_NAME = "checkpoint.json"
_LOCK_NAME = "agent.lock"


@dataclass(slots=True)
class Pending:
    """A batch on its way: bytes from the file's offset up to ``end``."""

    batch_id: str
    end: int
    skip: bool
    """Whether ``end`` lies inside a line that was cut."""
    final: bool = False
    """Whether a last line without its break was taken."""


@dataclass(slots=True)
class FilePosition:
    """One file, known by device and inode, and by a hash of its first bytes."""

    path: str
    device: int
    inode: int
    offset: int = 0
    skip: bool = False
    head: str = ""
    head_bytes: int = 0
    pending: Pending | None = None


@dataclass(slots=True)
class Checkpoint:
    """The state folder of one agent.

    Raises:
        ConflictError: another agent uses the folder.
        OSError: the folder cannot be made or written.

    """

    folder: Path
    known_patterns: set[str] = field(default_factory=set)
    """Patterns whose files were looked for before: files that are new since are read whole."""
    files: list[FilePosition] = field(default_factory=list)
    _lock: int | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = lock_file(self.folder / _LOCK_NAME)
        if self._lock is None:
            raise ConflictError(
                f"another agent uses the state folder {self.folder}",
                field="state_dir",
                remedy="stop that agent, or give this one a state_dir of its own",
            )
        self._load()

    def save(self) -> None:
        """Write everything durably, or leave the last state; raises OSError."""
        state = {
            "version": _VERSION,
            "patterns": sorted(self.known_patterns),
            "files": [asdict(position) for position in self.files],
        }
        write_durably(self.folder / _FILE_NAME, json.dumps(state).encode())

    def close(self) -> None:
        """Let another agent use the folder."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _load(self) -> None:
        path = self.folder / _FILE_NAME
        try:
            state = json.loads(path.read_bytes())
            if state["version"] != _VERSION:
                raise ValueError(f"version {state['version']}")
            self.files = [_position(members) for members in state["files"]]
            self.known_patterns = {str(pattern) for pattern in state["patterns"]}
        except FileNotFoundError:
            return
        except (ValueError, KeyError, TypeError) as error:
            kept = path.with_suffix(".unreadable")
            path.replace(kept)
            warn("checkpoint", "the checkpoint was not readable (%s); kept as %s", error, kept)


def _position(members: dict[str, Any]) -> FilePosition:
    pending = members.pop("pending")
    position = FilePosition(**members)
    if not isinstance(position.offset, int) or position.offset < 0:
        raise ValueError("an offset is not a number of bytes")
    position.pending = Pending(**pending) if pending else None
    return position
