import pytest

from vedette.core.errors import NotFoundError
from vedette.store.catalog import Actor, Role


def test_grant_and_revoke(catalog, actor):
    catalog.accounts.create(Actor.system("test"), "shop")
    user = catalog.users.create(actor, "ann")
    catalog.memberships.grant(actor, user.id, "acme", Role.EDITOR)
    catalog.memberships.grant(actor, user.id, "acme", Role.AUDITOR)
    catalog.memberships.grant(actor, user.id, "acme", Role.AUDITOR)
    catalog.memberships.grant(actor, user.id, "shop", Role.VIEWER)
    assert catalog.memberships.of_user(user.id) == {
        "acme": {Role.EDITOR, Role.AUDITOR},
        "shop": {Role.VIEWER},
    }
    catalog.memberships.revoke(actor, user.id, "acme", Role.EDITOR)
    assert catalog.memberships.of_user(user.id)["acme"] == {Role.AUDITOR}
    record = catalog.audit.list("acme", limit=1).items[0].record
    assert record["eventName"] == "RevokeRole"
    assert record["requestParameters"] == {"userId": user.id, "account": "acme", "role": "editor"}


def test_what_is_not_there(catalog, actor):
    user = catalog.users.create(actor, "ann")
    with pytest.raises(NotFoundError, match="no user"):
        catalog.memberships.grant(actor, "nobody", "acme", Role.VIEWER)
    with pytest.raises(NotFoundError, match="no account"):
        catalog.memberships.grant(actor, user.id, "nowhere", Role.VIEWER)
    with pytest.raises(NotFoundError, match="does not have the role"):
        catalog.memberships.revoke(actor, user.id, "acme", Role.VIEWER)
    assert catalog.memberships.of_user("nobody") == {}
    assert catalog.memberships.of_user("\x00") == {}
