from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import cramjam
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from support.remote_write import STALE, delimited, series, varint
from vedette.core.errors import InvalidInputError, TooLargeError
from vedette.receivers.remote_write import decode_snappy
from vedette.store.catalog import Scope
from vedette.store.warehouse import Warehouse

PATH = "/api/v1/write"
V1 = {
    "content-type": "application/x-protobuf",
    "content-encoding": "snappy",
    "x-prometheus-remote-write-version": "0.1.0",
}
V2_TYPE = "application/x-protobuf;proto=io.prometheus.write.v2.Request"


def pack(body: bytes) -> bytes:
    return bytes(cramjam.snappy.compress_raw(body))


def points(warehouse: Warehouse, kind: str, account: str) -> list[dict[str, Any]]:
    sql = f"SELECT * FROM otel_metrics_{kind} WHERE Account = {{a:String}} ORDER BY TimeUnix"
    return warehouse.query(sql, {"a": account}).records()


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def test_labels_become_name_resource_scope_and_attributes(
    client: TestClient, headers: dict[str, str], account: str, warehouse: Warehouse
) -> None:
    now = now_ms()
    labels = {
        "__name__": "queue_depth",
        "job": "api",
        "instance": "h1:9090",
        "otel_scope_name": "lib",
        "otel_scope_version": "2",
        "zone": "a'b\n",
        "empty": "",
    }
    body = series(labels, [(0.0, now), (2.5, now + 1)])
    answer = client.post(PATH, content=pack(body), headers={**headers, **V1})
    assert (answer.status_code, answer.content) == (204, b"")
    rows = points(warehouse, "gauge", account)
    assert [row["Value"] for row in rows] == [0.0, 2.5]
    row = rows[0]
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 1000))
    assert row["TimeUnix"] == f"{moment}.{now % 1000:03d}000000Z"
    assert row["MetricName"] == "queue_depth"
    assert row["ServiceName"] == "api"
    assert row["ResourceAttributes"] == {"service.name": "api", "service.instance.id": "h1:9090"}
    assert (row["ScopeName"], row["ScopeVersion"]) == ("lib", "2")
    assert row["Attributes"] == {"zone": "a'b\n"}
    assert rows[0]["SeriesId"] == rows[1]["SeriesId"] != 0


@pytest.mark.parametrize(
    "case",
    [
        ("requests_total", "sum"),
        ("latency_bucket", "sum"),
        ("latency_count", "sum"),
        ("latency_sum", "sum"),
        ("up", "gauge"),
        ("totals", "gauge"),
        ("process_created", "gauge"),
    ],
)
def test_counters_are_known_by_their_names(
    client: TestClient,
    headers: dict[str, str],
    account: str,
    warehouse: Warehouse,
    case: tuple[str, str],
) -> None:
    name, kind = case
    body = series({"__name__": name, "le": "+Inf"}, [(7.0, now_ms())])
    client.post(PATH, content=pack(body), headers={**headers, **V1})
    other = {"sum": "gauge", "gauge": "sum"}[kind]
    assert points(warehouse, other, account) == []
    (row,) = points(warehouse, kind, account)
    assert row["Value"] == 7.0
    if kind == "sum":
        assert (row["AggregationTemporality"], row["IsMonotonic"]) == (2, True)


def test_stale_markers_and_metadata_are_no_mistakes(
    client: TestClient, headers: dict[str, str], account: str, warehouse: Warehouse
) -> None:
    metadata = delimited(3, b"\x08\x01" + delimited(2, b"up"))
    body = series({"__name__": "up"}, [(STALE, now_ms())]) + metadata
    assert client.post(PATH, content=pack(body), headers={**headers, **V1}).status_code == 204
    assert points(warehouse, "gauge", account) == []
    sql = "SELECT count() FROM rejected WHERE Account = {a:String}"
    assert warehouse.query(sql, {"a": account}).scalar() == 0


