"""Datasets, drift, checks and monitors in the console, on profiles that a client would send."""

from __future__ import annotations

import datetime as dt
import json
import random
import re
import urllib.request
from typing import Any

import pytest

from support.profiles import client_states
from support.server import Server

HOSTILE = "<img src=x onerror='window.hacked = 5'>"
DAYS = 12
DAY = dt.timedelta(days=1)
FIRST = dt.datetime.now(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0) - DAYS * DAY


@pytest.fixture(scope="module", autouse=True)
def orders(server: Server) -> None:
    """Twelve days of orders, the last three of which drifted; checks, a gate's result, a monitor."""
    states = client_states()
    for number in range(DAYS):
        start = FIRST + number * DAY
        odd = number >= DAYS - 3
        columns = states[odd]
        if number < 2:
            columns = [one for one in columns if one["column"] != "country"]
        draw = random.Random(number)
        rows = [
            {"row": {"amount": draw.gauss(2.5 if odd else 0, 1), "country": "IT" if odd else "DE",
                     HOSTILE: HOSTILE}}
            for _ in range(20)
        ]  # fmt: skip
        body = {"start": start.isoformat(), "end": (start + DAY).isoformat()}
        _call(
            server, "POST", "/datasets/orders/profiles", {**body, "columns": columns, "rows": rows}
        )
    _call(server, "POST", "/datasets/orders/baselines",
          {"name": "first week", "start": FIRST.isoformat(), "end": (FIRST + 7 * DAY).isoformat()})  # fmt: skip
    _call(server, "PUT", "/datasets/orders/checks",
          {"checks": [{"check": "values", "column": "country", "in": ["DE", "FR"]}], "comment": "start"})  # fmt: skip
    failed = {"status": "violated", "kind": "unique", "title": "unique id", "severity": "critical",
              "description": "2 rows repeat", "sample": [{"id": 4711, "note": HOSTILE}]}  # fmt: skip
    gate = {"time": (FIRST + 8 * DAY).isoformat(), "rows": 100, "results": [failed]}
    _call(server, "POST", "/datasets/orders/results", gate)
    spec = {"dataset": "orders", "schedule": "0 6 * * *", "late": "20d", "baseline": {"over": "5d"},
            "drift": {}, "checks": [{"check": "volume", "min": 100}]}  # fmt: skip
    _call(server, "PUT", "/monitors/daily", spec)
    _call(server, "POST", "/monitors/daily/run", {"start": FIRST.isoformat()})


def _call(server: Server, method: str, path: str, body: Any) -> None:
    request = urllib.request.Request(
        f"{server.url}/api/v1{path}",
        json.dumps(body).encode(),
        {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"},
        method=method,
    )
    urllib.request.urlopen(request).read()


def test_the_list_leads_to_the_profile_over_time(open_page):
    page = open_page("/datasets")
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="orders", exact=True))
    row.get_by_text(re.compile("violated")).wait_for()
    row.get_by_text(re.compile("^.*drift")).first.wait_for()
    page.get_by_role("link", name="orders", exact=True).click()
    page.get_by_role("button", name="country", exact=True).click()
    page.get_by_role("group", name="Most frequent values of country").wait_for()
    page.get_by_role("group", name="Distribution of country").wait_for()
    page.wait_for_url(re.compile("column=country"))
    page.go_back()
    page.get_by_role("group", name="Quantiles of amount").wait_for()


def test_a_first_profile_is_compared_with_nothing(server: Server, open_page):
    """One window, and of 301 columns: the list has 300, a column of the address is shown anyway."""
    (amount, *_), start = client_states()[False], FIRST + 5 * DAY
    columns = [{**amount, "column": f"n{number}", "position": number} for number in range(301)]
    body = {"start": start.isoformat(), "end": (start + DAY).isoformat(), "columns": columns}
    _call(server, "POST", "/datasets/first/profiles", body)
    page = open_page("/datasets")
    refused: list[str] = []
    page.on(
        "response",
        lambda answer: answer.status >= 400 and refused.append(f"{answer.status} {answer.url}"),
    )
    page.goto(f"{server.url}/datasets/first?from=-30d&column=n300")
    page.get_by_role("heading", name="n300, newest window").wait_for()
    page.get_by_text(re.compile("^Nothing in the two weeks before it to compare with")).wait_for()
    page.get_by_text("300 of 301 columns: search for others.").wait_for()
    page.get_by_role("textbox", name="Search columns").fill("N30")
    page.get_by_role("button", name="n300", exact=True).wait_for()
    page.get_by_role("button", name="n29", exact=True).wait_for(state="detached")
    assert refused == []


