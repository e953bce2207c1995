"""The console's frame: signing in, navigation, time, keyboard, accessibility."""

from __future__ import annotations

import re

import pytest

from support.server import Server

PAGES = [
    "/", "/logs", "/logs?view=patterns", "/logs?view=query", "/logs?view=tail", "/traces",
    "/metrics", "/services", "/map", "/hosts", "/settings", "/settings/keys", "/settings/users",
    "/settings/retention", "/settings/ingest", "/settings/tags", "/settings/audit",
]  # fmt: skip


def test_a_key_signs_in_and_a_wrong_one_says_so(open_page, server):
    page = open_page("/logs?q=order", sign_in=False)
    page.get_by_role("tab", name="API key").click()
    page.locator("input[name=api-key]").fill("vdt_wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").wait_for()
    page.locator("input[name=api-key]").fill(server.key)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Logs").wait_for()
    assert "q=order" in page.url


def test_a_link_signs_in_once_and_leaves_no_token(open_page, server, browser):
    context = browser.new_context()
    made = context.request.post(
        f"{server.url}/api/v1/session/links", headers={"Authorization": f"Bearer {server.key}"}
    ).json()
    page = context.new_page()
    page.goto(made["url"])
    page.get_by_role("heading", name="Home").wait_for()
    assert "sign-in" not in page.url
    other = browser.new_context()
    second = other.new_page()
    second.goto(made["url"])
    second.get_by_role("alert").first.wait_for()
    second.get_by_role("button", name="Sign in").wait_for()
    context.close()
    other.close()


def test_a_session_that_ended_asks_and_returns_to_the_page(open_page, server):
    page = open_page("/logs?q=order&view=patterns")
    page.get_by_role("table").first.wait_for()
    page.context.clear_cookies()
    page.get_by_role("button", name="Ask again").click()
    dialog = page.get_by_role("dialog", name="Your session has ended")
    dialog.wait_for()
    dialog.get_by_role("tab", name="API key").click()
    dialog.locator("input[name=api-key]").fill(server.key)
    dialog.get_by_role("button", name="Sign in").click()
    dialog.wait_for(state="hidden")
    page.get_by_role("table").first.wait_for()
    assert "view=patterns" in page.url


def test_signing_out_shows_the_form(open_page):
    page = open_page("/")
    page.get_by_role("heading", name="Home").wait_for()
    page.locator("nav[aria-label=Pages]").wait_for()
    page.get_by_role("button", name=re.compile("first start")).click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()


def test_what_the_address_cannot_mean_falls_back_with_a_notice(open_page):
    page = open_page("/logs?from=yesterday&view=sideways&order=up&col=service")
    notice = page.get_by_text("Some of the address could not be used")
    notice.wait_for()
    for name in ("from", "view", "order"):
        assert page.locator("code", has_text=re.compile(f"^{name}$")).count() == 1
    page.get_by_role("table", name="").first.wait_for()


def test_keys_lead_everywhere(open_page):
    page = open_page("/")
    page.get_by_role("heading", name="Home").wait_for()
    page.keyboard.press("g")
    page.keyboard.press("l")
    page.get_by_role("heading", name="Logs").wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for(state="hidden")
    page.keyboard.press("Control+k")
    page.get_by_label("Go to", exact=True).fill("retention")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Retention").wait_for()


def test_a_range_goes_along_and_back_undoes_it(open_page):
    page = open_page("/logs")
    page.get_by_role("button", name="Last hour").click()
    page.get_by_role("button", name="Last 15 minutes").click()
    page.wait_for_url("**from=-15m*")
    page.get_by_role("link", name="Home").click()
    page.get_by_role("heading", name="Home").wait_for()
    assert "from=-15m" in page.url
    page.go_back()
    page.go_back()
    page.get_by_role("button", name="Last hour").wait_for()


def test_live_mode_moves_with_the_present(open_page):
    page = open_page("/logs")
    page.get_by_role("table").first.wait_for()
    page.get_by_role("button", name="Live", exact=True).click()
    page.wait_for_url("**live=1*")
    with page.expect_request("**/api/v1/logs/histogram*"):
        pass
    assert (
        page.get_by_role("button", name="Live", exact=True).get_attribute("aria-pressed") == "true"
    )


def test_no_page_asks_another_host(open_page, server):
    page = open_page("/")
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.get_by_role("link", name="Logs").click()
    page.get_by_role("table").first.wait_for()
    assert hosts <= {server.url.split("/")[2], ""}


def test_a_missing_page_says_so(open_page):
    page = open_page("/nowhere")
    page.get_by_role("heading", name="There is no such page").wait_for()


def test_dark_never_flashes(open_page):
    page = open_page("/", color_scheme="dark")
    script = "getComputedStyle(document.documentElement).getPropertyValue('--v-page').trim()"
    assert page.evaluate(script) == "#10141b"
    assert page.locator("html").get_attribute("data-mantine-color-scheme") == "dark"


@pytest.fixture(scope="module")
def behind_a_prefix(browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix") / "data"
    started = Server(folder, otlp_http_port=-1, otlp_grpc_port=-1, base_path="/ops/vedette").start()
    yield started
    started.stop()


def test_it_works_behind_a_prefix(browser, behind_a_prefix):
    server = behind_a_prefix
    assert server.url.endswith("/ops/vedette")
    context = browser.new_context()
    context.request.post(f"{server.url}/api/v1/session", data={"api_key": server.key})
    page = context.new_page()
    failed = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    page.goto(f"{server.url}/logs")
    page.get_by_role("heading", name="Logs").wait_for()
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("heading", name="Settings").wait_for()
    assert page.url.startswith(f"{server.url}/settings")
    page.reload()
    page.get_by_role("heading", name="Settings").wait_for()
    assert failed == []
    context.close()
