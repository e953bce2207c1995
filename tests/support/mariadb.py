"""A MariaDB of the tests' own: started in a folder on a free port, ended by its process."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.postgresql import START_DEADLINE_S

PASSWORD = "a word/of tests"


@dataclass
class MariaDB:
    """A running MariaDB; ``reader`` may read the database ``shop``."""

    folder: Path
    port: int

    def run(self, sql: str) -> None:
        """Run statements as root."""
        subprocess.run(
            ["mariadb", "--no-defaults", "-S", str(self.folder / "socket"), "-uroot"],
            input=sql, text=True, check=True, capture_output=True,
        )  # fmt: skip


@contextmanager
def running(port: int) -> Iterator[MariaDB]:
    """Start one; skips the test where its programs are not installed."""
    if not all(map(shutil.which, ("mariadbd", "mariadb-install-db", "mariadb"))):
        pytest.skip("MariaDB's programs are not installed")
    folder = Path(tempfile.mkdtemp(prefix="vedette-my-"))
    user = ["--user=root"] if os.geteuid() == 0 else []
    subprocess.run(
        [
            "mariadb-install-db", "--no-defaults", *user, f"--datadir={folder / 'data'}",
            "--auth-root-authentication-method=normal", "--skip-test-db",
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "mariadbd", "--no-defaults", *user, f"--datadir={folder / 'data'}",
                f"--socket={folder / 'socket'}", f"--port={port}", "--bind-address=127.0.0.1",
                f"--pid-file={folder / 'pid'}", "--innodb-flush-log-at-trx-commit=0",
            ],
            stdout=log, stderr=log,
        )  # fmt: skip
    started = MariaDB(folder, port)
    try:
        _wait(started, process)
        started.run(
            "CREATE DATABASE shop;"
            f"CREATE USER reader@localhost IDENTIFIED BY '{PASSWORD}';"
            "GRANT SELECT ON shop.* TO reader@localhost;"
        )
        yield started
    finally:
        process.terminate()
        process.wait(timeout=START_DEADLINE_S)
        shutil.rmtree(folder, ignore_errors=True)


def _wait(started: MariaDB, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_DEADLINE_S
    while True:
        try:
            started.run("SELECT 1")
        except subprocess.CalledProcessError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((started.folder / "log").read_text()) from None
            time.sleep(0.05)
        else:
            return
