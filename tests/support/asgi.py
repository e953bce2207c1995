"""Answers that do not end: an ASGI application called by hand, and hung up on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode


@dataclass
class Streamed:
    """What came until the client hung up or the answer ended."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


async def stream(
    app: Any,
    path: str,
    params: Mapping[str, Any],
    headers: Mapping[str, str],
    enough: Callable[[bytes], bool],
    seconds: float = 20.0,
) -> Streamed:
    """GET a path and hang up once the body that has come is enough; fails after ``seconds``."""
    got, hung_up, asked = Streamed(), asyncio.Event(), False
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET",
        "scheme": "http", "path": path, "raw_path": path.encode(), "root_path": "",
        "query_string": urlencode(params, doseq=True).encode(),
        "headers": [(key.lower().encode(), value.encode()) for key, value in headers.items()],
        "client": ("127.0.0.1", 1), "server": ("testserver", 80),
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        nonlocal asked
        if not asked:
            asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            got.status = message["status"]
            got.headers = {key.decode(): value.decode() for key, value in message["headers"]}
        else:
            got.body += message.get("body", b"")
            if enough(got.body):
                hung_up.set()

    await asyncio.wait_for(app(scope, receive, send), seconds)
    return got
