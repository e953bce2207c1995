"""Artifacts: files that runs and models leave, in a local folder or any store that fsspec reads.

Every account has a folder of its own below the root, and no path leads out of it. A file appears
whole or not at all: it is written beside its place, or committed by the store at its end.
"""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

from vedette.core.errors import InvalidInputError, NotFoundError, StoreError, UnavailableError
from vedette.core.identity import check_account_name
from vedette.core.ids import new_id

if TYPE_CHECKING:
    from vedette.core.settings import Settings

MAX_PATH = 1024
MAX_LISTED = 10_000
CHUNK_BYTES = 1 << 20
_PARTIAL = ".vedette-partial-"
_PROXIED = "mlflow-artifacts"


@dataclass(frozen=True, slots=True)
class ArtifactInfo:
    """A file or folder: its name in the folder that was listed, and a file's size in bytes."""

    name: str
    is_dir: bool
    size: int | None


class ArtifactStore(Protocol):
    """Where artifacts are kept; paths are relative to an account's folder. Every method blocks."""

    def write(self, account: str, path: str) -> AbstractContextManager[IO[bytes]]:
        """Open a file to be written; it appears when the block ends without an error."""

    def read(self, account: str, path: str) -> tuple[int, Iterator[bytes]]:
        """Return a file's size in bytes and its content in pieces; ``NotFoundError`` without one."""

    def list(self, account: str, path: str) -> list[ArtifactInfo]:
        """Return what a folder holds, by name; nothing where there is no such folder."""

    def delete(self, account: str, path: str) -> None:
        """Delete a file or a folder with all in it; nothing happens where there is none."""


def open_artifacts(settings: Settings) -> ArtifactStore:
    """Return the store that ``artifact_url`` names; a folder under ``data_dir`` where it is empty."""
    url = settings.artifact_url
    if not url or urlsplit(url).scheme in {"", "file"}:
        folder = Path(urlsplit(url).path) if url else settings.data_dir / "artifacts"
        return LocalArtifacts(folder.absolute(), min_free=settings.min_free_disk_bytes)
    return RemoteArtifacts(url)


def safe_path(path: str, *, empty: bool = False) -> str:
    """Return a relative path in its shortest form.

    Raises:
        InvalidInputError: it is empty (unless ``empty``), absolute, climbs with ``..``, however
            often it is percent-encoded, is too long, or holds control characters or backslashes.

    """
    decoded, before = path, ""
    while decoded != before:
        before, decoded = decoded, unquote(decoded)
    parts = decoded.split("/")
    odd = any(ord(char) < 32 or char == "\\" for char in decoded)  # noqa: PLR2004 - control characters
    if decoded.startswith("/") or ".." in parts or odd or len(path.encode()) > MAX_PATH:
        raise InvalidInputError(
            f"Invalid path: {path[:200]!r}",
            field="path",
            remedy="give a relative path without '..', backslashes and control characters",
        )
    short = posixpath.normpath(path) if path.strip("/") else "."
    if short == "." and not empty:
        raise InvalidInputError("the path names no file", field="path", remedy="give a path")
    if any(part.startswith(_PARTIAL) or len(part.encode()) > 255 for part in short.split("/")):  # noqa: PLR2004 - as file systems
        raise InvalidInputError(f"Invalid path: {path[:200]!r}", field="path")
    return "" if short == "." else short


def proxied_path(uri: str) -> str | None:
    """Return the path of an ``mlflow-artifacts:`` URI, or None where a client keeps the files."""
    parts = urlsplit(uri)
    return parts.path.lstrip("/") if parts.scheme == _PROXIED else None


