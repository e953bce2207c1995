from datetime import datetime, timedelta

import pytest

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.store.catalog import Actor, Scope
from vedette.store.catalog import keys as keys_module


def test_create_get_and_list(catalog, actor, fake_clock):
    later = fake_clock.moment + timedelta(days=1)
    made = catalog.keys.create(
        actor, "acme", name="etl", scopes=[Scope.INGEST, Scope.READ], expires=later
    )
    assert made.text.startswith(f"vdt_{made.key.id}_")
    assert made.key.scopes == {Scope.INGEST, Scope.READ}
    assert made.key.expires == later
    assert made.key.created_by == "System:test"
    assert made.key.last_used is None
    assert catalog.keys.get("acme", made.key.id) == made.key
    assert catalog.keys.list("acme").items == [made.key]


def test_the_secret_is_nowhere(catalog, actor, raw):
    made = catalog.keys.create(actor, "acme", name="etl", scopes=[Scope.INGEST])
    secret = made.text.rsplit(made.key.id + "_")[1]
    assert len(secret) == 43
    stored = str(raw("SELECT * FROM api_keys") + raw("SELECT * FROM audit"))
    assert made.key.id in stored
    assert secret not in stored
    assert secret not in repr(made)


def test_pages(catalog, actor):
    ids = [
        catalog.keys.create(actor, "acme", name=f"k{n}", scopes=[Scope.READ]).key.id
        for n in range(3)
    ]
    first = catalog.keys.list("acme", limit=2)
    second = catalog.keys.list("acme", limit=2, after=first.next)
    listed = [key.id for key in first.items + second.items]
    assert sorted(listed) == sorted(ids)
    assert second.next is None


def test_bad_input(catalog, actor, fake_clock):
    past, naive = fake_clock.moment, datetime(2030, 1, 1)  # noqa: DTZ001 - the bad input
    for expires in (past, naive):
        with pytest.raises(InvalidInputError) as caught:
            catalog.keys.create(actor, "acme", name="k", scopes=[Scope.READ], expires=expires)
        assert caught.value.field == "expires"
    with pytest.raises(InvalidInputError, match="needs a scope"):
        catalog.keys.create(actor, "acme", name="k", scopes=[])
    with pytest.raises(InvalidInputError) as caught:
        catalog.keys.create(actor, "acme", name="\x00", scopes=[Scope.READ])
    assert caught.value.field == "name"
    with pytest.raises(NotFoundError, match="no account"):
        catalog.keys.create(actor, "nowhere", name="k", scopes=[Scope.READ])


def test_an_account_has_a_limit_of_live_keys(catalog, actor, monkeypatch):
    monkeypatch.setattr(keys_module, "MAX_KEYS", 2)
    first = catalog.keys.create(actor, "acme", name="1", scopes=[Scope.READ])
    catalog.keys.create(actor, "acme", name="2", scopes=[Scope.READ])
    with pytest.raises(InvalidInputError, match="2 keys"):
        catalog.keys.create(actor, "acme", name="3", scopes=[Scope.READ])
    catalog.keys.revoke(actor, "acme", first.key.id)
    catalog.keys.create(actor, "acme", name="3", scopes=[Scope.READ])


def test_revoking_twice_keeps_the_first_moment(catalog, actor, fake_clock):
    made = catalog.keys.create(actor, "acme", name="etl", scopes=[Scope.READ])
    first = fake_clock.moment
    assert catalog.keys.revoke(actor, "acme", made.key.id).revoked == first
    fake_clock.advance(60)
    assert catalog.keys.revoke(actor, "acme", made.key.id).revoked == first


def test_keys_of_other_accounts_cannot_be_seen_or_revoked(catalog, actor):
    catalog.accounts.create(Actor.system("test"), "shop")
    made = catalog.keys.create(actor, "acme", name="etl", scopes=[Scope.READ])
    with pytest.raises(NotFoundError):
        catalog.keys.get("shop", made.key.id)
    with pytest.raises(NotFoundError):
        catalog.keys.revoke(actor, "shop", made.key.id)
    assert catalog.keys.list("shop").items == []


@pytest.mark.parametrize(
    "text",
    ["", "vdt_", "vdt_x_y", "VDT_" + "a" * 26 + "_" + "b" * 43, "vdt_" + "a" * 26 + "_" + "b" * 44,
     "vdt_" + "a" * 26 + "_" + "b" * 42 + "é", "vdt_" + "a" * 26 + "_" + "b" * 43 + "\n"],
)  # fmt: skip
def test_texts_that_are_no_keys(text):
    assert keys_module.split_key(text) is None


def test_a_key_s_text_is_split():
    assert keys_module.split_key("vdt_" + "a" * 26 + "_" + "-_" * 21 + "x") == (
        "a" * 26,
        "-_" * 21 + "x",
    )
