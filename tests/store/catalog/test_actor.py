import pytest

from vedette.core.errors import ForbiddenError
from vedette.store.catalog import Actor, IdentityType, Permission, Principal


def some_principal(*permissions):
    return Principal(
        type=IdentityType.USER,
        id="u1",
        name="ann",
        account="acme",
        permissions=frozenset(permissions),
        csrf_token="do-not-show",
    )


def test_require():
    principal = some_principal(Permission.TELEMETRY_READ)
    principal.require(Permission.TELEMETRY_READ)
    with pytest.raises(ForbiddenError, match="lacks admin"):
        principal.require(Permission.ADMIN)


def test_nobody_grants_more_than_they_have():
    principal = some_principal(Permission.ADMIN, Permission.TELEMETRY_READ)
    principal.require_grantable({Permission.TELEMETRY_READ})
    with pytest.raises(ForbiddenError, match="sql:read"):
        principal.require_grantable({Permission.TELEMETRY_READ, Permission.SQL_READ})


def test_the_actor_of_a_principal_carries_the_request():
    actor = some_principal().actor(ip="192.0.2.1", user_agent="curl", request_id="r1")
    assert actor == Actor(
        type=IdentityType.USER, id="u1", name="ann", account="acme",
        ip="192.0.2.1", user_agent="curl", request_id="r1",
    )  # fmt: skip


def test_the_csrf_token_is_not_in_logs():
    assert "do-not-show" not in repr(some_principal())


def test_authentication_off_allows_everything():
    assert Principal.unrestricted().permissions == frozenset(Permission)
