"""The demo's server: ``vedette up`` as a child process, and keys on it."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.core.errors import UnavailableError
from vedette.demo.processes import Child

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_READY_S = 60.0
_CLI = (sys.executable, "-c", "from vedette.cli import main; main()")


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that answers. ``admin_key`` is None unless this was the store's first start."""

    child: Child
    url: str
    admin_key: str | None

    def __repr__(self) -> str:
        return f"RunningServer(url={self.url!r})"


def start_server(data_dir: Path, log: Path, options: list[str]) -> RunningServer:
    """Start ``vedette up`` and wait until it answers.

    Raises:
        UnavailableError: it ended, or did not answer in time; the message has its last lines.

    """
    command = [*_CLI, "up", "--json", "--data-dir", str(data_dir), *options]
    # The synthetic check asks the example's service, which is on this machine.
    environ = {"VEDETTE_SYNTHETIC_ALLOWED_HOSTS": "127.0.0.1"} | os.environ
    child = Child("server", command, folder=data_dir, environ=environ, log=log, keep_output=True)
    line = _first_line(child)
    try:
        addresses = json.loads(line)
        return RunningServer(child, addresses["url"], addresses["admin_key"])
    except (ValueError, KeyError):
        child.stop()
        raise UnavailableError(
            f"the server did not start:\n{child.last_lines()}", remedy=f"see {log}"
        ) from None


def _first_line(child: Child) -> bytes:
    """Return the first line of standard output, or what there is when it ends or time is up."""
    output = child.process.stdout
    if output is None:
        return b""
    deadline, text = time.monotonic() + _READY_S, b""
    while not text.endswith(b"\n"):
        ready, _, _ = select.select([output], [], [], max(0.0, deadline - time.monotonic()))
        chunk = os.read(output.fileno(), 65536) if ready else b""
        if not chunk:
            break
        text += chunk
    return text.partition(b"\n")[0]


def local_key(data_dir: Path, name: str, scope: str, account: str = "default") -> str:
    """Return a key made straight in the catalog, as whoever lost the admin key makes one.

    Raises:
        UnavailableError: the command failed.

    """
    command = [*_CLI, "keys", "create", name, "--scope", scope, "--account", account]
    made = subprocess.run(  # noqa: S603 - our own command
        [*command, "--local", "--data-dir", str(data_dir)],
        capture_output=True,
        text=True,
        check=False,
    )
    key = made.stdout.strip()
    if made.returncode or not key:
        raise UnavailableError(f"no key for {name}: {made.stderr.strip()}")
    return key


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """Return what a file holds that its owner alone may read; made once."""
    if path.exists():
        return path.read_text(encoding="utf-8").strip()
    secret = make()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret)
    return secret
