"""More than the queue holds: refused with when to try again, and everything else goes on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc
import httpx
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from support.otlp_bodies import logs_body, traces_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.server import Server

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
REQUESTS = 60


def test_overload_is_told_and_passes(start: Callable[..., Server]) -> None:
    body = traces_body("b", 200)
    server = start(ingest_queue_bytes=int(len(body) * 2.5), log_level="error")
    limits = httpx.Limits(max_connections=20)
    headers = {**server.headers(), "content-type": "application/x-protobuf"}
    with httpx.Client(base_url=server.otlp, headers=headers, timeout=60, limits=limits) as client:
        with ThreadPoolExecutor(20) as threads:
            answers = list(
                threads.map(lambda _: client.post("/v1/traces", content=body), range(REQUESTS))
            )
        statuses = [answer.status_code for answer in answers]
        assert set(statuses) == {200, 429}
        for answer in answers:
            if answer.status_code == 429:
                assert int(answer.headers["retry-after"]) >= 1
                assert Status.FromString(answer.content).code == 8
        assert client.post("/v1/traces", content=body).status_code == 200
        assert client.post("/v1/logs", content=logs_body("b", 5)).status_code == 200
        accepted = statuses.count(200) + 1
    stats = httpx.get(f"{server.url}/api/v1/ingest/stats", headers=server.headers()).json()
    assert stats["overloads"] == statuses.count(429)
    assert server.rows("SELECT toUInt32(count()) AS n FROM otel_traces") == [{"n": 200 * accepted}]


def test_overload_over_grpc_carries_retry_info(start: Callable[..., Server]) -> None:
    body = traces_body("b", 200)
    server = start(ingest_queue_bytes=int(len(body) * 1.5), log_level="error")
    metadata = tuple(server.headers().items())
    with grpc.insecure_channel(server.grpc) as channel:
        export = channel.unary_unary(EXPORT)
        calls = [export.future(body, metadata=metadata, timeout=60) for _ in range(REQUESTS)]
        errors = [call.exception() for call in calls]
        refused = [error for error in errors if error is not None]
        assert 0 < len(refused) < REQUESTS
        for error in refused:
            assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
            details = dict(error.trailing_metadata())["grpc-status-details-bin"]
            status = Status.FromString(details)
            assert status.code == 8
            retry = RetryInfo()
            assert status.details[0].Unpack(retry)
            assert retry.retry_delay.seconds >= 1
        assert export(body, metadata=metadata, timeout=60) == b""
    stored = 200 * (REQUESTS - len(refused) + 1)
    assert server.rows("SELECT toUInt32(count()) AS n FROM otel_traces") == [{"n": stored}]
