"""Kill the server at random moments under load, and count what that cost.

Clients send traces, logs and metrics at the same time. Most batches carry a batch id and are sent
again, with the next attempt number, until they are acknowledged; some carry none, as with any
OpenTelemetry exporter, and are sent once; some are sent again although they were acknowledged. In
the end every acknowledged record must be in the store, and none twice; every acknowledged trace must
be found by its id, and each derived table must say what one made anew from the facts would say.

Run it: ``python tests/faults/kill.py --rounds 50``. Exit status 0 means that nothing was lost or
doubled and that no derived row is wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.otlp_bodies import logs_body, metrics_body, traces_body
from support.server import Server

SIGNALS = ("traces", "logs", "metrics")
SENDERS_PER_SIGNAL = 2
MAKE = {"traces": traces_body, "logs": logs_body, "metrics": metrics_body}
STORED = {
    "traces": {"otel_traces": "SpanAttributes"},
    "logs": {"otel_logs": "LogAttributes"},
    "metrics": dict.fromkeys(
        ("otel_metrics_gauge", "otel_metrics_sum", "otel_metrics_histogram"), "Attributes"
    ),
}
NOT_INDEXED = """
SELECT SpanAttributes['batch'] AS batch, toUInt32(count()) AS n FROM otel_traces
WHERE TraceId NOT IN (SELECT TraceId FROM otel_traces_trace_id_ts) GROUP BY batch
"""
_NUMBERS = ("otel_metrics_gauge", "otel_metrics_sum")
_RESOURCES = {
    "otel_logs": ("logs", "TimestampTime"),
    "otel_traces": ("traces", "toDateTime(Timestamp)"),
    **dict.fromkeys((*_NUMBERS, "otel_metrics_histogram"), ("metrics", "toDateTime(TimeUnix)")),
}


def _rollup(tier: str, seconds: int) -> tuple[str, str]:
    time_ = f"toStartOfInterval(toDateTime(TimeUnix), INTERVAL {seconds} SECOND)"
    return (
        f"SELECT (MetricName, SeriesId, Time) AS k, toInt64(Count) AS n FROM metric_rollup_{tier}",
        " UNION ALL ".join(
            f"SELECT (MetricName, SeriesId, {time_}) AS k, toInt64(1) AS n FROM {table}"
            for table in _NUMBERS
        ),
    )


# Derived table to two SELECTs of key and number, over the table and over the facts.
DERIVED = {
    "span_metrics_1m": (
        "SELECT (Minute, ServiceName, SpanName, SpanKind) AS k, toInt64(Count + 1000 * DurationSum)"
        " AS n FROM span_metrics_1m",
        "SELECT (toStartOfMinute(toDateTime(Timestamp)), ServiceName, SpanName, SpanKind) AS k, "
        "toInt64(1 + 1000 * Duration) AS n FROM otel_traces",
    ),
    "metric_rollup_1m": _rollup("1m", 60),
    "metric_rollup_5m": _rollup("5m", 300),
    "metric_rollup_1h": _rollup("1h", 3600),
    "metric_series": (
        "SELECT DISTINCT (Day, SeriesId) AS k, toInt64(1) AS n FROM metric_series",
        "SELECT DISTINCT k, toInt64(1) AS n FROM ("
        + " UNION ALL ".join(
            f"SELECT (toDate(TimeUnix), SeriesId) AS k FROM {table}"
            for table in (*_NUMBERS, "otel_metrics_histogram")
        )
        + ")",
    ),
    "kpi_values": (
        "SELECT DISTINCT (Kpi, Time, Series) AS k, toInt64(1) AS n FROM kpi_values",
        "SELECT DISTINCT (substring(MetricName, 13), toDateTime64(TimeUnix, 3), "
        "cityHash64(mapSort(Attributes))) AS k, toInt64(1) AS n FROM otel_metrics_gauge "
        "WHERE startsWith(MetricName, 'vedette.kpi.')",
    ),
    "resources": (
        "SELECT (toString(Signal), Hour, ResourceHash) AS k, toInt64(Count) AS n FROM resources",
        " UNION ALL ".join(
            f"SELECT ('{signal}', toStartOfHour({time_}), cityHash64(ResourceAttributes)) AS k, "
            f"toInt64(1) AS n FROM {table}"
            for table, (signal, time_) in _RESOURCES.items()
        ),
    ),
    "attribute_values": (
        "SELECT (toString(Signal), Bucket, Value) AS k, toInt64(Count) AS n FROM attribute_values "
        "WHERE Key = 'service'",
        "SELECT ('logs', toStartOfFifteenMinutes(TimestampTime), toString(ServiceName)) AS k, "
        "toInt64(1) AS n FROM otel_logs UNION ALL "
        "SELECT ('traces', toStartOfFifteenMinutes(toDateTime(Timestamp)), toString(ServiceName)) "
        "AS k, toInt64(1) AS n FROM otel_traces",
    ),
}
WRONG = """
SELECT toUInt32(count()) AS wrong
FROM
(
    SELECT k FROM (SELECT k, n FROM ({derived}) UNION ALL SELECT k, -n AS n FROM ({facts}))
    GROUP BY k HAVING sum(n) != 0
)
"""
SETTLE_SECONDS = 60.0


@dataclass
class Batch:
    """One request, the same bytes in every attempt."""

    name: str
    signal: str
    count: int
    body: bytes
    batch_id: str | None
    attempts: int = 0
    acknowledged: bool = False


@dataclass
class Outcome:
    """What a run found; lost, doubled and not indexed are numbers of records."""

    rounds: int = 0
    batches: int = 0
    acknowledged: int = 0
    records: int = 0
    resent: int = 0
    refused: list[str] = field(default_factory=list)
    lost: int = 0
    doubled: int = 0
    not_indexed: int = 0
    faulty: list[str] = field(default_factory=list)
    derived: dict[str, int] = field(default_factory=dict)
    start_seconds: list[float] = field(default_factory=list)

    @property
    def good(self) -> bool:
        wrong = sum(self.derived.values())
        return not (self.lost or self.doubled or self.not_indexed or self.refused or wrong)

    def summary(self) -> str:
        """Return the run in a few lines."""
        lines = [
            f"rounds {self.rounds}, batches {self.batches}, acknowledged {self.acknowledged}, "
            f"records acknowledged {self.records}, sent again {self.resent}",
            f"lost {self.lost}, doubled {self.doubled}, not found by trace id {self.not_indexed}, "
            f"refused {len(self.refused)}",
            f"ready after a kill: median {statistics.median(self.start_seconds):.2f} s, "
            f"most {max(self.start_seconds):.2f} s",
            *self.refused[:5],
            *self.faulty[:20],
        ]
        lines += [f"{name}: {wrong} wrong" for name, wrong in self.derived.items()]
        return "\n".join(lines)


class Load:
    """Threads that send batches until told to stop; unacknowledged ones wait for the next round."""

    def __init__(self, seed: int, outcome: Outcome) -> None:
        self.batches: list[Batch] = []
        self._outcome = outcome
        self._random = random.Random(seed)
        self._again: dict[str, deque[Batch]] = {signal: deque() for signal in SIGNALS}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, server: Server, *, only_resend: bool = False) -> None:
        """Send to a server; with ``only_resend`` what is unacknowledged, then end."""
        self._stopping.clear()
        self._threads = [
            threading.Thread(target=self._send, args=(signal, server, only_resend))
            for signal in SIGNALS
            for _ in range(SENDERS_PER_SIGNAL)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Start no more requests and wait for those under way."""
        self._stopping.set()
        self.join()

    def join(self) -> None:
        """Wait for the senders."""
        for thread in self._threads:
            thread.join()

    def _send(self, signal: str, server: Server, only_resend: bool) -> None:
        with httpx.Client(base_url=server.otlp, headers=server.headers(), timeout=60) as client:
            while not self._stopping.is_set():
                batch = self._next(signal, only_resend)
                if batch is None:
                    return
                if not self._post(client, batch):
                    return

    def _next(self, signal: str, only_resend: bool) -> Batch | None:
        with self._lock:
            if self._again[signal]:
                return self._again[signal].popleft()
            if only_resend:
                return None
            name = f"{signal}-{len(self.batches)}"
            count = self._random.choice((1, 30, 300, 1500))
            days = self._random.choice((1, 1, 2))
            named = self._random.random() < 0.75
            batch_id = f"{self._random.getrandbits(64) | 1:016x}" if named else None
            batch = Batch(name, signal, count, b"", batch_id)
            self.batches.append(batch)
        batch.body = MAKE[signal](name, count, days=days)
        return batch

    def _post(self, client: httpx.Client, batch: Batch) -> bool:
        """Send one attempt; False where the server is gone."""
        batch.attempts += 1
        headers = {"content-type": "application/x-protobuf"}
        if batch.batch_id:
            headers |= {
                "vedette-batch-id": batch.batch_id,
                "vedette-attempt": str(batch.attempts),
            }
        try:
            answer = client.post(f"/v1/{batch.signal}", content=batch.body, headers=headers)
        except httpx.TransportError:
            self._unacknowledged(batch)
            return False
        if answer.status_code in {429, 503}:
            self._unacknowledged(batch)
            return True
        if answer.status_code != 200 or answer.content:
            self._outcome.refused.append(f"{batch.name}: {answer.status_code} {answer.content!r}")
            return True
        with self._lock:
            again = batch.batch_id and not batch.acknowledged and self._random.random() < 0.1
            batch.acknowledged = True
            if again:  # as a client does whose connection broke before it read the answer
                self._again[batch.signal].append(batch)
            else:
                batch.body = b""
        return True

    def _unacknowledged(self, batch: Batch) -> None:
        if batch.batch_id:
            with self._lock:
                self._again[batch.signal].append(batch)


