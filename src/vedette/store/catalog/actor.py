"""Who acts: the actor that an audit record names, and the principal that was authenticated."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from vedette.core.errors import ForbiddenError
from vedette.core.identity import DEFAULT_ACCOUNT
from vedette.store.catalog.roles import Permission, Role, Scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime


class IdentityType(StrEnum):
    """Kinds of caller, as audit records write them."""

    USER = "User"
    API_KEY = "APIKey"
    SYSTEM = "System"
    ANONYMOUS = "Anonymous"


@dataclass(frozen=True, slots=True)
class TagCondition:
    """A tag that a resource must carry, for a limited role to change it."""

    key: str
    value: str

    def __str__(self) -> str:
        return f"{self.key}={self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did something and over which request; every change of the catalog needs one.

    ``account`` is the account acted from, None before a caller is known. ``service_account`` is the
    name of the one that owns the key. ``only`` limits the change to resources that carry one of these
    tags; empty for no limit. ``Catalog.change`` holds it.
    """

    type: IdentityType
    id: str
    name: str
    account: str | None = None
    ip: str | None = None
    user_agent: str | None = None
    request_id: str | None = None
    service_account: str | None = None
    only: tuple[TagCondition, ...] = ()

    @classmethod
    def system(cls, name: str, account: str = DEFAULT_ACCOUNT) -> Actor:
        """Return the actor of a part of Vedette itself, such as ``retention`` or ``cli``."""
        return cls(type=IdentityType.SYSTEM, id=name, name=name, account=account)

    @classmethod
    def anonymous(
        cls, *, ip: str | None = None, user_agent: str | None = None, request_id: str | None = None
    ) -> Actor:
        """Return the actor of a request whose caller is not known."""
        return cls(
            type=IdentityType.ANONYMOUS,
            id="anonymous",
            name="anonymous",
            ip=ip,
            user_agent=user_agent,
            request_id=request_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """An authenticated caller in one account and what it may do there.

    ``session_id`` and ``csrf_token`` are set where it came by a session: a request that changes
    something must then repeat the CSRF token in a header.

    ``limited`` has permissions that hold for resources with one of some tags alone; ``admitted`` makes
    the principal of a call of them, whose ``only`` are these tags. ``service_account`` is the name of
    the one that owns the key.
    """

    type: IdentityType
    id: str
    name: str
    account: str
    permissions: frozenset[Permission]
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Scope] = frozenset()
    expires: datetime | None = None
    session_id: str | None = None
    csrf_token: str | None = field(default=None, repr=False)
    service_account: str | None = None
    limited: Mapping[Permission, tuple[TagCondition, ...]] = field(default_factory=dict, hash=False)
    only: tuple[TagCondition, ...] = ()

    @classmethod
    def unrestricted(cls, account: str = DEFAULT_ACCOUNT) -> Principal:
        """Return the principal of every caller where authentication is turned off."""
        return cls(
            type=IdentityType.ANONYMOUS,
            id="anonymous",
            name="anonymous",
            account=account,
            permissions=frozenset(Permission),
        )

    def require(self, permission: Permission) -> None:
        """Raise ``ForbiddenError`` unless the caller has ``permission``."""
        if permission not in self.permissions:
            raise ForbiddenError(
                f"{self.name!r} may not do this in account {self.account!r}: it lacks {permission}",
                remedy="ask an admin of the account for a role or a key that has it",
            )

    def admitted(self, permission: Permission) -> Principal:
        """Return the principal of a call that asks for ``permission``, whole or limited by tags.

        Whoever calls this must change the catalog by ``Catalog.change`` alone, with an actor that this
        principal makes: it holds the limit. Otherwise use ``require``.

        Raises:
            ForbiddenError: the caller has it neither for the account nor for tagged resources.

        """
        if permission not in self.permissions and (only := self.limited.get(permission)):
            return replace(self, only=only)
        self.require(permission)
        return self

    def require_grantable(self, permissions: Iterable[Permission]) -> None:
        """Raise ``ForbiddenError`` where the caller would hand out more than it has itself."""
        lacking = sorted(set(permissions) - self.permissions)
        if lacking:
            raise ForbiddenError(
                f"{self.name!r} cannot grant what it does not have: {', '.join(lacking)}",
                remedy="ask someone who has these permissions",
            )

    def actor(
        self,
        *,
        ip: str | None = None,
        user_agent: str | None = None,
        request_id: str | None = None,
    ) -> Actor:
        """Return the actor for audit records of one request of this caller."""
        return Actor(
            type=self.type,
            id=self.id,
            name=self.name,
            account=self.account,
            ip=ip,
            user_agent=user_agent,
            request_id=request_id,
            service_account=self.service_account,
            only=self.only,
        )
