import contextlib
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vedette.core.errors import InvalidInputError, NotFoundError, UnauthenticatedError
from vedette.store.catalog import Actor, Catalog, Permission, Role, Scope


def test_first_start(empty_url, fake_clock):
    with Catalog.open(empty_url, clock=fake_clock.clock()) as catalog:
        assert not catalog.has_credentials()
        first = catalog.ensure_first_start()
        assert catalog.has_credentials()
        principal = catalog.authenticate_key(first.admin_key)
        assert principal.account == "default"
        assert Permission.INSTALLATION_ADMIN in principal.permissions
        assert first.admin_key not in repr(first)
        assert catalog.ensure_first_start().admin_key is None
        (item,) = catalog.audit.list("default").items
        assert item.sequence == 1
        assert item.record["eventName"] == "FirstStart"
        assert item.record["previousHash"] == "0" * 64
        assert item.record["responseElements"] == {"keyId": principal.id}


def test_no_key_where_someone_has_access_already(catalog, actor):
    catalog.users.create(actor, "ann")
    assert catalog.ensure_first_start().admin_key is None
    assert catalog.accounts.get("default").name == "default"


def test_a_revoked_key_does_not_bring_a_new_one(catalog, actor):
    made = catalog.keys.create(actor, "acme", name="k", scopes=[Scope.READ])
    catalog.keys.revoke(actor, "acme", made.key.id)
    assert catalog.ensure_first_start().admin_key is None


def test_of_many_first_starts_one_makes_the_key(empty_url):
    keys: list[str | None] = []
    barrier = threading.Barrier(5)

    def start():
        with Catalog.open(empty_url) as catalog:
            barrier.wait()
            keys.append(catalog.ensure_first_start().admin_key)

    threads = [threading.Thread(target=start) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 5
    assert len([key for key in keys if key]) == 1
    with Catalog.open(empty_url) as catalog:
        report = catalog.audit.verify()
    assert report.ok
    assert report.records == 1


def test_ping(catalog):
    catalog.ping()


def test_every_mutation_leaves_exactly_one_record(catalog, actor):
    """The repositories' methods are called one by one, and the chain is counted."""
    from datetime import timedelta

    from vedette.core.identity import ResourceId
    from vedette.store.catalog import Signal

    root, hour = Actor.system("test"), timedelta(hours=1)
    resource = ResourceId("acme", "service", "x")
    user = catalog.users.create(actor, "ann", password="correct horse battery")
    key = catalog.keys.create(actor, "acme", name="k", scopes=[Scope.READ]).key
    catalog.memberships.grant(actor, user.id, "acme", Role.VIEWER)
    session = catalog.sessions.create_for_user(actor, user.id, account="acme", lifetime=hour)
    mutations = {
        "CreateAccount": lambda: catalog.accounts.create(root, "new"),
        "UpdateAccount": lambda: catalog.accounts.rename(root, "new", "New"),
        "DisableAccount": lambda: catalog.accounts.set_disabled(root, "new", disabled=True),
        "EnableAccount": lambda: catalog.accounts.set_disabled(root, "new", disabled=False),
        "CreateUser": lambda: catalog.users.create(actor, "bob"),
        "GrantRole": lambda: catalog.memberships.grant(actor, user.id, "acme", Role.ADMIN),
        "RevokeRole": lambda: catalog.memberships.revoke(actor, user.id, "acme", Role.ADMIN),
        "CreateApiKey": lambda: catalog.keys.create(actor, "acme", name="2", scopes=[Scope.SQL]),
        "CreateSession": lambda: catalog.sessions.create_for_key(
            actor, key.id, account="acme", lifetime=hour
        ),
        "SignIn": lambda: catalog.sign_in.with_password(
            "ann", "correct horse battery", lifetime=hour
        ),
        "RevokeSession": lambda: catalog.sessions.revoke(actor, session.session.id),
        "RevokeApiKey": lambda: catalog.keys.revoke(actor, "acme", key.id),
        "SetUserPassword": lambda: catalog.users.set_password(actor, user.id, "another password"),
        "DisableUser": lambda: catalog.users.set_disabled(actor, user.id, disabled=True),
        "EnableUser": lambda: catalog.users.set_disabled(actor, user.id, disabled=False),
        "TagResource": lambda: catalog.tags.set(actor, resource, {"a": "1"}),
        "UntagResource": lambda: catalog.tags.remove(actor, resource, ["a"]),
        "SetRetention": lambda: catalog.retention.set(actor, "acme", Signal.LOGS, 3),
        "ClearRetention": lambda: catalog.retention.clear(actor, "acme", Signal.LOGS),
    }
    for name, mutate in mutations.items():
        before = catalog.audit.verify().head_sequence
        mutate()
        account = "new" if name.endswith("Account") else "acme"
        newest = catalog.audit.list(account, limit=1).items[0]
        assert (newest.sequence, newest.record["eventName"]) == (before + 1, name)
        assert newest.record["errorCode"] is None
        assert catalog.audit.verify().ok


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(max_size=60) | st.sampled_from(["\x00", "\ud800", "'; DROP TABLE users; --"]))
def test_any_text_for_any_name_finds_nothing_or_is_refused(catalog, actor, text):
    unknown = "no-" + text
    expected = (NotFoundError, InvalidInputError, UnauthenticatedError)
    calls = [
        lambda: catalog.accounts.get(unknown),
        lambda: catalog.users.get(unknown),
        lambda: catalog.users.get_by_login(unknown),
        lambda: catalog.keys.get("acme", unknown),
        lambda: catalog.keys.create(actor, unknown, name="k", scopes=[Scope.READ]),
        lambda: catalog.sessions.revoke(actor, unknown),
        lambda: catalog.memberships.grant(actor, unknown, "acme", Role.VIEWER),
        lambda: catalog.authenticate_key(unknown),
        lambda: catalog.authenticate_session(unknown),
    ]
    for call in calls:
        with pytest.raises(expected):
            call()
    for call in (
        lambda: catalog.keys.list(unknown).items,
        lambda: catalog.tags.find(unknown, {unknown: unknown}).items,
        lambda: catalog.audit.list(unknown).items,
        lambda: catalog.retention.get(unknown),
        lambda: catalog.users.list(account=unknown).items,
    ):
        with contextlib.suppress(InvalidInputError):
            assert not call()
