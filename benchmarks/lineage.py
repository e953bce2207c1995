"""Lineage of depth 10 over 100,000 edges: time of a walk, both ways and one.

python benchmarks/lineage.py [--edges 100000]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import orjson

from vedette.core.settings import Settings
from vedette.ingest import Ingest, Source
from vedette.lineage.graph import Node
from vedette.lineage.service import LineageService
from vedette.query import QueryRunner
from vedette.store.catalog import Catalog
from vedette.store.warehouse import open_warehouse

LAYERS = 25


def events(edges: int):
    """A layered graph: each job reads three datasets of a layer and writes one of the next."""
    draw = random.Random(7)
    jobs = edges // 4
    width = jobs // LAYERS
    now = datetime.now(UTC).isoformat()
    for number in range(jobs):
        layer = number // width
        reads = {
            f"t{layer}_{min(width - 1, max(0, number % width + draw.randint(-2, 2)))}"
            for _ in range(3)
        }
        yield {
            "eventType": "COMPLETE",
            "eventTime": now,
            "producer": "benchmark",
            "run": {"runId": f"r{number}"},
            "job": {"namespace": "bench", "name": f"j{number}"},
            "inputs": [{"namespace": "bench", "name": name} for name in reads],
            "outputs": [{"namespace": "bench", "name": f"t{layer + 1}_{number % width}"}],
        }


async def store(warehouse, settings, lines):
    ingest = Ingest(warehouse, settings)
    await ingest.start()
    started = time.perf_counter()
    await asyncio.gather(
        *(
            ingest.submit(Source.LINEAGE, "default", orjson.dumps(lines[at : at + 2000]))
            for at in range(0, len(lines), 2000)
        )
    )
    seconds = time.perf_counter() - started
    await ingest.stop()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--edges", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), min_free_disk_bytes=0)
        warehouse = open_warehouse(settings)
        lines = list(events(options.edges))
        seconds = asyncio.run(store(warehouse, settings, lines))
        print(
            f"{len(lines):,} events stored in {seconds:.2f} s: {len(lines) / seconds:,.0f} events/s"
        )
        runner = QueryRunner(warehouse, settings)
        known = runner.run(
            "default", "SELECT count() FROM @lineage_edges WHERE Direction = 'down'"
        ).scalar()
        with Catalog.open(f"sqlite:///{folder}/catalog.sqlite") as catalog:
            catalog.ensure_first_start()
            service = LineageService(catalog, runner)
            width = len(lines) // LAYERS
            for direction in ("down", "up", "both"):
                taken, nodes = [], 0
                for place in range(20, width - 20, max(1, width // 9))[:9]:
                    start = Node("dataset", f"bench/t12_{place}")
                    began = time.perf_counter()
                    graph = service.graph(
                        "default", start, direction=direction, depth=10, limit=5000
                    )
                    taken.append(time.perf_counter() - began)
                    nodes = max(nodes, len(graph.hops))
                print(
                    f"{direction:5} depth 10 over {known:,} edges: median {statistics.median(taken) * 1e3:.0f} ms, "
                    f"most {max(taken) * 1e3:.0f} ms, up to {nodes} nodes"
                )
        warehouse.close()


if __name__ == "__main__":
    main()
