"""ClickHouse's HTTP interface over an embedded engine, enough for the real client in tests.

Run it: ``python clickhouse_shim.py <folder>``. Prints its port, serves until standard input ends.
Source of the protocol: https://clickhouse.com/docs/interfaces/http. Settings of the URL become a
SETTINGS clause, which the engine checks as a server does.
"""

from __future__ import annotations

import queue
import re
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

import chdb

CONNECTIONS = 6
_NO_SETTINGS = {
    "query", "database", "query_id", "session_id", "default_format", "client_protocol_version",
    "wait_end_of_query", "send_progress_in_http_headers", "http_headers_progress_interval_ms",
    "enable_http_compression", "cancel_http_readonly_queries_on_client_close", "async_insert",
    "buffer_size",
}  # fmt: skip
_INSERT = re.compile(
    rb"\s*(INSERT\s+INTO\s.{1,300}?)\s+FORMAT\s+(\w+)[ \t]*\r?\n", re.IGNORECASE | re.DOTALL
)
_FORMAT = re.compile(r"\s+FORMAT\s+(\w+)\s*$", re.IGNORECASE)
_COMMENT = re.compile(r"^\s*(/\*.*?\*/\s*)*", re.DOTALL)
_READS = ("SELECT", "WITH", "SHOW", "DESCRIBE", "EXPLAIN", "EXISTS")
_CODE = re.compile(r"Code: (\d+)")
_STATUSES = {60: 404, 62: 400, 81: 404, 241: 500, 516: 403}


class Engine:
    """Connections to one embedded store, each lent to one request at a time."""

    def __init__(self, folder: Path) -> None:
        self._address = str(folder)
        self._idle: queue.LifoQueue[Any] = queue.LifoQueue()
        for _ in range(CONNECTIONS):
            self._idle.put(chdb.connect(self._address))

    @contextmanager
    def lend(self) -> Iterator[Any]:
        """Lend a connection; one whose statement failed is replaced, its answers may mix."""
        connection = self._idle.get()
        try:
            yield connection
        except BaseException:
            connection.close()
            connection = chdb.connect(self._address)
            raise
        finally:
            self._idle.put(connection)

    def close(self) -> None:
        """Close the idle connections."""
        with suppress(queue.Empty):
            while True:
                self._idle.get_nowait().close()


class AnsweredError(Exception):
    """A statement failed after its answer had begun."""


class Handler(BaseHTTPRequestHandler):
    """One request of the interface."""

    protocol_version = "HTTP/1.1"
    engine: ClassVar[Engine]

    def do_GET(self) -> None:
        if urlsplit(self.path).path == "/ping":
            self._answer(200, b"Ok.\n", {})
        else:
            self._handle(b"")

    def do_POST(self) -> None:
        self._handle(self._body())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name
        """Stay silent."""

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _handle(self, body: bytes) -> None:
        names = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        if self.headers.get("Content-Type", "").startswith("multipart/form-data"):
            names.update(_form(self.headers["Content-Type"], body))
            body = b""
        headers = {
            "X-ClickHouse-Query-Id": names.get("query_id") or str(uuid.uuid4()),
            "X-ClickHouse-Timezone": "UTC",
            "X-ClickHouse-Summary": '{"read_rows":"0","read_bytes":"0"}',
        }
        prefix = names.get("query", "").encode()
        statement = prefix + b"\n" + body if prefix and body else prefix or body
        try:
            self._run(statement, names, headers)
        except AnsweredError:
            self.close_connection = True
        except (RuntimeError, chdb.ChdbError) as error:
            match = _CODE.search(str(error))
            code = int(match[1]) if match else 1002
            headers["X-ClickHouse-Exception-Code"] = str(code)
            self._answer(_STATUSES.get(code, 500), f"{error}\n".encode(), headers)

    def _run(self, statement: bytes, names: dict[str, str], headers: dict[str, str]) -> None:
        settings = _settings_clause(names)
        if insert := _INSERT.match(statement):
            with self.engine.lend() as connection:
                sql = f"{insert[1].decode()} {settings}"
                with connection.send_insert(sql, insert[2].decode()) as inserter:
                    inserter.append(statement[insert.end() :])
                    inserter.finish()
            self._answer(200, b"", headers)
            return
        sql = statement.decode()
        found = _FORMAT.search(sql)
        output = found[1] if found else names.get("default_format", "TabSeparated")
        sql = sql[: found.start()] if found else sql
        reads = _COMMENT.sub("", sql).upper().startswith(_READS)
        params = {n.removeprefix("param_"): v for n, v in names.items() if n.startswith("param_")}
        sql = f"{sql}\n{settings}" if reads else sql
        headers["X-ClickHouse-Format"] = output
        with self.engine.lend() as connection:
            if reads and names.get("wait_end_of_query") != "1":
                self._stream(connection.send_query(sql, output, params=params), headers)
                return
            result = connection.query(sql, output, params=params)
            content = bytes(result.bytes() or b"")
        self._answer(200, content, headers)

    def _stream(self, pieces: Any, headers: dict[str, str]) -> None:
        """Send pieces as they come; write what fails then into the answer, as a server does."""
        tag = "shimshimshimshim"
        with pieces:
            iterator = (bytes(piece.bytes()) for piece in pieces)
            first = next(iterator, b"")
            self.send_response(200)
            for name, value in {**headers, "X-ClickHouse-Exception-Tag": tag}.items():
                self.send_header(name, value)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                self._chunk(first)
                for piece in iterator:
                    self._chunk(piece)
            except (RuntimeError, chdb.ChdbError) as error:
                text = f"{error}\n"
                mark = "__exception__"
                self._chunk(
                    f"\r\n{mark}\r\n{tag}\r\n{text}{len(text)} {tag}\r\n{mark}\r\n".encode()
                )
                raise AnsweredError from error
            except OSError as error:
                raise AnsweredError from error  # the client went away
        self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, data: bytes) -> None:
        if data:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()

    def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _settings_clause(names: dict[str, str]) -> str:
    settings = {
        name: value.replace("\\", "\\\\").replace("'", "\\'")
        for name, value in names.items()
        if name not in _NO_SETTINGS and not name.startswith("param_")
    }
    pairs = ", ".join(f"{name} = '{value}'" for name, value in settings.items())
    return f"SETTINGS {pairs}" if pairs else ""


def _form(content_type: str, body: bytes) -> dict[str, str]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    fields = {}
    for part in BytesParser().parsebytes(head + body).get_payload():
        name = part.get_param("name", header="content-disposition")
        fields[str(name)] = part.get_payload(decode=True).decode()
    return fields


def main() -> None:
    """Serve one folder until standard input ends."""
    Handler.engine = Engine(Path(sys.argv[1]))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()
    server.shutdown()
    Handler.engine.close()


if __name__ == "__main__":
    main()