def test_nan_is_kept_as_rejected_without_failing_the_request(
    client: TestClient, headers: dict[str, str], account: str, warehouse: Warehouse
) -> None:
    now = now_ms()
    body = series({"__name__": "g"}, [(math.nan, now), (math.inf, now), (1.0, now)])
    assert client.post(PATH, content=pack(body), headers={**headers, **V1}).status_code == 204
    assert [row["Value"] for row in points(warehouse, "gauge", account)] == [1.0]
    sql = "SELECT sum(Count) FROM rejected WHERE Account = {a:String}"
    assert warehouse.query(sql, {"a": account}).scalar() == 2


def test_rejected_samples_are_answered_400_and_the_others_stored(
    client: TestClient, headers: dict[str, str], account: str, warehouse: Warehouse
) -> None:
    now = now_ms()
    body = series({"__name__": "g"}, [(1.0, now), (2.0, 5), (3.0, now * 2)])
    body += series({"__name__": "g"}, [(4.0, -(1 << 63)), (5.0, (1 << 63) - 1)])
    body += series({"job": "nameless"}, [(6.0, now)])
    body += series({"__name__": "native"}, [], [b"\x08\x01"])
    answer = client.post(PATH, content=pack(body), headers={**headers, **V1})
    assert answer.status_code == 400
    for reason in (
        "the timestamp is too far in the past (2)",
        "the timestamp is too far in the future (2)",
        "the series has no __name__ label (1)",
        "native histograms are not stored",
    ):
        assert reason in answer.text
    assert [row["Value"] for row in points(warehouse, "gauge", account)] == [1.0]


def test_other_versions_and_encodings_are_refused(
    client: TestClient, headers: dict[str, str], new_key: Callable[..., dict[str, str]]
) -> None:
    body = pack(series({"__name__": "g"}, [(1.0, now_ms())]))

    def status(**changed: str) -> int:
        names = {name.replace("_", "-"): value for name, value in changed.items()}
        return client.post(PATH, content=body, headers={**headers, **V1, **names}).status_code

    assert status() == 204
    assert status(content_type="application/x-protobuf;proto=prometheus.WriteRequest") == 204
    assert status(content_type=V2_TYPE, x_prometheus_remote_write_version="2.0.0") == 415
    assert status(x_prometheus_remote_write_version="2.0.0") == 415
    assert status(content_type="application/json") == 415
    assert status(content_encoding="gzip") == 415
    assert status(authorization="Bearer nothing") == 401
    assert status(**new_key("r-rw-reader", Scope.READ)) == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x05",
        b"\xff" * 12,
        b"\xff\xff\xff\x0f\x00",
        pack(b"x" * 100)[:-3],
        b"sNaPpY framing",
        pack(b"garbage that is no protobuf"),
        pack(series({"__name__": "g"}, [(1.0, 1)])[:-2]),
    ],
    ids=[
        "empty", "short", "length", "claims 32 MiB", "cut", "framed", "no protobuf", "cut protobuf",
    ],
)  # fmt: skip
def test_bodies_that_are_none(client: TestClient, headers: dict[str, str], body: bytes) -> None:
    answer = client.post(PATH, content=body, headers={**headers, **V1})
    assert answer.status_code in {400, 413}
    assert answer.text


def test_a_body_that_unpacks_to_too_much_is_refused_by_its_length() -> None:
    with pytest.raises(TooLargeError):
        decode_snappy(pack(b"x" * 2000), 1999)
    assert decode_snappy(pack(b"x" * 2000), 2000) == b"x" * 2000
    claims_much = varint(1 << 20) + b"\x00" * 20
    with pytest.raises(InvalidInputError):
        decode_snappy(claims_much, 1 << 30)


@settings(derandomize=True)
@given(raw=st.binary(max_size=200))
def test_snappy_never_fails_otherwise(raw: bytes) -> None:
    with suppress(InvalidInputError, TooLargeError):
        assert len(decode_snappy(raw, 1 << 20)) <= 1 << 20
