"""Signing in with login and password, with a lock-out against guessing.

Every failure gives the same answer after about the same time, whether the user exists, is locked
or is disabled, so that logins cannot be found out.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from vedette.core.errors import ForbiddenError, InvalidInputError, UnauthenticatedError
from vedette.core.identity import DEFAULT_ACCOUNT, check_account_name
from vedette.store.catalog.accounts import find_account
from vedette.store.catalog.actor import Actor, IdentityType
from vedette.store.catalog.audit_record import AuditEvent
from vedette.store.catalog.memberships import roles_in
from vedette.store.catalog.models import MembershipRow, UserRow
from vedette.store.catalog.passwords import hash_password, is_outdated, verify_password
from vedette.store.catalog.users import find_user, normalise_login

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.store.catalog.database import Change, Database
    from vedette.store.catalog.sessions import CreatedSession, Sessions

FREE_ATTEMPTS = 5
"""Wrong passwords in a row before the user is locked."""
FIRST_LOCK = timedelta(seconds=30)
"""Each wrong password after that doubles the time locked, up to ``LONGEST_LOCK``."""
LONGEST_LOCK = timedelta(minutes=15)


class SignIn:
    """Signs users in with their password."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions

    def with_password(
        self,
        login: str,
        password: str,
        *,
        lifetime: timedelta,
        account: str | None = None,
        ip: str | None = None,
        user_agent: str | None = None,
        request_id: str | None = None,
    ) -> CreatedSession:
        """Check a password and open a session.

        Args:
            login: as the user was created with; case does not matter.
            password: at most 1024 characters are looked at.
            lifetime: how long the session lasts.
            account: the account to open; None for ``default`` or else the first with a role.
            ip: the caller's address, for the audit record and the session.
            user_agent: the caller's program, likewise.
            request_id: likewise.

        Raises:
            UnauthenticatedError: login or password is wrong, or the user is locked or disabled.
            ForbiddenError: the user has no role in the account.

        """
        if account is not None:
            check_account_name(account)
        caller = Actor.anonymous(ip=ip, user_agent=user_agent, request_id=request_id)
        found = self._find(login)
        # Hashing takes long, so it happens before the transaction that everyone queues for.
        matches = verify_password(found[1] if found else None, password)
        if found is None:
            # What was typed as login may well be a password, so it is not recorded.
            error = _refusal()
            self._database.record([AuditEvent(actor=caller, name="SignIn", error=error)])
            raise error
        user_id, checked_hash = found
        rehashed = None
        if matches and checked_hash is not None and is_outdated(checked_hash):
            rehashed = hash_password(password)
        actor = Actor(
            type=IdentityType.USER,
            id=user_id,
            name=normalise_login(login),
            ip=ip,
            user_agent=user_agent,
            request_id=request_id,
        )
        created: CreatedSession | None = None
        refusal: UnauthenticatedError | ForbiddenError | None = None
        with self._database.change(actor, "SignIn", account=account) as change:
            user = find_user(change.session, user_id)
            now = self._database.clock.now()
            refusal = _judge(user, now, matches=matches and user.password_hash == checked_hash)
            if refusal is None:
                user.password_hash = rehashed or user.password_hash
                chosen = account or _first_account(change.session, user_id)
                refusal = _no_role(change.session, user_id, chosen)
                if refusal is None and chosen is not None:
                    created = self._open(change, user_id, chosen, lifetime)
            if refusal is not None:
                change.fail(refusal)
        if created is None:
            raise refusal or _refusal()
        return created

    def _find(self, login: str) -> tuple[str, str | None] | None:
        """Return id and password hash of the user with this login."""
        try:
            login = normalise_login(login)
        except InvalidInputError:
            return None
        query = select(UserRow.id, UserRow.password_hash).where(UserRow.login == login)
        with self._database.read() as session:
            row = session.execute(query).one_or_none()
        return (row[0], row[1]) if row else None

    def _open(
        self, change: Change, user_id: str, account: str, lifetime: timedelta
    ) -> CreatedSession:
        change.within(account)
        return self._sessions.add(change, account=account, lifetime=lifetime, user_id=user_id)


def _judge(user: UserRow, now: datetime, *, matches: bool) -> UnauthenticatedError | None:
    """Count the attempt and tell whether it may go on."""
    if user.disabled or (user.locked_until is not None and user.locked_until > now):
        return _refusal()
    if matches:
        user.failed_attempts, user.locked_until = 0, None
        return None
    user.failed_attempts += 1
    over = user.failed_attempts - FREE_ATTEMPTS
    if over >= 0:
        user.locked_until = now + min(FIRST_LOCK * 2 ** min(over, 10), LONGEST_LOCK)
    return _refusal()


def _first_account(session: Session, user_id: str) -> str | None:
    query = (
        select(MembershipRow.account)
        .where(MembershipRow.user_id == user_id)
        .distinct()
        .order_by(MembershipRow.account)
    )
    accounts = session.scalars(query).all()
    if DEFAULT_ACCOUNT in accounts:
        return DEFAULT_ACCOUNT
    return accounts[0] if accounts else None


def _no_role(session: Session, user_id: str, account: str | None) -> ForbiddenError | None:
    if account is not None and roles_in(session, user_id, account):
        if not find_account(session, account).disabled:
            return None
        reason = f"the account {account!r} is disabled"
    else:
        where = "any account" if account is None else f"account {account[:80]!r}"
        reason = f"the user has no role in {where}"
    return ForbiddenError(reason, field="account", remedy="ask an admin for a role")


def _refusal() -> UnauthenticatedError:
    return UnauthenticatedError(
        "login or password is wrong, or the user is locked for a while",
        remedy="check both; after several wrong passwords wait up to 15 minutes",
    )
