"""The logs page: search, facets, records, tail, queries, and hostile text."""

from __future__ import annotations

import csv
import json
import re
import urllib.request
from pathlib import Path

HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"


def rows(page):
    return page.get_by_role("region", name="Log records").get_by_role("row")


def first_rows(page):
    page.locator("[data-row='0']").wait_for()
    return rows(page)


def test_a_search_narrows_and_is_in_the_address(open_page):
    page = open_page("/logs")
    first_rows(page)
    page.keyboard.press("/")
    page.keyboard.type("level:error order")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"q=level%3Aerror\+order"))
    page.get_by_text("100 records").first.wait_for()
    assert page.locator("mark").first.inner_text() == "order"
    page.get_by_role("button", name="Remove level:error").click()
    page.wait_for_url(re.compile(r"q=order(&|$)"))


def test_only_the_records_in_view_are_drawn_and_more_come_by_scrolling(open_page):
    page = open_page("/logs")
    drawn = first_rows(page)
    page.wait_for_load_state("networkidle")
    page.get_by_text("60 shown").wait_for()
    records = page.get_by_role("region", name="Log records")
    assert records.bounding_box()["height"] < 900
    assert drawn.count() < 60
    with page.expect_response(lambda answer: "cursor=" in answer.url):
        records.evaluate("element => { element.scrollTop = element.scrollHeight }")
    page.get_by_text("260 shown").wait_for()
    assert drawn.count() < 80


def test_a_closed_record_is_as_high_as_before(open_page):
    page = open_page("/logs")
    first_rows(page)
    places = [page.locator(f"[data-row='{number}']") for number in (0, 1)]
    before = places[1].bounding_box()["y"]
    button = places[0].get_by_role("button", name=re.compile("^(Open|Close) the record")).first
    button.click()
    page.get_by_role("button", name="Copy as JSON").wait_for()
    assert places[1].bounding_box()["y"] > before + 50
    button.click()
    page.get_by_role("button", name="Copy as JSON").wait_for(state="detached")
    assert places[1].bounding_box()["y"] == before


def test_a_facet_is_added_from_the_keys_that_there_are(open_page):
    page = open_page("/logs")
    first_rows(page)
    page.get_by_label("Add a facet").first.click()
    page.get_by_role("option", name="region").click()
    page.get_by_role("button", name="region", exact=False).first.wait_for()
    assert "facet=region" in page.url


def test_the_box_completes_fields_and_values(open_page):
    page = open_page("/logs")
    first_rows(page)
    box = page.get_by_role("combobox", name="Search logs")
    box.press_sequentially("serv")
    page.get_by_role("option", name=re.compile("^service")).first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    assert box.input_value() == "service:"
    page.get_by_role("option", name=re.compile("^cart")).click()
    assert box.input_value() == "service:cart "
    page.keyboard.press("Enter")
    page.wait_for_url("**q=service%3Acart*")


def test_an_error_is_shown_at_its_column(open_page):
    page = open_page("/logs?q=level%3A(error")
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert "not closed" in alert.inner_text()
    assert page.locator("[class*=wrong]").last.bounding_box()["width"] > 3
    assert page.get_by_role("combobox", name="Search logs").get_attribute("aria-invalid") == "true"


def test_facets_filter_both_ways_and_back_undoes(open_page):
    page = open_page("/logs")
    first_rows(page)
    facets = page.get_by_role("region", name="Facets")
    facets.get_by_role("button", name=re.compile("^cart")).click()
    page.wait_for_url("**q=service%3Acart*")
    page.get_by_text("200 records").first.wait_for()
    facets.get_by_role("button", name=re.compile("^cart")).click()
    page.wait_for_url(lambda url: "q=" not in url)
    page.go_back()
    page.wait_for_url("**q=service%3Acart*")


def test_a_record_opens_by_keyboard_and_its_values_filter(open_page):
    page = open_page("/logs?q=order+399")
    first_rows(page)
    # Keys are listened to from the frame on that follows the rows, and the focus moves one later.
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    page.keyboard.press("j")
    page.locator("[data-row] button:focus").wait_for()
    page.keyboard.press("Enter")
    record = page.get_by_role("group", name="The record")
    record.wait_for()
    assert "sel=" in page.url
    record.get_by_role("button", name=re.compile("region: ")).or_(
        record.locator("[title^='region:']")
    ).first.click()
    page.get_by_role("menuitem", name="Without this value").click()
    page.wait_for_url("**-region%3A*")


def test_a_link_to_a_record_opens_it(open_page):
    page = open_page("/logs?q=order+17")
    first_rows(page)
    page.locator("[data-row='0'] button").first.click()
    page.wait_for_url("**sel=*")
    again = open_page("/" + page.url.split("/", 3)[3])
    again.get_by_role("group", name="The record").wait_for()


