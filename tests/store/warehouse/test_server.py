"""What only the server's client has: its URL, its errors of connection, ingest through it."""

from __future__ import annotations

import asyncio
import itertools
import socket

import pytest

from support.otlp_bodies import logs_body, metrics_body, traces_body
from vedette.core.errors import InvalidInputError, UnavailableError
from vedette.core.settings import Settings
from vedette.ingest import Ingest, Receipt, Source
from vedette.store.warehouse import Warehouse, open_warehouse
from vedette.store.warehouse.server import ServerWarehouse

ACCOUNTS = itertools.count()
BODIES = {
    Source.OTLP_TRACES: (traces_body, "otel_traces"),
    Source.OTLP_LOGS: (logs_body, "otel_logs"),
    Source.OTLP_METRICS: (metrics_body, "otel_metrics_histogram"),
}


def submit(warehouse: Warehouse, source: Source, *bodies: bytes) -> tuple[str, list[object]]:
    account = f"server-{next(ACCOUNTS)}"

    async def main() -> list[object]:
        ingest = Ingest(warehouse, Settings(min_free_disk_bytes=0))
        await ingest.start()
        jobs = (ingest.submit(source, account, body) for body in bodies)
        results = await asyncio.gather(*jobs, return_exceptions=True)
        await ingest.stop()
        return list(results)

    return account, asyncio.run(main())


@pytest.mark.parametrize("source", list(BODIES), ids=lambda source: source.signal)
def test_otlp_is_decoded_by_the_server(server_warehouse: Warehouse, source: Source) -> None:
    make, table = BODIES[source]
    account, answers = submit(server_warehouse, source, make("a", 30), b"\xff\xff", make("b", 30))
    assert answers[0] == answers[2] == Receipt()
    assert isinstance(answers[1], InvalidInputError)
    sql = f"SELECT count() FROM {table} WHERE Account = {{a:String}}"
    expected = 20 if source is Source.OTLP_METRICS else 60
    assert server_warehouse.query(sql, {"a": account}).scalar() == expected


def test_rejected_records_come_back_through_the_server(server_warehouse: Warehouse) -> None:
    _, (answer,) = submit(server_warehouse, Source.LOG_LINES, b'{"msg":"x"}\nbad\n')
    assert answer == Receipt(
        {"the line is not a JSON object in UTF-8": 1},
        lines={"the line is not a JSON object in UTF-8": [2]},
    )


def test_a_second_client_finds_what_the_first_stored(
    server_warehouse: Warehouse, clickhouse_url: str
) -> None:
    server_warehouse.insert("otel_logs", [b'{"Account":"second"}\n'], "JSONEachRow", {})
    second = open_warehouse(Settings(warehouse_url=clickhouse_url))
    sql = "SELECT count() FROM otel_logs WHERE Account = 'second'"
    assert second.query(sql).scalar() == 1
    second.close()


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound, and not listening: nobody can answer there
        port = held.getsockname()[1]
        with pytest.raises(UnavailableError):
            open_warehouse(Settings(warehouse_url=f"clickhouse://127.0.0.1:{port}/default"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("clickhouse://host/db?sharding=1", "sharding"),
        ("clickhouse:///db", "no host"),
        ("postgresql://host/db", "postgresql"),
    ],
)
def test_a_url_that_is_none_is_refused(url: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as caught:
        open_warehouse(Settings(warehouse_url=url))
    assert caught.value.field == "warehouse_url"
    assert "clickhouse://" in str(caught.value.remedy)


def test_the_cluster_is_taken_from_the_url(clickhouse_url: str) -> None:
    opened = ServerWarehouse(f"{clickhouse_url}?cluster=c1")
    assert opened.cluster == "c1"
    opened.close()
