"""``vedette doctor``: what is wrong with an installation."""

from __future__ import annotations

import importlib
import os
import shutil
import socket
import sys
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import typer
from rich.console import Console

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint, ServerError
from vedette.cli.up import DataDir, load_settings
from vedette.core.errors import StoreLockedError, VedetteError

if TYPE_CHECKING:
    from vedette.core.settings import Settings

_MARKS = {"ok": "[green]✓[/]", "note": "[yellow]![/]", "wrong": "[bold red]✗[/]"}
_SERVER_PACKAGES = ("chdb", "fastapi", "grpc", "lark", "sqlalchemy", "uvicorn", "zstandard")
_MIN_MEMORY = 1 << 30
_MIN_FILES = 4096


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: ``ok``, ``note`` or ``wrong``, and what to do about it."""

    state: str
    text: str
    remedy: str = ""


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def doctor(
        data_dir: DataDir = None, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = ""
    ) -> None:
        """Say what is wrong with this installation, and what to do; exits 1 if something is."""
        console = Console(highlight=False)
        wrong = 0
        for finding in examine(data_dir, endpoint, api_key):
            console.print(f"{_MARKS[finding.state]} {finding.text}", soft_wrap=True)
            if finding.remedy:
                console.print(f"    [dim]{finding.remedy}[/]", soft_wrap=True)
            wrong += finding.state == "wrong"
        raise typer.Exit(1 if wrong else 0)


def examine(data_dir: Path | None, endpoint: str, api_key: str) -> Iterator[Finding]:
    """Yield findings about Python, packages, settings, the machine, the stores and the server."""
    yield Finding("ok", f"Python {sys.version.split()[0]}")
    missing = [name for name in _SERVER_PACKAGES if not _importable(name)]
    running = yield from _examine_server(endpoint, api_key)
    if missing:
        yield Finding(
            "ok" if running else "note",
            f"the server's packages are not installed here ({', '.join(missing)})",
            "pip install 'vedette[server]' to run a server on this machine",
        )
        return
    try:
        settings = load_settings(data_dir=data_dir)
    except VedetteError as error:
        yield Finding("wrong", error.message, error.remedy or "")
        return
    yield Finding("ok", f"settings: data in {settings.data_dir.absolute()}")
    yield from _examine_machine(settings)
    yield from _examine_catalog(settings)
    yield from _examine_warehouse(settings)
    if not running:
        yield from _examine_ports(settings)


def _importable(name: str) -> bool:
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True


def _examine_server(endpoint: str, api_key: str) -> Generator[Finding, None, bool]:
    """Look at a running server; returns whether there is one."""
    try:
        health = httpx.get(f"{endpoint.rstrip('/')}/readyz", timeout=5.0)
        state = health.json()
    except (httpx.HTTPError, ValueError):
        yield Finding("note", f"no server answers at {endpoint}", "start one with 'vedette up'")
        return False
    if health.is_success:
        yield Finding("ok", f"the server at {endpoint} is ready")
    else:
        broken = "; ".join(f"{k}: {v}" for k, v in state.get("checks", {}).items() if v != "ok")
        yield Finding("wrong", f"the server at {endpoint} is not ready: {broken}", "see its log")
    try:
        stats = Client(endpoint, api_key).get("/ingest/stats")
    except ServerError as error:
        yield Finding("note", f"the key does not work: {error.message}", error.remedy or "")
        return True
    yield Finding("ok", f"{stats['requests']} requests stored since it started")
    if stats["refused_bodies"] or stats["rejected_records"]:
        yield Finding(
            "note",
            f"{stats['refused_bodies']} bodies and {stats['rejected_records']} records were refused",
            "see GET /api/v1/ingest/rejected for the reasons",
        )
    if stats["overloads"]:
        yield Finding("note", f"{stats['overloads']} requests were told to slow down (429)")
    return True


def _examine_machine(settings: Settings) -> Iterator[Finding]:
    import resource  # noqa: PLC0415 - absent on some platforms

    import psutil  # noqa: PLC0415 - slow to import

    folder = settings.data_dir.absolute()
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        yield Finding("wrong", f"{folder} cannot be written", "change its owner, or use --data-dir")
    free = shutil.disk_usage(folder).free
    enough = free >= settings.min_free_disk_bytes
    yield Finding(
        "ok" if enough else "wrong",
        f"{free / 2**30:.1f} GiB of disk free, {settings.min_free_disk_bytes / 2**30:.1f} needed",
        "" if enough else "free some, shorten the retention, or lower VEDETTE_MIN_FREE_DISK_BYTES",
    )
    memory = psutil.virtual_memory().available
    yield Finding(
        "ok" if memory >= _MIN_MEMORY else "note", f"{memory / 2**30:.1f} GiB of memory free"
    )
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if files < _MIN_FILES:
        yield Finding("note", f"only {files} open files are allowed", f"ulimit -n {_MIN_FILES}")


def _examine_catalog(settings: Settings) -> Iterator[Finding]:
    from vedette.store.catalog import Catalog  # noqa: PLC0415 - only in vedette[server]

    url = settings.resolved_catalog_url()
    path = Path(url.removeprefix("sqlite:///"))
    if url.startswith("sqlite") and not path.exists():
        yield Finding("ok", "no catalog yet; the first start makes it")
        return
    yield _try("catalog", lambda: Catalog.open(url).close())


def _examine_warehouse(settings: Settings) -> Iterator[Finding]:
    from vedette.store.warehouse import open_warehouse  # noqa: PLC0415 - only in vedette[server]

    url = settings.resolved_warehouse_url()
    if url.startswith("chdb") and not Path(url.removeprefix("chdb://")).exists():
        yield Finding("ok", "no warehouse yet; the first start makes it")
        return
    try:
        yield _try("warehouse", lambda: open_warehouse(settings).close())
    except StoreLockedError as error:
        yield Finding("ok", f"warehouse: in use ({error.message})")


def _examine_ports(settings: Settings) -> Iterator[Finding]:
    for name in ("port", "otlp_http_port", "otlp_grpc_port"):
        port = getattr(settings, name)
        if port <= 0:
            continue
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((settings.host, port))
            except OSError as error:
                yield Finding(
                    "wrong",
                    f"port {port} ({name}) cannot be used: {error.strerror}",
                    f"stop what listens there, or set VEDETTE_{name.upper()}",
                )
            else:
                yield Finding("ok", f"port {port} ({name}) is free")


def _try(name: str, work: Callable[[], None]) -> Finding:
    try:
        work()
    except StoreLockedError:
        raise
    except VedetteError as error:
        return Finding("wrong", f"{name}: {error.message}", error.remedy or "")
    return Finding("ok", f"{name}: opens, schema up to date")
