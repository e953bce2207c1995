"""The engine's own rates for a signal's records in Native format; ``ingest.py`` prints them beside the server's.

    python benchmarks/engine_rate.py SIGNAL FOLDER BODIES RECORDS

In a store under FOLDER, groups of BODIES requests of RECORDS records each are inserted by two
writers for eight seconds: as requests that are decoded, into their landing table, and as the finished
rows of the table that they end in. Prints both rates, in records a second, as JSON.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from pathlib import Path

import fixtures
from vedette.core.settings import Settings
from vedette.ingest.commit import insert_settings
from vedette.ingest.envelope import Body
from vedette.ingest.sources import Source
from vedette.store.warehouse import Warehouse, open_warehouse
from vedette.store.warehouse.base import Query, QueryLimits

TABLES = {"traces": "otel_traces", "logs": "otel_logs", "metrics": "otel_metrics_gauge"}
WRITERS, SECONDS = 2, 8


def group_of(signal: str, bodies: int, records: int) -> list[bytes]:
    """Return the enveloped requests of a group, as ingest hands them to the engine."""
    now, make = time.time_ns(), getattr(fixtures, signal)
    group = [
        Body(
            account="default", data=make(seed, records), received=now, oldest=0,
            newest=now + 10**15, request_id=seed + 1, batch_id=0, stored=(),
        )
        for seed in range(bodies)
    ]  # fmt: skip
    return [part for body in group for part in (body.envelope(), body.data)]


def decoded(
    warehouse: Warehouse, signal: str, group: list[bytes], records: int
) -> dict[str, tuple[bytes, int]]:
    """Return by table what the group is in Native format, and how many records that are."""
    spec, table = Source[f"OTLP_{signal.upper()}"].value, TABLES[signal]
    warehouse.execute(f"CREATE TABLE landed AS {spec.table} ENGINE = Memory")
    warehouse.execute(f"CREATE MATERIALIZED VIEW landed_mv TO landed AS SELECT * FROM {spec.table}")
    warehouse.execute(f"TRUNCATE TABLE {table}")
    warehouse.insert(spec.table, group, "Protobuf", insert_settings(spec.schema))
    warehouse.execute("DROP TABLE landed_mv")
    limits = QueryLimits(rows=records, seconds=60)
    finished = warehouse.query(f"SELECT count() AS n FROM {table}").scalar()
    return {
        spec.table: (
            warehouse.fetch(Query("SELECT * FROM landed", limits=limits), "Native"), records
        ),
        table: (
            warehouse.fetch(Query(f"SELECT * FROM {table}", limits=limits), "Native"), finished
        ),
    }  # fmt: skip


def rate(warehouse: Warehouse, signal: str, table: str, data: bytes, records: int) -> float:
    """Return how many records a second the writers insert."""
    settings = insert_settings(Source[f"OTLP_{signal.upper()}"].value.schema)
    done, until = [0] * WRITERS, time.monotonic() + SECONDS

    def work(index: int) -> None:
        while time.monotonic() < until:
            warehouse.insert(table, [fixtures.moved(data)], "Native", settings)
            done[index] += records

    started = time.monotonic()
    threads = [threading.Thread(target=work, args=(index,)) for index in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.monotonic() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("signal", choices=TABLES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("bodies", type=int)
    parser.add_argument("records", type=int, help="records a body")
    options = parser.parse_args()
    warehouse = open_warehouse(Settings(data_dir=options.folder))
    try:
        group = group_of(options.signal, options.bodies, options.records)
        total = options.bodies * options.records
        given = decoded(warehouse, options.signal, group, total)
        print(json.dumps([rate(warehouse, options.signal, t, *of) for t, of in given.items()]))
    finally:
        warehouse.close()


if __name__ == "__main__":
    main()
