from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from vedette.receivers.lines import MAX_LINES
from vedette.store.catalog import Scope
from vedette.store.warehouse import Warehouse

PATH = "/api/v1/logs"
FUZZ = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def ndjson(*records: Any) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def stored(warehouse: Warehouse, account: str) -> list[dict[str, Any]]:
    sql = "SELECT * FROM otel_logs WHERE Account = {account:String} ORDER BY Body"
    return warehouse.query(sql, {"account": account}).records()


def test_a_record_is_stored_with_all_that_its_names_say(
    client: TestClient, headers: dict[str, str], account: str, warehouse: Warehouse
) -> None:
    record = {
        "time": time.strftime("%Y-%m-%dT10:00:00.123456789+02:00"),
        "level": "warn",
        "message": 'a "quoted" line\nof two',
        "service": "checkout",
        "trace_id": "ABCDEF0123456789ABCDEF0123456789",
        "span_id": "0123456789abcdef",
        "event": "payment",
        "resource": {"host.name": "h1", "nested": {"a": 1}},
        "attributes": {"cart": "c1", "list": [1, "x"]},
        "http": {"status": 503, "headers": {"a": "b"}},
        "ratio": 1.5,
        "big": 12345678901234567890123,
        "flag": True,
        "none": None,
    }
    answer = client.post(PATH, content=ndjson(record), headers=headers)
    assert (answer.status_code, answer.json()) == (200, {"rejected": 0, "errors": []})
    (row,) = stored(warehouse, account)
    assert row["Timestamp"] == time.strftime("%Y-%m-%dT08:00:00.123456789Z")
    assert (row["SeverityText"], row["SeverityNumber"]) == ("warn", 13)
    assert row["Body"] == 'a "quoted" line\nof two'
    assert row["ServiceName"] == "checkout"
    assert row["TraceId"] == "abcdef0123456789abcdef0123456789"
    assert row["SpanId"] == "0123456789abcdef"
    assert row["EventName"] == "payment"
    assert row["ResourceAttributes"] == {
        "service.name": "checkout",
        "host.name": "h1",
        "nested": '{"a":1}',
    }
    assert row["LogAttributes"] == {
        "cart": "c1",
        "list": '[1,"x"]',
        "http.status": "503",
        "http.headers": '{"a":"b"}',
        "ratio": "1.5",
        "big": "12345678901234567890123",
        "flag": "true",
    }


@pytest.mark.parametrize(
    "case",
    [(1, str), (1, int), (1e3, int), (1e6, int), (1e9, int), (1, float)],
    ids=["s as text", "s", "ms", "us", "ns", "s with fraction"],
)
def test_unix_times_are_read_by_their_size(
    client: TestClient,
    headers: dict[str, str],
    account: str,
    warehouse: Warehouse,
    case: tuple[float, type],
) -> None:
    factor, form = case
    now = int(time.time())
    value: Any = int(now * factor)
    value = now + 0.5 if form is float else form(value)
    client.post(PATH, content=ndjson({"ts": value}), headers=headers)
    (row,) = stored(warehouse, account)
    fraction = ".500000000Z" if form is float else ".000000000Z"
    assert row["Timestamp"] == time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + fraction


@pytest.mark.parametrize(
    "case",
    [
        ({"level": "ERROR"}, ("ERROR", 17)),
        ({"level": 30}, ("INFO", 9)),
        ({"level": 60}, ("FATAL", 21)),
        ({"severity_number": 13}, ("WARN", 13)),
        ({"severity_number": 18, "severity_text": "E2"}, ("E2", 18)),
        ({"log": {"level": "debug"}}, ("debug", 5)),
        ({"level": "odd"}, ("odd", 0)),
        ({}, ("", 0)),
    ],
)
def test_severity(
    client: TestClient,
    headers: dict[str, str],
    account: str,
    warehouse: Warehouse,
    case: tuple[dict[str, Any], tuple[str, int]],
) -> None:
    fields, severity = case
    client.post(PATH, content=ndjson(fields), headers=headers)
    (row,) = stored(warehouse, account)
    assert (row["SeverityText"], row["SeverityNumber"]) == severity
    assert row["LogAttributes"] == {}


