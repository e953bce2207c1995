"""Traces, metrics, services, the service map and hosts, as people use them."""

from __future__ import annotations

import json
import re
import urllib.parse
import urllib.request
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from support.server import Server
from support.spans import Sender, Sent, pairs, span_id, trace_id

HOSTILE = "<img src=x onerror='window.hacked = 3'>"
# A slash would end the expression in Playwright's selector.
ORDERS = re.compile("POST .orders")
MANY = 3000
CUMULATIVE = 2


@pytest.fixture(scope="module", autouse=True)
def telemetry(server: Server) -> None:
    """A shop with failures and a slow region, one wide trace, a busy host, a latency histogram."""
    sender = Sender("default", lambda *_: [])
    shop = [span for number in range(30) for span in _order(number)]
    wide = [Sent("batch", service="batch", trace="wide", start=0, end=60_000)]
    wide += [
        Sent(f"step {at}", "batch", service="batch", trace="wide", start=at * 20, end=at * 20 + 15)
        for at in range(MANY - 1)
    ]
    for spans in (shop, wide):
        _send(server, "traces", sender.body(spans))
    _send(server, "metrics", _metrics(sender.base_ns))
    while not _known_metrics(server):
        pass  # series are listed a moment after their points were acknowledged


def _order(number: int) -> list[Sent]:
    """One order: every fifth fails, and those of the region "ap" are slow."""
    failed, slow = number % 5 == 0, number % 3 == 0
    trace, start = f"order {number}", number * 1000
    end = start + (900 if slow else 40)
    status = "Error" if failed else "Unset"
    return [
        Sent(
            "root", service="web", kind="Server", trace=trace, start=start, end=end, status=status,
            operation="POST /orders", message=HOSTILE if failed else "",
            attributes={
                "region": "ap" if slow else "eu", "note": HOSTILE,
                "http.response.status_code": 500 if failed else 200,
            },
            resource={"host.name": "host-a"},
        ),
        Sent(
            "query", "root", service="web", kind="Client", trace=trace, start=start + 5, end=end - 5,
            operation="SELECT orders",
            attributes={"db.system.name": "postgresql", "db.namespace": "orders"},
        ),
    ]  # fmt: skip


def _metrics(base_ns: int) -> bytes:
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    group.resource.attributes.extend(pairs({"service.name": "web", "host.name": "host-a"}))
    metrics = group.scope_metrics.add().metrics
    cpu = metrics.add(name="system.cpu.time", unit="s")
    cpu.sum.aggregation_temporality, cpu.sum.is_monotonic = CUMULATIVE, True
    latency = metrics.add(name="checkout.duration", unit="s")
    latency.histogram.aggregation_temporality = CUMULATIVE
    for minute in range(10):
        at = base_ns + minute * 60 * 10**9
        for mode, share in (("user", 0.95), ("idle", 0.05)):
            point = cpu.sum.data_points.add(
                time_unix_nano=at, start_time_unix_nano=base_ns, as_double=share * 60 * minute
            )
            point.attributes.extend(pairs({"cpu.mode": mode}))
        point = latency.histogram.data_points.add(
            time_unix_nano=at, start_time_unix_nano=base_ns, count=10 * minute, sum=minute,
            bucket_counts=[8 * minute, 2 * minute, 0], explicit_bounds=[0.1, 1.0],
        )  # fmt: skip
        point.attributes.extend(pairs({"region": HOSTILE}))
        point.exemplars.add(
            time_unix_nano=at + 1000, as_double=0.5,
            trace_id=bytes.fromhex(trace_id("order 3")),
            span_id=bytes.fromhex(span_id("root", "order 3")),
        )  # fmt: skip
    return request.SerializeToString()