def test_a_cell_of_the_heatmap_says_why_and_shows_the_rows(open_page):
    page = open_page("/datasets/orders?from=-30d&tab=drift&baseline=first+week")
    page.get_by_role("button", name=re.compile("^amount, .*: drift")).last.click()
    page.get_by_text("Why flagged:").wait_for()
    page.get_by_text(re.compile("The mean went from")).wait_for()
    page.get_by_role("group", name="amount: baseline and window").wait_for()
    page.get_by_text("p, corrected over columns").wait_for()
    rows = page.get_by_role("region", name="Rows", exact=True).get_by_role("row")
    rows.nth(20).wait_for()
    # The bar with most of the window's rows narrows the rows to those in it.
    bar = (
        page.get_by_role("group", name="amount: baseline and window").get_by_role("button").nth(14)
    )
    bar.click()
    page.get_by_role("heading", name=re.compile("^Rows in ")).wait_for()
    rows.nth(20).wait_for(state="detached")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Report of the window").click()
    assert "<svg" in saved.value.path().read_text()
    assert page.evaluate("window.hacked") is None


def test_checks_are_suggested_compared_and_stored(open_page):
    page = open_page("/datasets/orders?from=-30d&tab=checks")
    page.get_by_text("unique id: 2 rows repeat").wait_for()
    page.get_by_role("button", name="Show 1 failing rows").click()
    page.get_by_text("4711").wait_for()
    page.get_by_role("button", name="Edit").click()
    page.get_by_role("button", name="Add what the range fulfils").click()
    page.get_by_role("region", name="Difference").get_by_text("+").first.wait_for()
    page.get_by_label("Why").fill("suggested")
    page.get_by_role("button", name=re.compile("Store as version")).click()
    page.get_by_text(re.compile(r"Stored as version \d+")).wait_for()
    page.get_by_text(re.compile("Over the range: ")).wait_for()


def test_a_monitor_is_made_run_masked_and_alarmed(open_page):
    page = open_page("/monitors?create=1&dataset=orders")
    page.get_by_label("Name").fill("by country")
    page.get_by_label("Segments, one a line").fill("country")
    page.get_by_role("button", name="Create the monitor").click()
    page.get_by_text("is no column=value").wait_for()
    page.get_by_label("Segments, one a line").fill("")
    page.get_by_role("button", name="Create the monitor").click()
    page.get_by_role("link", name="by country").click()
    page.get_by_role("button", name="Run the range again").click()
    page.get_by_text("12 windows:").wait_for()
    page.get_by_role("tabpanel").get_by_text("violations", exact=True).last.wait_for()
    page.get_by_role("tab", name="Definition").click()
    page.get_by_label(re.compile("^Mask the range")).fill("outage")
    page.get_by_role("button", name="Mask", exact=True).click()
    page.get_by_role("button", name="Learn from it again").wait_for()
    page.get_by_role("tab", name="Alarm").click()
    page.get_by_role("button", name="Create the alarm").click()
    page.get_by_text("watches this monitor").wait_for()


def test_a_run_shows_what_it_found(open_page):
    page = open_page("/monitors/daily?from=-30d")
    page.get_by_role("button", name=re.compile(r"^\d{4}-")).first.click()
    panel = page.get_by_role("region", name=re.compile("^Window of"))
    panel.get_by_role("row", name=re.compile("amount")).first.wait_for()
    panel.get_by_text(re.compile("^volume")).wait_for()


def test_axe_finds_nothing(open_page, server, findings):
    page = open_page("/datasets")
    found = {}
    for path, there in (
        ("/datasets", "orders"),
        ("/datasets/orders?from=-30d&column=country", "Distinct values of country"),
        ("/datasets/orders?from=-30d&tab=drift&baseline=first+week", "share of columns, %"),
        ("/datasets/orders?from=-30d&tab=checks", "unique id: 2 rows repeat"),
        ("/datasets/orders?from=-30d&tab=schema", "added"),
        ("/datasets/orders?from=-30d&tab=baselines", "Compare with it"),
        ("/monitors?create=1", "New monitor"),
        ("/monitors/daily?from=-30d&tab=edit", "Masked ranges"),
    ):
        page.goto(server.url + path)
        page.get_by_text(there).first.wait_for()
        page.wait_for_load_state("networkidle")
        if problems := findings(page):
            found[path] = problems
    assert found == {}
