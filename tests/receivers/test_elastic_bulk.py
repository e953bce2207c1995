from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from vedette.core.errors import InvalidInputError, TooLargeError
from vedette.receivers.elastic_actions import parse_bulk
from vedette.receivers.lines import MAX_LINES
from vedette.store.catalog import Scope
from vedette.store.warehouse import Warehouse

CREATE = b'{"create":{}}'


def lines(*parts: Any) -> bytes:
    raw = (part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts)
    return b"".join(part + b"\n" for part in raw)


def stored(warehouse: Warehouse, account: str) -> list[dict[str, Any]]:
    sql = "SELECT * FROM otel_logs WHERE Account = {account:String} ORDER BY Body"
    return warehouse.query(sql, {"account": account}).records()


def post(client: TestClient, path: str, body: bytes, headers: dict[str, str]) -> Any:
    return client.post(
        path, content=body, headers={"content-type": "application/x-ndjson", **headers}
    )


def test_a_document_of_the_elastic_common_schema(
    client: TestClient, headers: dict[str, str], account: str, warehouse: Warehouse
) -> None:
    document = {
        "@timestamp": time.strftime("%Y-%m-%dT08:00:00.250Z"),
        "message": "GET /",
        "log": {"level": "error", "logger": "http", "file": {"path": "/var/log/x"}},
        "service": {"name": "shop", "version": "1.2", "environment": "production"},
        "trace": {"id": "ab" * 16},
        "span.id": "cd" * 8,
        "host": {"name": "h1", "os": {"type": "linux"}},
        "container": {"id": "c1"},
        "kubernetes": {
            "pod": {"name": "p1"},
            "namespace": "prod",
            "labels": {"app": "shop", "deep": {"er": 1}},
        },
        "error": {"type": "IOError", "message": "gone", "stack_trace": "at x"},
        "tags": ["a", "b"],
    }
    answer = post(client, "/web-logs/_bulk", lines(CREATE, document), headers)
    assert answer.status_code == 200
    assert answer.headers["x-elastic-product"] == "Elasticsearch"
    content = answer.json()
    assert content["errors"] is False
    assert content["items"] == [
        {"create": {"_index": "web-logs", "_id": None, "result": "created", "status": 201}}
    ]
    (row,) = stored(warehouse, account)
    assert row["Timestamp"] == time.strftime("%Y-%m-%dT08:00:00.250000000Z")
    assert (row["SeverityText"], row["SeverityNumber"]) == ("error", 17)
    assert (row["Body"], row["ServiceName"]) == ("GET /", "shop")
    assert (row["TraceId"], row["SpanId"]) == ("ab" * 16, "cd" * 8)
    assert row["ResourceAttributes"] == {
        "service.name": "shop",
        "service.version": "1.2",
        "deployment.environment.name": "production",
        "host.name": "h1",
        "host.os.type": "linux",
        "container.id": "c1",
        "k8s.pod.name": "p1",
        "k8s.namespace.name": "prod",
    }
    assert row["LogAttributes"] == {
        "elasticsearch.index": "web-logs",
        "log.logger": "http",
        "log.file.path": "/var/log/x",
        "kubernetes.labels.app": "shop",
        "kubernetes.labels.deep": '{"er":1}',
        "exception.type": "IOError",
        "exception.message": "gone",
        "exception.stacktrace": "at x",
        "tags": '["a","b"]',
    }


