"""How long one evaluation of 500 objectives takes, over spans of a service each.

python benchmarks/slo.py [--slos 500] [--hours 72]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from vedette.alarms.service import AlarmService
from vedette.core.settings import Settings
from vedette.experience.slo.counts import SloCounts
from vedette.experience.slo.definition import check_slo
from vedette.experience.slo.evaluator import Evaluator
from vedette.experience.slo.service import SloService
from vedette.query import QueryRunner
from vedette.store.catalog import Actor, Catalog
from vedette.store.warehouse import open_warehouse

ROLLUPS = """
INSERT INTO span_metrics_1m
SELECT 'bench', toDateTime({now}) - 60 * (number % {minutes}) AS Minute, concat('service-', toString(intDiv(number, {minutes}) % 250)),
    'GET /', 'Server', 100 AS Count, toUInt64(rand(1) % 2) AS Errors, 100 * 20000000, 50000000,
    quantilesTDigestState(0.5, 0.9, 0.95, 0.99)(toFloat32(20000000)), now64(3)
FROM numbers({minutes} * 250) GROUP BY number
"""
SPANS = """
INSERT INTO otel_traces (Account, Timestamp, TraceId, SpanId, SpanName, SpanKind, ServiceName, Duration, StatusCode)
SELECT 'bench', toDateTime64({now}, 9) - (number % 36000) / 10, hex(rand64()), hex(rand64(1)), 'GET /', 'Server',
    concat('service-', toString(number % 250)), toUInt64(rand(2) % 60000000), if(rand(3) % 500 = 0, 'Error', 'Unset')
FROM numbers(2000000)
"""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--slos", type=int, default=500)
    parser.add_argument("--hours", type=int, default=72)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), min_free_disk_bytes=0)
        warehouse = open_warehouse(settings)
        runner = QueryRunner(warehouse, settings)
        now = int(time.time()) // 60 * 60
        warehouse.execute(ROLLUPS.format(now=now, minutes=options.hours * 60))
        warehouse.execute(SPANS.format(now=now))
        with Catalog.open(f"sqlite:///{folder}/catalog.sqlite") as catalog:
            catalog.ensure_first_start()
            actor = Actor.system("benchmark")
            catalog.accounts.create(actor, "bench")
            slos = SloService(catalog, AlarmService(catalog, warehouse, runner))
            for number in range(options.slos):
                source = {"type": "traces", "service": f"service-{number % 250}"}
                if number % 2:
                    source["latency"] = f"{20 + number % 10}ms"
                spec = check_slo({"goal": 0.99, "source": source, "alarms": []})
                slos.put(actor, "bench", f"slo {number}", spec)
            emitted = []
            evaluator = Evaluator(
                catalog,
                slos,
                SloCounts(warehouse, runner),
                runner,
                lambda _account, points, _batch: emitted.extend(points),
            )
            for name, moment in (
                ("first, with the whole period", now),
                ("second", now + 60),
                ("third", now + 120),
                ("at the turn of an hour", now + 3600),
            ):
                emitted.clear()
                began = time.perf_counter()
                done = evaluator.evaluate("bench", float(moment))
                took = time.perf_counter() - began
                print(
                    f"{name}: {took:.2f} s, {len(done.statuses)} objectives, "
                    f"{done.statements} statements counted, {len(emitted)} points, "
                    f"{len(done.failed)} failed, at {datetime.fromtimestamp(moment, UTC):%H:%M}"
                )
        warehouse.close()


if __name__ == "__main__":
    main()
