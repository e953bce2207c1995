"""Answers of the JSON API are packed for clients that take gzip."""

from __future__ import annotations

from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

_LEVEL = 3
_MINIMUM_BYTES = 4096


class PackedAnswers:
    """ASGI middleware: answers below a path are packed, all others pass as they are.

    A trace of ten thousand spans is 2 MB of JSON, a tenth of it packed. Artifacts, exports of other
    protocols and the console's assets are left alone: they are packed already, or streamed as stored.
    Event streams are never packed.
    """

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        """Wrap an application; ``prefix`` is a path such as ``/api/v1/``."""
        self._app = app
        self._prefix = prefix
        self._packed = GZipMiddleware(app, minimum_size=_MINIMUM_BYTES, compresslevel=_LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        # A proxy may pass the base path on or take it away.
        path = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        packed = scope["type"] == "http" and path.startswith(self._prefix)
        await (self._packed if packed else self._app)(scope, receive, send)