def run(folder: Path, rounds: int, seed: int) -> Outcome:
    """Kill the server ``rounds`` times and return what became of the batches."""
    outcome = Outcome(rounds=rounds)
    server = Server(folder)
    load = Load(seed, outcome)
    moments = random.Random(seed + 1)
    for number in range(rounds):
        server.start()
        outcome.start_seconds.append(server.ready_seconds)
        load.start(server)
        time.sleep(moments.uniform(0.2, 2.5))
        server.kill()
        load.stop()
        print(f"round {number + 1}: {len(load.batches)} batches", file=sys.stderr, flush=True)
    with server:
        outcome.start_seconds.append(server.ready_seconds)
        load.start(server, only_resend=True)
        load.join()
        verify(server, load.batches, outcome)
    return outcome


def verify(server: Server, batches: list[Batch], outcome: Outcome) -> None:
    """Compare every batch with the store."""
    found: dict[str, tuple[int, int]] = {}
    for signal in SIGNALS:
        parts = " UNION ALL ".join(
            f"SELECT {column}['batch'] AS batch, {column}['index'] AS i FROM {table}"
            for table, column in STORED[signal].items()
        )
        for row in server.rows(
            f"SELECT batch, toUInt32(count()) AS n, toUInt32(uniqExact(i)) AS u "
            f"FROM ({parts}) GROUP BY batch"
        ):
            found[row["batch"]] = (row["n"], row["u"])
    for batch in batches:
        rows, distinct = found.get(batch.name, (0, 0))
        outcome.batches += 1
        outcome.acknowledged += batch.acknowledged
        outcome.records += batch.count * batch.acknowledged
        outcome.resent += max(0, batch.attempts - 1)
        lost = batch.count - distinct if batch.acknowledged else 0
        outcome.lost += lost
        outcome.doubled += rows - distinct
        if lost or rows > distinct:
            outcome.faulty.append(
                f"{batch.name} (id {batch.batch_id}, attempts {batch.attempts}): "
                f"{batch.count} sent, {rows} stored, {distinct} distinct"
            )
    acknowledged = {batch.name for batch in batches if batch.acknowledged}
    # What is derived follows a few seconds after the facts.
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        outcome.not_indexed = sum(
            row["n"] for row in server.rows(NOT_INDEXED) if row["batch"] in acknowledged
        )
        outcome.derived = {
            name: server.rows(WRONG.format(derived=derived, facts=facts))[0]["wrong"]
            for name, (derived, facts) in DERIVED.items()
        }
        if outcome.good or time.monotonic() > deadline:
            return
        time.sleep(0.5)


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="new folder for the store, which is kept")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vedette-kill-") as folder:
        outcome = run(options.keep or Path(folder) / "store", options.rounds, options.seed)
    print(json.dumps(outcome.__dict__) if options.json else outcome.summary())
    return 0 if outcome.good else 1


if __name__ == "__main__":
    sys.exit(main())
