"""People with passwords: accounts, roles, and what a page shows to whom."""

from __future__ import annotations

import pytest

from vedette.store.catalog import Actor, Role

ACTOR = Actor.system("tests")
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def login(server) -> str:
    """A viewer of the default account who edits another one."""
    server.new_account("second")

    def make(catalog) -> None:
        user = catalog.users.create(ACTOR, "ann", display_name="Ann <i>Doe</i>", password=PASSWORD)
        catalog.memberships.grant(ACTOR, user.id, "default", Role.VIEWER)
        catalog.memberships.grant(ACTOR, user.id, "second", Role.EDITOR)

    server.change(make)
    return "ann"


def sign_in(page, login: str, password: str = PASSWORD) -> None:
    page.locator("input[name=username]").fill(login)
    page.locator("input[name=password]").fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_password_signs_in_and_accounts_are_switched(open_page, login):
    page = open_page("/logs", sign_in=False)
    sign_in(page, login, "wrong horse")
    page.get_by_role("alert").wait_for()
    sign_in(page, login)
    page.get_by_role("heading", name="Logs").wait_for()
    switcher = page.get_by_label("Account", exact=True).first
    shown = switcher.input_value().lower()
    other = {"default": "second", "second": "default"}[shown]
    switcher.click()
    page.get_by_role("option", name=other).click()
    page.wait_for_url(f"**account={other}*")
    page.get_by_role("heading", name="Logs").wait_for()
    empty = page.get_by_text("No logs in this time range")
    rows = page.locator("[data-row='0']")
    (empty if other == "second" else rows).wait_for()
    page.get_by_role("link", name="Home").click()
    page.get_by_role("heading", name="Home").wait_for()
    assert f"account={other}" in page.url


def test_a_viewer_is_offered_what_it_may_do(open_page, login):
    page = open_page("/settings?account=default", sign_in=False)
    sign_in(page, login)
    page.get_by_role("heading", name="Settings").wait_for()
    page.get_by_text("Ann <i>Doe</i>").first.wait_for()
    tabs = page.get_by_role("navigation", name="Settings")
    assert tabs.get_by_role("link", name="API keys").count() == 0
    assert tabs.get_by_role("link", name="Retention").count() == 1
    page.goto(page.url.replace("/settings", "/settings/keys"))
    page.get_by_role("alert").first.wait_for()
    page.get_by_role("heading", name="Make a key").wait_for()


def test_a_password_is_changed(open_page, server):
    def make(catalog) -> None:
        user = catalog.users.create(ACTOR, "bob", display_name="Bob", password=PASSWORD)
        catalog.memberships.grant(ACTOR, user.id, "default", Role.VIEWER)

    server.change(make)
    page = open_page("/settings", sign_in=False)
    sign_in(page, "bob")
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_label("New password").fill("another battery staple")
    page.get_by_role("button", name="Change it").click()
    page.get_by_text("The password is changed").wait_for()
    page.get_by_role("link", name="Logs").click()
    page.locator("[data-row='0']").wait_for()


def test_an_account_of_others_falls_back_to_ones_own(open_page):
    page = open_page("/logs?account=somebody-elses")
    page.get_by_text("your own account is shown instead").wait_for()
    page.locator("[data-row='0']").wait_for()
    assert "account=" not in page.url
