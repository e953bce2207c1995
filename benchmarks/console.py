"""How fast the console is in headless Chromium, beside the targets.

    python benchmarks/console.py [--only size routes trace logs dashboard] [--runs 5]
    python benchmarks/console.py --url http://127.0.0.1:8230 --key KEY

A server process on a fresh store, filled with what the parts need: log records and metrics by the
engine, one large trace by OTLP. With ``--url``, first page and route changes on a server that runs,
such as the demo. Each figure is taken in the browser, from the start of the navigation or from the
click to the first frame that shows what one waits for; the median and the worst of ``--runs`` are
printed. A run in which other processes took more than a tenth of the processors is done again, up
to four times; how many of those that count were disturbed is said. The browser's cache is warm, as
after a first visit, except where it says otherwise.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
import re
import shutil
import statistics
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from fixtures import large_trace, metrics, traces
from ingest import start_server
from quiet import repeated
from search import LOGS, STEP
from vedette.core.settings import Settings
from vedette.store.warehouse import open_warehouse

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-gpu"]
ASSETS = Path(__file__).parents[1] / "src/vedette/console/assets"
SPANS_A_REQUEST = 1000
ROUTES = {
    "Logs": "Logs",
    "Traces": "Traces",
    "Metrics": "Metrics",
    "Services": "Services",
    "Hosts": "Hosts",
}

PARTS = ["size", "routes", "trace", "logs", "dashboard"]
# The first page is usable when what it says of the services is there.
FIRST = "main table tbody tr, main [role=row]"

# Resolves with the milliseconds from the click until the page of that name is on the screen, and
# until none of its panels waits any more.
_GO = """
([name, title]) => new Promise((resolve) => {
    const link = [...document.querySelectorAll('nav a')].find((a) => a.textContent.trim() === name);
    const started = performance.now();
    let shown;
    link.click();
    const look = () => {
        if (document.querySelector('h1')?.textContent !== title) return requestAnimationFrame(look);
        shown ??= performance.now() - started;
        if (document.querySelector('main [aria-busy=true]')) return requestAnimationFrame(look);
        requestAnimationFrame(() => resolve([shown, performance.now() - started]));
    };
    look();
})
"""
# Scrolls a grid from top to bottom, a step a frame; resolves with the gaps between frames in ms,
# and with how many frames had no row in the middle of the grid.
_SCROLL = """
(seconds) => new Promise((resolve) => {
    const grid = document.querySelector('[role=treegrid]');
    const box = grid.getBoundingClientRect();
    const gaps = [];
    let blank = 0;
    let last = performance.now();
    const started = last;
    const step = (now) => {
        gaps.push(now - last);
        last = now;
        const there = document.elementFromPoint(box.left + 60, box.top + box.height / 2);
        if (!there?.closest('[role=row]')) blank += 1;
        const share = (now - started) / (seconds * 1000);
        grid.scrollTop = share * (grid.scrollHeight - grid.clientHeight);
        if (share < 1) requestAnimationFrame(step); else resolve([gaps.slice(1), blank]);
    };
    requestAnimationFrame(step);
})
"""


def fill(folder: Path, records: int) -> None:
    """Store log records over a day by the engine itself."""
    warehouse = open_warehouse(Settings(data_dir=folder))
    try:
        for start in range(0, records, STEP):
            count = min(STEP, records - start)
            warehouse.execute(LOGS.format(total=records, start=start, count=count))
    finally:
        warehouse.close()


# 1,000 series of 20 metrics over a day, a point a minute.
METRIC_SERIES = """
INSERT INTO otel_metrics_gauge (Account, SeriesId, ResourceAttributes, ServiceName, MetricName, MetricUnit,
    Attributes, StartTimeUnix, TimeUnix, Value)
SELECT 'default', 1 + number % 1000, map('host.name', concat('host-', toString(number % 50))),
    concat('service-', toString(number % 10)),
    concat('load.', toString(intDiv(number, 50) % 20)), '1',
    map('zone', toString(number % 5)), now64(9),
    now64(9) - toIntervalSecond(60 * intDiv(number, 1000)),
    100 + 40 * sin(intDiv(number, 1000) / 60) + number % 50
