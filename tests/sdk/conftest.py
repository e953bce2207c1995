"""An OTLP/HTTP server in the test's process that can refuse, fail and hang."""

from __future__ import annotations

import gzip
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

try:
    from compression import zstd
except ImportError:  # before Python 3.14
    from backports import zstd

_REQUESTS = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}
_UNPACK = {"gzip": gzip.decompress, "zstd": zstd.decompress, "": bytes}


@dataclass
class Received:
    signal: str
    headers: dict[str, str]
    message: Any
    stored: bool

    @property
    def batch_id(self) -> str:
        return self.headers["vedette-batch-id"]

    @property
    def attempt(self) -> int:
        return int(self.headers["vedette-attempt"])


class OtlpServer:
    """Stores what it answers 200 to; drops a batch id that it has stored when it is sent again."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: list[tuple[int, dict[str, str], bytes]] = []
        self.default: tuple[int, dict[str, str], bytes] = (200, {}, b"")
        self.release = threading.Event()
        self.release.set()
        self.refused_codings: set[str] = set()
        self._changed = threading.Condition()
        self._stored: set[str] = set()
        self._http: ThreadingHTTPServer | None = None
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                status, more, answer = outer.take(self.path, headers, body)
                outer.release.wait(30)
                try:
                    self.send_response(status)
                    for name, value in more.items():
                        self.send_header(name, value)
                    self.send_header("content-length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                return

        class Http(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                return  # clients of these tests leave in the middle of requests

        self._http = Http(("127.0.0.1", self.port), Handler)
        self.port = self._http.server_address[1]
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        self.release.set()
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None

    def take(
        self, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        signal = path.rpartition("/")[2]
        coding = headers.get("content-encoding", "")
        message = _REQUESTS[signal].FromString(_UNPACK[coding](body))
        with self._changed:
            answer = self.answers.pop(0) if self.answers else self.default
            if coding in self.refused_codings:
                answer = (415, {}, b"")
            batch_id = headers["vedette-batch-id"]
            fresh = batch_id not in self._stored or headers["vedette-attempt"] == "1"
            stored = answer[0] == 200 and fresh
            if stored:
                self._stored.add(batch_id)
            self.received.append(Received(signal, headers, message, stored))
            self._changed.notify_all()
        return answer

    def wait_for(self, condition: Any, timeout: float = 10.0) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, timeout), [
                (r.signal, r.batch_id, r.attempt, r.stored) for r in self.received
            ]

    def stored(self, signal: str) -> list[Received]:
        return [r for r in self.received if r.signal == signal and r.stored]

    def spans(self) -> list[Any]:
        return [
            span
            for r in self.stored("traces")
            for resource in r.message.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def records(self) -> list[Any]:
        return [
            record
            for r in self.stored("logs")
            for resource in r.message.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def bodies(self) -> list[str]:
        return [record.body.string_value for record in self.records()]

    def metrics(self) -> dict[str, Any]:
        return {
            metric.name: metric
            for r in self.stored("metrics")
            for resource in r.message.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def server():
    otlp = OtlpServer()
    otlp.start()
    yield otlp
    otlp.stop()


@pytest.fixture
def dead_server():
    """A server with a port of its own that is not listening yet."""
    otlp = OtlpServer()
    otlp.start()
    otlp.stop()
    yield otlp
    otlp.stop()


@pytest.fixture(autouse=True)
def _fresh_warnings():
    from vedette.sdk import diagnostics

    diagnostics._last_said.clear()
