"""Capture of predictions with 50 features: how many a second are durable.

    python benchmarks/predictions.py [--seconds 20] [--connections 8] [--sdk]

A server on a fresh store takes JSON lines from a load generator in a process of its own; a request is
acknowledged after fsync. Afterwards the rows are counted. With ``--sdk`` a process that calls
``vedette.log_predictions`` is measured, too, from its first call until everything is acknowledged.
The target is 10,000 predictions a second.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil

from ingest import Watch, start_server

TARGET = 10_000
FEATURES = 50
SDK = """
import random, sys, time, vedette
calls, rows = int(sys.argv[1]), int(sys.argv[2])
draw = random.Random(3)
frames = [[{f"f{k}": draw.random() if k % 5 else draw.choice("abcdef") for k in range(50)} for _ in range(rows)]
          for _ in range(20)]
vedette.init("bench", host_metrics=False, traces=False, metrics=False, logs=False)
values = [draw.random() for _ in range(rows)]
started, waited = time.perf_counter(), 0.0
for call in range(calls):
    at = time.perf_counter()
    vedette.log_predictions("bench-sdk", values, frames[call % 20], version="1")
    waited = max(waited, time.perf_counter() - at)
    time.sleep(max(0.0, started + (call + 1) * rows / 12_000 - time.perf_counter()))
done = vedette.flush(120)
print(time.perf_counter() - started, waited, done)
"""
LOAD = """
import json, sys
sys.path.insert(0, sys.argv[1])
from load import run
from predictions import bodies
url, key, connections, seconds, records = sys.argv[2:]
made = bodies(int(records))
headers = {"Content-Type": "application/x-ndjson", "Authorization": f"Bearer {key}"}
print(json.dumps(run(url, headers, made, int(connections), float(seconds))))
"""


def bodies(records: int, count: int = 20) -> list[bytes]:
    """Return bodies of JSON lines: 40 numbers, 10 texts, 2 scores each."""
    draw, made = random.Random(1), []
    for body in range(count):
        lines = []
        for line in range(records):
            score = draw.random()
            features: dict[str, object] = {
                f"f{k}": draw.gauss(0, 1) if k % 5 else draw.choice("abcdef")
                for k in range(FEATURES)
            }
            lines.append(json.dumps({
                "model": "bench", "version": "1", "endpoint": "/predict", "id": f"{body}-{line}",
                "features": features, "prediction": "yes" if score > 0.5 else "no",
                "scores": {"yes": score, "no": 1 - score}, "latency_ms": 3.2,
            }))  # fmt: skip
        made.append("\n".join(lines).encode())
    return made


def stored(url: str, key: str, model: str) -> int:
    """Return how many predictions the server has of a model."""
    answer = httpx.post(
        f"{url}/api/v1/sql", timeout=60, headers={"Authorization": f"Bearer {key}"},
        json={"sql": f"SELECT count() AS n FROM predictions WHERE Model = '{model}'"},
    ).json()  # fmt: skip
    return int(answer["data"][0][0])


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--records", type=int, default=500, help="predictions a request")
    parser.add_argument("--sdk", action="store_true")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load average before the run {os.getloadavg()[0]:.1f}")
    folder = Path(tempfile.mkdtemp(prefix="vedette-benchmark-"))
    server, addresses = start_server(folder)
    url, key = addresses["url"], addresses["admin_key"]
    try:
        process = psutil.Process(server.pid)
        watch = Watch(process)
        watch.start()
        before = sum(process.cpu_times()[:2])
        arguments = [url + "/api/v1/predictions", key, options.connections, options.seconds]
        load = [sys.executable, "-c", LOAD, str(Path(__file__).parent), *map(str, arguments)]
        done = subprocess.run(
            [*load, str(options.records)], check=True, capture_output=True, text=True
        )
        result = json.loads(done.stdout)
        cpu = sum(process.cpu_times()[:2]) - before
        rate = result["requests"] * options.records / result["seconds"]
        kept = stored(url, key, "bench")
        assert kept == result["requests"] * options.records, (kept, result)
        print(f"HTTP: {rate:,.0f} predictions/s of {FEATURES} features durable (target {TARGET:,}), "
              f"{kept:,} stored, {result['failed']} requests refused, {cpu / result['seconds']:.2f} cores of "
              f"the server, {watch.largest / 2**20:,.0f} MiB")  # fmt: skip
        if options.sdk:
            measure_sdk(url, key, options.seconds)
        watch.stopped.set()
    finally:
        server.terminate()
        server.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def measure_sdk(url: str, key: str, seconds: float) -> None:
    """Measure a process that logs 12,000 a second, in calls of 100."""
    rows = 100
    calls = int(seconds * 12_000 / rows)
    environment = {**os.environ, "VEDETTE_ENDPOINT": url, "VEDETTE_API_KEY": key}
    done = subprocess.run(
        [sys.executable, "-c", SDK, str(calls), str(rows)],
        check=True, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    took, longest, flushed = done.stdout.split()
    time.sleep(0.5)
    kept = stored(url, key, "bench-sdk")
    print(f"SDK: {kept / float(took):,.0f} predictions/s durable, {kept:,} of {calls * rows:,} stored, "
          f"longest call {float(longest) * 1e3:.1f} ms, flushed {flushed}")  # fmt: skip


if __name__ == "__main__":
    main()
