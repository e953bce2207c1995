"""Who may do what over HTTP and gRPC, and how soon a change of that takes effect."""

from __future__ import annotations

import base64
import time
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest

from support.otlp_bodies import traces_body
from vedette.store.catalog import Scope

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.server import Server

WITHIN_SECONDS = 6.0  # five, and a moment for the check itself
PROTOBUF = {"content-type": "application/x-protobuf"}
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


def send(server: Server, headers: dict[str, str]) -> httpx.Response:
    return httpx.post(f"{server.otlp}/v1/traces", content=b"", headers={**PROTOBUF, **headers})


def read(server: Server, headers: dict[str, str]) -> httpx.Response:
    return httpx.get(f"{server.url}/api/v1/ingest/stats", headers=headers)


def export(server: Server, metadata: dict[str, str]) -> grpc.StatusCode:
    with grpc.insecure_channel(server.grpc) as channel:
        try:
            channel.unary_unary(EXPORT)(b"", metadata=tuple(metadata.items()), timeout=30)
        except grpc.RpcError as error:
            return error.code()
    return grpc.StatusCode.OK


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + WITHIN_SECONDS
    while not condition():
        assert time.monotonic() < until, f"not within {WITHIN_SECONDS} s"
        time.sleep(0.1)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer nonsense"},
        {"authorization": "Bearer vdt_" + "0" * 26 + "_" + "A" * 43},
        {"authorization": "Digest abc"},
        {"authorization": "Basic not-base64"},
        {"authorization": "Basic " + base64.b64encode(b"user:").decode()},
        {"x-api-key": "nonsense"},
        {"cookie": "vedette_session=nonsense"},
    ],
    ids=lambda headers: " ".join(headers.values())[:24] or "none",
)
def test_without_valid_credentials_nothing_is_answered(
    server: Server, headers: dict[str, str]
) -> None:
    for answer in (send(server, headers), read(server, headers)):
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert export(server, headers) is grpc.StatusCode.UNAUTHENTICATED


def test_every_way_to_send_a_key(server: Server, tenant: Any) -> None:
    basic = base64.b64encode(f"anyone:{tenant.key}".encode()).decode()
    for headers in (
        {"authorization": f"Bearer {tenant.key}"},
        {"authorization": f"bearer {tenant.key}"},
        {"authorization": f"Basic {basic}"},
        {"authorization": f"ApiKey {tenant.key}"},
        {"x-api-key": tenant.key},
    ):
        assert send(server, headers).status_code == 200
        assert read(server, headers).status_code == 200
        assert export(server, headers) is grpc.StatusCode.OK


def test_health_needs_no_credentials(server: Server) -> None:
    for base in (server.url, server.otlp):
        for path in ("/healthz", "/readyz"):
            answer = httpx.get(base + path)
            assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_a_key_for_ingest_cannot_read(server: Server, tenant: Any) -> None:
    headers = server.headers(server.new_key([Scope.INGEST], tenant.account)[1])
    assert send(server, headers).status_code == 200
    assert export(server, headers) is grpc.StatusCode.OK
    answer = read(server, headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    sql = httpx.post(f"{server.url}/api/v1/sql", json={"sql": "SELECT 1"}, headers=headers)
    assert sql.status_code == 403


@pytest.mark.parametrize("scope", [Scope.READ, Scope.SQL])
def test_a_key_for_reading_cannot_send(server: Server, tenant: Any, scope: Scope) -> None:
    headers = server.headers(server.new_key([scope], tenant.account)[1])
    assert send(server, headers).status_code == 403
    assert export(server, headers) is grpc.StatusCode.PERMISSION_DENIED


def test_accounts_do_not_see_each_other(server: Server, new_tenant: Callable[[], Any]) -> None:
    first, second = new_tenant(), new_tenant()
    answer = first.post("/v1/traces", traces_body("mine", 3), "application/x-protobuf")
    assert answer.status_code == 200
    count = "SELECT toUInt32(count()) AS n FROM otel_traces"
    assert (first.row(count), second.row(count)) == ({"n": 3}, {"n": 0})


def test_a_key_works_in_its_own_account_only(server: Server, new_tenant: Callable[[], Any]) -> None:
    first, second = new_tenant(), new_tenant()
    own = {**first.headers, "x-vedette-account": first.account}
    assert send(server, own).status_code == 200
    for account in (second.account, "no-such-account", "default", "Bad Name'"):
        headers = {**first.headers, "x-vedette-account": account}
        assert send(server, headers).status_code == 403
        assert read(server, headers).status_code == 403
        assert export(server, headers) is grpc.StatusCode.PERMISSION_DENIED


def test_a_revoked_key_is_refused_soon(server: Server, tenant: Any) -> None:
    key_id, key = server.new_key([Scope.INGEST], tenant.account)
    headers = server.headers(key)
    assert send(server, headers).status_code == 200
    server.revoke(key_id, tenant.account)
    wait_until(lambda: send(server, headers).status_code == 401)
    assert export(server, headers) is grpc.StatusCode.UNAUTHENTICATED


def test_a_disabled_account_is_refused_soon(server: Server, tenant: Any) -> None:
    assert send(server, tenant.headers).status_code == 200
    server.disable(tenant.account)
    wait_until(lambda: send(server, tenant.headers).status_code == 401)
    assert export(server, tenant.headers) is grpc.StatusCode.UNAUTHENTICATED
    assert read(server, tenant.headers).status_code == 401


def test_no_key_is_ever_logged(server: Server, tenant: Any) -> None:
    send(server, {"authorization": "Bearer vdt_secret-that-is-wrong"})
    send(server, tenant.headers)
    assert "vdt_" not in server.log