def test_bad_lines_are_named_and_their_neighbours_stored(
    client: TestClient, headers: dict[str, str], account: str, warehouse: Warehouse
) -> None:
    body = (
        ndjson({"msg": "first"})
        + b"not json\n"
        + ndjson({"time": "yesterday"})
        + b"\n"
        + ndjson({"time": "2001-01-01T00:00:00Z"}, {"ts": 9999999999999}, 5)
        + b'{"msg":"cut'
        + b"\n"
        + b'{"msg":"latin \xe9"}\n'
        + ndjson({"msg": "last"}).rstrip()
    )
    answer = client.post(PATH, content=body, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["rejected"] == 7
    lines = {error["reason"]: error["lines"] for error in answer.json()["errors"]}
    assert lines == {
        "the line is not a JSON object in UTF-8": [2, 7, 8, 9],
        "the time is neither RFC 3339 nor a unix time in s, ms, us or ns": [3],
        "the time is too far in the past": [5],
        "the time is too far in the future": [6],
    }
    assert [row["Body"] for row in stored(warehouse, account)] == ["first", "last"]
    kept = warehouse.query(
        "SELECT Reason, Count, Lines, JSONExtractString(Sample, 'text') AS Text FROM rejected "
        "WHERE Account = {account:String} AND startsWith(Reason, 'the line')",
        {"account": account},
    ).records()
    assert kept == [
        {
            "Reason": "the line is not a JSON object in UTF-8",
            "Count": 4,
            "Lines": [2, 7, 8, 9],
            "Text": "not json",
        }
    ]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_of_objects_is_as_good_as_lines(
    client: TestClient,
    headers: dict[str, str],
    account: str,
    warehouse: Warehouse,
    indent: int | None,
) -> None:
    body = json.dumps([{"msg": "a"}, "no object", {"msg": "b"}], indent=indent).encode()
    answer = client.post(PATH, content=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["lines"]) == (200, [2])
    assert [row["Body"] for row in stored(warehouse, account)] == ["a", "b"]


def test_an_array_line_among_lines_is_rejected_alone(
    client: TestClient, headers: dict[str, str], account: str, warehouse: Warehouse
) -> None:
    answer = client.post(PATH, content=b'[{"msg":"x"}]\n{"msg":"y"}\n', headers=headers)
    (error,) = answer.json()["errors"]
    assert error["lines"] == [1]
    assert "array" in error["reason"]
    assert [row["Body"] for row in stored(warehouse, account)] == ["y"]


def test_nothing_but_bad_lines_is_a_bad_request(
    client: TestClient, headers: dict[str, str]
) -> None:
    for body in (b"plain\ntext\n\n", b"[1, 2]", b"[1, 2"):
        answer = client.post(PATH, content=body, headers=headers)
        assert answer.status_code == 400, body
        assert answer.json()["rejected"] > 0


def test_an_unusable_trace_id_stays_an_attribute(
    client: TestClient, headers: dict[str, str], account: str, warehouse: Warehouse
) -> None:
    client.post(PATH, content=ndjson({"trace_id": "4711", "span_id": "0" * 16}), headers=headers)
    (row,) = stored(warehouse, account)
    assert (row["TraceId"], row["SpanId"]) == ("", "")
    assert row["LogAttributes"] == {"trace_id": "4711", "span_id": "0" * 16}


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_packed_bodies(
    client: TestClient,
    headers: dict[str, str],
    account: str,
    warehouse: Warehouse,
    encoding: str,
) -> None:
    pack = {"gzip": gzip.compress, "zstd": zstandard.compress}[encoding]
    body = pack(ndjson({"msg": encoding}))
    wrong = {**headers, "content-encoding": encoding}
    assert client.post(PATH, content=body, headers=wrong).status_code == 200
    assert [row["Body"] for row in stored(warehouse, account)] == [encoding]
    for damaged in (body[:-4], b"{}", body[:1]):
        assert client.post(PATH, content=damaged, headers=wrong).status_code == 400


def test_what_is_refused_whole(
    client: TestClient, headers: dict[str, str], new_key: Callable[..., dict[str, str]]
) -> None:
    def status(content: bytes, **changed: str) -> int:
        names = {name.replace("_", "-"): value for name, value in changed.items()}
        return client.post(PATH, content=content, headers={**headers, **names}).status_code

    assert status(b"{}\n" * (MAX_LINES + 1), content_encoding="identity") == 413
    assert status(gzip.compress(b"\n" * (MAX_LINES + 1)), content_encoding="gzip") == 413
    assert status(gzip.compress(b" " * 10**7), content_encoding="gzip") == 413
    assert status(b"{}", content_encoding="br") == 415
    assert status(b"{}", content_type="application/x-protobuf") == 415
    assert status(b"{}", authorization="Bearer nothing") == 401
    assert client.post(PATH, content=b"{}").status_code == 401
    assert status(b"{}", **new_key("r-reader", Scope.READ)) == 403


def test_an_empty_body_stores_nothing(
    client: TestClient, headers: dict[str, str], account: str, warehouse: Warehouse
) -> None:
    for body in (b"", b"\n\n", b" \r\n"):
        assert client.post(PATH, content=body, headers=headers).status_code == 200
    assert stored(warehouse, account) == []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
known_names = st.sampled_from(
    [
        *("time", "ts", "@timestamp", "level", "severity_number", "message", "service", "event"),
        *("trace_id", "span_id", "resource", "attributes", "resource.", "attributes.", ""),
    ]
)
objects = st.dictionaries(known_names | st.text(), json_values, max_size=6)
hostile_lines = (
    st.binary(max_size=60).map(lambda raw: raw.replace(b"\n", b""))
    | objects.map(lambda record: json.dumps(record).encode())
    | objects.map(lambda record: json.dumps(record).encode()[:-1])
)


@FUZZ
@given(lines=st.lists(hostile_lines, max_size=8))
def test_no_line_harms_its_neighbours(
    client: TestClient,
    fuzz_headers: dict[str, str],
    warehouse: Warehouse,
    lines: list[bytes],
) -> None:
    mark = f"sentinel {time.time_ns()}"
    body = b"\n".join([ndjson({"msg": mark}).strip(), *lines, ndjson({"msg": mark}).strip()])
    answer = client.post(PATH, content=body, headers=fuzz_headers)
    assert answer.status_code == 200, answer.text
    found = warehouse.query(
        "SELECT count() AS n FROM otel_logs WHERE Account = 'r-fuzz-lines' AND Body = {m:String}",
        {"m": mark},
    )
    assert found.scalar() == 2


@pytest.fixture(scope="module")
def fuzz_headers(new_key: Callable[..., dict[str, str]]) -> dict[str, str]:
    return new_key("r-fuzz-lines")
