"""Which sources monitors may have the server read: those that its operator allowed, and no others.

Who may make a monitor could otherwise read the server's files, and what only it can reach.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vedette.core.errors import ForbiddenError, InvalidInputError

_LAKES = ("delta", "iceberg", "hudi")
_PORTS = {"postgresql": 5432, "mysql": 3306, "https": 443, "http": 80}
_GLOB = re.compile(r"[*?{\[]")
_REMEDY = "an operator can allow it with VEDETTE_SOURCES_ALLOWED"


@dataclass(frozen=True, slots=True)
class _Place:
    """A scheme, host and port, and the path below them; a folder has the scheme ``file``."""

    scheme: str
    host: str
    port: int | None
    path: tuple[str, ...]

    def holds(self, other: _Place) -> bool:
        """Tell whether another place is this one or below it."""
        host = self.host
        same = not host or other.host == host or (
            host.startswith("*.") and other.host.endswith(host[1:])
        )  # fmt: skip
        return (
            self.scheme == other.scheme
            and same
            and self.port in {None, other.port or _PORTS.get(self.scheme)}
            and other.path[: len(self.path)] == self.path
        )


class AllowedSources:
    """Checks where a monitor's source is.

    Args:
        allowed: folders and URLs, separated by commas, such as
            ``/srv/data, s3://bucket/prefix, postgresql://db.internal:5432/shop, https://*.example.org``;
            ``s3://`` allows every bucket, ``*`` everything.

    """

    def __init__(self, allowed: str = "") -> None:
        parts = [part.strip() for part in allowed.split(",") if part.strip()]
        self._everything = "*" in parts
        self._places = [_place(part) for part in parts if part != "*"]

    def check(self, url: str) -> None:
        """Return if a source may be read.

        Raises:
            ForbiddenError: it may not.
            InvalidInputError: it holds a password, or is none.

        """
        place = _place(url)
        if self._everything:
            return
        if ".." in unquote(url) or not any(one.holds(place) for one in self._places):
            raise ForbiddenError("the server may not read that", field="source.url", remedy=_REMEDY)


def _place(text: str) -> _Place:
    scheme, _, rest = text.partition(":")
    if scheme.lower() in _LAKES:
        return _place(rest)
    if "://" not in text:
        return _folder(text)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise InvalidInputError(
            "the source is no URL", field="source.url", remedy="write scheme://host/path"
        ) from error
    if parts.password:
        raise InvalidInputError(
            "the URL holds a password",
            field="source.url",
            remedy="put it into the source's secret, which is stored encrypted",
        )
    if parts.scheme == "file":
        return _folder(unquote(parts.path))
    scheme = "postgresql" if parts.scheme == "postgres" else parts.scheme.lower()
    path = tuple(part for part in parts.path.split("/") if part)
    return _Place(scheme, (parts.hostname or "").lower(), port, path)


def _folder(text: str) -> _Place:
    """Return the real folder of a path; of a pattern that of the part before it."""
    plain = text[: found.start()] if (found := _GLOB.search(text)) else text
    try:
        path = Path(os.path.expanduser(plain)).absolute().resolve()  # noqa: PTH111 - a pattern's part
    except (ValueError, OSError, RuntimeError) as error:
        raise InvalidInputError(
            "the source is no path", field="source.url", remedy="write a path or a URL"
        ) from error
    return _Place("file", "", None, path.parts)