def _send(server: Server, signal: str, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/x-protobuf"}
    request = urllib.request.Request(f"{server.url}/v1/{signal}", body, headers)
    # An empty answer: nothing was rejected.
    assert urllib.request.urlopen(request).read() == b""


def _known_metrics(server: Server) -> list[Any]:
    url = f"{server.url}/api/v1/metrics?search=checkout.duration"
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {server.key}"})
    return json.loads(urllib.request.urlopen(request).read())["metrics"]


def _unharmed(page: Any) -> None:
    assert page.evaluate("window.hacked") is None


def _plan(**query: Any) -> str:
    plan = {"queries": [{"id": "m1", "metric": "checkout.duration", **query}], "formulas": []}
    return urllib.parse.quote(json.dumps(plan))


def test_a_trace_is_found_and_its_error_shown(open_page):
    page = open_page("/traces?q=service:web status:error")
    row = page.get_by_role("row", name=ORDERS).first
    row.wait_for()
    assert page.get_by_role("row", name=ORDERS).count() == 6
    row.get_by_role("link").first.click()
    page.get_by_role("treegrid").wait_for()
    page.wait_for_url(re.compile("span="))
    detail = page.get_by_role("complementary", name="Selected span")
    detail.get_by_text(HOSTILE).first.wait_for()
    detail.get_by_text("http.response.status_code").first.wait_for()
    _unharmed(page)


def test_the_waterfall_is_walked_by_keyboard(open_page):
    page = open_page(f"/traces/{trace_id('order 5')}")
    grid = page.get_by_role("treegrid")
    grid.wait_for()
    root = grid.get_by_role("row", name=ORDERS)
    page.keyboard.press("e")
    root.and_(page.locator("[aria-selected=true]")).wait_for()
    grid.focus()
    page.keyboard.press("ArrowLeft")
    assert root.get_attribute("aria-expanded") == "false"
    assert grid.get_by_role("row").count() == 1
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    child = grid.get_by_role("row", name=re.compile("SELECT orders"))
    child.and_(page.locator("[aria-selected=true]")).wait_for()
    assert f"span={span_id('query', 'order 5')}" in page.url
    page.keyboard.press("Escape")
    page.get_by_role("complementary", name="Selected span").wait_for(state="detached")


def test_a_wide_trace_keeps_only_rows_in_sight(open_page):
    page = open_page(f"/traces/{trace_id('wide')}")
    grid = page.get_by_role("treegrid")
    grid.get_by_role("row").first.wait_for()
    assert grid.get_attribute("aria-rowcount") == str(MANY)
    assert grid.get_by_role("row").count() < 120
    grid.focus()
    page.keyboard.press("End")
    grid.get_by_role("row", name=re.compile(f"step {MANY - 2}\\b")).wait_for()
    assert grid.get_by_role("row").count() < 120
    page.get_by_label("Search in this trace").first.fill("step 17")
    page.get_by_text("111 found").wait_for()  # 17, 17x, 17xx
    page.get_by_text("Flame", exact=True).click()
    page.get_by_role("img", name=re.compile("Flame view of 3000 spans")).wait_for()


def test_a_trace_that_is_not_there_says_so_at_its_place(open_page):
    page = open_page(f"/traces/{'f' * 32}")
    page.get_by_role("alert").get_by_text("there is no trace").wait_for()
    page = open_page("/traces/not-an-id?view=sideways&part=9-1")
    page.get_by_role("alert").get_by_text("hexadecimal").wait_for()


def test_malformed_state_of_the_search_falls_back(open_page):
    page = open_page("/traces?tab=nowhere&min=-5&max=many&plot=pie&q=service:web")
    page.get_by_text("Some of the address could not be used").wait_for()
    for name in ("tab", "min", "max", "plot"):
        assert page.locator("code", has_text=re.compile(f"^{name}$")).count() == 1
    page.get_by_role("row", name=ORDERS).first.wait_for()


def test_slow_spans_are_told_from_fast_ones(open_page):
    page = open_page("/traces?q=service:web kind:server&tab=compare&slow=500000000")
    page.get_by_text("10 spans slow against 20 fast").wait_for()
    found = page.get_by_role("row", name=re.compile("region"))
    found.first.wait_for()
    assert "only here" in found.filter(has_text="ap").inner_text()
    page.get_by_role("combobox", name="Compare").click()
    page.get_by_role("option", name="With error against without").click()
    page.get_by_text("6 spans with error against 24 without").wait_for()
    _unharmed(page)


def test_bars_of_durations_are_chosen_by_keyboard(open_page):
    page = open_page("/traces?q=service:web kind:server")
    bars = page.get_by_role("group", name="Spans by duration")
    bars.wait_for()
    bars.focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_text(re.compile("Without error")).first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("min=.*max="))
    page.get_by_role("button", name="Take the limits of duration away").click()
    page.wait_for_url(lambda url: "min=" not in url)


def test_a_chart_is_read_by_keyboard_zoomed_and_seen_as_a_table(open_page):
    page = open_page("/services/web")
    chart = page.get_by_role("group", name="Rate")
    chart.wait_for()
    chart.focus()
    page.keyboard.press("Home")
    chart.locator("[aria-live]").get_by_text(re.compile(r"Without error [\d.]+/s")).wait_for()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 60, steps=5)
    page.mouse.up()
    page.wait_for_url(re.compile("from=20.*to=20"))
    page.go_back()
    page.get_by_role("button", name="Menu of Rate").click()
    page.get_by_role("menuitem", name="View as table").click()
    table = page.get_by_role("region", name="Rate as a table")
    table.get_by_role("columnheader", name="Without error").wait_for()