FROM numbers({start}, {count})
"""
PANELS = 20
BOARD = {
    "time": {"from": "-24h", "to": "now"},
    "panels": [
        {
            "id": f"p{number}",
            "title": f"Load {number}",
            "type": "timeseries",
            "place": {"x": number % 4 * 6, "y": number // 4 * 5, "w": 6, "h": 5},
            "query": {
                "type": "metric",
                "queries": [
                    {
                        "id": "m1",
                        "metric": f"load.{number}",
                        "statistic": "Average",
                        "group_by": ["service"],
                    }
                ],
            },
        }
        for number in range(PANELS)
    ],
}


def fill_metrics(folder: Path) -> None:
    """Store the points of 1,000 series over a day; the server derives the rollups."""
    warehouse = open_warehouse(Settings(data_dir=folder))
    try:
        points = 1000 * 1440
        for start in range(0, points, STEP):
            count = min(STEP, points - start)
            warehouse.execute(METRIC_SERIES.format(start=start, count=count))
    finally:
        warehouse.close()


def make_board(url: str, key: str) -> str:
    """Make the dashboard of 20 panels and return its id, once its series are known."""
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}

    def call(path: str, body: object = None) -> dict[str, object]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{url}/api/v1{path}", data, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return dict(json.loads(answer.read()))

    for _ in range(600):
        if call("/metrics?search=load.&start=-24h")["total"] == PANELS:
            break
        time.sleep(0.5)
    return str(call("/dashboards", {"name": "Benchmark", "spec": BOARD})["id"])


def send(url: str, key: str, signal: str, body: bytes) -> None:
    """Send one OTLP request."""
    headers = {"Content-Type": "application/x-protobuf", "Authorization": f"Bearer {key}"}
    request = urllib.request.Request(f"{url}/v1/{signal}", body, headers)
    with urllib.request.urlopen(request, timeout=120) as answer:
        answer.read()


@contextmanager
def served(options: argparse.Namespace) -> Iterator[tuple[str, str, str]]:
    """Run a server filled for the parts; yields its address, a key and the id of the large trace."""
    folder = Path(tempfile.mkdtemp(prefix="vedette-benchmark-"))
    server = None
    try:
        if "logs" in options.only:
            fill(folder, options.logs)
        if "dashboard" in options.only:
            fill_metrics(folder)
        server, addresses = start_server(folder)
        url, key = addresses["url"], addresses["admin_key"]
        trace_id = random.Random(7).randbytes(16)
        if "trace" in options.only:
            for body in large_trace(trace_id, options.spans, SPANS_A_REQUEST):
                send(url, key, "traces", body)
        for seed in range(20):
            send(url, key, "traces", traces(seed))
            send(url, key, "metrics", metrics(seed))
        yield url, key, trace_id.hex()
    finally:
        if server is not None:
            server.terminate()
            server.wait(60)
        shutil.rmtree(folder, ignore_errors=True)


def signed_in(browser: Browser, url: str, key: str) -> BrowserContext:
    """Return a browser context with a session."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    answer = context.request.post(f"{url}/api/v1/session", data={"api_key": key})
    if not answer.ok:
        raise RuntimeError(answer.text())
    return context


def opened(page: Page, url: str, selector: str) -> float:
    """Return milliseconds from the start of the navigation until a selector is visible."""
    page.goto(url, wait_until="commit")
    page.wait_for_selector(selector, timeout=60_000)
    return float(page.evaluate("performance.now()"))


def report(what: str, target: str, values: list[float], disturbed: int) -> None:
    """Print a line."""
    median, worst = statistics.median(values), max(values)
    said = f"   {disturbed} of {len(values)} disturbed" if disturbed else ""
    print(
        f"{what:52} median {median:7.0f} ms   worst {worst:7.0f} ms   target {target}{said}",
        flush=True,
    )


def measured(what: str, target: str, runs: int, work: Callable[[], float]) -> None:
    """Run and print a line."""
    found, disturbed = repeated(runs, lambda: [work()])
    report(what, target, [one for (one,) in found], disturbed)


def size() -> None:
    """Print what the built console weighs; the entry is what index.html names."""
    entry = re.findall(
        r'(?:src|href)="\./(assets/[^"]+\.(?:js|css))"', (ASSETS / "index.html").read_text()
    )
    packed = sum(len(gzip.compress((ASSETS / name).read_bytes())) for name in entry)
    total = sum(file.stat().st_size for file in ASSETS.rglob("*") if file.is_file())
    print(f"{'entry bundle, gzip':52} {packed / 1024:7.0f} KiB   target 250 KB")
    print(f"{'all assets':52} {total:11,} bytes   target 3,145,728")