class LocalArtifacts:
    """Artifacts in a folder of this machine."""

    def __init__(self, root: Path, *, min_free: int = 0) -> None:
        self._root = root
        self._min_free = min_free

    def _at(self, account: str, path: str, *, empty: bool = False) -> Path:
        return self._root / check_account_name(account) / safe_path(path, empty=empty)

    def local_path(self, account: str, path: str) -> Path:
        """Return where a file lies; ``NotFoundError`` where there is none."""
        at = self._at(account, path)
        if not at.is_file():
            raise NotFoundError(f"there is no artifact {path[:200]!r}", field="path")
        return at

    @contextmanager
    def write(self, account: str, path: str) -> Iterator[IO[bytes]]:
        """See ``ArtifactStore.write``."""
        at = self._at(account, path)
        with _translated(path):
            at.parent.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(at.parent).free < self._min_free:
                raise UnavailableError("the disk of the artifacts is nearly full", retry_after=60)
            partial = at.with_name(f"{_PARTIAL}{new_id()}")
            try:
                with partial.open("wb") as file:
                    yield file
                    file.flush()
                    os.fsync(file.fileno())
                partial.replace(at)
            finally:
                partial.unlink(missing_ok=True)

    def read(self, account: str, path: str) -> tuple[int, Iterator[bytes]]:
        """See ``ArtifactStore.read``."""
        at = self.local_path(account, path)
        return at.stat().st_size, _pieces(at.open("rb"))

    def list(self, account: str, path: str) -> list[ArtifactInfo]:
        """See ``ArtifactStore.list``."""
        at = self._at(account, path, empty=True)
        if not at.is_dir():
            return []
        found = []
        with os.scandir(at) as entries:
            for entry in entries:
                if entry.name.startswith(_PARTIAL):
                    continue
                is_dir = entry.is_dir()
                size = None if is_dir else entry.stat().st_size
                found.append(ArtifactInfo(entry.name, is_dir, size))
        return sorted(found, key=lambda info: info.name)[:MAX_LISTED]

    def delete(self, account: str, path: str) -> None:
        """See ``ArtifactStore.delete``."""
        at = self._at(account, path)
        if at.is_dir():
            shutil.rmtree(at)
        else:
            at.unlink(missing_ok=True)


class RemoteArtifacts:
    """Artifacts in an object store or anything else that fsspec has a file system for."""

    def __init__(self, url: str) -> None:
        import fsspec  # noqa: PLC0415 - only where a URL is given

        try:
            self._fs, root = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise InvalidInputError(
                f"artifacts cannot be kept at {url.rsplit('@', maxsplit=1)[-1][:200]!r}: {error}",
                field="artifact_url",
                remedy="give a URL that fsspec reads, and install its package (s3fs, gcsfs, adlfs)",
            ) from error
        self._root = root.rstrip("/")

    def _at(self, account: str, path: str, *, empty: bool = False) -> str:
        short = safe_path(path, empty=empty)
        return "/".join(filter(None, (self._root, check_account_name(account), short)))

    @contextmanager
    def write(self, account: str, path: str) -> Iterator[IO[bytes]]:
        """See ``ArtifactStore.write``."""
        at = self._at(account, path)
        with _translated(path):
            self._fs.makedirs(at.rpartition("/")[0], exist_ok=True)
            file: Any = self._fs.open(at, "wb", autocommit=False)
            try:
                yield file
                file.close()
                file.commit()
            except BaseException:
                with suppress(Exception):
                    file.discard()
                raise

    def read(self, account: str, path: str) -> tuple[int, Iterator[bytes]]:
        """See ``ArtifactStore.read``."""
        at = self._at(account, path)
        with _translated(path):
            info = self._fs.info(at)
            if info["type"] != "file":
                raise FileNotFoundError(at)
            return int(info["size"] or 0), _pieces(self._fs.open(at, "rb"))

    def list(self, account: str, path: str) -> list[ArtifactInfo]:
        """See ``ArtifactStore.list``."""
        at = self._at(account, path, empty=True)
        try:
            entries = self._fs.ls(at, detail=True, refresh=True)
        except (FileNotFoundError, NotADirectoryError):
            return []
        found = [
            ArtifactInfo(
                posixpath.basename(entry["name"].rstrip("/")),
                entry["type"] == "directory",
                None if entry["type"] == "directory" else entry["size"],
            )
            for entry in entries
            if entry["name"].rstrip("/") != at
        ]
        return sorted(found, key=lambda info: info.name)[:MAX_LISTED]

    def delete(self, account: str, path: str) -> None:
        """See ``ArtifactStore.delete``."""
        with suppress(FileNotFoundError), _translated(path):
            self._fs.rm(self._at(account, path), recursive=True)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise NotFoundError(f"there is no artifact {path[:200]!r}", field="path") from None
    except (IsADirectoryError, NotADirectoryError, FileExistsError):
        raise InvalidInputError(
            f"{path[:200]!r} is a folder, or lies below a file", field="path"
        ) from None
    except OSError as error:
        raise StoreError(
            "the artifact store failed", remedy="see the server's log for the cause"
        ) from error