def test_every_item_is_answered_for_itself(
    client: TestClient, headers: dict[str, str], account: str, warehouse: Warehouse
) -> None:
    body = lines(
        {"index": {"_index": "a", "_id": "1"}}, {"message": "one"},
        {"delete": {"_index": "a", "_id": "1"}},
        {"create": {"_index": "b"}}, b"{not json",
        {"update": {"_id": 7}}, {"doc": {"message": "no"}},
        {"create": {}}, {"message": "two"},
        {"create": {}}, {"message": "old", "@timestamp": "1999-01-01T00:00:00Z"},
    )  # fmt: skip
    answer = post(client, "/_bulk", body, headers).json()
    assert answer["errors"] is True
    names = [next(iter(item)) for item in answer["items"]]
    assert names == ["index", "delete", "create", "update", "create", "create"]
    items = [next(iter(item.values())) for item in answer["items"]]
    assert [item["status"] for item in items] == [201, 400, 400, 400, 201, 400]
    assert [item["_index"] for item in items] == ["a", "a", "b", "logs", "logs", "logs"]
    assert [item["_id"] for item in items] == ["1", "1", None, "7", None, None]
    assert items[2]["error"] == {
        "type": "document_parsing_exception",
        "reason": "the document is not a JSON object in UTF-8",
    }
    assert items[5]["error"]["reason"] == "the time is too far in the past"
    rows = stored(warehouse, account)
    assert [row["Body"] for row in rows] == ["one", "two"]
    assert rows[0]["LogAttributes"] == {"elasticsearch.index": "a", "elasticsearch.id": "1"}


def test_items_keep_their_order_among_many(
    client: TestClient, headers: dict[str, str], account: str, warehouse: Warehouse
) -> None:
    bad = {3, 77, 199}
    parts: list[Any] = []
    for number in range(200):
        parts += [CREATE, b"[]" if number in bad else {"message": f"{number:03d}"}]
    answer = post(client, "/elastic/_bulk", lines(*parts), headers).json()
    failed = {n for n, item in enumerate(answer["items"]) if item["create"]["status"] != 201}
    assert failed == bad
    assert len(stored(warehouse, account)) == 197


@pytest.mark.parametrize(
    "body",
    [
        lines(CREATE, {"message": "x"}).rstrip(),
        lines(CREATE, {"message": "x"}) + b"\n\n",
        lines(b"", CREATE, {"message": "x"}, b""),
        lines(CREATE + b"\r", b'{"message":"x"}\r'),
    ],
    ids=["no last newline", "blank end", "blank start", "CRLF"],
)
def test_line_ends(
    client: TestClient,
    headers: dict[str, str],
    account: str,
    warehouse: Warehouse,
    body: bytes,
) -> None:
    answer = post(client, "/_bulk", body, headers).json()
    assert (answer["errors"], len(answer["items"])) == (False, 1)
    assert [row["Body"] for row in stored(warehouse, account)] == ["x"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"{}\n",
        lines({"message": "no action"}, CREATE),
        lines({"create": []}, {}),
        lines({"create": {}, "index": {}}, {}),
        lines({"create": {"_index": 5}}, {}),
        lines(CREATE, {}, CREATE),
        lines(b"\xff\xfe", {}),
        b"[" * 2000 + b"\n{}\n",
    ],
)
def test_a_body_that_is_no_bulk_is_refused_whole(
    client: TestClient, headers: dict[str, str], account: str, warehouse: Warehouse, body: bytes
) -> None:
    answer = post(client, "/_bulk", body, headers)
    assert answer.status_code == 400
    content = answer.json()
    assert content["status"] == 400
    assert content["error"]["type"] == "illegal_argument_exception"
    assert content["error"]["root_cause"][0]["reason"] == content["error"]["reason"]
    assert stored(warehouse, account) == []


def test_whole_failures_have_the_shape_that_clients_read(
    client: TestClient, headers: dict[str, str], new_key: Callable[..., dict[str, str]]
) -> None:
    body = lines(CREATE, {})

    def error(content: bytes, **changed: str) -> tuple[int, str]:
        names = {name.replace("_", "-"): value for name, value in changed.items()}
        answer = post(client, "/_bulk", content, {**headers, **names})
        assert answer.headers["x-elastic-product"] == "Elasticsearch"
        assert answer.json()["status"] == answer.status_code
        return answer.status_code, answer.json()["error"]["type"]

    assert error(body, authorization="Bearer nothing") == (401, "security_exception")
    assert error(body, **new_key("r-es-reader", Scope.READ)) == (403, "security_exception")
    assert error(body, content_type="text/csv") == (415, "media_type_header_exception")
    assert error(body, content_encoding="br") == (415, "media_type_header_exception")
    assert error(b"{}", content_encoding="gzip") == (400, "illegal_argument_exception")
    packed = gzip.compress(lines(CREATE, {"message": "x" * 10**6}))
    assert error(packed, content_encoding="gzip") == (413, "content_too_long_exception")


