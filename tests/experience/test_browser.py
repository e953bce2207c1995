"""Telemetry of browsers: who may send what, and a real page in headless Chromium."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import httpx
import pytest

from support.server import Server
from vedette.core.errors import (
    ForbiddenError,
    InvalidInputError,
    OverloadedError,
    UnauthenticatedError,
)
from vedette.experience.browser.accept import accepted
from vedette.experience.browser.definition import check_browser_app
from vedette.experience.browser.service import BrowserApps, BrowserGate
from vedette.store.catalog import Actor

ACTOR = Actor.system("tests")
ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "src/vedette/experience/browser/vedette.js"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
APP = {"service": "shop-web", "origins": ["https://shop.example", "https://*.shop.example"]}
PAGE = """<!doctype html><html><head><title>Shop</title>
<script src="{script}" data-key="{key}" data-version="2.0" data-environment="test"></script></head>
<body><h1>Shop</h1><button id="buy">Buy</button><script>
document.getElementById("buy").addEventListener("click", async () => {{
  const until = performance.now() + 60; while (performance.now() < until);
  await fetch("/api/orders/1234", {{ method: "POST" }});
  history.pushState({{}}, "", "/orders/1234");
  setTimeout(() => {{ throw new TypeError("order 1234 has no price"); }}, 0);
}});
</script></body></html>"""


def test_the_script_is_built_of_its_source_and_small() -> None:
    source = (ROOT / "console/rum/vedette.ts").read_bytes()
    built = SCRIPT.read_bytes()
    assert hashlib.sha256(source).hexdigest().encode() in built[:200], "build console/rum"
    assert len(gzip.compress(built)) < 12 * 1024


def test_a_key_sends_from_its_origins_at_its_rate(lived: Any) -> None:
    apps = BrowserApps(lived.catalog)
    app = apps.put(ACTOR, lived.account, "web", check_browser_app({**APP, "per_minute": 3}))
    key = apps.keys(lived.account)[app.id]
    gate = BrowserGate(apps)
    assert gate.check(key, "https://shop.example").id == app.id
    assert gate.check(key, "https://eu.shop.example").account == lived.account
    for origin in ("https://evil.example", "http://shop.example", "https://shop.example.evil", ""):
        with pytest.raises(ForbiddenError):
            gate.check(key, origin)
    gate.check(key, "https://shop.example")
    with pytest.raises(OverloadedError):
        gate.check(key, "https://shop.example")
    with pytest.raises(UnauthenticatedError):
        BrowserGate(apps).check("vrum_nobody", "https://shop.example")
    fresh = apps.rotate(ACTOR, lived.account, "web")
    assert fresh != key
    with pytest.raises(UnauthenticatedError):
        BrowserGate(apps).check(key, "https://shop.example")
    apps.remove(ACTOR, lived.account, "web")
    with pytest.raises(UnauthenticatedError):
        BrowserGate(apps).check(fresh, "https://shop.example")


def test_a_page_cannot_pose_as_another_service(lived: Any) -> None:
    app = BrowserApps(lived.catalog).put(ACTOR, lived.account, "web", check_browser_app(APP))
    span = {
        "traceId": "a" * 32, "spanId": "b" * 16, "name": "GET /", "kind": 2,
        "startTimeUnixNano": "1", "endTimeUnixNano": "2", "status": {"code": 2},
        "attributes": [{"key": "session.id", "value": {"stringValue": "s"}}] * 100,
    }  # fmt: skip
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "bank"}}]}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span] * 500}]}]}
    (group,) = json.loads(accepted(json.dumps(body).encode(), "traces", app, "UA"))["resourceSpans"]
    names = {one["key"]: one["value"]["stringValue"] for one in group["resource"]["attributes"]}
    assert names == {
        "service.name": "shop-web", "vedette.browser.app": "web", "user_agent.original": "UA",
    }  # fmt: skip
    spans = group["scopeSpans"][0]["spans"]
    assert (len(spans), spans[0]["kind"], len(spans[0]["attributes"])) == (200, 3, 40)
    for wrong in (
        b"",
        b"[]",
        b'{"resourceSpans": 3}',
        b'{"resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]}',
    ):
        with pytest.raises(InvalidInputError):
            accepted(wrong, "traces", app, "")


class Shop(BaseHTTPRequestHandler):
    page: ClassVar[str] = ""
    seen: ClassVar[list[tuple[str, str]]] = []

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        api = self.path.startswith("/api/")
        if api:
            Shop.seen.append((self.path, self.headers.get("traceparent", "")))
        body = b"{}" if api else Shop.page.encode()
        self.send_response(500 if api else 200)
        self.send_header("content-type", "application/json" if api else "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = _answer  # noqa: N815 - the library's names


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def until(ask: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Return what is asked for once it is there; telemetry is on its way."""
    end = time.monotonic() + seconds
    while not (found := ask()) and time.monotonic() < end:
        time.sleep(0.1)
    assert found
    return found