def routes(browser: Browser, page: Page, url: str, key: str, runs: int) -> None:
    """Print how soon the first page is there, and another after a click."""

    def cold() -> float:
        context = signed_in(browser, url, key)
        try:
            return opened(context.new_page(), f"{url}/", FIRST)
        finally:
            context.close()

    measured("first page, nothing cached", "1500 ms", runs, cold)
    measured("first page", "1500 ms", runs, lambda: opened(page, f"{url}/", FIRST))
    for name, title in ROUTES.items():

        def go(name: str = name, title: str = title) -> Sequence[float]:
            page.evaluate(_GO, ["Home", "Home"])
            return page.evaluate(_GO, [name, title])

        go()  # once, so that the page's code is there
        found, disturbed = repeated(runs, go)
        shown, filled = (list(values) for values in zip(*found, strict=True))
        report(f"route change, Home to {name}", "300 ms", shown, disturbed)
        report("    and all of its panels filled", "-", filled, disturbed)


def trace(page: Page, url: str, trace_id: str, options: argparse.Namespace) -> None:
    """Print how soon a large trace is there, and how it scrolls."""
    address = f"{url}/traces/{trace_id}"
    rows = "[role=treegrid] [role=row]"
    measured(
        f"a trace of {options.spans:,} spans", "1500 ms", options.runs,
        lambda: opened(page, address, rows),
    )  # fmt: skip
    found, disturbed = repeated(1, lambda: page.evaluate(_SCROLL, 4))
    gaps, blank = found[0]
    frames = 1000 * len(gaps) / sum(gaps)
    worst = sorted(gaps)[int(len(gaps) * 0.99)]
    print(
        f"{'scrolling it from top to bottom in 4 s':52} {frames:6.0f} frames/s, 99 % of them within "
        f"{worst:.0f} ms, {blank} of {len(gaps)} blank   target 30 frames/s{'   disturbed' if disturbed else ''}"
    )


def logs(page: Page, url: str, options: argparse.Namespace) -> None:
    """Print how soon the first rows of a search are there."""
    for query in ("timeout", "level:error service:service-2", ""):
        address = f"{url}/logs?{urllib.parse.urlencode({'from': '-25h', 'q': query})}"
        measured(
            f"first rows of {options.logs:,} log records, {query or 'all'}", "1000 ms", options.runs,
            lambda address=address: opened(page, address, options.log_row),
        )  # fmt: skip


def dashboard(page: Page, url: str, key: str, runs: int) -> None:
    """Print how soon every panel of a dashboard has drawn."""
    board = f"{url}/dashboards/{make_board(url, key)}"

    def drawn() -> float:
        page.goto(board, wait_until="commit")
        charts = page.locator("[data-panel] canvas")
        charts.nth(PANELS - 1).wait_for(state="attached", timeout=60_000)
        return float(page.evaluate("performance.now()"))

    page.set_viewport_size({"width": 1600, "height": 1300})
    measured(f"a dashboard of {PANELS} panels, 24 h of 1,000 series", "2000 ms", runs, drawn)


def measure(
    browser: Browser, url: str, key: str, trace_id: str, options: argparse.Namespace
) -> None:
    """Print the figures of the parts that were asked for."""
    context = signed_in(browser, url, key)
    page = context.new_page()
    if "routes" in options.only:
        routes(browser, page, url, key, options.runs)
    if "trace" in options.only:
        trace(page, url, trace_id, options)
    if "logs" in options.only:
        logs(page, url, options)
    if "dashboard" in options.only:
        dashboard(page, url, key, options.runs)
    context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--url", help="measure first page and route changes on this server instead")
    parser.add_argument("--key", help="an API key of that server")
    parser.add_argument("--logs", type=int, default=1_000_000)
    parser.add_argument("--spans", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--log-row", default="main [role=row][aria-rowindex], main [data-record]")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, load average before the run {os.getloadavg()[0]:.1f}")
    if options.url:
        options.only = ["routes"]
        filled = nullcontext((options.url, options.key, ""))
    else:
        filled = served(options)
    if "size" in options.only:
        size()
    if options.only == ["size"]:
        return
    with filled as (url, key, trace_id), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        time.sleep(1)  # what was just sent is merged and indexed
        try:
            measure(browser, url, key, trace_id, options)
        finally:
            browser.close()


if __name__ == "__main__":
    main()
