"""One OTLP/HTTP request and what its answer means."""

from __future__ import annotations

import contextlib
import email.utils
import json
import ssl
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

import httpx

from vedette.sdk.diagnostics import quiet_http_client

if TYPE_CHECKING:
    from vedette.sdk.batch import Batch
    from vedette.sdk.config import SdkConfig

RETRYABLE_STATUS = frozenset({408, 429, 502, 503, 504})
_UNSUPPORTED_MEDIA = 415
_OK_FROM, _OK_TO = 200, 300
_MAX_ANSWER_BYTES = 64 * 1024
_MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class Reply:
    """What became of one request."""

    status: int
    """HTTP status; 0 when there was no answer."""
    reason: str = ""
    retry_after: float | None = None
    rejected_items: int = 0

    @property
    def is_success(self) -> bool:
        """Whether the server has the batch."""
        return _OK_FROM <= self.status < _OK_TO

    @property
    def is_retryable(self) -> bool:
        """Whether the same batch may be taken later."""
        return self.status == 0 or self.status in RETRYABLE_STATUS

    @property
    def refuses_coding(self) -> bool:
        """Whether the server cannot read this content coding."""
        return self.status == _UNSUPPORTED_MEDIA


_CONTENT_TYPES = {
    "predictions": "application/x-ndjson",
    "labels": "application/x-ndjson",
    "lineage": "application/json",
}


class HttpClient:
    """A kept-alive connection to the endpoint; used by one thread."""

    def __init__(self, config: SdkConfig) -> None:
        quiet_http_client()
        self._config = config
        parts = urlsplit(config.endpoint)
        self.shown_endpoint = f"{parts.scheme}://{parts.hostname}" + (
            f":{parts.port}" if parts.port else ""
        )
        self._client: httpx.Client | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._discard()

    def post(self, batch: Batch) -> Reply:
        """Send one batch. Every failure is a ``Reply``; nothing is raised."""
        headers = {
            **self._config.headers,
            "content-type": _CONTENT_TYPES.get(batch.signal, "application/x-protobuf"),
            "vedette-batch-id": batch.batch_id,
            "vedette-attempt": str(batch.attempts + 1),
            "user-agent": "vedette-sdk-python",
        }
        if batch.coding != "none":
            headers["content-encoding"] = batch.coding
        try:
            client = self._open()
            with client.stream(
                "POST", self._config.url(batch.signal), content=batch.body, headers=headers
            ) as response:
                answer = _read_bounded(response)
                return self._without_secrets(_interpret(batch.signal, response, answer))
        except Exception as error:  # noqa: BLE001 - whatever the network stack raises, the job goes on
            self._discard()
            # Only the kind: messages of some errors quote the request.
            return Reply(0, type(error).__name__)

    def _without_secrets(self, reply: Reply) -> Reply:
        """Take header values, the key among them, out of what the server said."""
        reason = reply.reason
        for value in self._config.headers.values():
            for secret in (value, value.rpartition(" ")[2]):
                if secret:
                    reason = reason.replace(secret, "***")
        return replace(reply, reason=reason)

    def _open(self) -> httpx.Client:
        if self._client is None:
            timeout = httpx.Timeout(self._config.timeout)
            verify = _verification(self._config.certificate)
            self._client = httpx.Client(
                timeout=timeout, verify=verify, limits=httpx.Limits(max_connections=1)
            )
        return self._client

    def _discard(self) -> None:
        if self._client is not None:
            with contextlib.suppress(Exception):
                self._client.close()
            self._client = None


def _verification(certificate: str | None) -> bool | ssl.SSLContext:
    return ssl.create_default_context(cafile=certificate) if certificate else True


def _read_bounded(response: httpx.Response) -> bytes:
    answer = bytearray()
    for piece in response.iter_bytes():
        answer += piece
        if len(answer) > _MAX_ANSWER_BYTES:
            return b""  # no OTLP answer is this long; the connection is given up
    return bytes(answer)


def _interpret(signal: str, response: httpx.Response, answer: bytes) -> Reply:
    status = response.status_code
    is_protobuf = "protobuf" in response.headers.get("content-type", "")
    if _OK_FROM <= status < _OK_TO:
        rejected, message = 0, ""
        if signal in _CONTENT_TYPES:
            rejected, message = _left_out(answer)
        elif is_protobuf and answer:
            rejected, message = _partial_success(signal, answer)
        return Reply(status, message, rejected_items=rejected)
    said = _status_message(answer) if is_protobuf else answer.decode("utf-8", "replace")
    said = " ".join(said.split())[:_MAX_REASON]
    return Reply(
        status,
        f"HTTP {status}" + (f": {said}" if said else ""),
        retry_after=_retry_after(response.headers.get("retry-after")),
    )


def _left_out(answer: bytes) -> tuple[int, str]:
    """Return how many lines the server left out, and why."""
    with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
        told = json.loads(answer)
        errors = told.get("errors") or told.get("failed_events") or ()
        reasons = "; ".join(sorted({error["reason"] for error in errors}))
        return int(told["rejected"]), reasons
    return 0, ""


def _partial_success(signal: str, answer: bytes) -> tuple[int, str]:
    """Return how many items the server left out, and why (OTLP ``partial_success``)."""
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - rare
    from opentelemetry.proto.collector.logs.v1 import logs_service_pb2  # noqa: PLC0415 - rare
    from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2  # noqa: PLC0415 - rare
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2  # noqa: PLC0415 - rare

    try:
        if signal == "traces":
            spans = trace_service_pb2.ExportTraceServiceResponse.FromString(answer).partial_success
            rejected, message = spans.rejected_spans, spans.error_message
        elif signal == "logs":
            logs = logs_service_pb2.ExportLogsServiceResponse.FromString(answer).partial_success
            rejected, message = logs.rejected_log_records, logs.error_message
        else:
            points = metrics_service_pb2.ExportMetricsServiceResponse.FromString(answer)
            rejected = points.partial_success.rejected_data_points
            message = points.partial_success.error_message
    except DecodeError:
        return 0, ""
    return rejected, message


def _status_message(answer: bytes) -> str:
    """Return ``message`` of a google.rpc.Status, the body of an OTLP error."""
    try:
        from google.protobuf.message import DecodeError  # noqa: PLC0415 - rare
        from google.rpc.status_pb2 import Status  # noqa: PLC0415
    except ImportError:  # comes with OTLP's gRPC exporter only
        return ""
    try:
        return str(Status.FromString(answer).message)
    except DecodeError:
        return ""


def _retry_after(value: str | None) -> float | None:
    """Return the seconds of a Retry-After header (RFC 9110: a number or a date)."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError):
        return None
