"""Memberships: which roles a user has in which account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from vedette.core.errors import NotFoundError
from vedette.store.catalog.accounts import find_account
from vedette.store.catalog.checks import MAX_PAGE, is_storable
from vedette.store.catalog.models import MembershipRow
from vedette.store.catalog.roles import Role
from vedette.store.catalog.users import find_user

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from vedette.store.catalog.actor import Actor
    from vedette.store.catalog.database import Database


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

    def of_user(self, user_id: str) -> dict[str, frozenset[Role]]:
        """Return the user's roles by account."""
        if not is_storable(user_id):
            return {}
        query = (
            select(MembershipRow.account, MembershipRow.role)
            .where(MembershipRow.user_id == user_id)
            .order_by(MembershipRow.account)
        )
        roles: dict[str, set[Role]] = {}
        with self._database.read() as session:
            for account, role in session.execute(query):
                roles.setdefault(account, set()).add(Role(role))
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


def roles_in(session: Session, user_id: str, account: str) -> frozenset[Role]:
    """Return the roles of a user in one account."""
    query = select(MembershipRow.role).where(
        MembershipRow.user_id == user_id, MembershipRow.account == account
    )
    return frozenset(Role(role) for role in session.scalars(query))
