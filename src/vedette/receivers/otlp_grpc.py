"""OTLP over gRPC: handlers on bytes, so that no message object is made.

Source: https://opentelemetry.io/docs/specs/otlp/#otlpgrpc. Retryable errors carry ``RetryInfo``;
without it clients take RESOURCE_EXHAUSTED as final.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status

from vedette.core.errors import RetryableError, VedetteError
from vedette.governance.audit.trail import INGEST_SOURCE
from vedette.receivers.otlp import GRPC_CODES, SIGNALS, OtlpSignal
from vedette.store.catalog import Permission, Principal
from vedette.web.auth import identify
from vedette.web.services import Services

DETAILS_KEY = "grpc-status-details-bin"
_Handler = Callable[[bytes, "grpc.aio.ServicerContext"], Awaitable[bytes]]
_log = logging.getLogger(__name__)


def make_server(services: Services) -> grpc.aio.Server:
    """Return a gRPC server with the three OTLP services; bind and start it yourself."""
    settings = services.settings
    server = grpc.aio.server(
        options=[
            ("grpc.max_receive_message_length", settings.max_unpacked_bytes),
            ("grpc.so_reuseport", 0),
        ]
    )
    handlers = {
        signal.method: grpc.unary_unary_rpc_method_handler(_handler(services, signal))
        for signal in SIGNALS.values()
    }
    server.add_generic_rpc_handlers((_Methods(handlers),))
    return server


class _Methods(grpc.GenericRpcHandler):  # type: ignore[misc] # grpc has no types
    """Looks a full method name up; serializers are absent, so bytes go in and out."""

    def __init__(self, handlers: dict[str, grpc.RpcMethodHandler]) -> None:
        self._handlers = handlers

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        return self._handlers.get(details.method)


def _handler(services: Services, signal: OtlpSignal) -> _Handler:
    # As the HTTP receiver's events are named: OtlpTraces.
    name = "".join(part.title() for part in signal.source.name.split("_"))
    count = services.audit.trail.count_call

    async def export(body: bytes, context: grpc.aio.ServicerContext) -> bytes:
        principal: Principal | None = None
        failed: str | None = "internal"
        try:
            headers = {
                key: value for key, value in context.invocation_metadata() if isinstance(value, str)
            }
            principal = await identify(services, headers, {})
            principal.require(Permission.TELEMETRY_WRITE)
            receipt = await services.ingest.submit(signal.source, principal.account, body)
            failed = None
        except VedetteError as error:
            failed = error.code
            await _abort(context, error)
        except Exception:  # noqa: BLE001 - a client gets an answer whatever happens
            _log.exception("receiving OTLP failed")
            await _abort(context, VedetteError("something went wrong in the server"))
        finally:
            count(principal, INGEST_SOURCE, name, failed, _address(context.peer()))
        if not receipt.rejected:
            return b""
        encoded: bytes = signal.partial_success(receipt.rejected).SerializeToString()
        return encoded

    return export


def _address(peer: str) -> str | None:
    """Return the IP address of a peer as gRPC writes it: ``ipv4:127.0.0.1:52114``, ``ipv6:[::1]:52114``."""
    kind, _, rest = peer.partition(":")
    if kind not in {"ipv4", "ipv6"}:
        return None
    return rest.rpartition(":")[0].strip("[]")


async def _abort(context: grpc.aio.ServicerContext, error: VedetteError) -> None:
    code = GRPC_CODES.get(error.status, grpc.StatusCode.INTERNAL)
    text = " - ".join(filter(None, (error.message, error.remedy)))
    metadata: tuple[tuple[str, str | bytes], ...] = ()
    if isinstance(error, RetryableError):
        detail = AnyMessage()
        detail.Pack(RetryInfo(retry_delay=Duration(seconds=error.retry_after)))
        status = Status(code=code.value[0], message=text, details=[detail])
        metadata = ((DETAILS_KEY, status.SerializeToString()),)
    await context.abort(code, text, metadata)
