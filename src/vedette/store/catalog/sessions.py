"""Sessions: sign-ins of people in the console.

The token goes into a cookie and only its SHA-256 is stored. The CSRF token is given to the page,
which repeats it in a header of every request that changes something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, select

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.ids import new_id, new_secret
from vedette.store.catalog.accounts import find_account
from vedette.store.catalog.audit_record import clean_optional
from vedette.store.catalog.checks import (
    DEFAULT_PAGE,
    Page,
    check_limit,
    check_text,
    is_storable,
)
from vedette.store.catalog.keys import find_key, hash_secret
from vedette.store.catalog.models import ApiKeyRow, SessionRow, UserRow
from vedette.store.catalog.users import find_user

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy.orm import InstrumentedAttribute, Session

    from vedette.store.catalog.actor import Actor
    from vedette.store.catalog.database import Change, Database

MAX_SESSIONS = 50
"""Sessions of one user or key; a further one ends the oldest."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session, without its token."""

    id: str
    user_id: str | None
    key_id: str | None
    account: str
    created: datetime
    expires: datetime
    ip: str | None
    user_agent: str | None


@dataclass(frozen=True, slots=True)
class CreatedSession:
    """A new session and its secrets, which are known only now."""

    session: OpenSession
    token: str
    csrf_token: str

    def __repr__(self) -> str:
        return f"CreatedSession(session={self.session!r})"


class Sessions:
    """Repository of sessions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create_for_user(
        self, actor: Actor, user_id: str, *, account: str, lifetime: timedelta
    ) -> CreatedSession:
        """Open a session of a user whose identity was proved elsewhere (OIDC, a sign-in link).

        ``ip`` and ``user_agent`` of the session are the actor's.
        """
        request = {"userId": user_id, "account": account}
        with self._database.change(
            actor, "CreateSession", account=account, request=request
        ) as change:
            find_user(change.session, user_id)
            return self.add(change, account=account, lifetime=lifetime, user_id=user_id)

    def create_for_key(
        self, actor: Actor, key_id: str, *, account: str, lifetime: timedelta
    ) -> CreatedSession:
        """Open a session with the permissions of an API key; it ends when the key does."""
        request = {"keyId": key_id, "account": account}
        with self._database.change(
            actor, "CreateSession", account=account, request=request
        ) as change:
            find_key(change.session, account, key_id)
            return self.add(change, account=account, lifetime=lifetime, key_id=key_id)

    def add(
        self,
        change: Change,
        *,
        account: str,
        lifetime: timedelta,
        user_id: str | None = None,
        key_id: str | None = None,
    ) -> CreatedSession:
        """Add a session of a user or a key within an open change."""
        if lifetime.total_seconds() <= 0:
            raise InvalidInputError(
                "the session would be expired from the start",
                field="lifetime",
                remedy="give a lifetime above zero",
            )
        find_account(change.session, account)
        owner = (
            SessionRow.user_id == user_id if user_id is not None else SessionRow.key_id == key_id
        )
        now = self._database.clock.now()
        _make_room(change.session, owner, now)
        token, csrf_token = new_secret(), new_secret()
        actor = change.event.actor
        row = SessionRow(
            id=new_id(),
            token_hash=hash_secret(token),
            csrf_token=csrf_token,
            user_id=user_id,
            key_id=key_id,
            account=account,
            created=now,
            expires=now + lifetime,
            ip=clean_optional(actor.ip),
            user_agent=clean_optional(actor.user_agent),
        )
        change.session.add(row)
        change.respond(sessionId=row.id)
        return CreatedSession(_session(row), token, csrf_token)

    def of_user(self, user_id: str) -> list[OpenSession]:
        """Return the user's sessions that have not expired, newest first."""
        return self._of(SessionRow.user_id, user_id)

    def of_key(self, key_id: str) -> list[OpenSession]:
        """Return the sessions opened with a key that have not expired, newest first."""
        return self._of(SessionRow.key_id, key_id)

    def _of(self, column: InstrumentedAttribute[str | None], owner_id: str) -> list[OpenSession]:
        if not is_storable(owner_id):
            return []
        query = (
            select(SessionRow)
            .where(column == owner_id, SessionRow.expires > self._database.clock.now())
            .order_by(SessionRow.id.desc())
            .limit(MAX_SESSIONS)
        )
        with self._database.read() as session:
            return [_session(row) for row in session.scalars(query)]

    def of_account(
        self, account: str | None, *, limit: int = DEFAULT_PAGE, after: str | None = None
    ) -> Page[tuple[OpenSession, str]]:
        """Return open sessions with the login or key's name of whose they are, newest first.

        Args:
            account: that they were opened in; every account where it is None.
            limit: most sessions in the page.
            after: ``next`` of the page before.

        """
        query = (
            select(SessionRow, UserRow.login, ApiKeyRow.name)
            .outerjoin(UserRow, UserRow.id == SessionRow.user_id)
            .outerjoin(ApiKeyRow, ApiKeyRow.id == SessionRow.key_id)
            .where(SessionRow.expires > self._database.clock.now())
            .order_by(SessionRow.id.desc())
            .limit(check_limit(limit) + 1)
        )
        if account is not None:
            query = query.where(SessionRow.account == account)
        if after is not None:
            query = query.where(SessionRow.id < check_text(after, field="after", max_length=64))
        with self._database.read() as session:
            found = [(_session(row), login or key) for row, login, key in session.execute(query)]
        page = found[:limit]
        return Page(page, page[-1][0].id if len(found) > limit else None)

    def revoke(self, actor: Actor, session_id: str, *, account: str | None = None) -> None:
        """End a session (sign out); ``NotFoundError`` where it is not open, or not in ``account``."""
        with self._database.change(
            actor, "RevokeSession", request={"sessionId": session_id}
        ) as change:
            row = change.session.get(SessionRow, session_id) if is_storable(session_id) else None
            if row is None or account not in {None, row.account}:
                raise NotFoundError("there is no such session", field="session_id")
            change.session.delete(row)

    def purge_expired(self, actor: Actor) -> int:
        """Delete expired sessions and return how many there were; for a daily job."""
        now = self._database.clock.now()
        with self._database.read() as session:
            if session.scalar(select(SessionRow.id).where(SessionRow.expires <= now)) is None:
                return 0
        with self._database.change(actor, "PurgeExpiredSessions") as change:
            expired = delete(SessionRow).where(SessionRow.expires <= now).returning(SessionRow.id)
            count = len(change.session.scalars(expired).all())
            change.respond(count=count)
        return count


def _make_room(session: Session, owner: ColumnElement[bool], now: datetime) -> None:
    """Delete the owner's expired sessions, and the oldest ones over the limit."""
    session.execute(delete(SessionRow).where(owner, SessionRow.expires <= now))
    newest = select(SessionRow.id).where(owner).order_by(SessionRow.id.desc())
    oldest = session.scalars(newest.offset(MAX_SESSIONS - 1)).all()
    if oldest:
        session.execute(delete(SessionRow).where(SessionRow.id.in_(oldest)))


def _session(row: SessionRow) -> OpenSession:
    return OpenSession(
        id=row.id,
        user_id=row.user_id,
        key_id=row.key_id,
        account=row.account,
        created=row.created,
        expires=row.expires,
        ip=row.ip,
        user_agent=row.user_agent,
    )
