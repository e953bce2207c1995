"""Sustained OTLP ingest of one server process, beside the engine's own rate for the same rows.

    python benchmarks/ingest.py [--seconds 20] [--connections 32]

For each signal: a server on a fresh store, a load generator in a process of its own, records
acknowledged a second, the server's CPU and largest resident memory. The engine's ceiling is the
same rows, taken from the table that was filled, inserted again in Native format in one process
that does nothing else.
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
TABLES = {"traces": "otel_traces", "logs": "otel_logs", "metrics": "otel_metrics_gauge"}
TARGETS = {"traces": 60_000, "logs": 100_000, "metrics": 150_000}
CEILING = """
import json, sys, time
from pathlib import Path
from vedette.core.settings import Settings
from vedette.store.warehouse import open_warehouse
from vedette.store.warehouse.base import Query, QueryLimits
table, folder = sys.argv[1:]
warehouse = open_warehouse(Settings(data_dir=Path(folder)))
limits = QueryLimits(rows=400_000, seconds=120)
data = warehouse.fetch(Query(f"SELECT * FROM {table} LIMIT 400000", limits=limits), "Native")
rows = warehouse.query(f"SELECT least(count(), 400000) AS n FROM {table}").scalar()
warehouse.execute(f"TRUNCATE TABLE {table}")
started = time.perf_counter()
warehouse.insert(table, [data], "Native", {})
print(json.dumps({"rows": rows, "seconds": time.perf_counter() - started}))
warehouse.close()
"""


class Watch(threading.Thread):
    """Samples a process's memory until stopped."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.process, self.largest, self.stopped = process, 0, threading.Event()

    def run(self) -> None:
        while not self.stopped.wait(0.2):
            self.largest = max(self.largest, self.process.memory_info().rss)


def start_server(folder: Path) -> tuple[subprocess.Popen, dict]:
    """Start a server on free ports and return it with its addresses."""
    command = [sys.executable, "-m", "vedette", "up", "--json", "--data-dir", str(folder)]
    command += ["--port", "0", "--otlp-http-port", "-1", "--otlp-grpc-port", "-1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    return process, json.loads(process.stdout.readline())


def measure(signal: str, seconds: float, connections: int, records: int) -> dict:
    """Run one signal's load and its ceiling."""
    folder = Path(tempfile.mkdtemp(prefix="vedette-benchmark-"))
    try:
        server, addresses = start_server(folder)
        process = psutil.Process(server.pid)
        watch = Watch(process)
        watch.start()
        before = sum(process.cpu_times()[:2])
        load = [sys.executable, str(HERE / "load.py"), f"{addresses['url']}/v1/{signal}"]
        load += ["--signal", signal, "--seconds", str(seconds), "--connections", str(connections)]
        load += [
            "--records",
            str(records),
            "--header",
            f"Authorization: Bearer {addresses['admin_key']}",
        ]
        result = json.loads(subprocess.run(load, check=True, capture_output=True, text=True).stdout)
        watch.stopped.set()
        cpu = sum(process.cpu_times()[:2]) - before
        server.terminate()
        server.wait(60)
        ceiling = json.loads(
            subprocess.run(
                [sys.executable, "-c", CEILING, TABLES[signal], str(folder)],
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
        "ceiling_per_second": ceiling["rows"] / ceiling["seconds"],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--records", type=int, default=1000, help="records a request")
    parser.add_argument("--signal", choices=TABLES, action="append")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load average before the run {load:.1f}")
    print(
        f"{'signal':8} {'records/s':>10} {'target':>8} {'cores':>6} {'RSS MiB':>8} {'Native/s':>10} {'ratio':>6}"
    )
    for signal in options.signal or TABLES:
        m = measure(signal, options.seconds, options.connections, options.records)
        ratio = m["records_per_second"] / m["ceiling_per_second"]
        print(
            f"{signal:8} {m['records_per_second']:10,.0f} {TARGETS[signal]:8,} {m['cores']:6.2f} "
            f"{m['memory_mib']:8.0f} {m['ceiling_per_second']:10,.0f} {ratio:6.2f}"
            + (f"  {m['failed']} requests refused" if m["failed"] else ""),
            flush=True,
        )
        time.sleep(1)


if __name__ == "__main__":
    main()
