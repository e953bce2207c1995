"""A PostgreSQL of the tests' own: started in a folder, ended by its process."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psycopg
import pytest

# Not UTC, so that a moment that is read in the server's zone is another one.
ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "America/New_York"}
START_DEADLINE_S = 60
PASSWORD = "a word/of tests"


@dataclass
class PostgreSQL:
    """A running PostgreSQL; it listens on a Unix socket, and on a port where one is given."""

    binaries: Path
    folder: Path
    user: str | None
    port: int = 0
    process: subprocess.Popen | None = None

    def command(self, program: str, *arguments: str) -> list[str]:
        """Return a command line that runs as the cluster's user: PostgreSQL refuses root."""
        line = [str(self.binaries / program), *arguments]
        if self.user is None:
            return line
        drop = ["setpriv", f"--reuid={self.user}", f"--regid={self.user}", "--clear-groups", "--"]
        return [*drop, *line]

    def start(self) -> None:
        data, listen = str(self.folder / "data"), "127.0.0.1" if self.port else ""
        (self.folder / "word").write_text(PASSWORD)
        made = subprocess.run(
            self.command(
                "initdb", "-D", data, "-U", "tester", "--auth-local=trust", "-E", "UTF8", "-N",
                "--auth-host=scram-sha-256", f"--pwfile={self.folder / 'word'}",
            ),
            env=ENVIRONMENT, cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr}")
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                self.command(
                    "postgres", "-D", data, "-k", str(self.folder),
                    "-c", f"listen_addresses={listen}", "-p", str(self.port or 5432),
                    "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c", "max_connections=100",
                ),
                env=ENVIRONMENT, cwd=self.folder, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + START_DEADLINE_S
        while True:
            try:
                self.admin("SELECT 1")
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        if self.process is not None:
            # An immediate shutdown: nobody needs the data any more.
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(timeout=START_DEADLINE_S)

    def admin(self, statement: str, database: str = "postgres") -> None:
        with psycopg.connect(
            host=str(self.folder), port=self.port or 5432, user="tester", dbname=database,
            autocommit=True,
        ) as connection:  # fmt: skip
            connection.execute(statement)


Kind = TypeVar("Kind", bound=PostgreSQL)


def find_postgresql() -> Path | None:
    """Return the folder of PostgreSQL's programs, or None."""
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        candidates.insert(0, Path(on_path).parent)
    complete = (found for found in candidates if (found / "postgres").exists())
    return next(complete, None)


@contextmanager
def running(kind: type[Kind], port: int = 0) -> Iterator[Kind]:
    """Start one in a folder of its own; skips the test where it cannot be started."""
    binaries = find_postgresql()
    if binaries is None:
        pytest.skip("PostgreSQL's programs (initdb, postgres) are not installed")
    user = None
    if os.geteuid() == 0:
        try:
            pwd.getpwnam("postgres")
        except KeyError:
            pytest.skip("PostgreSQL refuses to run as root and there is no user 'postgres'")
        user = "postgres"
    # Not pytest's own folder: that one is closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="vedette-pg-"))
    if user is not None:
        shutil.chown(folder, user, user)
    started = kind(binaries, folder, user, port)
    try:
        started.start()
        yield started
    finally:
        started.stop()
        shutil.rmtree(folder, ignore_errors=True)
