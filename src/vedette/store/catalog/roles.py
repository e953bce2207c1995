"""Who may do what: the one table of permissions.

People hold roles in an account; API keys hold scopes. Both are only names for sets of permissions,
and everything that guards an action asks for a permission, never for a role or a scope.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.core.identity import DEFAULT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterable


class Permission(StrEnum):
    """One thing that a caller may do in an account."""

    TELEMETRY_READ = "telemetry:read"
    """Search logs, traces and metrics."""
    TELEMETRY_WRITE = "telemetry:write"
    """Send telemetry (ingest)."""
    CATALOG_READ = "catalog:read"
    """See entities: tags, dashboards, alarms, models, ..."""
    CATALOG_WRITE = "catalog:write"
    """Create and change entities."""
    APPROVALS_DECIDE = "approvals:decide"
    """Approve or reject what waits for a person's decision."""
    SQL_READ = "sql:read"
    """Run read-only SQL of one's own."""
    AUDIT_READ = "audit:read"
    """Read the audit trail."""
    ADMIN = "admin"
    """Manage the account: members, API keys, retention."""
    INSTALLATION_ADMIN = "installation:admin"
    """Manage the installation: accounts and users. Only from the account ``default``."""


class Role(StrEnum):
    """What a user is in an account; a user may have several."""

    VIEWER = "viewer"
    EDITOR = "editor"
    APPROVER = "approver"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Scope(StrEnum):
    """What an API key may be used for; a key may have several."""

    INGEST = "ingest"
    READ = "read"
    WRITE = "write"
    SQL = "sql"
    ADMIN = "admin"


LIMITABLE = frozenset({Role.EDITOR, Role.APPROVER})
"""Roles that a tag can limit."""
GUARDED = frozenset({Permission.CATALOG_WRITE, Permission.APPROVALS_DECIDE})
"""What a limited role allows for resources with its tag alone; what it reads is not limited."""

_READ = frozenset({Permission.TELEMETRY_READ, Permission.CATALOG_READ})
_WRITE = _READ | {Permission.CATALOG_WRITE, Permission.TELEMETRY_WRITE}
_EVERYTHING_IN_AN_ACCOUNT = frozenset(Permission) - {Permission.INSTALLATION_ADMIN}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.VIEWER: _READ,
    Role.EDITOR: _WRITE | {Permission.SQL_READ},
    Role.APPROVER: _READ | {Permission.APPROVALS_DECIDE},
    Role.ADMIN: _EVERYTHING_IN_AN_ACCOUNT,
    Role.AUDITOR: _READ | {Permission.AUDIT_READ},
}

SCOPE_PERMISSIONS: dict[Scope, frozenset[Permission]] = {
    Scope.INGEST: frozenset({Permission.TELEMETRY_WRITE}),
    Scope.READ: _READ,
    Scope.WRITE: _READ | {Permission.CATALOG_WRITE},
    Scope.SQL: frozenset({Permission.SQL_READ}),
    # An approval is a person's decision, so no key carries it.
    Scope.ADMIN: _EVERYTHING_IN_AN_ACCOUNT - {Permission.APPROVALS_DECIDE},
}


def permissions_of(
    account: str, *, roles: Iterable[Role] = (), scopes: Iterable[Scope] = ()
) -> frozenset[Permission]:
    """Return what these roles and scopes allow in ``account``.

    The account ``default`` is the installation's own: whoever administers it also administers the
    installation.
    """
    granted: frozenset[Permission] = frozenset()
    for role in roles:
        granted |= ROLE_PERMISSIONS[role]
    for scope in scopes:
        granted |= SCOPE_PERMISSIONS[scope]
    if account == DEFAULT_ACCOUNT and Permission.ADMIN in granted:
        granted |= {Permission.INSTALLATION_ADMIN}
    return granted


def limited_permissions(
    roles: Iterable[Role],
) -> tuple[frozenset[Permission], frozenset[Permission]]:
    """Return what roles with a tag allow anywhere in the account, and what for tagged resources alone.

    Both are without sending telemetry and SQL: neither is about a resource of the catalog.
    """
    granted: frozenset[Permission] = frozenset()
    for role in roles:
        granted |= ROLE_PERMISSIONS[role]
    return granted & _READ, granted & GUARDED


def parse_role(text: str) -> Role:
    """Return the role of this name; ``InvalidInputError`` where there is none."""
    try:
        return Role(text)
    except ValueError as error:
        raise InvalidInputError(
            f"{text!r} is not a role", field="role", remedy=f"use one of {', '.join(Role)}"
        ) from error


def parse_scopes(texts: Iterable[str]) -> frozenset[Scope]:
    """Return the scopes of these names; at least one must be given."""
    scopes: set[Scope] = set()
    for text in texts:
        try:
            scopes.add(Scope(text))
        except ValueError as error:
            raise InvalidInputError(
                f"{text!r} is not a scope", field="scopes", remedy=f"use {', '.join(Scope)}"
            ) from error
    if not scopes:
        raise InvalidInputError(
            "an API key needs a scope", field="scopes", remedy=f"give some of {', '.join(Scope)}"
        )
    return frozenset(scopes)
