"""Dashboards as people look at them and make them."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any

import pytest

from support.server import Server

HOSTILE = "<img src=x onerror='window.hacked = 5'>"
PIPE = "filter service in [$service] | stats count(*) as records by level | sort records desc"
SQL = "SELECT count() AS records FROM otel_logs WHERE $__timeFilter(Timestamp)"


def _panel(number: int, kind: str, title: str, query: Any, **more: Any) -> dict[str, Any]:
    place = {"x": (number % 3) * 8, "y": number // 3 * 8, "w": 8, "h": 8}
    return {
        "id": f"p{number}",
        "type": kind,
        "title": title,
        "query": query,
        "place": place,
        **more,
    }


SPEC = {
    "description": "For tests",
    "variables": [
        {"name": "service", "type": "list", "values": ["checkout", "cart"], "multi": True,
         "default": ["checkout"]}
    ],
    "panels": [
        _panel(0, "timeseries", "Records", {"type": "logs", "q": "service:$service"},
               look={"draw": "bars"}),
        _panel(1, "bar", "By level", {"type": "pipe", "query": PIPE}),
        _panel(2, "stat", "All", {"type": "sql", "sql": SQL}),
        _panel(3, "gauge", "Share", {"type": "sql", "sql": SQL},
               look={"maximum": 1000, "thresholds": [{"value": 100, "level": "critical"}]}),
        _panel(4, "histogram", "Durations", {"type": "pipe", "query": "fields ms | limit 200"}),
        _panel(5, "table", "Newest", {"type": "logs", "q": "level:error"}),
        _panel(6, "table", "Wrong", {"type": "pipe", "query": "stats nonsense("}),
        _panel(7, "text", "About", None, text=f"# Hello {HOSTILE}\n\n[a](javascript:alert(1)) **b**"),
        _panel(8, "heatmap", "Heat", {"type": "logs", "q": ""}),
    ],
}  # fmt: skip


def _call(server: Server, method: str, path: str, body: Any = None) -> Any:
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{server.url}/api/v1{path}", data, headers, method=method)
    return json.loads(urllib.request.urlopen(request).read() or b"null")


@pytest.fixture(scope="module")
def board(server: Server) -> dict[str, Any]:
    return _call(server, "POST", "/dashboards", {"name": f"Board {HOSTILE}", "spec": SPEC})


def _panel_of(page: Any, title: str) -> Any:
    return page.get_by_role("group", name=title, exact=True).first


def test_every_panel_shows_its_data_and_an_error_stays_at_its_panel(open_page, board):
    page = open_page(f"/dashboards/{board['id']}")
    _panel_of(page, "Records").locator("canvas").wait_for()
    _panel_of(page, "By level").get_by_role("rowheader").first.wait_for()
    _panel_of(page, "All").get_by_text(re.compile(r"^401$|^40\d$")).wait_for()
    _panel_of(page, "Share").get_by_role("img", name="of 0 to").wait_for()
    _panel_of(page, "Newest").get_by_role("row").nth(1).wait_for()
    wrong = _panel_of(page, "Wrong")
    wrong.scroll_into_view_if_needed()
    wrong.get_by_role("alert").wait_for()
    assert page.get_by_role("alert").count() == 1
    page.get_by_role("heading", name="Hello <img").wait_for()
    assert page.locator("a[href^=javascript]").count() == 0
    assert page.evaluate("window.hacked") is None


def test_charts_are_drawn_for_the_paper_and_for_the_screen_again(open_page, board):
    page = open_page(f"/dashboards/{board['id']}")
    chart = _panel_of(page, "Records").locator(".u-wrap")
    chart.wait_for()
    space = "element => element.parentElement.parentElement.clientWidth"
    width = "element => element.offsetWidth"
    shown = chart.evaluate(width)
    assert abs(shown - chart.evaluate(space)) <= 1
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert chart.evaluate(width) > shown
    assert abs(chart.evaluate(width) - chart.evaluate(space)) <= 1
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.wait_for_function(
        "([element, shown]) => element.offsetWidth === shown", arg=[chart.element_handle(), shown]
    )


def test_a_variable_is_part_of_the_address(open_page, board):
    page = open_page(f"/dashboards/{board['id']}?var-service=cart&var-service=checkout")
    _panel_of(page, "By level").get_by_role("rowheader").nth(2).wait_for()
    page.goto(page.url.split("?")[0] + "?var-service=nothing")
    _panel_of(page, "Records").locator("canvas").wait_for()


def test_a_panel_is_made_moved_undone_and_saved(open_page, server):
    made = _call(server, "POST", "/dashboards", {"name": "Built", "spec": {"panels": []}})
    page = open_page(f"/dashboards/{made['id']}?edit=1")
    page.get_by_role("button", name="Panel", exact=True).click()
    page.get_by_role("menuitem", name="Text").click()
    page.get_by_label("Title").fill("Notes")
    page.get_by_role("button", name="Done").last.click()
    handle = page.get_by_role("button", name=re.compile("^Move Notes"))
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("Notes: column 2, row 1").wait_for()
    page.keyboard.press("Shift+ArrowDown")
    page.get_by_text("12 wide, 10 high").wait_for()
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("link", name="Logs").click()
    page.get_by_role("button", name="Stay").click()
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The dashboard is saved").wait_for()
    [panel] = _call(server, "GET", f"/dashboards/{made['id']}")["spec"]["panels"]
    assert panel["title"] == "Notes"
    assert (panel["place"]["x"], panel["place"]["h"]) == (1, 9)


def test_a_dashboard_of_grafana_comes_in(open_page):
    page = open_page("/dashboards")
    page.get_by_role("button", name="Import").click()
    target = {"refId": "A", "expr": "sum(rate(http_requests_total[5m]))"}
    panels = [
        {"type": "stat", "title": "Requests", "targets": [target]},
        {"type": "nodeGraph", "title": "Graph"},
    ]
    text = json.dumps({"title": "From Grafana", "schemaVersion": 39, "panels": panels})
    page.get_by_label("Or its text").fill(text)
    page.get_by_role("button", name="Look first").click()
    page.get_by_text("Graph: there is no panel of the type").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Import", exact=True).click()
    page.get_by_role("heading", name="From Grafana").wait_for()
    _panel_of(page, "Requests").wait_for()


def test_a_kiosk_has_no_navigation(open_page, board):
    page = open_page(f"/dashboards/{board['id']}?kiosk=1&refresh=30")
    _panel_of(page, "Records").locator("canvas").wait_for()
    page.get_by_role("navigation", name="Pages").wait_for(state="hidden")


def test_axe_finds_nothing(open_page, server, board, findings):
    paths = {
        "/dashboards": "table",
        f"/dashboards/{board['id']}": "[data-panel=p1] th",
        f"/dashboards/{board['id']}?edit=1&panel=p1": "[role=dialog]",
        "/dashboards/ready-made/ingest": "canvas",
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
