"""Synthetic checks against a server of the test's own: steps, assertions, guard, TLS, alarms."""

from __future__ import annotations

import datetime as dt
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.experience.synthetic.definition import check_synthetic
from vedette.experience.synthetic.run import run_check
from vedette.experience.synthetic.runs import SyntheticRunner, SyntheticRuns
from vedette.experience.synthetic.service import SyntheticService
from vedette.notifications.guard import Guard
from vedette.store.catalog import Actor

ACTOR = Actor.system("tests")
LOCAL = Guard("127.0.0.1,localhost")


class Shop(BaseHTTPRequestHandler):
    seen: ClassVar[list[tuple[str, str, dict[str, str]]]] = []

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        length = int(self.headers.get("content-length", 0))
        body = self.rfile.read(length)
        Shop.seen.append((self.command, self.path, dict(self.headers)))
        status, answer = 200, b""
        headers = {"content-type": "application/json", "x-version": "7"}
        if self.path == "/login":
            answer = json.dumps({"token": "a/b", "got": body.decode()}).encode()
        elif self.path.startswith("/cart/"):
            answer = json.dumps({"items": [{"price": 9.5}, {"price": 12}]}).encode()
        elif self.path == "/moved":
            status, headers["location"] = 302, "/login"
        elif self.path == "/inward":
            status, headers["location"] = 302, "http://10.0.0.1/"
        else:
            status, answer = 503, b"down"
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_GET = do_POST = _answer  # noqa: N815 - the library's names


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def http(*steps: dict[str, Any], **more: Any) -> Any:
    return check_synthetic({"check": {"type": "http", "steps": list(steps)}, **more})


def run(spec: Any, guard: Guard = LOCAL, **more: Any) -> Any:
    return run_check(spec, guard, **more)


def test_steps_hand_values_on_and_assert_on_every_part(shop: str) -> None:
    spec = http(
        {"url": f"{shop}/login", "method": "POST", "body": '{"user": "${env:VEDETTE_SECRET_USER}"}',
         "extract": [{"name": "token", "path": "$.token"},
                     {"name": "version", "of": "header", "path": "X-Version"}]},
        {"url": f"{shop}/cart/{{{{token}}}}", "headers": {"authorization": "Bearer {{token}}"},
         "assertions": [
             {"of": "status", "value": 200},
             {"of": "json", "path": "$.items[-1].price", "comparison": ">", "value": 10},
             {"of": "header", "path": "X-Version", "comparison": "matches", "value": "^[0-9]+$"},
             {"of": "body", "comparison": "not contains", "value": "error"},
             {"of": "latency_ms", "comparison": "<", "value": 5000}]},
    )  # fmt: skip
    Shop.seen.clear()
    result = run(spec, environment={"VEDETTE_SECRET_USER": "ann"})
    assert result.error == ""
    assert result.passed
    (_, login, first), (_, cart, second) = Shop.seen
    assert (login, cart) == ("/login", "/cart/a%2Fb")
    assert second["authorization"] == "Bearer a/b"
    assert (
        first["traceparent"].split("-")[1] == result.trace_id == second["traceparent"].split("-")[1]
    )


def test_what_fails_is_said_and_the_steps_after_it_do_not_run(shop: str) -> None:
    result = run(http(
        {"name": "front", "url": f"{shop}/down",
         "assertions": [{"of": "status", "value": 200}, {"of": "json", "path": "$.x", "value": 1}]},
        {"url": f"{shop}/login"},
    ))  # fmt: skip
    assert not result.passed
    assert [step.name for step in result.steps] == ["front"]
    assert result.steps[0].failures == (
        "status = 200.0: it is 503",
        "json $.x = 1.0: there is none",
    )
    assert run(http({"url": f"{shop}/down"})).error == "step 1: the status is 503"
    moved = {"url": f"{shop}/moved", "assertions": [{"of": "status", "value": 200}]}
    assert not run(http(moved)).passed
    assert run(http({**moved, "follow_redirects": True})).passed


def test_the_guard_keeps_checks_out_of_the_server_s_network(shop: str) -> None:
    refused = run(http({"url": f"{shop}/login"}), Guard())
    assert "not a public address" in refused.error
    assert "VEDETTE_SYNTHETIC_ALLOWED_HOSTS" in refused.error
    inward = run(http({"url": f"{shop}/inward", "follow_redirects": True}))
    assert "10.0.0.1 is not a public address" in inward.error
    tcp = check_synthetic({"check": {"type": "tcp", "host": "169.254.169.254", "port": 80}})
    assert "not a public address" in run(tcp, Guard()).error


def test_ports_and_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    tcp = {"type": "tcp", "host": "127.0.0.1", "port": port}
    assert run(check_synthetic({"check": tcp})).error == "connect: the connection was refused"
    certificate = _certificate(tmp_path, days=5)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        tls = {"type": "tls", "host": "localhost", "port": server.server_port}
        pinned = Guard("localhost", resolver=lambda _: ["127.0.0.1"])
        untrusted = run(check_synthetic({"check": tls}), pinned)
        assert "not trusted" in untrusted.error
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        soon = run(check_synthetic({"check": tls}), pinned)
        assert "expires in 5.0 days" in soon.error or "expires in 4." in soon.error
        fine = run(check_synthetic({"check": {**tls, "days": 2}}), pinned)
        assert fine.passed
        assert 4 < fine.certificate_days <= 5
    finally:
        server.shutdown()
        server.server_close()


def test_runs_are_kept_and_alarms_follow_the_definition(lived: Any, shop: str) -> None:
    service = SyntheticService(lived.catalog, lived.alarms)
    runs = SyntheticRuns(lived.warehouse, lived.runner)
    runner = SyntheticRunner(
        service, runs, LOCAL, lambda _a, points, _b: lived.emitted.extend(points)
    )
    check = service.put(
        ACTOR, lived.account, "shop", http({"url": f"{shop}/login"}, service="shop")
    )
    assert [v.alarm.name for v in lived.alarms.find(lived.account).items] == ["Check shop fails"]
    runner.run(check)
    down = service.put(ACTOR, lived.account, "shop", http({"url": f"{shop}/down"}, alarm=None))
    assert lived.alarms.find(lived.account).items == []
    runner.run(down)
    assert lived.points("vedette.synthetic.success", check="shop") == [1.0, 0.0]
    now = dt.datetime.now(dt.UTC)
    range_ = TimeRange(now - dt.timedelta(hours=1), now + dt.timedelta(hours=1))
    (failed,) = runs.rows(lived.account, check.id, range_, failed=True, limit=10)
    assert failed["error"] == "step 1: the status is 503"
    assert failed["steps"][0]["status"] == 503
    (slot,) = runs.series(lived.account, check.id, range_, 86_400)[-1:]
    assert (slot.runs, slot.passed) == (2, 1)
    assert not runs.summaries(lived.account, [check.id], range_)[check.id]["last_passed"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"steps": [{"url": "ftp://x/"}]}, "url"),
        ({"steps": [{"url": "https://{{host}}/"}]}, "host"),
        ({"steps": [{"url": "https://x.example/{{later}}"}]}, "later"),
        ({"steps": [{"url": "https://x.example", "assertions": [{"of": "status", "value": "x"}]}]}, "number"),
        ({"steps": [{"url": "https://x.example", "assertions": [{"of": "json", "path": "a.b"}]}]}, "path"),
        ({"steps": []}, "steps"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_synthetic({"check": {"type": "http", **wrong}})
    assert named in f"{caught.value.field} {caught.value.message}"


def _certificate(folder: Path, days: int) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
