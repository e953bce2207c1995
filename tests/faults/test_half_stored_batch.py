"""A crash between two days or two tables of a batch: the next attempt stores the rest, once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from support.otlp_bodies import logs_body, metrics_body, traces_body
from vedette.ingest import Ingest, Receipt, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from vedette.core.settings import Settings
    from vedette.store.warehouse import Warehouse

TABLES = {
    Source.OTLP_TRACES: ("otel_traces",),
    Source.OTLP_LOGS: ("otel_logs",),
    Source.OTLP_METRICS: ("otel_metrics_gauge", "otel_metrics_sum", "otel_metrics_histogram"),
}


def attempt(
    warehouse: Warehouse, settings: Settings, source: Source, account: str, body: bytes, number: int
) -> Receipt:
    """Send one attempt to an ingest that has just started, as after a crash."""

    async def main() -> Receipt:
        ingest = Ingest(warehouse, settings)
        await ingest.start()
        try:
            return await ingest.submit(source, account, body, batch_id=7, attempt=number)
        finally:
            await ingest.stop()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("source", "make"),
    [
        (Source.OTLP_TRACES, traces_body),
        (Source.OTLP_LOGS, logs_body),
        (Source.OTLP_METRICS, metrics_body),
    ],
    ids=["traces", "logs", "metrics"],
)
@pytest.mark.parametrize("before", [0, 1, 60], ids=["nothing", "one table's day", "a day"])
def test_the_rest_is_stored_once(
    warehouse: Warehouse,
    settings: Settings,
    source: Source,
    make: Callable[..., bytes],
    before: int,
) -> None:
    account = f"half-{source.name.lower().replace('_', '-')}-{before}"
    whole = make("b", 60, days=2)
    # Of 60 records on two days a crash left the first day's, made here as a batch of one day.
    if before:
        attempt(warehouse, settings, source, account, make("b", before), 1)
    receipt = attempt(warehouse, settings, source, account, whole, 2)
    assert receipt.duplicate == bool(before)
    today = {0: 30, 1: 1, 60: 60}[before]
    if source is Source.OTLP_METRICS and before == 1:
        today += 20  # the one is of the gauge; the counter's and the histogram's were not there
    counts = [
        warehouse.query(
            f"SELECT toUInt32(countIf(toDate({time}) = toDate(now()))) AS today, "
            f"toUInt32(count()) AS n FROM {table} WHERE Account = {{account:String}}",
            {"account": account},
        ).records()[0]
        for table in TABLES[source]
        for time in ["TimeUnix" if "metrics" in table else "Timestamp"]
    ]
    assert sum(c["n"] - c["today"] for c in counts) == 30
    assert sum(c["today"] for c in counts) == today
    again = attempt(warehouse, settings, source, account, whole, 3)
    assert again.duplicate
    after = [
        warehouse.query(
            f"SELECT toUInt32(count()) AS n FROM {table} WHERE Account = {{account:String}}",
            {"account": account},
        ).scalar()
        for table in TABLES[source]
    ]
    assert sum(after) == 30 + today