def test_too_many_documents() -> None:
    with pytest.raises(TooLargeError):
        parse_bulk(lines(CREATE, b"{}") * (MAX_LINES + 1), "")


@pytest.mark.parametrize("path", ["", "/", "/_license", "/_cluster/health"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_shippers_ask_first(
    client: TestClient, headers: dict[str, str], path: str, method: str
) -> None:
    answer = client.request(method, f"/elastic{path}", headers=headers)
    assert answer.status_code == 200
    assert answer.headers["x-elastic-product"] == "Elasticsearch"
    assert client.request(method, f"/elastic{path}").status_code == 401


def test_the_version_is_one_that_clients_accept(
    client: TestClient, headers: dict[str, str]
) -> None:
    root = client.get("/elastic/", headers=headers).json()
    assert int(root["version"]["number"].partition(".")[0]) >= 8
    assert root["tagline"] == "You Know, for Search"
    license_ = client.get("/elastic/_license", headers=headers).json()["license"]
    assert (license_["type"], license_["status"]) == ("basic", "active")


def test_setup_finds_its_templates_there(client: TestClient, headers: dict[str, str]) -> None:
    for path in ("_index_template/filebeat", "_template/logstash", "_ilm/policy/filebeat"):
        assert client.head(f"/elastic/{path}", headers=headers).status_code == 200


action_lines = st.sampled_from(
    [CREATE, b'{"index":{"_id":"1"}}', b'{"delete":{}}', b'{"update":{}}', b"", b"{}", b"x"]
)
documents = st.sampled_from([b'{"message":"m"}', b"{}", b"nope", b"\xff", b"", b"[]"])


def _slow_parse(body: bytes) -> list[tuple[str, bytes | None]]:
    """Walk a body line by line as the documentation of the API describes it."""
    found: list[tuple[str, bytes | None]] = []
    rest = body.split(b"\n")
    if not rest[-1].strip():
        rest.pop()
    while rest:
        line = rest.pop(0)
        if not line.strip():
            continue
        ((name, target),) = json.loads(line).items()
        if name not in {"create", "index", "update", "delete"} or not isinstance(target, dict):
            raise ValueError(name)
        found.append((name, None if name == "delete" else rest.pop(0)))
    return found


@settings(max_examples=500, derandomize=True)
@given(parts=st.lists(st.tuples(action_lines, documents), min_size=1, max_size=8))
def test_actions_pair_with_their_documents(parts: list[tuple[bytes, bytes]]) -> None:
    body = b"".join(action + b"\n" + document + b"\n" for action, document in parts)
    try:
        expected = _slow_parse(body)
    except (ValueError, IndexError, AttributeError):
        expected = None
    try:
        bulk = parse_bulk(body, "")
    except InvalidInputError:
        assert not expected
        return
    assert expected is not None
    assert [action.name for action in bulk.actions] == [name for name, _ in expected]
    kept = bulk.data.split(b"\n")[2::2][: bulk.documents]
    accepted = [document for name, document in expected if name in {"create", "index"}]
    assert kept == accepted
    assert len(bulk.places()) == len(accepted) == bulk.documents


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(body=st.binary(max_size=300) | st.lists(action_lines | documents).map(b"\n".join))
def test_no_body_makes_a_server_error(
    client: TestClient, fuzz_headers: dict[str, str], body: bytes
) -> None:
    answer = post(client, "/_bulk", body, fuzz_headers)
    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        assert {next(iter(item.values()))["status"] for item in answer.json()["items"]} <= {
            201,
            400,
        }


@pytest.fixture(scope="module")
def fuzz_headers(new_key: Callable[..., dict[str, str]]) -> dict[str, str]:
    return new_key("r-fuzz-bulk")
