"""Every call leaves a trace, whoever makes it and whatever comes of it."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from vedette.core.settings import Settings
from vedette.governance.audit.metrics import activity_points
from vedette.governance.audit.offline import verify_export
from vedette.ingest import Source
from vedette.ingest.derive import CommitClock, Deriver
from vedette.receivers.otlp import SIGNALS
from vedette.receivers.otlp_grpc import _handler
from vedette.store.catalog import Catalog, Scope
from vedette.store.warehouse import Warehouse
from vedette.web.origin import client_ip
from vedette.web.services import Services


def _calls(services: Services, admin: Any, **filters: Any) -> list[dict[str, Any]]:
    services.audit.trail.flush(final=True)
    page = admin.get("/audit", trail="calls", start="-1h", **filters)
    return [item["record"] for item in page["records"]]


def test_a_read_is_recorded_with_who_from_where_and_what(services: Services, admin: Any) -> None:
    headers = {"user-agent": "probe/1", "x-request-id": "r-17"}
    admin.send("GET", "/logs", params={"q": "a word", "start": "-1h"}, headers=headers)
    (record,) = _calls(services, admin, event_name="LogsSearch*", text="a word") or _calls(
        services, admin, text="a word"
    )
    assert record["userIdentity"]["principalId"] == admin.key_id
    assert record["requestParameters"]["q"] == "a word"
    assert (record["userAgent"], record["requestID"]) == ("probe/1", "r-17")
    assert record["readOnly"] is True
    assert record["errorCode"] is None
    assert record["recipientAccountId"] == admin.account


def test_a_refusal_is_recorded_and_a_mutation_only_once(
    services: Services, admin: Any, reader: Any
) -> None:
    reader.get("/keys", 403)
    (refused,) = _calls(services, admin, failed=True, error_code="forbidden")
    assert refused["userIdentity"]["principalId"] == reader.key_id
    admin.post("/keys", {"name": "made", "scopes": ["read"]})
    assert _calls(services, admin, event_name="CreateApiKey") == []
    (made,) = admin.get("/audit", event_name="CreateApi*", failed=False, actor_id=admin.key_id)[
        "records"
    ]
    assert made["record"]["userIdentity"]["principalId"] == admin.key_id


def test_ingest_is_counted(services: Services, admin: Any) -> None:
    for _ in range(3):
        admin.call("POST", "/logs", content='{"message": "x"}')
    (record,) = _calls(services, admin, event_source="vedette.ingest")
    assert record["requestParameters"]["calls"] == 3
    assert record["eventName"] == "LogLines"


class _Peer:
    """What a gRPC handler asks of its context."""

    def __init__(self, key: str) -> None:
        self._key = key

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", self._key),)

    def peer(self) -> str:
        return "ipv6:[2001:db8::7]:50001"

    async def abort(self, *_: Any) -> None:
        raise PermissionError


def test_ingest_over_grpc_is_counted_too(
    services: Services, admin: Any, reader: Any, root: Any, client: TestClient
) -> None:
    export = _handler(services, SIGNALS[Source.OTLP_LOGS])
    others = {"event_name": "OtlpLogs", "error_code": "unauthenticated"}
    before = {one["eventID"] for one in _calls(services, root, **others)}
    for _ in range(2):
        client.portal.call(export, b"", _Peer(admin.headers["authorization"]))
    for key in (reader.headers["authorization"], "Bearer vdt_wrong"):
        with pytest.raises(PermissionError):
            client.portal.call(export, b"", _Peer(key))
    records = _calls(services, admin, event_name="OtlpLogs")
    told = {
        (one["userIdentity"]["principalId"], one["errorCode"]): one["requestParameters"]["calls"]
        for one in records
    }
    assert told == {(admin.key_id, None): 2, (reader.key_id, "forbidden"): 1}
    assert {one["sourceIPAddress"] for one in records} == {"2001:db8::7"}
    nobody = [one for one in _calls(services, root, **others) if one["eventID"] not in before]
    assert [one["userIdentity"]["type"] for one in nobody] == ["Anonymous"]


def test_what_mlflow_asks_before_it_signs_in_is_counted(
    services: Services, root: Any, client: TestClient
) -> None:
    before = {one["eventID"] for one in _calls(services, root, event_name="ServerInfo")}
    for _ in range(3):
        client.get("/api/3.0/mlflow/server-info")
    found = _calls(services, root, event_name="ServerInfo")
    (record,) = [one for one in found if one["eventID"] not in before]
    assert record["requestParameters"]["calls"] == 3
    assert record["eventSource"] == "vedette.mlflow"
    assert record["readOnly"] is True


def test_no_secret_is_in_any_record(services: Services, root: Any, client: TestClient) -> None:
    client.post("/api/v1/session", json={"login": "ann", "password": "hush hush hush"})
    client.get("/api/v1/logs?api_key=topsecret", headers={"authorization": "Bearer vdt_no"})
    services.audit.trail.flush(final=True)
    for trail in ("calls", "changes"):
        text = str(root.get("/audit", trail=trail, limit=1000))
        assert "hush" not in text
        assert "topsecret" not in text


def test_an_export_verifies_offline(services: Services, admin: Any, tmp_path: Any) -> None:
    admin.get("/logs", start="-1h")
    answer = admin.send("GET", "/audit/export")
    assert answer.status_code == 200
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert any(name.startswith("records/calls") for name in names)
    path = tmp_path / "export.zip"
    path.write_bytes(answer.content)
    mark = admin.get("/audit/keys")["keys"][-1]["fingerprint"]
    report = verify_export(path, trusted=mark)
    assert report.ok, report.problems
    assert report.records >= 1
    assert admin.get("/audit/digests/verify", fingerprint=mark)["ok"]
    admin.call("GET", "/audit/export", 403, params={"scope": "installation"})


def test_nobodys_sql_reads_the_trail(api_of: Callable[..., Any], account: str) -> None:
    asker = api_of(account, Scope.SQL, Scope.READ)
    asker.call("POST", "/sql", 400, json={"sql": "SELECT * FROM audit_calls"})


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.2.3.4, 203.0.113.9, 10.0.0.7", "203.0.113.9"),
        ("10.0.0.1", "garbage", "10.0.0.1"),
        ("10.0.0.1", "[2001:db8::1]:443", "2001:db8::1"),
        ("198.51.100.1", "203.0.113.9", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
    ],
)
def test_a_forwarded_address_counts_behind_a_trusted_proxy(
    peer: str, forwarded: str, expected: str
) -> None:
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    assert client_ip(peer, headers, "10.0.0.0/8") == expected
    assert client_ip(peer, headers, Settings().trusted_proxies) == peer


def test_the_catalog_is_what_it_was(catalog: Catalog) -> None:
    assert catalog.audit.verify().ok


CALLED = """
INSERT INTO otel_metrics_gauge (Account, SeriesId, MetricName, Attributes, TimeUnix, Value)
SELECT '{account}', 1, 'vedette.audit.calls', map('kind', 'read', 'outcome', 'refused'),
    toDateTime64({end} - 300 * (864 - number), 9), if(number = 860, 60, number % 2)
