"""Uploads in parts: parts wait on the server's disk until all are there, then become one artifact.

Whoever knows an upload's id may add parts to it: clients send parts without their credentials, as
they do to object stores. The id is 32 random bytes and is of one path of one account.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import orjson

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.ids import new_secret
from vedette.models.artifacts import CHUNK_BYTES, safe_path

if TYPE_CHECKING:
    from vedette.models.artifacts import ArtifactStore

MAX_PARTS = 10_000
KEPT_SECONDS = 86_400.0
_META = "upload.json"


class Uploads:
    """Uploads that are under way, each in a folder of its own."""

    def __init__(self, folder: Path, artifacts: ArtifactStore) -> None:
        self._folder = folder
        self._artifacts = artifacts

    def create(self, account: str, path: str, parts: int) -> str:
        """Begin an upload and return its id; uploads that were left for a day are removed."""
        if not 1 <= parts <= MAX_PARTS:
            raise InvalidInputError(
                f"an upload has 1 to {MAX_PARTS} parts, not {parts}", field="num_parts"
            )
        path = safe_path(path)
        self._sweep()
        identity = new_secret()
        folder = self._folder / identity
        folder.mkdir(parents=True, mode=0o700)
        meta = {"account": account, "path": path, "parts": parts}
        (folder / _META).write_bytes(orjson.dumps(meta))
        return identity

    @contextmanager
    def part(self, identity: str, number: int) -> Iterator[IO[bytes]]:
        """Open a part, from 1, to be written; one that comes again replaces the first."""
        folder, meta = self._find(identity)
        if not 1 <= number <= meta["parts"]:
            raise InvalidInputError(f"the upload has no part {number}", field="part_number")
        partial = folder / f"{number}.partial"
        with partial.open("wb") as file:
            yield file
        partial.replace(folder / str(number))

    def complete(self, account: str, path: str, identity: str, parts: Sequence[int]) -> None:
        """Make the artifact of these parts, in order."""
        folder, _ = self._own(account, path, identity)
        files = [folder / str(number) for number in sorted(set(parts))]
        if not files or not all(file.is_file() for file in files):
            raise InvalidInputError("parts of the upload are missing", field="parts")
        with self._artifacts.write(account, path) as out:
            for file in files:
                with file.open("rb") as part:
                    shutil.copyfileobj(part, out, CHUNK_BYTES)
        shutil.rmtree(folder)

    def abort(self, account: str, path: str, identity: str) -> None:
        """Give an upload up."""
        folder, _ = self._own(account, path, identity)
        shutil.rmtree(folder)

    def _own(self, account: str, path: str, identity: str) -> tuple[Path, dict[str, Any]]:
        folder, meta = self._find(identity)
        if (meta["account"], meta["path"]) != (account, safe_path(path)):
            raise _unknown()
        return folder, meta

    def _find(self, identity: str) -> tuple[Path, dict[str, Any]]:
        if not identity.replace("-", "").replace("_", "").isalnum():
            raise _unknown()
        folder = self._folder / identity
        try:
            return folder, orjson.loads((folder / _META).read_bytes())
        except OSError:
            raise _unknown() from None

    def _sweep(self) -> None:
        if not self._folder.is_dir():
            return
        oldest = time.time() - KEPT_SECONDS
        for folder in self._folder.iterdir():
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)


def _unknown() -> NotFoundError:
    return NotFoundError(
        "there is no such upload", field="upload_id", remedy="begin the upload again"
    )