def test_hostile_text_is_text(open_page):
    page = open_page("/logs?q=script")
    first_rows(page)
    page.locator("[data-row='0'] button").first.click()
    record = page.get_by_role("group", name="The record")
    record.wait_for()
    shown = record.inner_text()
    assert "<script>window.hacked = 1</script>" in shown
    assert "<b>key</b>" in shown
    assert "U+202E" in shown
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for view in ("patterns", "query"):
        page.goto(page.url.split("?")[0] + f"?view={view}")
        page.get_by_role("table").or_(page.locator("canvas")).first.wait_for()
        assert page.evaluate("window.hacked") is None


def test_home_shows_hostile_names_as_text(open_page):
    page = open_page("/")
    page.get_by_role("heading", name="Newest errors").wait_for()
    page.get_by_text("<script>window.hacked = 1</script>").first.wait_for()
    assert page.evaluate("window.hacked") is None


def test_columns_are_added_and_removed(open_page):
    page = open_page("/logs?q=order")
    first_rows(page)
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("region", exact=True).check()
    page.wait_for_url("**col=region*")
    page.keyboard.press("Escape")
    page.get_by_role("columnheader", name=re.compile("region")).wait_for()
    page.get_by_role("button", name="Remove the column region").click()
    page.wait_for_url(lambda url: "col=" not in url)


def test_the_tail_shows_what_comes_and_holds_still_when_paused(open_page, server, send):
    page = open_page("/logs?view=tail&q=tailed")
    page.get_by_text("Following").wait_for()
    send([{"level": "warn", "service": "tail", "message": "tailed one"}])
    page.get_by_text("tailed one").wait_for()
    page.get_by_role("button", name="Pause").click()
    send([{"level": "warn", "service": "tail", "message": "tailed two"}])
    page.get_by_role("button", name="Go on (1 new)").wait_for()
    assert page.get_by_text("tailed two").count() == 0
    page.get_by_role("button", name="Go on (1 new)").click()
    page.get_by_text("tailed two").wait_for()


def test_a_query_is_written_run_and_shown_as_a_table(open_page):
    page = open_page("/logs?view=query")
    editor = page.get_by_role("textbox", name="Query of the pipe language")
    editor.click()
    page.keyboard.press("Control+a")
    page.keyboard.type("search 'order' | stats count(*) as n by region | sort n desc")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**pipe=*")
    page.get_by_role("row", name=re.compile("134")).wait_for()
    page.get_by_text("Table", exact=True).click()
    page.get_by_role("group", name="Rows of the answer").get_by_text("134").wait_for()


def test_a_wrong_query_is_told_in_the_editor(open_page):
    page = open_page("/logs?view=query&pipe=stats+cuont(*)")
    page.get_by_role("alert").first.wait_for()
    page.locator(".cm-lintRange-error").first.wait_for()


def test_the_export_is_the_matching_records(open_page):
    page = open_page("/logs?q=level%3Aerror+order")
    first_rows(page)
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="CSV").click()
    with Path(download.value.path()).open(newline="") as file:
        assert len(list(csv.DictReader(file))) == 100
    page.get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.get_by_role("menuitem", name="Parquet").click()
    assert Path(download.value.path()).read_bytes()[:4] == b"PAR1"


def test_a_view_is_saved_opened_and_deleted(open_page, server):
    page = open_page("/logs?q=level%3Aerror&from=-15m")
    first_rows(page)
    page.get_by_role("button", name="Views").click()
    page.get_by_role("menuitem", name="Save what is shown…").click()
    page.get_by_label("Name").fill("Errors <b>now</b>")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("dialog").wait_for(state="hidden")
    again = open_page("/logs")
    again.get_by_role("button", name="Views").click()
    again.get_by_role("menuitem", name="Errors <b>now</b>").click()
    again.wait_for_url("**q=level%3Aerror*")
    assert "from=-15m" in again.url
    again.get_by_role("button", name="Views").click()
    again.get_by_role("button", name=re.compile("Delete the view")).click()
    again.get_by_text("There are none yet").wait_for()


def test_a_key_is_shown_once_and_revoked(open_page, server):
    page = open_page("/settings/keys")
    page.get_by_label("What it is for").fill("browser test")
    page.get_by_role("button", name="Make the key").click()
    secret = page.locator("pre", has_text="vdt_").inner_text()
    request = urllib.request.Request(
        f"{server.url}/api/v1/logs",
        json.dumps({"message": "by the new key"}).encode(),
        {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
    )
    assert urllib.request.urlopen(request).status == 200
    page.reload()
    row = page.get_by_role("row", name=re.compile("browser test"))
    row.wait_for()
    assert page.get_by_text(secret).count() == 0
    row.get_by_role("button", name="Revoke").click()
    page.get_by_role("button", name="Revoke the key").click()
    row.wait_for(state="hidden")
