"""Training capture beside ``mlflow server`` on SQLite, in one run, over HTTP, one client.

    python benchmarks/mlflow_peers.py --mlflow /path/to/venv/bin/mlflow

Both servers run on this machine with their defaults but for one worker; calls are made by turns, in blocks, and
the median of each is taken. The 10,000 runs of the search are written straight into MLflow's database, since
creating them over its API takes a quarter of an hour, and over the API into Vedette.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import requests

from ports import free_port

RUNS = 10_000
BLOCK = 20
KEYS = ("loss", "auc", "lr_seen", "epoch_s", "val_loss")
ROOT = Path(__file__).parents[1]


class Client:
    """One connection to one server."""

    def __init__(self, url: str, key: str = "") -> None:
        self.base = f"{url}/api/2.0/mlflow/"
        self.http = requests.Session()
        if key:
            self.http.headers["authorization"] = f"Bearer {key}"

    def post(self, path: str, **body: object) -> dict:
        return self._answer(self.http.post(self.base + path, json=body))

    def get(self, path: str, **params: object) -> dict:
        return self._answer(self.http.get(self.base + path, params=params))

    def _answer(self, response: requests.Response) -> dict:
        if not response.ok:
            raise SystemExit(f"{response.url}: {response.status_code} {response.text[:300]}")
        return response.json()


def start_mlflow(program: str, folder: Path) -> tuple[subprocess.Popen, Client]:
    port = free_port()
    process = subprocess.Popen(
        [program, "server", "--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--port", str(port),
         "--artifacts-destination", str(folder / "artifacts"), "--workers", "1"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            if requests.get(f"{url}/health", timeout=5).ok:
                return process, Client(url)
        except requests.RequestException:
            time.sleep(0.2)
    raise SystemExit("mlflow server did not start")


def start_vedette(folder: Path) -> tuple[subprocess.Popen, Client]:
    process = subprocess.Popen(
        [sys.executable, "-m", "vedette", "up", "--json", "--port", "0", "--otlp-http-port", "-1",
         "--otlp-grpc-port", "-1", "--data-dir", str(folder)],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    addresses = json.loads(process.stdout.readline())
    return process, Client(addresses["url"], addresses["admin_key"])


def medians_ms(calls: list[Callable[[int], object]], times: int) -> list[float]:
    """Take turns in blocks, so that whatever else the machine does falls on both.

    Not call by call: waking a core that slept while the other server worked would be counted, too.
    """
    taken: list[list[float]] = [[] for _ in calls]
    block = max(1, min(BLOCK, times // 3))
    for first in range(0, times, block):
        for call, of_call in zip(calls, taken, strict=True):
            for number in range(first, min(first + block, times)):
                started = time.perf_counter()
                call(number)
                of_call.append((time.perf_counter() - started) * 1e3)
    return [statistics.median(of_call) for of_call in taken]


def seed_vedette(client: Client, experiment: str) -> None:
    values = random.Random(0)
    for number in range(RUNS):
        run = client.post(
            "runs/create", experiment_id=experiment, start_time=number, run_name=f"r{number}"
        )
        run_id = run["run"]["info"]["run_id"]
        client.post(
            "runs/log-batch",
            run_id=run_id,
            metrics=[
                {"key": key, "value": values.random(), "timestamp": number, "step": 1}
                for key in KEYS
            ],
            params=[{"key": f"p{index}", "value": str(number % 7)} for index in range(5)],
        )


def seed_mlflow(database: Path, experiment: str) -> None:
    values = random.Random(0)
    with sqlite3.connect(database) as connection:
        for number in range(RUNS):
            run_id = uuid.uuid4().hex
            connection.execute(
                "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, source_version,"
                " lifecycle_stage, artifact_uri, experiment_id) VALUES (?, ?, 'UNKNOWN', '', 'RUNNING', ?, '',"
                " 'active', '', ?)",
                (run_id, f"r{number}", number, int(experiment)),
            )
            connection.execute(
                "INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.runName', ?, ?)",
                (f"r{number}", run_id),
            )
            for key in KEYS:
                row = (key, values.random(), number, 1, run_id)
                for table in ("latest_metrics", "metrics"):
                    connection.execute(
                        f"INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, 0, ?)",
                        row,
                    )
            for index in range(5):
                connection.execute(
                    "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
                    (f"p{index}", str(number % 7), run_id),
                )


def calls_of(client: Client, searched: str) -> dict[str, tuple[int, Callable[[int], object]]]:
    """Return what is measured, each with how often."""
    now = int(time.time() * 1000)
    experiment = client.post("experiments/create", name=uuid.uuid4().hex)["experiment_id"]
    tags = [{"key": f"t{number}", "value": "v"} for number in range(5)]

    def create(_: int = 0) -> str:
        run = client.post("runs/create", experiment_id=experiment, start_time=now, tags=tags)
        return run["run"]["info"]["run_id"]

    run_id = create()

    def batch(number: int, key: str = "k", keys: int = 10) -> None:
        client.post(
            "runs/log-batch",
            run_id=run_id,
            metrics=[
                {"key": f"{key}{index % keys}", "value": random.random(), "timestamp": now + number,
                 "step": number * 1000 + index}
                for index in range(1000)
            ],
        )  # fmt: skip

    def search(number: int) -> None:
        found = client.post(
            "runs/search",
            experiment_ids=[searched],
            filter=f"metrics.auc > {0.5 + number / 1000}",
            order_by=["metrics.loss ASC"],
            max_results=100,
        )
        assert len(found["runs"]) == 100

    def search_page(number: int) -> None:
        found = client.post(
            "runs/search",
            experiment_ids=[searched],
            filter=f"metrics.auc > {0.5 + number / 1000} AND params.p1 = '3'",
            order_by=["metrics.loss ASC"],
            max_results=1000,
        )
        assert len(found["runs"]) > 300

    def log_metric(number: int) -> None:
        client.post(
            "runs/log-metric", run_id=run_id, key="m", value=1.0, timestamp=now, step=number
        )

    def history(_: int) -> None:
        found = client.get("metrics/get-history", run_id=run_id, metric_key="h0")
        assert len(found["metrics"]) == 20_000

    for number in range(20):
        batch(number, "h", 1)
    return {
        "create_run": (60, create),
        "log_metric": (30, log_metric),
        "log_batch of 1,000, 10 metrics": (10, batch),
        "log_batch of 1,000, 1,000 metrics": (7, lambda number: batch(number, "w", 1000)),
        "history of 20,000 points": (21, history),
        "search_runs, 100 of 10,000": (7, search),
        "search_runs, a page of ~700": (21, search_page),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--mlflow", default="mlflow", help="program of the peer, in an environment of its own"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        peer, theirs = start_mlflow(arguments.mlflow, folder)
        own, ours = start_vedette(folder / "vedette")
        try:
            searched = [
                client.post("experiments/create", name="searched")["experiment_id"]
                for client in (theirs, ours)
            ]
            seed_mlflow(folder / "mlflow.db", searched[0])
            seed_vedette(ours, searched[1])
            both = [
                calls_of(client, experiment)
                for client, experiment in zip((theirs, ours), searched, strict=True)
            ]
            print(f"{'median of a call, ms':36}{'mlflow':>10}{'vedette':>10}{'ratio':>9}")
            for name, (times, call) in both[0].items():
                theirs_ms, ours_ms = medians_ms([call, both[1][name][1]], times)
                ratio = theirs_ms / ours_ms
                print(f"{name:36}{theirs_ms:10.1f}{ours_ms:10.1f}{ratio:8.1f}x", flush=True)
        finally:
            for process in (peer, own):
                process.terminate()
                process.wait()


if __name__ == "__main__":
    main()
