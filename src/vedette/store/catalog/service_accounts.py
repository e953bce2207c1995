"""Service accounts: programs that own API keys, with roles, an end, and a switch.

A key of a service account may do what its scopes allow of what the roles allow, and no approval: that
is a person's decision. Disabling the service account, or its end, stops all of its keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.ids import new_id
from vedette.store.catalog.access_models import ServiceAccountRow
from vedette.store.catalog.accounts import find_account
from vedette.store.catalog.actor import TagCondition
from vedette.store.catalog.checks import check_text, is_storable
from vedette.store.catalog.memberships import check_condition
from vedette.store.catalog.roles import (
    Permission,
    Role,
    Scope,
    limited_permissions,
    permissions_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.store.catalog.actor import Actor
    from vedette.store.catalog.database import Database

MAX_SERVICE_ACCOUNTS = 1000
MAX_NAME = 128
MAX_DESCRIPTION = 1024


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """A service account. With ``tag`` its changes are limited to resources that carry it."""

    id: str
    account: str
    name: str
    description: str
    roles: frozenset[Role]
    tag: TagCondition | None
    created: datetime
    created_by: str
    expires: datetime | None
    disabled: bool


class ServiceAccounts:
    """Repository of service accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        actor: Actor,
        account: str,
        *,
        name: str,
        roles: Iterable[Role],
        description: str = "",
        tag: TagCondition | None = None,
        expires: datetime | None = None,
    ) -> ServiceAccount:
        """Create a service account; it has no key yet.

        Raises:
            ConflictError: the account has one of this name.
            InvalidInputError: no role, one that a program cannot have, or one that a tag cannot limit.

        """
        name = check_text(name, field="name", max_length=MAX_NAME)
        values = self._checked(roles=roles, description=description, tag=tag, expires=expires)
        request = {"name": name, **_told(values)}
        with self._database.change(
            actor, "CreateServiceAccount", account=account, request=request
        ) as change:
            find_account(change.session, account)
            mine = select(ServiceAccountRow).where(ServiceAccountRow.account == account)
            if change.session.scalar(mine.where(ServiceAccountRow.name == name)) is not None:
                raise ConflictError(
                    f"there is a service account {name!r}", field="name", remedy="choose another"
                )
            count = change.session.scalar(select(func.count()).select_from(mine.subquery())) or 0
            if count >= MAX_SERVICE_ACCOUNTS:
                raise InvalidInputError("the account has too many service accounts", field="name")
            row = ServiceAccountRow(
                id=new_id(),
                account=account,
                name=name,
                created=self._database.clock.now(),
                created_by=f"{actor.type}:{actor.id}",
                disabled=False,
                **values,
            )
            change.session.add(row)
            change.respond(serviceAccountId=row.id)
        return _account(row)

    def update(
        self,
        actor: Actor,
        account: str,
        service_account_id: str,
        *,
        disabled: bool | None = None,
        **changes: Any,  # noqa: ANN401 - as ``create`` has them
    ) -> ServiceAccount:
        """Change roles, description, tag, expires or whether it is disabled; what is not given stays."""
        values = self._checked(**changes)
        told = {"serviceAccountId": service_account_id, **_told(values)}
        if disabled is not None:
            values["disabled"] = told["disabled"] = disabled
        with self._database.change(
            actor, "UpdateServiceAccount", account=account, request=told
        ) as change:
            row = find_service_account(change.session, account, service_account_id)
            for field, value in values.items():
                setattr(row, field, value)
            _check_limit(_roles(row), _tag(row))
        return _account(row)

    def get(self, account: str, service_account_id: str) -> ServiceAccount:
        """Return one; ``NotFoundError`` where the account has none of this id."""
        with self._database.read() as session:
            return _account(find_service_account(session, account, service_account_id))

    def list(self, account: str) -> list[ServiceAccount]:
        """Return the account's service accounts by name; there are at most 1,000."""
        query = (
            select(ServiceAccountRow)
            .where(ServiceAccountRow.account == account)
            .order_by(ServiceAccountRow.name)
            .limit(MAX_SERVICE_ACCOUNTS)
        )
        with self._database.read() as session:
            return [_account(row) for row in session.scalars(query)]

    def _checked(self, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - checked here
        """Return the columns of what is to be changed."""
        values: dict[str, Any] = {}
        if "roles" in changes:
            roles = frozenset(changes["roles"])
            if not roles or Role.APPROVER in roles:
                raise InvalidInputError(
                    "a service account needs a role, and decides no approval",
                    field="roles",
                    remedy="give some of viewer, editor, admin and auditor",
                )
            values["roles"] = " ".join(sorted(roles))
        if "description" in changes:
            values["description"] = check_text(
                changes["description"],
                field="description",
                max_length=MAX_DESCRIPTION,
                min_length=0,
            )
        if "expires" in changes:
            expires = changes["expires"]
            if expires is not None and (
                expires.tzinfo is None or expires <= self._database.clock.now()
            ):
                raise InvalidInputError(
                    "the service account would be expired from the start",
                    field="expires",
                    remedy="give a moment in the future, with its time zone",
                )
            values["expires"] = expires
        if "tag" in changes:
            tag = check_condition(changes["tag"]) if changes["tag"] is not None else None
            values |= {"tag_key": tag and tag.key, "tag_value": tag and tag.value}
        if "roles" in changes and "tag" in changes:
            _check_limit(frozenset(changes["roles"]), changes["tag"])
        return values


def permissions_with(
    row: ServiceAccountRow, scopes: Iterable[Scope]
) -> tuple[frozenset[Permission], dict[Permission, tuple[TagCondition, ...]]]:
    """Return what a key with these scopes may do anywhere, and what for tagged resources alone."""
    of_key = permissions_of(row.account, scopes=scopes)
    tag = _tag(row)
    if tag is None:
        of_roles = permissions_of(row.account, roles=_roles(row)) - {Permission.APPROVALS_DECIDE}
        return of_key & of_roles, {}
    anywhere, tagged = limited_permissions(_roles(row))
    tagged -= {Permission.APPROVALS_DECIDE}
    return of_key & anywhere, dict.fromkeys(of_key & tagged, (tag,))


def find_service_account(
    session: Session, account: str, service_account_id: str
) -> ServiceAccountRow:
    """Return a row; ``NotFoundError`` where the account has none of this id."""
    known = is_storable(service_account_id)
    row = session.get(ServiceAccountRow, service_account_id) if known else None
    if row is None or row.account != account:
        raise NotFoundError(
            f"account {account!r} has no service account with id {service_account_id[:80]!r}",
            field="service_account_id",
        )
    return row


def _check_limit(roles: frozenset[Role], tag: TagCondition | None) -> None:
    if tag is not None and roles != {Role.EDITOR}:
        raise InvalidInputError(
            "a tag limits the role editor alone", field="tag", remedy="leave the tag out"
        )


def _roles(row: ServiceAccountRow) -> frozenset[Role]:
    return frozenset(Role(role) for role in row.roles.split())


def _tag(row: ServiceAccountRow) -> TagCondition | None:
    if row.tag_key is None or row.tag_value is None:
        return None
    return TagCondition(row.tag_key, row.tag_value)


def _told(values: dict[str, Any]) -> dict[str, Any]:
    """Return columns as an audit record's parameters."""
    names = {"tag_key": "tagKey", "tag_value": "tagValue"}
    return {names.get(name, name): value for name, value in values.items()}


def _account(row: ServiceAccountRow) -> ServiceAccount:
    return ServiceAccount(
        id=row.id,
        account=row.account,
        name=row.name,
        description=row.description,
        roles=_roles(row),
        tag=_tag(row),
        created=row.created,
        created_by=row.created_by,
        expires=row.expires,
        disabled=row.disabled,
    )
