import pytest

from vedette.core.errors import InvalidInputError
from vedette.store.catalog.roles import (
    ROLE_PERMISSIONS,
    SCOPE_PERMISSIONS,
    Permission,
    Role,
    Scope,
    parse_role,
    parse_scopes,
    permissions_of,
)


def test_every_role_and_scope_is_in_the_table():
    assert set(ROLE_PERMISSIONS) == set(Role)
    assert set(SCOPE_PERMISSIONS) == set(Scope)


@pytest.mark.parametrize(
    ("role", "allowed", "denied"),
    [
        (Role.VIEWER, {"telemetry:read", "catalog:read"}, {"catalog:write", "sql:read", "admin"}),
        (Role.EDITOR, {"catalog:write", "telemetry:write", "sql:read"}, {"approvals:decide"}),
        (Role.APPROVER, {"catalog:read", "approvals:decide"}, {"catalog:write", "admin"}),
        (Role.AUDITOR, {"audit:read", "catalog:read"}, {"catalog:write", "telemetry:write"}),
        (Role.ADMIN, {"admin", "approvals:decide", "audit:read"}, {"installation:admin"}),
    ],
)
def test_what_roles_may_do(role, allowed, denied):
    held = permissions_of("acme", roles=[role])
    assert allowed <= held
    assert not denied & held


def test_an_ingest_key_can_only_send():
    assert permissions_of("acme", scopes=[Scope.INGEST]) == {Permission.TELEMETRY_WRITE}


def test_no_key_decides_approvals():
    assert Permission.APPROVALS_DECIDE not in permissions_of("default", scopes=list(Scope))


def test_only_admins_of_default_administer_the_installation():
    wanted = Permission.INSTALLATION_ADMIN
    assert wanted in permissions_of("default", roles=[Role.ADMIN])
    assert wanted in permissions_of("default", scopes=[Scope.ADMIN])
    assert wanted not in permissions_of("acme", roles=list(Role), scopes=list(Scope))
    assert wanted not in permissions_of("default", roles=set(Role) - {Role.ADMIN})


def test_roles_and_scopes_add_up():
    both = permissions_of("acme", roles=[Role.AUDITOR, Role.APPROVER])
    assert both == ROLE_PERMISSIONS[Role.AUDITOR] | ROLE_PERMISSIONS[Role.APPROVER]


def test_parsing_names():
    assert parse_role("auditor") is Role.AUDITOR
    assert parse_scopes(["sql", "read", "sql"]) == {Scope.SQL, Scope.READ}
    with pytest.raises(InvalidInputError, match="not a role") as caught:
        parse_role("owner")
    assert caught.value.field == "role"
    with pytest.raises(InvalidInputError, match="not a scope"):
        parse_scopes(["read", "everything"])
    with pytest.raises(InvalidInputError, match="needs a scope"):
        parse_scopes([])
