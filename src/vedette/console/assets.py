"""The built files of the console in memory, each with its ETag and its compressed form."""

from __future__ import annotations

import gzip
import hashlib
import threading
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from importlib.resources.abc import Traversable

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "png": "image/png",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
_COMPRESSED = frozenset({"css", "html", "js", "json", "svg"})
_LEAST_TO_COMPRESS = 1024


@dataclass(frozen=True, slots=True)
class Asset:
    """One file as it is sent.

    Attributes:
        body: its content.
        packed: the content by gzip; None where that makes it no smaller.
        media_type: value of Content-Type.
        etag: strong validator of the content, quoted.

    """

    body: bytes
    packed: bytes | None
    media_type: str
    etag: str

    @classmethod
    def of(cls, body: bytes, kind: str) -> Asset:
        """Return an asset with a content; ``kind`` is the ending of its name."""
        packed = None
        if kind in _COMPRESSED and len(body) >= _LEAST_TO_COMPRESS:
            packed = gzip.compress(body, 9, mtime=0)
        digest = hashlib.sha256(body).hexdigest()[:32]
        return cls(body, packed, _TYPES[kind], f'"{digest}"')


class Assets:
    """The files under a folder of the package, read when they are first asked for.

    Only names that were there at the start are served, so no request can name another file.
    Thread-safe.
    """

    def __init__(self, folder: Traversable | None = None) -> None:
        root = folder or resources.files(__package__) / "assets"
        self._files = dict(_walk(root)) if root.is_dir() else {}
        self._loaded: dict[str, Asset] = {}
        self._lock = threading.Lock()

    @cached_property
    def version(self) -> str:
        """A short digest of all files: another one where any of them differs."""
        digest = hashlib.sha256()
        for path, file in sorted(self._files.items()):
            digest.update(path.encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        return digest.hexdigest()[:12]

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def __len__(self) -> int:
        return len(self._files)

    def get(self, path: str) -> Asset:
        """Return the asset at a path such as ``assets/index.js``; raises ``KeyError``."""
        with self._lock:
            if path not in self._loaded:
                kind = path.rpartition(".")[2]
                self._loaded[path] = Asset.of(self._files[path].read_bytes(), kind)
            return self._loaded[path]


def _walk(folder: Traversable, prefix: str = "") -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for item in folder.iterdir():
        if item.is_dir():
            found += _walk(item, f"{prefix}{item.name}/")
        elif item.name.rpartition(".")[2] in _TYPES:
            found.append((f"{prefix}{item.name}", item))
    return found
