"""Prometheus remote write 1.0: ``POST /api/v1/write``, snappy-packed protobuf.

Source: https://prometheus.io/docs/specs/prw/remote_write_spec/. Errors are plain text, as
senders log them. A 4xx other than 429 tells them to drop the request, 429 and 5xx to try again.
"""

from __future__ import annotations

import asyncio

import cramjam
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette.core.errors import (
    InvalidInputError,
    TooLargeError,
    UnsupportedMediaError,
    VedetteError,
)
from vedette.ingest import Receipt, Source
from vedette.store.catalog import Permission
from vedette.web import authenticate, services_of
from vedette.web.body import read_raw
from vedette.web.errors import error_headers

_PROTOBUF = "application/x-protobuf"
_MESSAGE = "prometheus.WriteRequest"
_MAX_RATIO = 64
"""Snappy's longest copy is 64 bytes for an element of 2, so no honest body claims more."""
_NOT_A_NUMBER = "the value is NaN or infinite"


async def receive(request: Request) -> Response:
    """Store the samples; 204, or 400 where some were rejected (the others are stored)."""
    services = services_of(request)
    try:
        principal = await authenticate(request, Permission.TELEMETRY_WRITE)
        _check_headers(request)
        raw = await read_raw(request, services.settings.max_body_bytes)
        body = await asyncio.to_thread(decode_snappy, raw, services.settings.max_unpacked_bytes)
        receipt = await services.ingest.submit(Source.REMOTE_WRITE, principal.account, body)
        _check_stored(receipt)
    except VedetteError as error:
        text = " - ".join(filter(None, (error.message, error.remedy)))
        return Response(f"{text}\n", error.status, error_headers(error), "text/plain")
    return Response(status_code=204)


def decode_snappy(raw: bytes, most: int) -> bytes:
    """Unpack snappy's block format, to at most ``most`` bytes.

    Source: https://github.com/google/snappy/blob/main/format_description.txt

    Raises:
        InvalidInputError: the body is not one whole snappy block.
        TooLargeError: it unpacks to more than ``most`` bytes.

    """
    corrupt = InvalidInputError(
        "the body is not a snappy block",
        field="body",
        remedy="pack it with snappy's block format, not its framing format",
    )
    try:
        size = cramjam.snappy.decompress_raw_len(raw)
        if size > most:
            raise TooLargeError(
                f"the body is larger than {most} bytes unpacked",
                field="body",
                remedy="lower max_samples_per_send in the sender's queue_config",
            )
        # The length is the sender's claim: memory is not taken for one that cannot be true.
        if size > len(raw) * _MAX_RATIO:
            raise corrupt
        return bytes(cramjam.snappy.decompress_raw(raw))
    except cramjam.DecompressionError as error:
        raise corrupt from error


def _check_headers(request: Request) -> None:
    kind, *parameters = request.headers.get("content-type", _PROTOBUF).split(";")
    message = dict(_parameter(text) for text in parameters).get("proto", _MESSAGE)
    version = request.headers.get("x-prometheus-remote-write-version", "0.1.0")
    if kind.strip().lower() != _PROTOBUF or message != _MESSAGE or version.startswith("2."):
        raise UnsupportedMediaError(
            f"only remote write 1.0 is read here, not {message[:60]!r}",
            field="Content-Type",
            remedy=f"send Content-Type {_PROTOBUF};proto={_MESSAGE}",
        )
    encoding = request.headers.get("content-encoding", "snappy").strip().lower()
    if encoding != "snappy":
        raise UnsupportedMediaError(
            f"Content-Encoding {encoding[:40]!r} is not remote write's",
            field="Content-Encoding",
            remedy="send snappy",
        )


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _check_stored(receipt: Receipt) -> None:
    """Raise for rejected samples, but not for NaN alone.

    Summaries without observations send NaN at every scrape. It is kept in ``rejected``; refusing
    the request for it would make the sender report all its samples as failed, again and again.
    """
    if receipt.rejected.keys() - {_NOT_A_NUMBER}:
        reasons = "; ".join(f"{reason} ({count})" for reason, count in receipt.rejected.items())
        raise InvalidInputError(f"samples were rejected, all others were stored: {reasons}")


routes = [Route("/api/v1/write", receive, methods=["POST"], name="remote write")]
