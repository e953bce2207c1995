from datetime import timedelta

import pytest

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.store.catalog import Actor, IdentityType, Role, Scope
from vedette.store.catalog import sessions as sessions_module

HOUR = timedelta(hours=1)


@pytest.fixture
def user(catalog, actor):
    made = catalog.users.create(actor, "ann")
    catalog.memberships.grant(actor, made.id, "acme", Role.VIEWER)
    return made


def test_a_session_notes_where_it_came_from(catalog, user, fake_clock):
    agent = "Firefox\x00" * 500
    browser = Actor(
        type=IdentityType.USER, id=user.id, name="ann", ip="192.0.2.1", user_agent=agent
    )
    made = catalog.sessions.create_for_user(browser, user.id, account="acme", lifetime=HOUR)
    assert made.session.expires == fake_clock.moment + HOUR
    (found,) = catalog.sessions.of_user(user.id)
    assert found == made.session
    assert found.ip == "192.0.2.1"
    assert len(found.user_agent) == 1024


def test_tokens_are_stored_as_hashes_and_not_shown(catalog, user, actor, raw):
    made = catalog.sessions.create_for_user(actor, user.id, account="acme", lifetime=HOUR)
    stored = str(raw("SELECT * FROM sessions") + raw("SELECT * FROM audit"))
    assert made.session.id in stored
    assert made.token not in stored
    assert made.csrf_token not in str(raw("SELECT record FROM audit"))
    assert made.token not in repr(made)
    assert made.csrf_token not in repr(made)


def test_revoke(catalog, user, actor):
    made = catalog.sessions.create_for_user(actor, user.id, account="acme", lifetime=HOUR)
    catalog.sessions.revoke(actor, made.session.id)
    assert catalog.sessions.of_user(user.id) == []
    for session_id in (made.session.id, "\x00"):
        with pytest.raises(NotFoundError):
            catalog.sessions.revoke(actor, session_id)


def test_a_further_session_ends_the_oldest(catalog, user, actor, monkeypatch):
    monkeypatch.setattr(sessions_module, "MAX_SESSIONS", 3)
    made = [
        catalog.sessions.create_for_user(actor, user.id, account="acme", lifetime=HOUR).session.id
        for _ in range(5)
    ]
    kept = {session.id for session in catalog.sessions.of_user(user.id)}
    assert kept == set(sorted(made)[-3:])


def test_expired_sessions_are_purged(catalog, user, actor, fake_clock, raw):
    for minutes in (1, 2, 90):
        catalog.sessions.create_for_user(
            actor, user.id, account="acme", lifetime=timedelta(minutes=minutes)
        )
    before = catalog.audit.verify().head_sequence
    assert catalog.sessions.purge_expired(actor) == 0
    assert catalog.audit.verify().head_sequence == before
    fake_clock.advance(120)
    assert catalog.sessions.purge_expired(actor) == 2
    assert raw("SELECT count(*) FROM sessions") == [(1,)]
    record = catalog.audit.list("acme", limit=1).items[0].record
    assert record["responseElements"] == {"count": 2}


def test_bad_input(catalog, user, actor):
    with pytest.raises(InvalidInputError) as caught:
        catalog.sessions.create_for_user(actor, user.id, account="acme", lifetime=timedelta(0))
    assert caught.value.field == "lifetime"
    with pytest.raises(NotFoundError):
        catalog.sessions.create_for_user(actor, "nobody", account="acme", lifetime=HOUR)
    with pytest.raises(NotFoundError):
        catalog.sessions.create_for_user(actor, user.id, account="nowhere", lifetime=HOUR)
    with pytest.raises(NotFoundError):
        catalog.sessions.create_for_key(actor, "none", account="acme", lifetime=HOUR)


def test_revoking_a_key_ends_its_sessions(catalog, actor, raw):
    made = catalog.keys.create(actor, "acme", name="console", scopes=[Scope.ADMIN])
    catalog.sessions.create_for_key(actor, made.key.id, account="acme", lifetime=HOUR)
    assert raw("SELECT count(*) FROM sessions") == [(1,)]
    catalog.keys.revoke(actor, "acme", made.key.id)
    assert raw("SELECT count(*) FROM sessions") == [(0,)]
