"""A real server process for tests, on free ports and a folder of its own, ended by its id."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, Any

from vedette.core.settings import Settings
from vedette.store.catalog import Actor, Catalog, Scope

READY_SECONDS = 60.0
STOP_SECONDS = 60.0
_LAUNCHER = Path(__file__).with_name("serve.py")
_ACTOR = Actor.system("tests")


class ServerFailedError(Exception):
    """The process ended instead of getting ready; holds its status and what it wrote."""

    def __init__(self, status: int, stderr: str) -> None:
        super().__init__(f"the server ended with status {status}:\n{stderr}")
        self.status = status
        self.stderr = stderr


class Server:
    """One server process after another over one data folder.

    Args:
        folder: the data folder; kept over ``stop`` and ``start``.
        settings: fields of ``vedette.core.settings.Settings`` that differ from the defaults here
            (free ports, no limit on free disk).

    """

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.folder = folder
        self._settings = {
            "data_dir": str(folder),
            "port": 0,
            "otlp_http_port": 0,
            "otlp_grpc_port": 0,
            "min_free_disk_bytes": 0,
            "log_level": "warning",
            **settings,
        }
        self.key = ""
        self.url = self.otlp = self.grpc = ""
        self.ready_seconds = 0.0
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._asking = threading.Lock()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What all processes so far wrote to standard error."""
        path = self.folder.with_name(self.folder.name + ".log")
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> Server:
        """Start a process and wait until it answers; ``ServerFailedError`` if it ends instead."""
        started, written = time.monotonic(), len(self.log)
        with self.folder.with_name(self.folder.name + ".log").open("a") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(_LAUNCHER), json.dumps(self._settings)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={
                    k: v for k, v in os.environ.items() if not k.startswith(("VEDETTE_", "OTEL_"))
                },
            )
        self._lines = queue.SimpleQueue()
        assert self._process.stdout is not None
        reader = threading.Thread(
            target=_forward, args=(self._process.stdout, self._lines), daemon=True
        )
        reader.start()
        line = self._lines.get(timeout=READY_SECONDS)
        if not line:
            raise ServerFailedError(self._process.wait(STOP_SECONDS), self.log[written:])
        addresses = json.loads(line)
        self.ready_seconds = time.monotonic() - started
        self.url, self.otlp = addresses["url"], addresses["otlp_http_url"]
        self.grpc = addresses["otlp_grpc_target"]
        self.key = addresses["admin_key"] or self.key
        return self

    def stop(self) -> int:
        """End the process as an operator does (SIGTERM) and return its exit status."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the process as a crash does (SIGKILL)."""
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> int:
        process, self._process = self._process, None
        if process is None:
            return 0
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            assert process.stdin is not None
            process.stdin.close()

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self._end(signal.SIGTERM)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Run a statement in the process's engine, over all accounts."""
        assert self._process is not None
        assert self._process.stdin is not None
        with self._asking:
            self._process.stdin.write(json.dumps(sql) + "\n")
            self._process.stdin.flush()
            answer = json.loads(self._lines.get(timeout=READY_SECONDS))
        if "error" in answer:
            raise AssertionError(answer["error"])
        return list(answer["rows"])

    def resident_bytes(self) -> int:
        """Return the process's resident memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def headers(self, key: str | None = None) -> dict[str, str]:
        """Return the header that authenticates, by default as the admin of the first start."""
        return {"authorization": f"Bearer {key or self.key}"}

    def change(self, work: Callable[[Catalog], Any]) -> Any:
        """Change the catalog from outside the process, as an operator's command line does."""
        settings = Settings(data_dir=self.folder)
        with Catalog.open(settings.resolved_catalog_url()) as catalog:
            return work(catalog)

    def new_account(self, name: str) -> str:
        """Create an account."""
        self.change(lambda catalog: catalog.accounts.create(_ACTOR, name))
        return name

    def new_key(self, scopes: Iterable[Scope], account: str = "default") -> tuple[str, str]:
        """Create an API key; returns its id and its text."""
        created = self.change(
            lambda catalog: catalog.keys.create(_ACTOR, account, name="test", scopes=scopes)
        )
        return created.key.id, created.text

    def revoke(self, key_id: str, account: str = "default") -> None:
        """Revoke an API key."""
        self.change(lambda catalog: catalog.keys.revoke(_ACTOR, account, key_id))

    def disable(self, account: str) -> None:
        """Disable an account."""
        self.change(lambda catalog: catalog.accounts.set_disabled(_ACTOR, account, disabled=True))


def _forward(lines: IO[str], out: queue.SimpleQueue[str]) -> None:
    for line in lines:
        out.put(line)
    out.put("")
