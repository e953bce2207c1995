"""Signing in with login and password, with a lock-out against guessing.

Every failure gives the same answer after about the same time, whether the user exists, is locked
or is disabled, so that logins cannot be found out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from vedette.core.errors import ForbiddenError, InvalidInputError, UnauthenticatedError
from vedette.core.identity import DEFAULT_ACCOUNT, check_account_name
from vedette.store.catalog.access_models import LimitedRoleRow
from vedette.store.catalog.accounts import find_account
from vedette.store.catalog.actor import Actor, IdentityType
from vedette.store.catalog.audit_record import AuditEvent
from vedette.store.catalog.memberships import limited_in, roles_in
from vedette.store.catalog.models import MembershipRow, UserRow
from vedette.store.catalog.passwords import is_outdated, renew_hash, verify_password
from vedette.store.catalog.users import find_user, normalise_login

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.core.errors import VedetteError
    from vedette.store.catalog.database import Database
    from vedette.store.catalog.sessions import CreatedSession, Sessions

FREE_ATTEMPTS = 5
"""Wrong passwords in a row before the user is locked."""
FIRST_LOCK = timedelta(seconds=30)
"""Each wrong password after that doubles the time locked, up to ``LONGEST_LOCK``."""
LONGEST_LOCK = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Found:
    """The user that wants to sign in, as read before the password was checked."""

    user_id: str
    login: str
    password_hash: str | None
    renewed_hash: str | None = None


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
            password: one of more than 1024 characters is wrong.
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
        matches = verify_password(found.password_hash if found else None, password)
        if found is None:
            # What was typed as login may well be a password, so it is not recorded.
            error = _refusal()
            self._database.record([AuditEvent(actor=caller, name="SignIn", error=error)])
            raise error
        if matches and is_outdated(found.password_hash or ""):
            found = replace(found, renewed_hash=renew_hash(password))
        actor = replace(caller, type=IdentityType.USER, id=found.user_id, name=found.login)
        return self._attempt(actor, found, account=account, lifetime=lifetime, matches=matches)

    def _attempt(
        self,
        actor: Actor,
        found: _Found,
        *,
        account: str | None,
        lifetime: timedelta,
        matches: bool,
    ) -> CreatedSession:
        """Count the attempt and open the session; a refusal is stored and recorded too."""
        with self._database.change(actor, "SignIn", account=account) as change:
            user = find_user(change.session, found.user_id)
            matches = matches and user.password_hash == found.password_hash
            refusal = _judge(user, self._database.clock.now(), matches=matches)
            if refusal is None:
                user.password_hash = found.renewed_hash or user.password_hash
                chosen = account or _first_account(change.session, user.id)
                refusal = _check_account(change.session, user.id, chosen)
                if refusal is None and chosen is not None:
                    change.within(chosen)
                    return self._sessions.add(
                        change, account=chosen, lifetime=lifetime, user_id=user.id
                    )
            refusal = refusal or _refusal()
            change.fail(refusal)
        raise refusal

    def _find(self, login: str) -> _Found | None:
        """Return the user with this login."""
        try:
            login = normalise_login(login)
        except InvalidInputError:
            return None
        query = select(UserRow.id, UserRow.password_hash).where(UserRow.login == login)
        with self._database.read() as session:
            row = session.execute(query).one_or_none()
        return _Found(row[0], login, row[1]) if row else None


def _judge(user: UserRow, now: datetime, *, matches: bool) -> VedetteError | None:
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
    whole = select(MembershipRow.account).where(MembershipRow.user_id == user_id)
    limited = select(LimitedRoleRow.account).where(LimitedRoleRow.user_id == user_id)
    accounts = sorted(session.scalars(whole.union(limited)))
    if DEFAULT_ACCOUNT in accounts:
        return DEFAULT_ACCOUNT
    return accounts[0] if accounts else None


def _check_account(session: Session, user_id: str, account: str | None) -> VedetteError | None:
    """Return why the user cannot sign in to this account, or None."""
    if account is not None and (
        roles_in(session, user_id, account) or limited_in(session, user_id, account)
    ):
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
