"""A store of objects that answers as S3 does, as far as the engine asks: list, size, ranges, keys."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import md5
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

KEY, SECRET = "AKIATESTS", "s3cret/of+tests"


class ObjectStore(ThreadingHTTPServer):
    """Objects by ``bucket/key``; who shows another key than ``KEY`` is refused."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def running() -> Iterator[ObjectStore]:
    """Start a store on a free port."""
    store = ObjectStore()
    thread = threading.Thread(target=store.serve_forever, daemon=True)
    thread.start()
    try:
        yield store
    finally:
        store.shutdown()
        thread.join()
        store.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: ObjectStore
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        name, asked = unquote(parts.path).strip("/"), parse_qs(parts.query)
        if f"Credential={KEY}/" not in self.headers.get("Authorization", ""):
            self._error(403, "InvalidAccessKeyId")
        elif "list-type" in asked:
            self._list(name, asked.get("prefix", [""])[0])
        elif name in self.server.objects:
            self._object(self.server.objects[name])
        else:
            self._error(404, "NoSuchKey" if "/" in name else "NoSuchBucket")

    def do_HEAD(self) -> None:
        self.do_GET()

    def _object(self, body: bytes) -> None:
        total, status, headers = len(body), 200, {"ETag": f'"{md5(body).hexdigest()}"'}
        if found := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
            first, last = int(found[1]), int(found[2] or total - 1)
            body, status = body[first : last + 1], 206
            headers["Content-Range"] = f"bytes {first}-{first + len(body) - 1}/{total}"
        self._answer(status, body, "binary/octet-stream", headers)

    def _list(self, bucket: str, prefix: str) -> None:
        found = {
            name.removeprefix(f"{bucket}/"): body
            for name, body in sorted(self.server.objects.items())
            if name.startswith(f"{bucket}/{prefix}")
        }
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(body)}</Size><ETag>&quot;{md5(body).hexdigest()}&quot;</ETag>"
            "<LastModified>2026-03-01T00:00:00.000Z</LastModified></Contents>"
            for key, body in found.items()
        )
        text = (
            f"<ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>"
            f"<KeyCount>{len(found)}</KeyCount><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
        )
        self._answer(200, text.encode(), "application/xml", {})

    def _error(self, status: int, code: str) -> None:
        text = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>"
        self._answer(status, text.encode(), "application/xml", {})

    def _answer(self, status: int, body: bytes, type_: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": type_, "Content-Length": str(len(body)), "Accept-Ranges": "bytes",
            "Last-Modified": "Sun, 01 Mar 2026 00:00:00 GMT", **headers,
        }.items():  # fmt: skip
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""
