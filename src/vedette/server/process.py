"""One server process, from opening the stores to closing them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from vedette.api.own_sessions import link_url
from vedette.core.errors import InvalidInputError, VedetteError
from vedette.core.identity import DEFAULT_ACCOUNT
from vedette.core.ids import new_id
from vedette.core.settings import Settings
from vedette.ingest import Ingest
from vedette.query import QueryRunner
from vedette.receivers.otlp_grpc import make_server as make_grpc_server
from vedette.server.app import make_app, make_otlp_app
from vedette.server.audited import write_calls, write_usage
from vedette.server.jobs import make_scheduler
from vedette.server.memory import keep_small
from vedette.server.model_jobs import carry_metric_points, deliver_webhooks
from vedette.store.catalog import Actor, Catalog, FirstStart
from vedette.store.warehouse import Warehouse, open_warehouse
from vedette.web.services import Services

OFF = -1
GRACE_SECONDS = 10.0
_THREADS = 24
_DERIVE_LEASE, _DERIVE_LEASE_TIME = "derive", timedelta(minutes=3)
"""Longer than any one statement that derives may run."""
_BACKLOG = 2048
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a started server listens, and the key that the first start made.

    ``admin_key`` and ``sign_in_url`` are None unless this start was the first; they are shown once
    and kept nowhere. The link signs a browser in once, within ten minutes.
    """

    url: str
    otlp_http_url: str | None
    otlp_grpc_target: str | None
    admin_key: str | None
    sign_in_url: str | None = None

    def __repr__(self) -> str:
        return f"Addresses(url={self.url!r})"


@asynccontextmanager
async def open_services(settings: Settings) -> AsyncIterator[tuple[Services, FirstStart]]:
    """Open both stores and ingest; yields the services and what a first start made."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    warehouse = await asyncio.to_thread(open_warehouse, settings)
    try:
        catalog = await asyncio.to_thread(Catalog.open, settings.resolved_catalog_url())
        try:
            first = await asyncio.to_thread(catalog.ensure_first_start)
            with _leading(warehouse, catalog) as lead:
                ingest = Ingest(warehouse, settings, lead=lead)
                await ingest.start()
                runner = QueryRunner(warehouse, settings)
                services = Services(settings, warehouse, catalog, ingest, runner)
                try:
                    yield services, first
                finally:
                    await ingest.stop()
                    with contextlib.suppress(VedetteError):
                        await asyncio.to_thread(services.audit.trail.close)
                        await asyncio.to_thread(services.quotas.flush)
        finally:
            await asyncio.to_thread(catalog.close)
    finally:
        await asyncio.to_thread(warehouse.close)


@contextmanager
def _leading(warehouse: Warehouse, catalog: Catalog) -> Iterator[Callable[[], bool]]:
    """Yield what tells whether this process is the one that derives, of all on the store."""
    if not warehouse.shared:
        yield lambda: True
        return
    holder = f"{socket.gethostname()}/{new_id()}"
    try:
        yield lambda: catalog.leases.acquire(_DERIVE_LEASE, holder, _DERIVE_LEASE_TIME)
    finally:
        catalog.leases.release(_DERIVE_LEASE, holder)


async def run(settings: Settings, on_ready: Callable[[Addresses], None]) -> None:
    """Serve until SIGINT or SIGTERM; ``on_ready`` is called once requests are answered."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="worker"))
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with open_services(settings) as (services, first), contextlib.AsyncExitStack() as stack:
        main_port = await _serve_http(stack, make_app(services), settings, settings.port)
        otlp_port = None
        if settings.otlp_http_port != OFF:
            otlp_port = await _serve_http(
                stack, make_otlp_app(services), settings, settings.otlp_http_port
            )
        grpc_port = None
        if settings.otlp_grpc_port != OFF:
            grpc_port = await _serve_grpc(stack, services)
        scheduler = await asyncio.to_thread(make_scheduler, services, asyncio.get_running_loop())
        jobs = (
            scheduler.run(),
            carry_metric_points(services),
            deliver_webhooks(services),
            write_calls(services.audit.trail),
            write_usage(services.quotas),
        )
        for job in jobs:
            _until_the_end(stack, job)
        host = _shown_host(settings.host)
        url = f"http://{host}:{main_port}{settings.base_path}"
        on_ready(
            Addresses(
                url=url,
                otlp_http_url=f"http://{host}:{otlp_port}" if otlp_port else None,
                otlp_grpc_target=f"{host}:{grpc_port}" if grpc_port else None,
                admin_key=first.admin_key,
                sign_in_url=await asyncio.to_thread(_first_link, services.catalog, first, url),
            )
        )
        _until_the_end(stack, keep_small())
        await stop.wait()
        _log.info("stopping")


def _until_the_end(stack: contextlib.AsyncExitStack, job: Coroutine[Any, Any, None]) -> None:
    stack.push_async_callback(_cancel, asyncio.create_task(job))


def _first_link(catalog: Catalog, first: FirstStart, url: str) -> str | None:
    if first.key_id is None:
        return None
    actor = Actor.system("first-start")
    return link_url(url, catalog.sign_in_links.create(actor, DEFAULT_ACCOUNT, first.key_id).token)


def serve(settings: Settings, on_ready: Callable[[Addresses], None]) -> None:
    """Run a server process; blocks until it is told to stop."""
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(run(settings, on_ready))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 - absent on some platforms
    except ImportError:
        return None
    return uvloop.new_event_loop


class _Server(uvicorn.Server):
    """A uvicorn that leaves signals to the process: it runs several servers on one loop."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


async def _serve_http(
    stack: contextlib.AsyncExitStack, app: ASGIApp, settings: Settings, port: int
) -> int:
    listener = _listen(settings.host, port)
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        backlog=_BACKLOG,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(GRACE_SECONDS),
        server_header=False,
        h11_max_incomplete_event_size=64 * 1024,
        limit_concurrency=None,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[listener]))

    async def shut_down() -> None:
        server.should_exit = True
        await task

    stack.push_async_callback(shut_down)
    while not server.started:
        if task.done():
            await task
        await asyncio.sleep(0.005)
    port_number: int = listener.getsockname()[1]
    return port_number


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InvalidInputError(
            f"cannot listen on {host}:{port}: {error.strerror}",
            field="port",
            remedy="stop what listens there, or choose another port (0 picks a free one)",
        ) from error
    listener.setblocking(False)  # noqa: FBT003 - the socket's own interface
    return listener


async def _serve_grpc(stack: contextlib.AsyncExitStack, services: Services) -> int:
    settings = services.settings
    server = make_grpc_server(services)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    try:
        port: int = server.add_insecure_port(f"{host}:{settings.otlp_grpc_port}")
    except RuntimeError as error:
        raise InvalidInputError(
            f"cannot listen on {host}:{settings.otlp_grpc_port}",
            field="otlp_grpc_port",
            remedy="stop what listens there, or choose another port (0 picks a free one)",
        ) from error
    await server.start()
    stack.push_async_callback(server.stop, GRACE_SECONDS)
    return port


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


def _shown_host(host: str) -> str:
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
