"""Memberships: which roles a user has in which account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.store.catalog.access_models import LimitedRoleRow
from vedette.store.catalog.accounts import find_account
from vedette.store.catalog.actor import TagCondition
from vedette.store.catalog.checks import MAX_PAGE, check_text, is_storable
from vedette.store.catalog.models import MembershipRow
from vedette.store.catalog.roles import LIMITABLE, Permission, Role, limited_permissions
from vedette.store.catalog.tags import MAX_KEY, MAX_VALUE
from vedette.store.catalog.users import find_user

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from vedette.store.catalog.actor import Actor
    from vedette.store.catalog.database import Database


MAX_LIMITED = 100
"""Roles with a tag of one user in one account."""


@dataclass(frozen=True, slots=True)
class LimitedRole:
    """A role whose changes are limited to resources with a tag."""

    role: Role
    tag: TagCondition


class Memberships:
    """Repository of memberships."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def grant(self, actor: Actor, user_id: str, account: str, role: Role) -> None:
        """Give a user a role in an account; one that the user has already stays."""
        request = {"userId": user_id, "account": account, "role": role}
        with self._database.change(actor, "GrantRole", account=account, request=request) as change:
            find_user(change.session, user_id)
            find_account(change.session, account)
            change.session.merge(MembershipRow(user_id=user_id, account=account, role=role.value))

    def revoke(self, actor: Actor, user_id: str, account: str, role: Role) -> None:
        """Take a role from a user; ``NotFoundError`` where the user does not have it."""
        request = {"userId": user_id, "account": account, "role": role}
        with self._database.change(actor, "RevokeRole", account=account, request=request) as change:
            find_user(change.session, user_id)
            find_account(change.session, account)
            row = change.session.get(MembershipRow, (user_id, account, role.value))
            if row is None:
                raise NotFoundError(
                    f"the user does not have the role {role} in {account!r}", field="role"
                )
            change.session.delete(row)

    def grant_limited(
        self, actor: Actor, user_id: str, account: str, role: Role, tag: TagCondition
    ) -> None:
        """Give a user a role whose changes are limited to resources with a tag.

        Raises:
            InvalidInputError: the role cannot be limited, or the tag is not one.

        """
        tag = check_condition(tag)
        _require_limitable(role)
        request = {"userId": user_id, "account": account, "role": role, "tag": str(tag)}
        with self._database.change(actor, "GrantRole", account=account, request=request) as change:
            find_user(change.session, user_id)
            find_account(change.session, account)
            count = select(func.count()).where(
                LimitedRoleRow.user_id == user_id, LimitedRoleRow.account == account
            )
            if (change.session.scalar(count) or 0) >= MAX_LIMITED:
                raise InvalidInputError(
                    f"the user has {MAX_LIMITED} roles with a tag", field="tag", remedy="take some"
                )
            change.session.merge(
                LimitedRoleRow(
                    user_id=user_id,
                    account=account,
                    role=role.value,
                    tag_key=tag.key,
                    tag_value=tag.value,
                )
            )

    def revoke_limited(
        self, actor: Actor, user_id: str, account: str, role: Role, tag: TagCondition
    ) -> None:
        """Take a limited role from a user; ``NotFoundError`` where the user does not have it."""
        request = {"userId": user_id, "account": account, "role": role, "tag": str(tag)}
        with self._database.change(actor, "RevokeRole", account=account, request=request) as change:
            find_user(change.session, user_id)
            row = change.session.get(
                LimitedRoleRow, (user_id, account, role.value, tag.key, tag.value)
            )
            if row is None:
                raise NotFoundError(
                    f"the user does not have the role {role} for {tag}", field="tag"
                )
            change.session.delete(row)

    def limited_in_account(
        self, account: str, user_ids: Sequence[str] | None = None
    ) -> dict[str, list[LimitedRole]]:
        """Return the limited roles in one account by user id, of up to 1000 users or of all."""
        query = select(LimitedRoleRow).where(LimitedRoleRow.account == account)
        if user_ids is not None:
            query = query.where(LimitedRoleRow.user_id.in_(user_ids[:MAX_PAGE]))
        found: dict[str, list[LimitedRole]] = {}
        with self._database.read() as session:
            for row in session.scalars(query.order_by(LimitedRoleRow.role, LimitedRoleRow.tag_key)):
                found.setdefault(row.user_id, []).append(_limited(row))
        return found

    def of_user(self, user_id: str) -> dict[str, frozenset[Role]]:
        """Return the user's roles by account; an account where all are limited has an empty set."""
        if not is_storable(user_id):
            return {}
        query = (
            select(MembershipRow.account, MembershipRow.role)
            .where(MembershipRow.user_id == user_id)
            .order_by(MembershipRow.account)
        )
        limited = select(LimitedRoleRow.account).where(LimitedRoleRow.user_id == user_id)
        roles: dict[str, set[Role]] = {}
        with self._database.read() as session:
            for account, role in session.execute(query):
                roles.setdefault(account, set()).add(Role(role))
            for account in session.scalars(limited):
                roles.setdefault(account, set())
        return {account: frozenset(held) for account, held in roles.items()}

    def in_account(self, account: str, user_ids: Sequence[str]) -> dict[str, frozenset[Role]]:
        """Return the roles in one account of up to 1000 users, by user id."""
        query = select(MembershipRow.user_id, MembershipRow.role).where(
            MembershipRow.account == account, MembershipRow.user_id.in_(user_ids[:MAX_PAGE])
        )
        roles: dict[str, set[Role]] = {}
        with self._database.read() as session:
            for user_id, role in session.execute(query):
                roles.setdefault(user_id, set()).add(Role(role))
        return {user_id: frozenset(held) for user_id, held in roles.items()}


def limited_in(session: Session, user_id: str, account: str) -> list[LimitedRole]:
    """Return the limited roles of a user in one account."""
    query = select(LimitedRoleRow).where(
        LimitedRoleRow.user_id == user_id, LimitedRoleRow.account == account
    )
    return [_limited(row) for row in session.scalars(query)]


def check_condition(tag: TagCondition) -> TagCondition:
    """Return a tag that can be set on a resource."""
    return TagCondition(
        check_text(tag.key, field="tag.key", max_length=MAX_KEY),
        check_text(tag.value, field="tag.value", max_length=MAX_VALUE, min_length=0),
    )


def limits_of(
    roles: Sequence[LimitedRole],
) -> tuple[frozenset[Permission], dict[Permission, tuple[TagCondition, ...]]]:
    """Return what limited roles allow anywhere in the account, and what for which tags alone."""
    anywhere: frozenset[Permission] = frozenset()
    tagged: dict[Permission, tuple[TagCondition, ...]] = {}
    for one in roles:
        reads, guarded = limited_permissions([one.role])
        anywhere |= reads
        for permission in guarded:
            tagged[permission] = (*tagged.get(permission, ()), one.tag)
    return anywhere, tagged


def _require_limitable(role: Role) -> None:
    if role not in LIMITABLE:
        raise InvalidInputError(
            f"the role {role} cannot be limited by a tag",
            field="roles",
            remedy=f"use {' or '.join(sorted(LIMITABLE))}, or leave the tag out",
        )


def _limited(row: LimitedRoleRow) -> LimitedRole:
    return LimitedRole(Role(row.role), TagCondition(row.tag_key, row.tag_value))


def roles_in(session: Session, user_id: str, account: str) -> frozenset[Role]:
    """Return the roles of a user in one account."""
    query = select(MembershipRow.role).where(
        MembershipRow.user_id == user_id, MembershipRow.account == account
    )
    return frozenset(Role(role) for role in session.scalars(query))
