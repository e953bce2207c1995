"""OTLP trace ingest beside Arize Phoenix and MLflow: the same bodies, by turns, in one run.

    python benchmarks/otlp_peers.py [--peers /tmp/peers] [--seconds 20]

Peers run in environments of their own: ``python -m venv PEERS/phoenix``, then its ``pip install
arize-phoenix``; ``PEERS/mlflow`` likewise with ``mlflow``. One that is not there is left out. All of them
store on this machine by their defaults (SQLite). Counted is what arrives in the store, for a minute after
the load, too: an answer alone may come before the data is safe.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ingest import HERE, start_server
from ports import free_port

TARGET = 20
READY_SECONDS = 180
DRAIN_SECONDS, QUIET_SECONDS = 90, 45
"""How long a queue is watched being worked off, and how long without anything new ends it."""


@dataclass
class Running:
    """A server: its process, where traces go, what they need, and how many spans it has stored."""

    process: subprocess.Popen
    url: str
    headers: list[str]
    stored: Callable[[], int]


def rows(database: Path, table: str) -> int:
    """Count what is in a table of an SQLite database that another process writes."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=60) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def wait_for(url: str, process: subprocess.Popen) -> None:
    """Wait until a server answers."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit(f"{url} does not answer")


def vedette(folder: Path, _peers: Path) -> Running:
    process, addresses = start_server(folder)
    url, key = addresses["url"], f"Authorization: Bearer {addresses['admin_key']}"

    def stored() -> int:
        body = json.dumps({"sql": "SELECT count() AS n FROM otel_traces"}).encode()
        name, value = key.split(": ", 1)
        headers = {name: value, "Content-Type": "application/json"}
        request = urllib.request.Request(f"{url}/api/v1/sql", body, headers)
        return int(json.loads(urllib.request.urlopen(request).read())["data"][0][0])

    return Running(process, f"{url}/v1/traces", [key], stored)


def phoenix(folder: Path, peers: Path) -> Running:
    port = free_port()
    environment = {
        **os.environ, "PHOENIX_WORKING_DIR": str(folder), "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(free_port()), "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }  # fmt: skip
    command = [str(peers / "phoenix" / "bin" / "phoenix"), "serve"]
    process = quiet(command, folder, environment)
    wait_for(f"http://127.0.0.1:{port}/healthz", process)
    database = folder / "phoenix.db"
    return Running(
        process, f"http://127.0.0.1:{port}/v1/traces", [], lambda: rows(database, "spans")
    )


def mlflow(folder: Path, peers: Path) -> Running:
    port, database = free_port(), folder / "mlflow.db"
    command = [
        str(peers / "mlflow" / "bin" / "mlflow"), "server", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{database}", "--artifacts-destination", str(folder),
    ]  # fmt: skip
    path = f"{peers / 'mlflow' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    process = quiet(command, folder, {**os.environ, "PATH": path})
    wait_for(f"http://127.0.0.1:{port}/health", process)
    return Running(
        process, f"http://127.0.0.1:{port}/v1/traces", ["x-mlflow-experiment-id: 0"],
        lambda: rows(database, "spans"),
    )  # fmt: skip


def quiet(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen:
    with (folder / "log").open("w") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment)


def measure(start: Callable[[Path, Path], Running], options: argparse.Namespace) -> float:
    """Return the spans a second that reached the store."""
    folder = Path(tempfile.mkdtemp(prefix="otlp-peers-"))
    running = start(folder, options.peers)
    try:
        load = [sys.executable, str(HERE / "load.py"), running.url, "--signal", "traces"]
        load += ["--seconds", str(options.seconds), "--connections", str(options.connections)]
        load += ["--records", str(options.records)]
        for header in running.headers:
            load += ["--header", header]
        started = time.monotonic()
        said = json.loads(subprocess.run(load, check=True, capture_output=True, text=True).stdout)
        after = time.monotonic()
        counts = [(running.stored(), after)]
        while (now := time.monotonic()) - after < DRAIN_SECONDS and now - counts[-1][
            1
        ] < QUIET_SECONDS:
            time.sleep(1)
            if (stored := running.stored()) != counts[-1][0]:
                counts.append((stored, time.monotonic()))
        last, ended = counts[-1]
        # A queue may be worked off faster once nobody sends: the better of both counts.
        drained = (last - counts[0][0]) / max(ended - after, 1e-9)
        rate = max(last / (ended - started), drained)
        print(
            f"{start.__name__:8} {rate:10,.0f} spans/s stored ({last:,} spans; answered 200: "
            f"{said['requests'] * options.records:,}, refused {said['failed']:,} requests)",
            flush=True,
        )
    finally:
        running.process.terminate()
        running.process.wait(60)
        shutil.rmtree(folder, ignore_errors=True)
    return rate


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--peers", type=Path, default=Path("/tmp/peers"))
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--records", type=int, default=500, help="spans a request")
    options = parser.parse_args()
    ours = measure(vedette, options)
    for peer in (phoenix, mlflow):
        if (options.peers / peer.__name__ / "bin").is_dir():
            theirs = measure(peer, options)
            ratio = f"{ours / theirs:.1f}" if theirs else "it stored nothing"
            print(f"ratio to {peer.__name__}: {ratio} (target {TARGET})")
        else:
            print(f"{peer.__name__} is not in {options.peers}")


if __name__ == "__main__":
    main()
