"""Sustained ingest for some minutes: resident memory, active parts and rates, as they develop.

Run it: ``python tests/faults/soak.py --seconds 180``. Exit status 0 means that memory stayed under
the limit, parts did not pile up, and every acknowledged record is there.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import threading
import time
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.otlp_bodies import logs_body, metrics_body, traces_body
from support.server import Server

MEMORY_LIMIT = 700_000_000
PARTS_LIMIT = 150
"""Active parts of one table; the engine slows inserts down from 1,000 in a partition."""
SIGNALS = {
    "traces": (traces_body, ("otel_traces",)),
    "logs": (logs_body, ("otel_logs",)),
    "metrics": (
        metrics_body,
        ("otel_metrics_gauge", "otel_metrics_sum", "otel_metrics_histogram"),
    ),
}
_PARTS = (
    "SELECT table, toUInt32(count()) AS parts FROM system.parts "
    "WHERE active AND database = currentDatabase() GROUP BY table ORDER BY parts DESC LIMIT 1"
)


def send(
    server: Server, signal: str, records: int, stop: threading.Event, sent: dict[str, int]
) -> None:
    """Send requests one after another; counts the records that were acknowledged."""
    make, _ = SIGNALS[signal]
    numbers = itertools.count()
    with httpx.Client(base_url=server.otlp, headers=server.headers(), timeout=60) as client:
        while not stop.is_set():
            body = make(f"{signal} {next(numbers)}", records)
            answer = client.post(
                f"/v1/{signal}", content=body, headers={"content-type": "application/x-protobuf"}
            )
            if answer.status_code == 200:
                sent[signal] += records


def stored(server: Server, signal: str) -> int:
    """Return how many records of a signal the store holds."""
    _, tables = SIGNALS[signal]
    return sum(int(server.rows(f"SELECT count() AS n FROM {table}")[0]["n"]) for table in tables)


def run(folder: Path, seconds: float, records: int, every: float) -> bool:
    """Load a server, print a line now and then, and tell whether all stayed well."""
    good = True
    with Server(folder) as server:
        sent = dict.fromkeys(SIGNALS, 0)
        stop = threading.Event()
        senders = [
            threading.Thread(target=send, args=(server, signal, records, stop, sent))
            for signal in SIGNALS
        ]
        for sender in senders:
            sender.start()
        started = time.monotonic()
        while (elapsed := time.monotonic() - started) < seconds:
            time.sleep(min(every, seconds - elapsed))
            resident = server.resident_bytes()
            most = server.rows(_PARTS)
            table, parts = (most[0]["table"], most[0]["parts"]) if most else ("-", 0)
            good = good and resident < MEMORY_LIMIT and parts < PARTS_LIMIT
            rate = sum(sent.values()) / (time.monotonic() - started)
            print(
                f"{time.monotonic() - started:6.0f} s  {resident / 1e6:5.0f} MB  "
                f"{parts:4d} parts of {table}  {rate:7.0f} records/s",
                flush=True,
            )
        stop.set()
        for sender in senders:
            sender.join()
        for signal, count in sent.items():
            found = stored(server, signal)
            good = good and found == count
            print(f"{signal}: {count} acknowledged, {found} stored")
    return good


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--records", type=int, default=1000, help="in each request")
    parser.add_argument("--every", type=float, default=10, help="seconds between two lines")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vedette-soak-") as folder:
        good = run(Path(folder) / "store", options.seconds, options.records, options.every)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
