from datetime import timedelta

import pytest

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.store.catalog import Role

PASSWORD = "correct horse battery"


def test_create_and_get(catalog, actor, fake_clock):
    made = catalog.users.create(actor, " Ann@Example.org ", display_name="Ann", password=PASSWORD)
    assert made.login == "ann@example.org"
    assert made.created == fake_clock.moment
    assert made.has_password
    assert catalog.users.get(made.id) == made
    assert catalog.users.get_by_login("ANN@example.org") == made


def test_the_password_is_neither_in_the_audit_trail_nor_in_the_tables(catalog, actor, raw):
    made = catalog.users.create(actor, "ann", password=PASSWORD)
    catalog.users.set_password(actor, made.id, PASSWORD + "2")
    stored = str(raw("SELECT * FROM users") + raw("SELECT * FROM audit"))
    assert PASSWORD not in stored
    audited = str(raw("SELECT record FROM audit"))
    assert "argon2" not in audited


def test_a_user_without_password(catalog, actor):
    assert not catalog.users.create(actor, "oidc-user").has_password


def test_a_login_is_taken_once_whatever_its_case(catalog, actor):
    catalog.users.create(actor, "ann")
    with pytest.raises(ConflictError) as caught:
        catalog.users.create(actor, "ANN")
    assert caught.value.field == "login"


@pytest.mark.parametrize("login", ["", "a b", "x" * 255, "a\x00b", "ß" * 200])
def test_bad_logins(catalog, actor, login):
    with pytest.raises(InvalidInputError) as caught:
        catalog.users.create(actor, login)
    assert caught.value.field == "login"


def test_a_short_password_creates_no_user(catalog, actor):
    with pytest.raises(InvalidInputError):
        catalog.users.create(actor, "ann", password="short")
    with pytest.raises(NotFoundError):
        catalog.users.get_by_login("ann")


def test_list_all_and_of_an_account(catalog, actor):
    made = [catalog.users.create(actor, login) for login in ("cy", "ann", "bob")]
    catalog.memberships.grant(actor, made[0].id, "acme", Role.VIEWER)
    catalog.memberships.grant(actor, made[0].id, "acme", Role.AUDITOR)
    first = catalog.users.list(limit=2)
    assert [user.login for user in first.items] == ["ann", "bob"]
    rest = catalog.users.list(limit=2, after=first.next)
    assert [user.login for user in rest.items] == ["cy"]
    assert [user.login for user in catalog.users.list(account="acme").items] == ["cy"]


@pytest.mark.parametrize("user_id", ["nobody", "nul\x00", "\ud800"])
def test_unknown_users(catalog, actor, user_id):
    with pytest.raises(NotFoundError):
        catalog.users.get(user_id)
    with pytest.raises(NotFoundError):
        catalog.users.set_disabled(actor, user_id, disabled=True)


@pytest.mark.parametrize("what", ["password", "disable"])
def test_a_new_password_or_disabling_ends_all_sessions(catalog, actor, what):
    user = catalog.users.create(actor, "ann")
    catalog.memberships.grant(actor, user.id, "acme", Role.VIEWER)
    for _ in range(2):
        catalog.sessions.create_for_user(
            actor, user.id, account="acme", lifetime=timedelta(hours=1)
        )
    assert len(catalog.sessions.of_user(user.id)) == 2
    if what == "password":
        catalog.users.set_password(actor, user.id, PASSWORD)
    else:
        assert catalog.users.set_disabled(actor, user.id, disabled=True).disabled
    assert catalog.sessions.of_user(user.id) == []