FROM numbers(864)
"""


def test_unusual_activity_is_told_from_usual(admin: Any, warehouse: Warehouse) -> None:
    now = int(time.time()) // 300 * 300
    warehouse.execute(CALLED.format(account=admin.account, end=now))
    Deriver(warehouse, CommitClock()).run()
    asked = {"start": str(now - 43_200), "end": str(now)}
    for measure in ("refused", "read", "all"):
        found = admin.get("/audit/unusual", measure=measure, **asked)
        assert found["step_seconds"] == 300
        marked = [found["times"][at] for at, flag in enumerate(found["unusual"]) if flag]
        assert marked == [now - 300 * 4]
        assert found["calls"][-4] == 60 > found["upper"][-4]
    nothing = admin.get("/audit/unusual", measure="ingest", **asked)
    assert not any(nothing["unusual"])
    assert set(nothing["calls"]) == {None}
    admin.get("/audit/unusual", 400, measure="moods")


def test_a_record_leads_to_the_digest_that_covers_it(
    admin: Any, root: Any, services: Services
) -> None:
    admin.post("/keys", {"name": "covered", "scopes": ["read"]})
    (item,) = admin.get("/audit", event_name="CreateApiKey", text="covered")["records"]
    where = {"sequence": item["sequence"], "at": item["record"]["eventTime"]}
    assert admin.get("/audit/digests/covering", **where) == {"digest": None}
    made = root.post("/audit/digests", {})
    found = admin.get("/audit/digests/covering", **where)["digest"]
    assert (found["sequence"], found["signature"]) == (made["sequence"], made["signature"])
    assert admin.get("/audit/digests/covering", **{**where, "sequence": 2**40}) == {"digest": None}


def test_quiet_minutes_of_who_was_called_lately_count_as_none(
    services: Services, admin: Any
) -> None:
    admin.get("/logs", start="-1h")
    admin.post("/keys", {"name": "one", "scopes": ["read"]})
    services.audit.trail.flush(final=True)
    later = services.catalog.clock.now() + timedelta(hours=2)
    points = activity_points(services.catalog, services.warehouse, later)[admin.account]
    assert {(point.attributes["kind"], point.attributes["outcome"]) for point in points} == {
        (kind, outcome) for kind in ("read", "change", "ingest") for outcome in ("done", "refused")
    }
    assert {point.value for point in points} == {0.0}
