"""Users: people, their passwords and what they are in which account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.ids import new_id
from vedette.store.catalog.access_models import LimitedRoleRow
from vedette.store.catalog.checks import (
    DEFAULT_PAGE,
    Page,
    check_limit,
    check_text,
    is_storable,
)
from vedette.store.catalog.models import MembershipRow, SessionRow, UserRow
from vedette.store.catalog.passwords import hash_password

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.store.catalog.actor import Actor
    from vedette.store.catalog.database import Database

MAX_LOGIN = 254
MAX_DISPLAY_NAME = 128


@dataclass(frozen=True, slots=True)
class User:
    """A person. ``has_password`` is False for those who can only sign in through OIDC."""

    id: str
    login: str
    display_name: str
    created: datetime
    disabled: bool
    has_password: bool
    failed_attempts: int
    locked_until: datetime | None


class Users:
    """Repository of users. They are never deleted, so that audit records keep their meaning."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        actor: Actor,
        login: str,
        *,
        display_name: str | None = None,
        password: str | None = None,
    ) -> User:
        """Create a user; ``ConflictError`` where the login is taken.

        Args:
            actor: who creates.
            login: name or e-mail address to sign in with; case does not matter.
            display_name: what people see; the login if None.
            password: 12 to 1024 characters; None for a user who signs in elsewhere.

        """
        login = normalise_login(login)
        shown = check_text(display_name or login, field="display_name", max_length=MAX_DISPLAY_NAME)
        password_hash = None if password is None else hash_password(password)
        request = {"login": login, "displayName": shown}
        with self._database.change(actor, "CreateUser", request=request) as change:
            taken = change.session.scalar(select(UserRow.id).where(UserRow.login == login))
            if taken is not None:
                raise ConflictError(
                    f"there is a user {login!r} already",
                    field="login",
                    remedy="choose another login, or use the existing user",
                )
            row = UserRow(
                id=new_id(),
                login=login,
                display_name=shown,
                password_hash=password_hash,
                created=self._database.clock.now(),
                disabled=False,
                failed_attempts=0,
                locked_until=None,
            )
            change.session.add(row)
            change.respond(userId=row.id)
        return _user(row)

    def get(self, user_id: str) -> User:
        """Return a user; ``NotFoundError`` where there is none of this id."""
        with self._database.read() as session:
            return _user(find_user(session, user_id))

    def get_by_login(self, login: str) -> User:
        """Return a user; ``NotFoundError`` where there is none of this login."""
        login = normalise_login(login)
        with self._database.read() as session:
            row = session.scalar(select(UserRow).where(UserRow.login == login))
        if row is None:
            raise NotFoundError(f"there is no user {login!r}", field="login")
        return _user(row)

    def list(
        self, *, account: str | None = None, limit: int = DEFAULT_PAGE, after: str | None = None
    ) -> Page[User]:
        """Return users by login: all of the installation, or those with a role in ``account``."""
        query = select(UserRow).order_by(UserRow.login).limit(check_limit(limit) + 1)
        if account is not None:
            whole = select(MembershipRow.user_id).where(MembershipRow.account == account)
            limited = select(LimitedRoleRow.user_id).where(LimitedRoleRow.account == account)
            members = whole.union(limited)
            query = query.where(UserRow.id.in_(members))
        if after is not None:
            query = query.where(UserRow.login > normalise_login(after))
        with self._database.read() as session:
            users = [_user(row) for row in session.scalars(query)]
        page = users[:limit]
        return Page(page, page[-1].login if len(users) > limit else None)

    def set_password(self, actor: Actor, user_id: str, password: str) -> None:
        """Set a user's password, unlock the user and end all of the user's sessions."""
        password_hash = hash_password(password)
        request = {"userId": user_id}
        with self._database.change(actor, "SetUserPassword", request=request) as change:
            row = find_user(change.session, user_id)
            row.password_hash = password_hash
            row.failed_attempts, row.locked_until = 0, None
            change.session.execute(delete(SessionRow).where(SessionRow.user_id == row.id))

    def set_disabled(self, actor: Actor, user_id: str, *, disabled: bool) -> User:
        """Disable a user, which ends all of the user's sessions, or enable and unlock one."""
        event = "DisableUser" if disabled else "EnableUser"
        with self._database.change(actor, event, request={"userId": user_id}) as change:
            row = find_user(change.session, user_id)
            row.disabled = disabled
            if disabled:
                change.session.execute(delete(SessionRow).where(SessionRow.user_id == row.id))
            else:
                row.failed_attempts, row.locked_until = 0, None
        return _user(row)


def normalise_login(login: str) -> str:
    """Return the stored form of a login: without blanks, in lower case."""
    text = check_text(login, field="login", max_length=MAX_LOGIN).casefold()
    if any(char.isspace() for char in text) or len(text) > MAX_LOGIN:
        raise InvalidInputError(
            "a login has no blanks inside", field="login", remedy="give a name or e-mail address"
        )
    return text


def find_user(session: Session, user_id: str) -> UserRow:
    """Return a user's row; ``NotFoundError`` where there is none."""
    row = session.get(UserRow, user_id) if is_storable(user_id) else None
    if row is None:
        raise NotFoundError(f"there is no user with id {user_id[:80]!r}", field="user_id")
    return row


def _user(row: UserRow) -> User:
    return User(
        id=row.id,
        login=row.login,
        display_name=row.display_name,
        created=row.created,
        disabled=row.disabled,
        has_password=row.password_hash is not None,
        failed_attempts=row.failed_attempts,
        locked_until=row.locked_until,
    )
