from datetime import timedelta

import pytest
from argon2 import PasswordHasher

from vedette.core.errors import ForbiddenError, InvalidInputError, UnauthenticatedError
from vedette.store.catalog import Actor, Role
from vedette.store.catalog import passwords as passwords_module

PASSWORD = "correct horse battery"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def quick_hashes(monkeypatch):
    """Argon2id with parameters that take microseconds: the flow is tested here, not the hash."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords_module, "_hasher", quick)
    passwords_module._decoy.cache_clear()
    yield
    passwords_module._decoy.cache_clear()


@pytest.fixture
def user(catalog, actor):
    made = catalog.users.create(actor, "ann", password=PASSWORD)
    catalog.memberships.grant(actor, made.id, "acme", Role.EDITOR)
    return made


def sign_in(catalog, login="ann", password=PASSWORD, **more):
    return catalog.sign_in.with_password(login, password, lifetime=HOUR, **more)


def refuse(catalog, times=1, **more):
    for _ in range(times):
        with pytest.raises(UnauthenticatedError) as caught:
            sign_in(catalog, **{"password": "wrong password", **more})
    return caught.value


def test_the_right_password(catalog, user, fake_clock):
    made = sign_in(catalog, login=" ANN ", ip="192.0.2.1", user_agent="Firefox", request_id="r1")
    assert made.session.expires == fake_clock.moment + HOUR
    principal = catalog.authenticate_session(made.token)
    assert (principal.name, principal.account) == ("ann", "acme")
    record = catalog.audit.list("acme", event_name="SignIn").items[0].record
    assert record["errorCode"] is None
    assert record["responseElements"] == {"sessionId": made.session.id}
    assert record["userIdentity"]["principalId"] == user.id
    assert (record["sourceIPAddress"], record["userAgent"], record["requestID"]) == (
        "192.0.2.1",
        "Firefox",
        "r1",
    )


def test_failures_look_alike(catalog, actor, user):
    catalog.users.create(actor, "oidc")
    disabled = catalog.users.create(actor, "gone", password=PASSWORD)
    catalog.users.set_disabled(actor, disabled.id, disabled=True)
    answers = {
        str(refuse(catalog, **more).as_dict())
        for more in (
            {},
            {"login": "nobody"},
            {"login": "nul\x00"},
            {"login": "oidc"},
            {"login": "gone", "password": PASSWORD},
            {"password": "x" * 100_000},
        )
    }
    assert len(answers) == 1


def test_failed_attempts_are_recorded_without_what_was_typed(catalog, user, raw):
    refuse(catalog, login="my-password-typed-as-login")
    refuse(catalog)
    failed = catalog.audit.list("default", event_name="SignIn").items
    assert [item.record["userIdentity"]["type"] for item in failed] == ["User", "Anonymous"]
    records = str(raw("SELECT record FROM audit WHERE event_name = 'SignIn'"))
    assert records.count('"errorCode":"unauthenticated"') == 2
    assert "my-password" not in records
    assert "wrong password" not in records.replace("or password is wrong", "")
    assert catalog.audit.verify().ok


def test_lock_out_grows_and_ends(catalog, user, fake_clock):
    refuse(catalog, times=4)
    assert sign_in(catalog)
    refuse(catalog, times=5)
    assert catalog.users.get(user.id).locked_until == fake_clock.moment + timedelta(seconds=30)
    refuse(catalog, password=PASSWORD)
    assert catalog.users.get(user.id).failed_attempts == 5
    fake_clock.advance(30)
    refuse(catalog)
    assert catalog.users.get(user.id).locked_until == fake_clock.moment + timedelta(seconds=60)
    for _ in range(20):
        fake_clock.advance(15 * 60)
        refuse(catalog)
    assert catalog.users.get(user.id).locked_until == fake_clock.moment + timedelta(minutes=15)
    fake_clock.advance(15 * 60)
    assert sign_in(catalog)
    assert catalog.users.get(user.id).failed_attempts == 0
    assert catalog.users.get(user.id).locked_until is None


def test_an_admin_unlocks(catalog, actor, user):
    refuse(catalog, times=5)
    catalog.users.set_disabled(actor, user.id, disabled=False)
    assert sign_in(catalog)


def test_a_password_changed_during_the_check_does_not_count(catalog, actor, user, monkeypatch):
    from vedette.store.catalog import sign_in as sign_in_module

    def change_meanwhile(password_hash, password):
        matches = passwords_module.verify_password(password_hash, password)
        catalog.users.set_password(actor, user.id, "another password")
        return matches

    monkeypatch.setattr(sign_in_module, "verify_password", change_meanwhile)
    refuse(catalog, password=PASSWORD)
    assert catalog.sessions.of_user(user.id) == []


def test_the_account(catalog, actor, user):
    catalog.ensure_first_start()
    for name in ("shop", "aaa"):
        catalog.accounts.create(Actor.system("test"), name)
    assert sign_in(catalog).session.account == "acme"
    catalog.memberships.grant(actor, user.id, "aaa", Role.VIEWER)
    assert sign_in(catalog).session.account == "aaa"
    catalog.memberships.grant(actor, user.id, "default", Role.VIEWER)
    assert sign_in(catalog).session.account == "default"
    assert sign_in(catalog, account="acme").session.account == "acme"
    with pytest.raises(ForbiddenError, match="no role in account 'shop'"):
        sign_in(catalog, account="shop")
    with pytest.raises(InvalidInputError):
        sign_in(catalog, account="nul\x00")
    catalog.accounts.set_disabled(actor, "acme", disabled=True)
    with pytest.raises(ForbiddenError, match="disabled"):
        sign_in(catalog, account="acme")


def test_a_user_without_any_role(catalog, actor):
    catalog.users.create(actor, "new", password=PASSWORD)
    with pytest.raises(ForbiddenError, match="no role in any account"):
        sign_in(catalog, login="new")


def test_an_outdated_hash_is_renewed(catalog, user, raw, monkeypatch):
    (before,) = raw("SELECT password_hash FROM users")[0]
    stronger = PasswordHasher(time_cost=2, memory_cost=16, parallelism=1)
    monkeypatch.setattr(passwords_module, "_hasher", stronger)
    sign_in(catalog)
    (after,) = raw("SELECT password_hash FROM users")[0]
    assert "t=1" in before
    assert "t=2" in after
    assert sign_in(catalog)
