"""The console in headless Chromium against a real server with seeded telemetry."""

from __future__ import annotations

import json
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.server import Server

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"
HOSTILE_KEY = "<b>key</b>"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--force-prefers-reduced-motion",
]


# Of a module: while it is open an event loop runs in the main thread, where other tests run theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(
        tmp_path_factory.mktemp("console") / "data", otlp_http_port=-1, otlp_grpc_port=-1
    )
    started.start()
    send_logs(started, seeded())
    yield started
    started.stop()


def send_logs(server: Server, records: list[dict[str, Any]]) -> None:
    """Store log records; returns once they are stored."""
    body = "\n".join(json.dumps(record) for record in records).encode()
    request = urllib.request.Request(
        f"{server.url}/api/v1/logs",
        body,
        {"Authorization": f"Bearer {server.key}", "Content-Type": "application/x-ndjson"},
    )
    urllib.request.urlopen(request).read()


@pytest.fixture
def send(server: Server) -> Callable[[list[dict[str, Any]]], None]:
    return lambda records: send_logs(server, records)


def seeded() -> list[dict[str, Any]]:
    """Records of the last minutes: two services, every level, and hostile ones."""
    now = time.time()
    records = [
        {
            "time": f"{now - 2 * number:.3f}",
            "level": ("info", "info", "warn", "error")[number % 4],
            "service": ("checkout", "cart")[number % 2],
            "message": f"order {number} took {number * 7} ms",
            "region": ("eu", "us", "ap")[number % 3],
            "ms": number * 7,
        }
        for number in range(400)
    ]
    records.append(
        {
            "time": f"{now - 1:.3f}",
            "level": "error",
            "service": HOSTILE,
            "message": f"{HOSTILE} \u0000\u001b[31m\u202e {'long ' * 3000}",
            HOSTILE_KEY: HOSTILE,
        }
    )
    return records


@pytest.fixture
def open_page(browser: Any, server: Server) -> Iterator[Callable[..., Any]]:
    """Open a page of the console, signed in by a link; fails where a script or the policy failed."""
    contexts, problems = [], []

    def note(message: Any) -> None:
        # The browser reports each answer that is an error; tests look at what the page makes of it.
        if message.type == "error" and "Failed to load resource" not in message.text:
            problems.append(message.text)

    def open_(path: str = "/", *, sign_in: bool = True, **options: Any) -> Any:
        context = browser.new_context(
            viewport={"width": 1400, "height": 900}, timezone_id="Europe/Berlin", **options
        )
        contexts.append(context)
        if sign_in:
            context.request.post(f"{server.url}/api/v1/session", data={"api_key": server.key})
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("console", note)
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(server.url + path)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="session")
def axe() -> str:
    path = (
        Path(__file__).resolve().parents[3] / "console" / "node_modules" / "axe-core" / "axe.min.js"
    )
    if not path.exists():
        pytest.skip("axe-core is not there: run 'make console'")
    return path.read_text()


AXE = {
    "light": "axe.run(document, {resultTypes: ['violations']})",
    # All that differs in the dark.
    "dark": "axe.run(document, {resultTypes: ['violations'], runOnly: ['color-contrast']})",
}
TURNED = """
Promise.allSettled(
    document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished))
"""
"""Colours have arrived where they go to."""


@pytest.fixture(scope="session")
def findings(axe: str) -> Callable[..., list[list[Any]]]:
    """What axe finds on an open page in light and dark; ``look`` is called with each scheme."""

    def find(page: Any, look: Callable[[str], None] = lambda _: None) -> list[list[Any]]:
        found: list[list[Any]] = []
        page.evaluate(axe)
        for scheme, script in AXE.items():
            page.emulate_media(color_scheme=scheme)
            page.locator(f"html[data-mantine-color-scheme={scheme}]").wait_for()
            page.evaluate(TURNED)
            found += [
                [scheme, rule["id"], node["target"], node["failureSummary"]]
                for rule in page.evaluate(script)["violations"]
                for node in rule["nodes"][:3]
            ]
            look(scheme)
        page.emulate_media(color_scheme="light")
        return found

    return find
