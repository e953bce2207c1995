"""The Elasticsearch bulk endpoint by Elasticsearch's own Python client, unmodified."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import pytest
from elasticsearch import AuthenticationException, Elasticsearch
from elasticsearch.helpers import bulk, parallel_bulk, streaming_bulk


@pytest.fixture
def client(tenant: Any) -> Elasticsearch:
    return Elasticsearch(f"{tenant.server.url}/elastic", api_key=tenant.key, http_compress=True)


def documents(count: int) -> list[dict[str, Any]]:
    start = time.time_ns() // 1_000_000
    return [
        {
            "_op_type": "create",
            "_index": "logs-shop-default",
            "_source": {
                "@timestamp": datetime.fromtimestamp((start + i) / 1000, UTC).isoformat(),
                "message": f"line {i}",
                "log": {"level": "warn"},
                "service": {"name": "shop"},
                "order": {"number": i},
            },
        }
        for i in range(count)
    ]


def test_bulk(tenant: Any, client: Elasticsearch) -> None:
    assert bulk(client, documents(1200)) == (1200, [])
    row = tenant.row(
        "SELECT toUInt32(count()) AS n, toUInt32(uniqExact(Body)) AS bodies, "
        "groupUniqArray(ServiceName) AS services, groupUniqArray(SeverityNumber) AS severities, "
        "toUInt32(countIf(Body = concat('line ', LogAttributes['order.number']))) AS same "
        "FROM otel_logs"
    )
    assert row == {
        "n": 1200,
        "bodies": 1200,
        "services": ["shop"],
        "severities": [13],
        "same": 1200,
    }


def test_parallel_bulk(tenant: Any, client: Elasticsearch) -> None:
    outcomes = list(parallel_bulk(client, documents(1000), thread_count=3, chunk_size=100))
    assert len(outcomes) == 1000
    assert all(ok for ok, _ in outcomes)
    assert tenant.row("SELECT toUInt32(uniqExact(Body)) AS n FROM otel_logs") == {"n": 1000}


def test_a_bad_document_is_told_apart(tenant: Any, client: Elasticsearch) -> None:
    sent = documents(3)
    sent[1]["_source"]["@timestamp"] = "2001-01-01T00:00:00Z"
    outcomes = list(streaming_bulk(client, sent, raise_on_error=False))
    assert [ok for ok, _ in outcomes] == [True, False, True]
    assert "past" in str(outcomes[1][1])
    rows = tenant.rows("SELECT Body FROM otel_logs ORDER BY Body")
    assert [row["Body"] for row in rows] == ["line 0", "line 2"]


def test_a_wrong_key(tenant: Any) -> None:
    client = Elasticsearch(f"{tenant.server.url}/elastic", api_key="wrong")
    with pytest.raises(AuthenticationException):
        bulk(client, documents(1))
