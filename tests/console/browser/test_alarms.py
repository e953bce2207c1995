"""Alarms, their form with a preview, mute windows, metric filters, notifications, who is on call."""

from __future__ import annotations

import json
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from console.browser.conftest import seeded, send_logs
from support.server import Server

LOGS = {"type": "logs", "query": "level:error", "group_by": ["service"]}
# A count is there for every period, so it fires from its first evaluation on: within 12 seconds.
FIRING = {
    "source": {"type": "logs", "query": "level:error"}, "period": 10, "severity": "critical",
    "condition": {"threshold": {"comparison": ">=", "threshold": 0}},
    "description": "Orders fail.", "runbook": "https://runbooks.example/orders",
}  # fmt: skip
QUIET = {"source": LOGS, "condition": {"threshold": {"threshold": 100_000}}}


@pytest.fixture(scope="module")
def hooks() -> Iterator[tuple[str, list[Any]]]:
    """A receiver of webhooks, and what it was sent."""
    taken: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    receiver = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=receiver.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{receiver.server_address[1]}/hook", taken
    receiver.shutdown()
    thread.join()
    receiver.server_close()


@pytest.fixture(scope="module")
def server(browser: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may send to this machine and says where its console is."""
    started = Server(
        tmp_path_factory.mktemp("alarms") / "data", otlp_http_port=-1, otlp_grpc_port=-1,
        notification_allowed_hosts="127.0.0.1", public_url="http://console.example",
    )  # fmt: skip
    started.start()
    send_logs(started, seeded())
    yield started
    started.stop()


@pytest.fixture(scope="module")
def fired(server: Server, hooks: tuple[str, list[Any]]) -> str:
    """An alarm that fires and was told, its id; beside it one that does not."""
    url, taken = hooks
    settings = {"type": "webhook", "url": url}
    ask(server, "/notification-channels", {"name": "pager", "settings": settings})
    route = {"channels": ["pager"], "group_wait": "0s"}
    ask(server, "/notification-routes", {"name": "all", "spec": route})
    labels = {"team": "shop"}
    made = ask(server, "/alarms", {"name": "orders fail", "spec": FIRING, "labels": labels})
    ask(server, "/alarms", {"name": "quiet", "spec": QUIET})
    while ask(server, f"/alarms/{made['id']}")["state"] != "ALARM" or not taken:
        pass  # the first evaluation, and the message after it
    return str(made["id"])


def ask(server: Server, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        f"{server.url}/api/v1{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"},
    )
    try:
        return json.loads(urllib.request.urlopen(request).read() or "null")
    except urllib.error.HTTPError as error:
        raise AssertionError(error.read().decode()) from error


def draft(spec: dict[str, Any], name: str = "") -> str:
    return urllib.parse.quote(json.dumps({"name": name, "labels": {}, "spec": spec}))


def test_the_list_shows_alarms_by_state_and_finds_them(open_page, fired):
    page = open_page("/alarms")
    page.get_by_role("tab", name="All (2)").wait_for()
    firing = page.get_by_role("region", name="In alarm")
    firing.get_by_role("link", name="orders fail").wait_for()
    firing.get_by_text("critical").wait_for()
    page.get_by_label("Search alarms by name").fill("qui")
    firing.wait_for(state="detached")
    page.get_by_role("link", name="quiet").wait_for()
    assert "find=qui" in page.url
    page.get_by_label("Search alarms by name").fill("")
    page.get_by_role("textbox", name="Label").fill("team=shop")
    page.get_by_role("textbox", name="Label").press("Enter")
    page.get_by_role("link", name="quiet").wait_for(state="detached")
    page.get_by_role("tab", name="History").click()
    page.get_by_text("Insufficient data → In alarm").first.wait_for()


def test_an_alarm_shows_why_it_fires_and_who_was_told(open_page, fired, hooks):
    # The link of the message opens this page.
    notices = [one for body in hooks[1] for one in body["notices"]]
    notice = next(one for one in notices if one["alarm"] == "orders fail")
    assert notice["link"] == f"http://console.example/alarms/{fired}"
    page = open_page(f"/alarms/{fired}")
    page.get_by_role("heading", name="orders fail", level=1).wait_for()
    page.get_by_text("Orders fail.", exact=True).wait_for()
    page.get_by_role("link", name="https://runbooks.example/orders").wait_for()
    page.locator(".u-over").first.wait_for()
    page.get_by_role("region", name="Series and their states").get_by_text("In alarm").wait_for()
    happened = page.get_by_role("region", name="What happened", exact=True)
    # A busy machine notes evaluations that were late, too.
    fires = happened.get_by_role("listitem").filter(has_text="→ In alarm")
    of_alarm, of_series = fires.nth(0), fires.nth(1)
    of_alarm.get_by_role("button", name="Show the evidence").click()
    of_alarm.get_by_text("1 series fires").wait_for()
    of_series.get_by_role("button", name="Show the evidence").click()
    of_series.get_by_role("cell", name="yes").first.wait_for()
    told = page.get_by_role("region", name="Who was told")
    told.get_by_text("delivered").first.wait_for()
    page.get_by_role("button", name="Acknowledge").click()
    page.get_by_label("What you do about it").fill("restarting it")
    page.get_by_role("button", name="Acknowledge the alarm").click()
    page.get_by_text("restarting it").wait_for()
    comments = page.get_by_role("region", name="Comments")
    comments.get_by_role("textbox").fill("a <b>bold</b> guess")
    comments.get_by_role("button", name="Comment").click()
    comments.get_by_text("a <b>bold</b> guess").wait_for()
    page.get_by_role("button", name="Take the acknowledgement back").click()
    page.get_by_text("restarting it").wait_for(state="detached")


def test_home_begins_with_what_fires(open_page, fired):
    page = open_page("/")
    page.get_by_role("region", name="An alarm fires").get_by_role(
        "link", name="orders fail"
    ).click()
    page.get_by_role("heading", name="orders fail", level=1).wait_for()


def test_an_alarm_is_made_with_a_preview_and_a_threshold_that_moves(open_page, server, fired):
    page = open_page("/alarms/new?from=-15m")
    page.get_by_text("Logs", exact=True).last.click()
    page.get_by_role("status").filter(has_text="Would").wait_for()
    box = page.get_by_role("combobox", name=re.compile("[Ss]earch")).first
    box.fill("level:error")
    box.press("Enter")
    page.get_by_role("status").filter(has_text="Would have fired").wait_for()
    threshold = page.get_by_role("textbox", name="Threshold")
    line = page.get_by_role("slider", name="Threshold")
    line.focus()
    before = float(threshold.input_value())
    page.keyboard.press("PageUp")
    expect_changed(page, threshold, before)
    raised = float(threshold.input_value())
    assert raised > before
    line.scroll_into_view_if_needed()
    place = line.bounding_box()
    assert place
    page.mouse.move(place["x"] + 60, place["y"] + 7)
    page.mouse.down()
    page.mouse.move(place["x"] + 60, place["y"] - 60, steps=4)
    page.mouse.up()
    expect_changed(page, threshold, raised)
    assert float(threshold.input_value()) > raised
    # The highest line is never reached.
    threshold.fill("100000")
    page.get_by_role("status").filter(has_text="Would not have fired").wait_for()
    page.get_by_role("textbox", name="Name").fill("too many errors")
    page.get_by_role("button", name="Make the alarm").click()
    page.get_by_role("heading", name="too many errors", level=1).wait_for()
    page.get_by_role("link", name="Edit").click()
    page.get_by_role("textbox", name="Threshold").fill("200000")
    page.get_by_role("cell", name="spec.condition.threshold.threshold").wait_for()
    page.get_by_role("button", name="Save the changes").click()
    page.get_by_text("> 200000").first.wait_for()


def expect_changed(page: Any, box: Any, before: float) -> None:
    page.wait_for_function(
        "([element, before]) => Number(element.value) !== before",
        arg=[box.element_handle(), before],
    )


def test_wrong_definitions_are_told_with_the_reason(open_page, fired):
    condition = {"threshold": {"threshold": 1}}
    spec = {"source": {"type": "sql", "sql": "SELECT 1 AS x"}, "condition": condition}
    page = open_page(f"/alarms/new?d={draft(spec)}")
    page.get_by_role("alert").filter(has_text="no column 'value'").wait_for()
    rule = {"source": {"type": "composite", "rule": 'ALARM("a") AND'}}
    page = open_page(f"/alarms/new?d={draft(rule, 'both')}")
    page.get_by_role("button", name="Make the alarm").click()
    page.get_by_role("alert").last.wait_for()
    missing = {
        "source": {"type": "metric", "queries": [{"id": "m1", "metric": "not.sent.yet"}]},
        "condition": {"threshold": {"threshold": 1}},
    }
    page = open_page(f"/alarms/new?d={draft(missing)}")
    page.get_by_text("No data point in this time range").wait_for()


def test_an_alarm_is_made_of_a_query_and_of_a_chart(open_page, fired):
    query = urllib.parse.quote("stats count(*) as n by service, bin(1m)")
    page = open_page(f"/logs?view=query&pipe={query}")
    page.get_by_role("link", name="Create an alarm").click()
    page.wait_for_url("**/alarms/new*")  # the page before has such a box, too
    box = page.get_by_role("textbox", name="Query of the pipe language")
    page.get_by_role("heading", name="New alarm").wait_for()
    text = box.input_value()
    assert text == "stats count(*) as n by service, bin($period)"
    page.get_by_role("status").filter(has_text="Would").wait_for()
    page = open_page("/logs?q=level:error")
    page.get_by_role("button", name=re.compile("Menu of .* records")).click()
    page.get_by_role("menuitem", name="Create an alarm").click()
    page.get_by_role("status").filter(has_text="Would").wait_for()


def test_mute_windows_are_made_and_ended(open_page, fired):
    page = open_page("/mute-windows")
    page.get_by_role("textbox", name="Name").fill("the move")
    page.get_by_role("textbox", name="Until").fill("2099-01-01 12:00")
    page.get_by_role("button", name="Condition").click()
    page.get_by_role("textbox", name="Label").fill("team")
    page.get_by_role("textbox", name="Value").fill("nobody")
    page.get_by_role("button", name="Mute", exact=True).click()
    row = page.get_by_role("row").filter(has_text="the move")
    row.get_by_text("open now").wait_for()
    row.get_by_role("button", name="End").click()
    page.get_by_role("button", name="End the window").click()
    row.wait_for(state="detached")


def test_a_metric_filter_is_tried_on_stored_events_before_it_is_kept(open_page, fired):
    page = open_page("/metric-filters?edit=new&from=-1h")
    page.get_by_role("textbox", name="Pattern").fill("order -cart took")
    page.get_by_role("status").filter(has_text="stored events match").wait_for()
    page.get_by_role("textbox", name="Pattern").fill("{ $.ms > }")
    page.get_by_text(re.compile("at column")).first.wait_for()
    page.get_by_role("textbox", name="Pattern").fill("[word, number, ...]")
    page.get_by_role("textbox", name="Value").first.fill("$number")
    page.get_by_label("Try it on lines of your own").fill("order 12 took")
    page.get_by_role("status").filter(has_text="1 of 1 given lines match").wait_for()
    page.get_by_role("cell", name="12", exact=True).wait_for()
    page.get_by_role("textbox", name="Metric", exact=True).fill("shop.orders")
    page.get_by_role("textbox", name="Name of the filter").fill("orders")
    page.get_by_role("button", name="Save the filter").click()
    page.get_by_role("link", name="shop.orders").wait_for()


def test_channels_are_made_tested_and_their_secrets_never_shown(open_page, hooks, fired):
    page = open_page("/notifications")
    page.get_by_role("textbox", name="Name").fill("second")
    page.get_by_role("textbox", name="URL").fill(hooks[0])
    page.get_by_label("Signing key").fill("sesame sesame sesame")
    page.get_by_role("button", name="Make the channel").click()
    row = page.get_by_role("row").filter(has_text="second")
    row.get_by_text("signed").wait_for()
    row.get_by_role("button", name="Test").click()
    page.get_by_text("second took the test").wait_for()
    assert "sesame" not in page.content()
    page.get_by_role("tab", name="What was sent").click()
    page.get_by_role("cell", name="[TEST] test").first.wait_for()
    page.get_by_role("tab", name="Routes").click()
    page.get_by_role("row").filter(has_text="every alarm").wait_for()


def test_people_take_turns_and_policies_name_them(open_page, fired):
    page = open_page("/on-call")
    page.get_by_role("button", name="New schedule").click()
    page.get_by_role("textbox", name="Name").fill("shop")
    page.get_by_role("textbox", name="Time zone").fill("Europe/Berlin")
    people = page.get_by_role("combobox", name="People, in their order")
    for name in ("anna", "ben"):
        people.fill(name)
        people.press("Enter")
    for name in ("anna", "ben"):
        # The box around the field takes the click.
        page.get_by_role("combobox", name=f"{name} is told by").click(force=True)
        page.get_by_role("option", name="pager").last.click()
        page.keyboard.press("Escape")
    page.get_by_label("First handover").fill("2026-01-05")
    page.get_by_role("button", name="Make the schedule").click()
    page.get_by_role("button", name="shop", exact=True).click()
    page.get_by_role("cell", name=re.compile("anna|ben")).first.wait_for()
    page.get_by_role("textbox", name="Until").fill("2099-01-01 00:00")
    page.get_by_role("tab", name="Escalation policies").click()
    page.get_by_role("button", name="New policy").click()
    page.get_by_role("textbox", name="Name").fill("urgent")
    page.get_by_role("combobox", name="Step 1 tells").click(force=True)
    page.get_by_role("option", name="schedule shop").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Make the policy").click()
    page.get_by_role("row").filter(has_text="urgent").wait_for()
