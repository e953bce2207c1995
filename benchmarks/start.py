"""How soon a server on an existing store is ready, and what it takes at rest.

    python benchmarks/start.py [--data-dir FOLDER] [--starts 7] [--rest 60]

Without a folder, a store is made first: five seconds each of traces, logs and metrics. Ready is from
the start of the process to the line that says where it listens, when requests are answered; beside
it stands what only loading the libraries it is built on takes.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from ingest import TARGETS, load, start_server

LIBRARIES = "import chdb, cryptography.fernet, fastapi, grpc, httpx, numpy, sqlalchemy.orm, uvicorn"
SETTLE_SECONDS = 20


def fill(folder: Path) -> None:
    """Load every signal for a while."""
    with running(folder) as (_, addresses):
        for signal in TARGETS:
            load(addresses, signal, seconds=5)


@contextmanager
def running(folder: Path) -> Iterator[tuple[psutil.Process, dict]]:
    """Yield a server that is ready, and its addresses."""
    server, addresses = start_server(folder)
    try:
        yield psutil.Process(server.pid), addresses
    finally:
        server.terminate()
        server.wait(60)


def libraries_seconds() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", LIBRARIES], check=True)
    return time.perf_counter() - started


def ready_seconds(folder: Path) -> float:
    started = time.perf_counter()
    with running(folder):
        return time.perf_counter() - started


def at_rest(folder: Path, seconds: float) -> tuple[float, float]:
    """Return the share of one core and the resident MiB of a server that nobody asks."""
    with running(folder) as (process, _):
        time.sleep(SETTLE_SECONDS)
        before = sum(process.cpu_times()[:2])
        time.sleep(seconds)
        share = (sum(process.cpu_times()[:2]) - before) / seconds
        return share, process.memory_info().rss / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, help="of a store that no server has open")
    parser.add_argument("--starts", type=int, default=7)
    parser.add_argument("--rest", type=float, default=60, help="seconds to watch it at rest")
    options = parser.parse_args()
    folder = options.data_dir or Path(tempfile.mkdtemp(prefix="vedette-benchmark-"))
    try:
        if options.data_dir is None:
            fill(folder)
        libraries_seconds()  # from the disk
        ready_seconds(folder)
        pairs = [(ready_seconds(folder), libraries_seconds()) for _ in range(options.starts)]
        ready, libraries = (statistics.median(values) for values in zip(*pairs, strict=True))
        print(f"ready in {ready:.2f} s (target 3), the slowest of {options.starts} in "
              f"{max(pairs)[0]:.2f}; its libraries alone {libraries:.2f}: {ready / libraries:.1f} times")  # fmt: skip
        share, resident = at_rest(folder, options.rest)
        print(f"at rest {share:.1%} of one core (target 3 %), {resident:.0f} MiB resident")
    finally:
        if options.data_dir is None:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
