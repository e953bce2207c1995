import pytest

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.store.catalog import Actor

ROOT = Actor.system("test")


def test_create_get_and_audit(catalog, fake_clock):
    made = catalog.accounts.create(ROOT, "shop", display_name=" The shop ")
    assert made == catalog.accounts.get("shop")
    assert made.display_name == "The shop"
    assert made.created == fake_clock.moment
    assert not made.disabled
    (item,) = catalog.audit.list("shop").items
    assert item.record["eventName"] == "CreateAccount"
    assert item.record["requestParameters"] == {"name": "shop", "displayName": "The shop"}


def test_a_name_is_taken_once(catalog):
    with pytest.raises(ConflictError, match="exists already"):
        catalog.accounts.create(ROOT, "acme")


@pytest.mark.parametrize("name", ["", "Acme", "a_b", "-a", "a" * 64, "a\x00", "a/b"])
def test_bad_names(catalog, name):
    with pytest.raises(InvalidInputError) as caught:
        catalog.accounts.create(ROOT, name)
    assert caught.value.field == "account"


def test_list_in_pages(catalog):
    for name in ("zoo", "b1", "b-2", "a0"):
        catalog.accounts.create(ROOT, name)
    first = catalog.accounts.list(limit=3)
    assert [account.name for account in first.items] == ["a0", "acme", "b-2"]
    second = catalog.accounts.list(limit=3, after=first.next)
    assert [account.name for account in second.items] == ["b1", "zoo"]
    assert second.next is None


def test_rename_and_disable(catalog):
    assert catalog.accounts.rename(ROOT, "acme", "Acme & Söhne").display_name == "Acme & Söhne"
    assert catalog.accounts.set_disabled(ROOT, "acme", disabled=True).disabled
    assert catalog.accounts.get("acme").disabled
    assert not catalog.accounts.set_disabled(ROOT, "acme", disabled=False).disabled
    names = [item.record["eventName"] for item in catalog.audit.list("acme").items]
    assert names == ["EnableAccount", "DisableAccount", "UpdateAccount", "CreateAccount"]


def test_the_installation_s_own_account_stays_enabled(catalog):
    catalog.ensure_first_start()
    with pytest.raises(InvalidInputError, match="cannot be disabled"):
        catalog.accounts.set_disabled(ROOT, "default", disabled=True)


@pytest.mark.parametrize("name", ["nowhere", "nul\x00", "\ud800"])
def test_unknown_accounts(catalog, name):
    with pytest.raises(NotFoundError):
        catalog.accounts.get(name)
    with pytest.raises(NotFoundError):
        catalog.accounts.rename(ROOT, name, "x")