def test_a_real_page_tells_vitals_errors_sessions_and_whom_a_failure_reached(
    shop: str, tmp_path: Path
) -> None:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with Server(tmp_path / "data", otlp_grpc_port=-1) as server:
        http = httpx.Client(base_url=f"{server.url}/api/v1", headers=server.headers(), timeout=30)
        spec = {"service": "shop-web", "origins": [shop]}
        made = http.post("/browser-apps", json={"name": "web", "spec": spec}).json()
        Shop.page = PAGE.format(script=f"{server.url}/rum/vedette.js", key=made["key"])
        Shop.seen.clear()
        problems: list[str] = []
        with api.sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
            )
            page = browser.new_page()
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.goto(f"{shop}/products/42")
            with page.expect_event("pageerror"):
                page.click("#buy")
                page.wait_for_url("**/orders/1234")
            page.wait_for_timeout(300)
            page.evaluate("vedette.flush()")
            page.wait_for_timeout(300)
            browser.close()
        assert problems == ["order 1234 has no price"]
        (path, traceparent), *_ = Shop.seen
        assert path == "/api/orders/1234"
        trace = traceparent.split("-")[1]
        assert len(trace) == 32
        (error,) = until(lambda: http.get("/experience/errors").json()["groups"])
        assert (error["type"], error["message"]) == ("TypeError", "order 1234 has no price")
        assert (error["sessions"], error["service"], error["versions"]) == (1, "shop-web", ["2.0"])
        assert error["pages"] == ["/orders/:id"]
        vitals = until(lambda: http.get("/experience/vitals").json()["vitals"])
        named = {one["name"]: one for one in vitals}
        assert {"TTFB", "FCP", "CLS"} <= named.keys()
        assert named["FCP"]["page"] == "/products/:id"
        assert named["CLS"]["rating"] == "good"
        (session,) = http.get("/experience/sessions").json()["sessions"]
        assert (session["views"], session["errors"], session["entry"]) == (2, 1, "/products/42")
        detail = http.get(f"/experience/sessions/{session['session']}").json()
        assert "exception" in [one["name"] for one in detail["events"]]
        requests = {one["name"]: one for one in detail["requests"]}
        assert requests["POST /api/orders/:id"]["failed"]
        assert requests["POST /api/orders/:id"]["trace_id"] == trace
        _send_backend_failure(server, trace)
        ask = {"service": "orders", "version": "7", "start": "-1h"}
        reached = until(
            lambda: (r := http.get("/experience/impact", params=ask).json())["sessions"] and r
        )
        assert (reached["sessions"], reached["users"], reached["all_sessions"]) == (1, 1, 1)
        assert reached["pages"][0]["page"] == "/products/:id"
        assert (
            http.get("/experience/impact", params={**ask, "version": "8"}).json()["sessions"] == 0
        )
        _check_cors(server.url, made["key"], shop)


def _send_backend_failure(server: Server, trace: str) -> None:
    def pair(key: str, value: str) -> dict[str, Any]:
        return {"key": key, "value": {"stringValue": value}}

    now = time.time_ns()
    span = {
        "traceId": trace, "spanId": "c" * 16, "name": "POST /orders", "kind": 2,
        "startTimeUnixNano": str(now - 10**7), "endTimeUnixNano": str(now), "status": {"code": 2},
    }  # fmt: skip
    resource = {"attributes": [pair("service.name", "orders"), pair("service.version", "7")]}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}
    httpx.post(
        f"{server.url}/v1/traces", json=body, headers=server.headers(), timeout=30
    ).raise_for_status()


def _check_cors(url: str, key: str, origin: str) -> None:
    address = f"{url}/rum/v1/logs?key={key}"
    allowed = httpx.options(address, headers={"origin": origin})
    assert allowed.status_code == 204
    assert allowed.headers["access-control-allow-origin"] == origin
    foreign = httpx.post(address, content="{}", headers={"origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert "access-control-allow-origin" not in foreign.headers
    # The key opens nothing else.
    assert (
        httpx.get(f"{url}/api/v1/logs", headers={"authorization": f"Bearer {key}"}).status_code
        == 401
    )
    script = httpx.get(f"{url}/rum/vedette.js")
    assert script.headers["content-type"].startswith("text/javascript")
    again = httpx.get(f"{url}/rum/vedette.js", headers={"if-none-match": script.headers["etag"]})
    assert again.status_code == 304
