import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event

from vedette.core.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from vedette.store.catalog import Actor, Catalog, IdentityType, Permission, Role, Scope

HOUR = timedelta(hours=1)


@pytest.fixture
def key(catalog, actor):
    return catalog.keys.create(actor, "acme", name="etl", scopes=[Scope.INGEST])


@pytest.fixture
def user(catalog, actor):
    made = catalog.users.create(actor, "ann")
    catalog.memberships.grant(actor, made.id, "acme", Role.EDITOR)
    return made


@pytest.fixture
def session(catalog, actor, user):
    return catalog.sessions.create_for_user(actor, user.id, account="acme", lifetime=HOUR)


@pytest.fixture
def statements(catalog):
    """The SQL statements that the catalog sends from now on."""
    sent: list[str] = []
    engine = catalog._database.engine
    event.listen(engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    return sent


def test_a_key_s_principal(catalog, key):
    principal = catalog.authenticate_key(key.text)
    assert principal.type is IdentityType.API_KEY
    assert (principal.id, principal.name, principal.account) == (key.key.id, "etl", "acme")
    assert principal.permissions == {Permission.TELEMETRY_WRITE}
    assert principal.csrf_token is None


def test_wrong_keys(catalog, key):
    other_secret = key.text[:-1] + ("A" if key.text[-1] != "A" else "B")
    other_id = "vdt_" + "0" * 26 + key.text[30:]
    for text in (other_secret, other_id, "", "vdt_", "Bearer x", key.text + " ", "\x00", "\ud800"):
        with pytest.raises(UnauthenticatedError) as caught:
            catalog.authenticate_key(text)
        assert caught.value.status == 401
        assert key.text[31:-1] not in str(caught.value.as_dict())


def test_a_known_key_costs_no_statement(catalog, key, statements):
    assert catalog.known_key(key.text) is None
    first = catalog.authenticate_key(key.text)
    statements.clear()
    assert catalog.authenticate_key(key.text) is first
    assert catalog.known_key(key.text) is first
    assert statements == []


def test_a_revoked_key_is_known_no_more(catalog, key, actor):
    catalog.authenticate_key(key.text)
    catalog.keys.revoke(actor, "acme", key.key.id)
    assert catalog.known_key(key.text) is None


def test_a_wrong_key_costs_no_further_statement(catalog, key, statements):
    wrong = key.text[:-2] + "zz"
    for _ in range(3):
        with pytest.raises(UnauthenticatedError, match="unknown"):
            catalog.authenticate_key(wrong)
        seen = len(statements)
    assert 0 < len([text for text in statements if "api_keys" in text]) <= 1
    assert len(statements) == seen


def test_a_known_key_is_fast(catalog, key):
    catalog.authenticate_key(key.text)
    rounds = 5_000
    best = min(_timed(catalog, key.text, rounds) for _ in range(5))
    # Asking the store, or hashing the key, takes far longer.
    assert best / rounds < 200e-6


def _timed(catalog, text, rounds):
    start = time.perf_counter()
    for _ in range(rounds):
        catalog.authenticate_key(text)
    return time.perf_counter() - start


def test_revocation_takes_effect_at_once_here(catalog, actor, key):
    catalog.authenticate_key(key.text)
    catalog.keys.revoke(actor, "acme", key.key.id)
    with pytest.raises(UnauthenticatedError, match="revoked"):
        catalog.authenticate_key(key.text)


def test_revocation_elsewhere_takes_effect_within_five_seconds(
    catalog, catalog_url, key, session, fake_clock
):
    actor = Actor.system("elsewhere", account="acme")
    catalog.authenticate_key(key.text)
    catalog.authenticate_session(session.token)
    with Catalog.open(catalog_url, clock=fake_clock.clock()) as other:
        other.keys.revoke(actor, "acme", key.key.id)
        other.sessions.revoke(actor, session.session.id)
    fake_clock.advance(5)
    with pytest.raises(UnauthenticatedError, match="revoked"):
        catalog.authenticate_key(key.text)
    with pytest.raises(UnauthenticatedError, match="unknown"):
        catalog.authenticate_session(session.token)


def test_a_key_expires_to_the_moment_though_it_is_cached(catalog, actor, fake_clock):
    expires = fake_clock.moment + timedelta(seconds=2)
    made = catalog.keys.create(actor, "acme", name="x", scopes=[Scope.READ], expires=expires)
    fake_clock.advance(1.5)
    assert catalog.authenticate_key(made.text).expires == expires
    fake_clock.advance(0.5)
    with pytest.raises(UnauthenticatedError, match="expired"):
        catalog.authenticate_key(made.text)


def test_a_disabled_account_refuses_keys_and_sessions(catalog, actor, key, session):
    catalog.authenticate_key(key.text)
    catalog.authenticate_session(session.token)
    catalog.accounts.set_disabled(actor, "acme", disabled=True)
    with pytest.raises(UnauthenticatedError, match="disabled"):
        catalog.authenticate_key(key.text)
    with pytest.raises(UnauthenticatedError, match="disabled"):
        catalog.authenticate_session(session.token)
    catalog.accounts.set_disabled(actor, "acme", disabled=False)
    catalog.authenticate_key(key.text)


def test_last_use_is_noted_at_most_once_a_minute(catalog, key, fake_clock, statements):
    def last_used():
        return catalog.keys.get("acme", key.key.id).last_used

    first = fake_clock.moment
    catalog.authenticate_key(key.text)
    assert last_used() == first
    statements.clear()
    for _ in range(9):
        fake_clock.advance(6)
        catalog.authenticate_key(key.text)
    assert last_used() == first
    assert not [text for text in statements if "INSERT" in text]
    fake_clock.advance(6)
    catalog.authenticate_key(key.text)
    assert last_used() == first + timedelta(minutes=1)


def test_using_a_key_leaves_no_audit_record(catalog, key):
    before = catalog.audit.verify().head_sequence
    catalog.authenticate_key(key.text)
    assert catalog.audit.verify().head_sequence == before


def test_a_use_that_cannot_be_noted_is_no_refusal(catalog, key, monkeypatch, caplog):
    def busy():
        raise UnavailableError("the catalog is busy")

    monkeypatch.setattr(catalog._database, "operate", busy)
    assert catalog.authenticate_key(key.text).id == key.key.id
    assert "was not noted" in caplog.text
    assert key.text not in caplog.text


def test_a_user_s_session(catalog, user, session):
    principal = catalog.authenticate_session(session.token)
    assert principal.type is IdentityType.USER
    assert (principal.id, principal.name, principal.account) == (user.id, "ann", "acme")
    assert principal.roles == {Role.EDITOR}
    assert Permission.CATALOG_WRITE in principal.permissions
    assert principal.session_id == session.session.id
    assert principal.csrf_token == session.csrf_token


def test_one_session_in_several_accounts(catalog, actor, user, session):
    catalog.accounts.create(Actor.system("test"), "shop")
    with pytest.raises(ForbiddenError, match="no role"):
        catalog.authenticate_session(session.token, "shop")
    catalog.memberships.grant(actor, user.id, "shop", Role.AUDITOR)
    assert catalog.authenticate_session(session.token, "shop").roles == {Role.AUDITOR}
    assert catalog.authenticate_session(session.token, "acme").roles == {Role.EDITOR}
    assert catalog.authenticate_session(session.token).account == "acme"


def test_a_role_taken_away_is_gone_at_once(catalog, actor, user, session):
    catalog.memberships.grant(actor, user.id, "acme", Role.ADMIN)
    assert Role.ADMIN in catalog.authenticate_session(session.token).roles
    catalog.memberships.revoke(actor, user.id, "acme", Role.ADMIN)
    assert catalog.authenticate_session(session.token).roles == {Role.EDITOR}
    catalog.memberships.revoke(actor, user.id, "acme", Role.EDITOR)
    with pytest.raises(ForbiddenError):
        catalog.authenticate_session(session.token)


def test_sessions_end(catalog, actor, user, session, fake_clock):
    fake_clock.advance(3600 - 1)
    catalog.authenticate_session(session.token)
    fake_clock.advance(1)
    with pytest.raises(UnauthenticatedError, match="expired"):
        catalog.authenticate_session(session.token)


@pytest.mark.parametrize("token", ["", "x", "x" * 43, "é" * 43, "\x00" * 43, "\ud800" * 43])
def test_unknown_tokens(catalog, token):
    with pytest.raises(UnauthenticatedError, match="unknown"):
        catalog.authenticate_session(token)


def test_a_key_s_session_has_the_key_s_permissions_and_account(catalog, actor, fake_clock):
    catalog.accounts.create(Actor.system("test"), "shop")
    expires = fake_clock.moment + timedelta(minutes=1)
    made = catalog.keys.create(actor, "acme", name="x", scopes=[Scope.READ], expires=expires)
    opened = catalog.sessions.create_for_key(actor, made.key.id, account="acme", lifetime=HOUR)
    principal = catalog.authenticate_session(opened.token)
    assert principal.type is IdentityType.API_KEY
    assert principal.scopes == {Scope.READ}
    assert principal.csrf_token == opened.csrf_token
    assert principal.expires == expires
    with pytest.raises(ForbiddenError):
        catalog.authenticate_session(opened.token, "shop")
    fake_clock.advance(60)
    with pytest.raises(UnauthenticatedError, match="expired"):
        catalog.authenticate_session(opened.token)


def test_many_threads(catalog, key, session):
    def work(number):
        if number % 2:
            return catalog.authenticate_key(key.text).id
        return catalog.authenticate_session(session.token).name

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(400))) == {key.key.id, "ann"}
