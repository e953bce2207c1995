"""Sustained OTLP ingest of one server process, beside the engine's own rate for the same rows.

    python benchmarks/ingest.py [--seconds 20] [--connections 64]

For each signal: a server on a fresh store, a load generator in a process of its own, records
acknowledged a second, the server's CPU, its largest resident memory and what of it is anonymous
(the rest are pages of libraries).

The engine's own rates are of the same records in Native format, given in groups as large as the
server's to two writers of a process that does nothing else, as durably: as requests that are
decoded, so that the engine's work is the server's but for HTTP and protobuf; and as the finished
rows of the table they end in.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

HERE = Path(__file__).parent
TARGETS = {"traces": 60_000, "logs": 100_000, "metrics": 150_000}


class Watch(threading.Thread):
    """Samples a process's memory until stopped."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.process, self.stopped = process, threading.Event()
        self.largest = self.anonymous = 0

    def run(self) -> None:
        while not self.stopped.wait(0.2):
            memory = self.process.memory_info()
            self.largest = max(self.largest, memory.rss)
            self.anonymous = max(self.anonymous, memory.rss - memory.shared)


def start_server(folder: Path) -> tuple[subprocess.Popen, dict]:
    """Start a server on free ports and return it with its addresses."""
    command = [sys.executable, "-m", "vedette", "up", "--json", "--data-dir", str(folder)]
    command += ["--port", "0", "--otlp-http-port", "-1", "--otlp-grpc-port", "-1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, json.loads(process.stdout.readline())


def load(
    addresses: dict, signal: str, seconds: float, connections: int = 16, records: int = 1000
) -> dict:
    """Send one signal from a process of its own; return what ``load.py`` prints."""
    command = [sys.executable, str(HERE / "load.py"), f"{addresses['url']}/v1/{signal}"]
    command += ["--signal", signal, "--seconds", str(seconds), "--records", str(records)]
    command += ["--connections", str(connections)]
    command += ["--header", f"Authorization: Bearer {addresses['admin_key']}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def measure(signal: str, seconds: float, connections: int, records: int) -> dict:
    """Run one signal's load and its ceiling."""
    folder = Path(tempfile.mkdtemp(prefix="vedette-benchmark-"))
    try:
        server, addresses = start_server(folder)
        process = psutil.Process(server.pid)
        watch = Watch(process)
        watch.start()
        before = sum(process.cpu_times()[:2])
        result = load(addresses, signal, seconds, connections, records)
        watch.stopped.set()
        cpu = sum(process.cpu_times()[:2]) - before
        server.terminate()
        server.wait(60)
        ceiling = json.loads(
            subprocess.run(
                [sys.executable, str(HERE / "engine_rate.py"), signal, str(folder),
                 str(max(1, connections // 2)), str(records)],
                check=True, capture_output=True, text=True, env={**os.environ},
            ).stdout
        )  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {
        "signal": signal,
        "records_per_second": result["records_per_second"],
        "failed": result["failed"],
        "cores": cpu / result["seconds"],
        "memory_mib": watch.largest / 2**20,
        "anonymous_mib": watch.anonymous / 2**20,
        "decoded_per_second": ceiling[0],
        "finished_per_second": ceiling[1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--records", type=int, default=1000, help="records a request")
    parser.add_argument("--signal", choices=TARGETS, action="append")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load average before the run {os.getloadavg()[0]:.1f}")
    print(
        f"{'signal':8} {'records/s':>10} {'target':>8} {'cores':>6} {'RSS MiB':>8} {'anonymous':>10} "
        f"{'decoded/s':>10} {'ratio':>6} {'finished/s':>11} {'ratio':>6}"
    )
    for signal in options.signal or TARGETS:
        m = measure(signal, options.seconds, options.connections, options.records)
        rate, decoded, finished = (
            m[f"{name}_per_second"] for name in ("records", "decoded", "finished")
        )
        print(
            f"{signal:8} {rate:10,.0f} {TARGETS[signal]:8,} {m['cores']:6.2f} {m['memory_mib']:8.0f} "
            f"{m['anonymous_mib']:10.0f} {decoded:10,.0f} {rate / decoded:6.2f} {finished:11,.0f} "
            f"{rate / finished:6.2f}"
            + (f"  {m['failed']} requests refused" if m["failed"] else ""),
            flush=True,
        )
        time.sleep(1)


if __name__ == "__main__":
    main()
