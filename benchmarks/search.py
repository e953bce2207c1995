"""Search over many stored records: words, attributes, trace ids, counts.

    python benchmarks/search.py [--logs 10000000] [--spans 10000000]

The store is filled by the engine itself and at rest; each query runs ``--runs`` times with other values, and
the median and the 95th percentile of its wall time through the services are printed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from vedette.core.settings import Settings
from vedette.core.time import TimeRange, utc_now
from vedette.ingest.derive import CommitClock, Deriver
from vedette.query import QueryRunner
from vedette.store.warehouse import Warehouse, open_warehouse
from vedette.telemetry import logs
from vedette.telemetry.traces.service_map import service_map
from vedette.telemetry.traces.trace import fetch_trace

STEP = 500_000
LOGS = """
INSERT INTO otel_logs (Account, Timestamp, ReceivedTime, TraceId, SeverityText, SeverityNumber, ServiceName, Body, ResourceAttributes, LogAttributes)
SELECT 'default', now64(9) - toIntervalMillisecond(({total} - number) * 86400000. / {total}) AS At, At,
    lower(hex(MD5(toString(intDiv(number, 10))))), if(number % 50 = 0, 'ERROR', 'INFO'), if(number % 50 = 0, 17, 9),
    concat('service-', toString(number % 12)),
    concat('request ', ['started','finished','cached','retried','queued'][1 + number % 5], ' for user u', toString(cityHash64(number) % 100000),
        ' in ', toString(cityHash64(number, 1) % 3000), ' ms, order ', lower(hex(cityHash64(number, 7))), if(number % 5000 = 77, ' timeout', '')),
    map('host.name', concat('host-', toString(number % 30))),
    map('http.request.method', 'GET', 'user.id', concat('u', toString(cityHash64(number) % 100000)))
FROM numbers({start}, {count})
"""
SPANS = """
INSERT INTO otel_traces (Account, Timestamp, ReceivedTime, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, ResourceAttributes, SpanAttributes, Duration, StatusCode)
SELECT 'default', now64(9) - toIntervalMillisecond(({total} - number) * {milliseconds}. / {total}) AS At, At,
    lower(hex(MD5(toString(intDiv(number, 10))))), lower(hex(cityHash64(number))), if(number % 10 = 0, '', lower(hex(cityHash64(number - 1)))),
    concat('operation-', toString(number % 40)), if(number % 2 = 0, 'Server', 'Client'), concat('service-', toString(intDiv(number % 10 + 1, 2))),
    map('host.name', concat('host-', toString(number % 30))), map('http.request.method', 'GET', 'user.id', concat('u', toString(cityHash64(number) % 100000))),
    cityHash64(number) % 1000000000, if(number % 97 = 0, 'Error', 'Unset')
FROM numbers({start}, {count})
"""


def settle(warehouse: Warehouse) -> None:
    """Wait until what was just loaded is merged: how much ingest takes is not what is asked here."""
    idle = 0
    while idle < 3:
        time.sleep(1)
        running = warehouse.query("SELECT count() AS n FROM system.merges").scalar()
        idle = 0 if running else idle + 1


def timed(label: str, target_ms: float, runs: int, work: Callable[[], object]) -> None:
    """Print the median and the 95th percentile of ``work``."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        work()
        times.append((time.perf_counter() - started) * 1000)
    p95 = statistics.quantiles(times, n=20)[-1] if runs > 1 else times[0]
    print(
        f"{label:44} median {statistics.median(times):7.0f} ms   p95 {p95:7.0f} ms   {p95 / target_ms:5.2f} of the target of {target_ms:.0f} ms",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=10_000_000)
    parser.add_argument("--spans", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=60)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load average before the run {os.getloadavg()[0]:.1f}")
    folder = Path(tempfile.mkdtemp(prefix="vedette-benchmark-"))
    settings = Settings(data_dir=folder)
    warehouse = open_warehouse(settings)
    runner = QueryRunner(warehouse, settings)
    try:
        for start in range(0, options.logs, STEP):
            warehouse.execute(LOGS.format(total=options.logs, start=start, count=STEP))
        settle(warehouse)
        day = TimeRange(utc_now() - timedelta(days=1), utc_now() + timedelta(minutes=1))
        rng = random.Random(1)

        def search(text: Callable[[], str]) -> Callable[[], object]:
            return lambda: logs.search_logs(runner, "default", day, text())

        timed("logs: a rare word", 300, options.runs, search(lambda: "timeout"))
        timed("logs: a frequent word", 300, options.runs, search(lambda: "cached"))
        timed(
            "logs: one of 100,000 users, as a word",
            300,
            options.runs,
            search(lambda: f"u{rng.randrange(100_000)}"),
        )
        timed(
            "logs: an attribute",
            300,
            options.runs,
            search(lambda: f"user.id:u{rng.randrange(100_000)}"),
        )
        timed(
            "logs: level and service",
            300,
            options.runs,
            search(lambda: f"level:error service:service-{rng.randrange(12)}"),
        )
        timed(
            "logs: counts over a day, of a word",
            300,
            options.runs,
            lambda: logs.histogram(runner, "default", day, "timeout"),
        )
        for start in range(0, options.spans, STEP):
            warehouse.execute(
                SPANS.format(total=options.spans, milliseconds=86_400_000, start=start, count=STEP)
            )
        # As the server does it: an id that is not new is found by the derived index.
        Deriver(warehouse, CommitClock()).run()
        settle(warehouse)
        ids = runner.run(
            "default",
            "SELECT TraceId AS id FROM @otel_traces WHERE cityHash64(TraceId) % 5000 = 7 LIMIT 200",
        )["id"]
        timed(
            "traces: by id",
            50,
            options.runs,
            lambda: fetch_trace(runner, "default", rng.choice(ids)),
        )
        warehouse.execute("TRUNCATE TABLE otel_traces")
        for start in range(0, 1_000_000, STEP):
            warehouse.execute(
                SPANS.format(total=1_000_000, milliseconds=3_600_000, start=start, count=STEP)
            )
        Deriver(warehouse, CommitClock()).run()
        settle(warehouse)
        hour = TimeRange(utc_now() - timedelta(minutes=70), utc_now() + timedelta(minutes=1))
        if not service_map(runner, "default", hour).edges:
            raise SystemExit("the map is empty: there is nothing to measure")
        timed(
            "service map: an hour of 1 M spans",
            500,
            max(options.runs // 4, 2),
            lambda: service_map(runner, "default", hour),
        )
    finally:
        warehouse.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