def test_a_metric_is_drawn_grouped_and_leads_to_a_trace(open_page):
    page = open_page("/metrics?find=checkout")
    page.get_by_role("button", name=re.compile("checkout.duration")).click()
    page.wait_for_url(re.compile("m="))
    page.get_by_text("p95 of checkout.duration").wait_for()
    page.get_by_label("Group m1 by").first.click()
    page.get_by_role("option", name="region").click()
    page.get_by_role("group", name="p95 of checkout.duration").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("switch", name="Exemplars").press("Space")
    page.get_by_role("link", name=f"Trace {trace_id('order 3')[:8]}").first.click()
    page.get_by_role("treegrid").wait_for()
    assert trace_id("order 3") in page.url
    page.go_back()
    page.get_by_text("p95 of checkout.duration").wait_for()
    _unharmed(page)


def test_wrong_math_is_said_at_its_row(open_page):
    page = open_page(f"/metrics?m={_plan(statistic='p95')}")
    page.get_by_role("button", name="Expression").click()
    box = page.get_by_label("Expression", exact=True)
    box.fill("m1 +")
    box.press("Enter")
    page.get_by_role("group", name="Expression e1").get_by_text(re.compile("column")).wait_for()
    box.fill("m1 * 1000")
    box.press("Enter")
    page.get_by_role("figure", name=re.compile(r"m1 \* 1000")).wait_for()


def test_a_plan_that_is_none_falls_back(open_page):
    page = open_page("/metrics?m=%7B%22queries%22%3A7%2C%22formulas%22%3A%5B1%5D%7D&compare=never")
    page.get_by_text("Some of the address could not be used").wait_for()
    page.get_by_text("Choose a metric").wait_for()


def test_a_service_shows_its_failures_and_what_it_calls(open_page):
    page = open_page("/services?find=web")
    row = page.get_by_role("row", name=re.compile("web"))
    row.get_by_text("failing").wait_for()
    row.get_by_role("link", name="web").click()
    page.get_by_role("heading", name="web").wait_for()
    page.get_by_role("tab", name="Errors").click()
    errors = page.get_by_role("row", name=ORDERS)
    errors.wait_for()
    assert errors.get_by_role("cell").first.inner_text() == "6"
    page.get_by_role("tab", name="Dependencies").click()
    page.get_by_text("postgresql:///orders").wait_for()
    page.get_by_role("tab", name="Instances").click()
    page.get_by_role("button", name="host-a").wait_for()
    _unharmed(page)


def test_the_map_has_the_database_and_says_where_failures_begin(open_page):
    page = open_page("/map?find=web")
    node = page.get_by_role("group", name=re.compile(r"web: failing"))
    node.wait_for()
    page.get_by_text("Failures begin at").wait_for()
    node.click()
    detail = page.get_by_role("complementary", name="Node web")
    detail.get_by_text("6 (20 %)").wait_for()
    page.get_by_text("List", exact=True).click()
    page.get_by_role("row", name=re.compile("web.*calls.*postgresql")).wait_for()


def test_a_busy_host_is_said_to_be_busy(open_page):
    page = open_page("/hosts")
    row = page.get_by_role("row", name=re.compile("host-a"))

    row.get_by_text(re.compile("95 % high")).wait_for()
    row.get_by_role("link", name="host-a").click()
    page.get_by_role("group", name="CPU").wait_for()
    page.get_by_text("No process list in this time range").wait_for()


def test_axe_finds_nothing_on_pages_with_data(open_page, server, findings):
    error = span_id("root", "order 5")
    paths = {
        "/traces?q=service:web": "table",
        "/traces?q=service:web&tab=compare&cmp=errors&plot=density": "table",
        "/traces?q=service:web&tab=bottlenecks": "table",
        f"/traces/{trace_id('order 5')}?span={error}": "[role=treegrid] [role=row]",
        f"/traces/{trace_id('order 5')}?view=flame": "[role=img]",
        f"/metrics?exemplars=1&compare=period&m={_plan(statistic='p95', by=['region'])}": "figure",
        "/services": "table",
        "/services/web": "table",
        "/services/web?tab=errors": "table",
        "/map": "[role=group]",
        "/map?as=list&selected=service:web": "table",
        "/hosts": "table",
        "/hosts/host-a": "figure",
    }
    page = open_page("/")
    found = {}
    for path, wanted in paths.items():
        page.goto(server.url + path)
        page.locator(wanted).first.wait_for()
        page.wait_for_load_state("networkidle")
        if problems := findings(page):
            found[path] = problems
    assert found == {}, json.dumps(found, indent=1)
