"""The console over HTTP: assets by name, and the one page for every address within it."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from vedette.console.assets import Asset, Assets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Receive, Scope, Send

FORWARDED_PREFIX = "x-forwarded-prefix"
_PREFIX = re.compile(r"(?:/[A-Za-z0-9._~-]{1,64}){1,8}")
_INDEX = "index.html"
_BASE = '<base href="/" />'
_RESERVED = re.compile(r"(?:api|v1|rum|elasticsearch|assets|healthz|readyz)(?:/|$)|_")
"""Paths of other surfaces: what is missing there is an error, not a page of the console."""
_POLICY = "Content-Security-Policy"
_SECURITY = {
    # Mantine and CodeMirror put their styles into the page; scripts come from files alone.
    _POLICY: (
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' "
        "blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_ASK = "no-cache"
"""Keep a copy and ask each time whether it still holds: names do not change with the content."""
_KEEP = "public, max-age=31536000, immutable"
"""Never ask again: the version of all assets is part of the path."""
_FOLDER = "assets/"
_PAGES_KEPT = 16
"""Pages by prefix that are kept; a client may send any prefix."""


class Console:
    """An ASGI application for what no route takes; the rest goes to ``otherwise``.

    Args:
        base_path: prefix of every address, where the proxy does not name it itself.
        otherwise: answers what is not the console's.
        assets: the built files.
        frame_ancestors: origins of pages that may show the console within them, with blanks
            between; empty: none.

    """

    def __init__(
        self,
        base_path: str,
        otherwise: ASGIApp,
        *,
        assets: Assets | None = None,
        frame_ancestors: str = "",
    ) -> None:
        self._base_path = base_path
        self._otherwise = otherwise
        self._assets = assets if assets is not None else Assets()
        self._security = _security(frame_ancestors)
        self._pages: dict[str, Asset] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or pass it on."""
        response = self._answer(scope) if scope["type"] == "http" else None
        await (response or self._otherwise)(scope, receive, send)

    def _answer(self, scope: Scope) -> Response | None:
        if scope["method"] not in {"GET", "HEAD"} or not self._assets:
            return None
        request = Request(scope)
        path = _path_within(scope)
        named = path.replace(f"{_FOLDER}{self._assets.version}/", _FOLDER, 1)
        if named in self._assets and named != _INDEX:
            cache = _ASK if named == path else _KEEP
            return _response(request, self._assets.get(named), self._security, cache)
        if _RESERVED.match(path) or not _wants_page(request):
            return None
        return _response(request, self._page(prefix_of(request, self._base_path)), self._security)

    def _page(self, prefix: str) -> Asset:
        """Return the one page: it names its scripts by the version, and they each other beside them."""
        if prefix not in self._pages:
            base = f'<base href="{html.escape(prefix)}/" />'
            text = self._assets.get(_INDEX).body.decode().replace(_BASE, base)
            text = text.replace(f"./{_FOLDER}", f"./{_FOLDER}{self._assets.version}/")
            if len(self._pages) >= _PAGES_KEPT:
                self._pages.clear()
            self._pages[prefix] = Asset.of(text.encode(), "html")
        return self._pages[prefix]


def prefix_of(request: Request, base_path: str) -> str:
    """Return the prefix that the browser sees: the proxy's own, else the setting's, else ''."""
    forwarded = request.headers.get(FORWARDED_PREFIX, "").partition(",")[0].strip().rstrip("/")
    return forwarded if _PREFIX.fullmatch(forwarded) else base_path.rstrip("/")


def _path_within(scope: Scope) -> str:
    """Return the path after the prefix, whether the proxy has taken it off or not."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    if root and (path == root or path.startswith(f"{root}/")):
        path = path[len(root) :]
    return path.removeprefix("/")


def _wants_page(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "text/html" in accept


def _security(frame_ancestors: str) -> dict[str, str]:
    """Return the headers of every answer; without ancestors no page may frame the console."""
    ancestors = frame_ancestors or "'none'"
    policy = f"{_SECURITY[_POLICY]}frame-ancestors {ancestors}"
    frames = {} if frame_ancestors else {"X-Frame-Options": "DENY"}
    return {**_SECURITY, **frames, _POLICY: policy}


def _response(
    request: Request, asset: Asset, security: Mapping[str, str], cache: str = _ASK
) -> Response:
    headers = {**security, "Cache-Control": cache, "ETag": asset.etag, "Vary": "Accept-Encoding"}
    known = {tag.strip().removeprefix("W/") for tag in _list_of(request, "if-none-match")}
    if asset.etag in known or "*" in known:
        return Response(None, 304, headers)
    encodings = {item.partition(";")[0].strip() for item in _list_of(request, "accept-encoding")}
    if asset.packed is not None and "gzip" in encodings:
        headers["Content-Encoding"] = "gzip"
        return Response(asset.packed, 200, headers, asset.media_type)
    return Response(asset.body, 200, headers, asset.media_type)


def _list_of(request: Request, header: str) -> list[str]:
    return request.headers.get(header, "").split(",")
