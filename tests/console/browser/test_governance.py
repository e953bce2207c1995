"""Governance by the console: a policy and who breaks it, and the audit trail of that."""

from __future__ import annotations

import re
import urllib.request

import pytest

from support.browser_world import Client
from vedette.store.catalog import Scope


@pytest.fixture(scope="module")
def tagged(server) -> None:
    """Two services, one of them with a value that no policy would allow."""
    send = Client(server)
    for service, team in (("web", "pirates"), ("cart", "growth")):
        path = f"/api/v1/tags?resource=default/service/{service}"
        send.put(path, {"tags": {"team": team}})


def test_a_policy_is_made_and_offenders_are_mended_together(open_page, tagged):
    page = open_page("/settings/tags")
    page.get_by_role("button", name="Make the first policy").click()
    page.get_by_role("button", name="New policy").click()
    form = page.get_by_role("form", name="Policy")
    form.get_by_label("Name").fill("owners")
    form.get_by_label("Key").fill("team")
    values = form.get_by_label("Allowed values")
    for value in ("growth", "payments"):
        values.fill(value)
        values.press("Enter")
    form.get_by_role("button", name="Save the policy").click()
    page.get_by_text("team: one of growth, payments").wait_for()
    page.get_by_role("tab", name="Compliance").click()
    page.get_by_text("team is 'pirates', which is not allowed").wait_for()
    page.get_by_label("default/service/web, owners").check()
    many = page.get_by_role("form", name="Change tags of many")
    many.get_by_label("Set tag").fill("team")
    many.get_by_label("to value").fill("payments")
    many.get_by_role("button", name="Change 1 resource").click()
    page.get_by_text("Every resource complies").wait_for()
    page.get_by_role("heading", name="Who does not comply (0)").wait_for()


def test_a_change_is_searched_opened_and_verified(open_page, server, tagged):
    branch = server.new_account("branch")
    _, key = server.new_key([Scope.ADMIN], branch)
    Client(server).put("/api/v1/organisation/sink", {"kinds": ["models"], "sources": ["branch"]})
    request = urllib.request.Request(
        f"{server.url}/api/v1/organisation/links",
        b'{"sink": "default", "kinds": ["models", "logs"]}',
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).read()
    page = open_page("/settings/organisation")
    page.get_by_role("rowheader", name=re.compile("^branch")).wait_for()
    page.get_by_role("tab", name="Links").click()
    page.get_by_text("logs, not taken").wait_for()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Audit").click()
    form = page.get_by_role("form", name="Search the audit trail")
    form.get_by_label("What").fill("PutAccountSink")
    form.get_by_role("button", name="Search").click()
    page.wait_for_url("**event=PutAccountSink*")
    page.get_by_role("button", name=re.compile(r"^Record \d+$")).first.click()
    page.get_by_text("SHA-256 of its canonical JSON").wait_for()
    page.get_by_text('"branch"').wait_for()
    page.get_by_text("none yet: a digest is signed when the hour is over").wait_for()
    page.reload()
    page.get_by_text("SHA-256 of its canonical JSON").wait_for()
    page.get_by_role("tab", name="Verification").click()
    Client(server)("/api/v1/audit/digests", {})
    page.get_by_role("button", name="Verify", exact=True).click()
    page.get_by_text(re.compile("^Everything is as it was written: .* under 1 digests$")).wait_for()
