"""How long a minute's evaluation of many alarms takes, in one process with its real stores.

    python benchmarks/alarms.py [--alarms 10000] [--minutes 5]

Alarms over 200 metrics of 100 series each: averages of gauges, rates of counters, percentiles of
histograms, error ratios by metric math, and alarms of many series. The evaluation reads, decides and
stores state, history and notices. Its time is compared with that of the engine's statements alone.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from vedette.alarms import evaluator
from vedette.alarms.definition import check_spec
from vedette.alarms.evaluator import Evaluator
from vedette.alarms.service import AlarmService
from vedette.alarms.telling import Teller
from vedette.core.settings import Settings
from vedette.ingest import Ingest, Source
from vedette.notifications.outbox import NotificationOutbox
from vedette.query import QueryRunner
from vedette.scheduler import Scheduler
from vedette.store.catalog import Actor, Catalog, Clock
from vedette.store.catalog.alarm_models import AlarmRow
from vedette.store.warehouse import open_warehouse

ACCOUNT, ACTOR = "default", Actor.system("benchmark")
METRICS, HOSTS = 200, 100
BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5]
START = (datetime.now(UTC) - timedelta(days=1)).replace(hour=12, minute=0, second=0, microsecond=0)
RNG = np.random.default_rng(7)


def body(metric: int, first: int, minutes: int) -> bytes:
    """Return points of one metric for some minutes: a gauge, a counter or a histogram."""
    request = ExportMetricsServiceRequest()
    block = request.resource_metrics.add()
    block.resource.attributes.add(key="service.name").value.string_value = f"service-{metric % 20}"
    sent = block.scope_metrics.add().metrics.add(name=f"bench.metric.{metric}", unit="1")
    kind = metric % 4
    for host in range(HOSTS):
        for minute in range(first, first + minutes):
            at = int((START + timedelta(minutes=minute, seconds=20)).timestamp()) * 10**9
            if kind == 3:
                sent.histogram.aggregation_temporality = 1
                point = sent.histogram.data_points.add(time_unix_nano=at)
                counts = RNG.poisson(20, len(BOUNDS) + 1)
                point.bucket_counts.extend(counts.tolist())
                point.explicit_bounds.extend(BOUNDS)
                point.count, point.sum = int(counts.sum()), float(counts.sum())
            elif kind == 2:
                sent.sum.aggregation_temporality, sent.sum.is_monotonic = 2, True
                point = sent.sum.data_points.add(time_unix_nano=at)
                point.as_double = float(minute * 100 + host)
            else:
                point = sent.gauge.data_points.add(time_unix_nano=at)
                point.as_double = float(RNG.normal(50, 10))
            point.attributes.add(key="host").value.string_value = f"h{host}"
            point.attributes.add(key="zone").value.string_value = f"z{host % 5}"
    return request.SerializeToString()


def spec(number: int) -> dict:
    """Return the definition of one alarm: nine in ten watch one series, one in ten a group."""
    metric = number % METRICS
    statistic = ("Average", "Maximum", "rate", "p95")[metric % 4]
    name = f"bench.metric.{metric}"
    host = {"label": "host", "value": f"h{number // METRICS % HOSTS}"}
    query = {"id": "m1", "metric": name, "statistic": statistic, "matchers": [host]}
    if number % 10 == 0:
        query |= {"matchers": [], "group_by": ["zone"]}
    queries = [query]
    if number % 10 == 5 and metric % 4 < 3:
        queries.append({"id": "e1", "expression": "100 * m1 / (m1 + 1)"})
    limit = {0: 75.0, 1: 75.0, 2: 10.0, 3: 2.0}[metric % 4]
    return {
        "source": {"type": "metric", "queries": queries},
        "condition": {"threshold": {"threshold": limit}},
        "periods": 3,
        "to_alarm": 2,
    }


async def load(ingest: Ingest, first: int, minutes: int) -> None:
    """Store some minutes of every metric."""
    bodies = [body(metric, first, minutes) for metric in range(METRICS)]
    for start in range(0, METRICS, 20):
        sent = (
            ingest.submit(Source.OTLP_METRICS, ACCOUNT, one) for one in bodies[start : start + 20]
        )
        for receipt in await asyncio.gather(*sent):
            assert not receipt.rejected


def add_alarms(catalog: Catalog, service: AlarmService, count: int) -> None:
    """Add alarms: the first by the service, the rest as copies of its row."""
    first = check_spec(spec(0))
    service.put(ACTOR, ACCOUNT, "alarm-0", first)
    now = catalog.clock.now()
    with catalog.change(ACTOR, "LoadBenchmark", account=ACCOUNT) as change:
        for number in range(1, count):
            checked = check_spec(spec(number))
            change.session.add(
                AlarmRow(
                    id=f"a{number:06d}", account=ACCOUNT, name=f"alarm-{number}", kind="metric",
                    interval=60, enabled=True, severity="warning",
                    spec=checked.model_dump_json(exclude_defaults=True), labels="{}", owner="",
                    version=1, created=now, created_by="b", updated=now, updated_by="b",
                )
            )  # fmt: skip


class Counted(QueryRunner):
    """Counts statements and the time that they take."""

    statements, seconds = 0, 0.0

    def run(self, *args, **options):
        began = time.perf_counter()
        try:
            return super().run(*args, **options)
        finally:
            self.statements += 1
            self.seconds += time.perf_counter() - began


async def main(alarms: int, minutes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), min_free_disk_bytes=0)
        warehouse = open_warehouse(settings)
        now = [START]
        catalog = Catalog.open(
            f"sqlite:///{folder}/catalog.sqlite", clock=Clock(now=lambda: now[0])
        )
        catalog.ensure_first_start()
        ingest = Ingest(warehouse, settings)
        await ingest.start()
        runner = Counted(warehouse, settings)
        service = AlarmService(catalog, warehouse, runner)
        add_alarms(catalog, service, alarms)
        await load(ingest, 0, 60)
        print(f"{METRICS * HOSTS:,} series, an hour of points stored; {alarms:,} alarms")
        scheduler = Scheduler(catalog)
        teller = Teller(catalog, NotificationOutbox(catalog))
        watching = Evaluator(catalog, warehouse, runner, teller)
        scheduler.handle(evaluator.KIND, watching.handle)
        took = []
        for minute in range(60, 60 + minutes):
            await load(ingest, minute, 1)
            now[0] = START + timedelta(minutes=minute + 1, seconds=6)
            runner.statements, runner.seconds = 0, 0.0
            began, cpu = time.perf_counter(), time.process_time()
            done = await asyncio.to_thread(scheduler.run_due)
            seconds, used = time.perf_counter() - began, time.process_time() - cpu
            assert len(done) == 1, done
            took.append(seconds)
            states = service.counts(ACCOUNT)
            print(
                f"minute {minute}: {seconds:.2f} s ({used:.2f} s of CPU), {runner.statements} statements "
                f"in {runner.seconds:.2f} s; {states}"
            )
        median = statistics.median(took[1:] or took)
        print(f"\nevaluation of {alarms:,} alarms: median {median:.2f} s, worst {max(took):.2f} s")
        print(f"alarms a second: {alarms / median:,.0f}")
        print(f"share of the engine's statements: {runner.seconds / took[-1]:.2f}")
        await ingest.stop()
        catalog.close()
        warehouse.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--alarms", type=int, default=10_000)
    parser.add_argument("--minutes", type=int, default=5)
    options = parser.parse_args()
    asyncio.run(main(options.alarms, options.minutes))
