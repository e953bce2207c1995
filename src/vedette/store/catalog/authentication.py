"""Who is calling: from the text of an API key or a session's token to a principal."""

from __future__ import annotations

import hashlib
import logging
import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select
from sqlalchemy.dialects import postgresql, sqlite

from vedette.core.errors import ForbiddenError, UnauthenticatedError, UnavailableError
from vedette.store.catalog.access_models import ServiceAccountRow
from vedette.store.catalog.actor import IdentityType, Principal
from vedette.store.catalog.keys import (
    hash_secret,
    parse_stored_scopes,
    secret_matches,
    split_key,
)
from vedette.store.catalog.memberships import limited_in, limits_of, roles_in
from vedette.store.catalog.models import (
    AccountRow,
    ApiKeyRow,
    ApiKeyUseRow,
    SessionRow,
    UserRow,
)
from vedette.store.catalog.principal_cache import LIFETIME_S, TimedCache
from vedette.store.catalog.roles import permissions_of
from vedette.store.catalog.service_accounts import permissions_with

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.store.catalog.database import Database

_log = logging.getLogger(__name__)

CACHED_PRINCIPALS = 10_000
CACHED_REFUSALS = 1_000
LAST_USED_PRECISION = timedelta(minutes=1)
_TOKEN_LENGTH = 43


class Authentication:
    """Authenticates keys and sessions, with a cache of a few seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        monotonic = database.clock.monotonic
        self._known: TimedCache[Principal] = TimedCache(CACHED_PRINCIPALS, monotonic)
        self._refused: TimedCache[str] = TimedCache(CACHED_REFUSALS, monotonic)
        self._touching = threading.Lock()
        database.on_authentication_change(self.forget)

    def forget(self) -> None:
        """Empty the cache: who may do what has changed."""
        self._known.clear()
        self._refused.clear()

    def known_key(self, text: str) -> Principal | None:
        """Return the principal of a key that was authenticated a moment ago; never blocks."""
        return self._known.get(_digest(text))

    def authenticate_key(self, text: str) -> Principal:
        """Return the principal of an API key.

        Raises:
            UnauthenticatedError: the text is not a key, or the key is unknown, expired or revoked,
                or its account is disabled.

        """
        return self._cached(_digest(text), lambda: self._load_key(text))

    def authenticate_session(self, token: str, account: str | None = None) -> Principal:
        """Return the principal of a session.

        Args:
            token: the text in the cookie.
            account: the account to act in, of those in which the user has a role; None for the one
                that the session was opened in.

        Raises:
            UnauthenticatedError: the session is unknown, expired or ended, its user or account
                disabled.
            ForbiddenError: the user has no role in ``account``.

        """
        return self._cached((_digest(token), account), lambda: self._load_session(token, account))

    def _cached(self, key: Hashable, load: Callable[[], Principal]) -> Principal:
        principal = self._known.get(key)
        if principal is not None:
            return principal
        reason = self._refused.get(key)
        if reason is not None:
            raise _refusal(reason)
        generation, refused_generation = self._known.generation, self._refused.generation
        try:
            principal = load()
        except UnauthenticatedError as error:
            self._refused.put(
                key, error.message, generation=refused_generation, lifetime=LIFETIME_S
            )
            raise
        lifetime = LIFETIME_S
        if principal.expires is not None:
            left = principal.expires - self._database.clock.now()
            lifetime = left.total_seconds()
        self._known.put(key, principal, generation=generation, lifetime=lifetime)
        return principal

    def _load_key(self, text: str) -> Principal:
        parts = split_key(text)
        if parts is None:
            raise _refusal("this is not an API key")
        key_id, secret = parts
        with self._database.read() as session:
            row = session.get(ApiKeyRow, key_id)
            if row is None or not secret_matches(secret, row.secret_hash):
                raise _refusal("the API key is unknown")
            principal = self._principal_of_key(session, row)
            use = session.get(ApiKeyUseRow, key_id)
        now = self._database.clock.now()
        if use is None or now - use.last_used >= LAST_USED_PRECISION:
            self._touch(key_id, now)
        return principal

    def _principal_of_key(self, session: Session, row: ApiKeyRow) -> Principal:
        if row.revoked is not None:
            raise _refusal("the API key is revoked")
        if row.expires is not None and row.expires <= self._database.clock.now():
            raise _refusal("the API key has expired")
        _require_enabled(session, row.account)
        scopes = parse_stored_scopes(row.scopes)
        principal = Principal(
            type=IdentityType.API_KEY,
            id=row.id,
            name=row.name,
            account=row.account,
            permissions=permissions_of(row.account, scopes=scopes),
            scopes=scopes,
            expires=row.expires,
        )
        if row.service_account_id is None:
            return principal
        return self._owned(session, principal, row.service_account_id)

    def _owned(self, session: Session, principal: Principal, owner_id: str) -> Principal:
        """Return the principal of a service account's key: what the key allows of what the roles do."""
        owner = session.get(ServiceAccountRow, owner_id)
        if owner is None or owner.disabled:
            raise _refusal("the service account of the key is disabled")
        if owner.expires is not None and owner.expires <= self._database.clock.now():
            raise _refusal("the service account of the key has expired")
        permissions, limited = permissions_with(owner, principal.scopes)
        return replace(
            principal,
            name=owner.name,
            service_account=owner.name,
            permissions=permissions,
            limited=limited,
            expires=_earlier(principal.expires, owner.expires),
        )

    def _load_session(self, token: str, account: str | None) -> Principal:
        if len(token) != _TOKEN_LENGTH or not token.isascii():
            raise _refusal("the session is unknown")
        now = self._database.clock.now()
        with self._database.read() as session:
            row = session.scalar(
                select(SessionRow).where(SessionRow.token_hash == hash_secret(token))
            )
            if row is None:
                raise _refusal("the session is unknown")
            if row.expires <= now:
                raise _refusal("the session has expired")
            if row.key_id is not None:
                return self._principal_of_key_session(session, row, row.key_id, account)
            return _principal_of_user_session(session, row, account or row.account)

    def _principal_of_key_session(
        self, session: Session, row: SessionRow, key_id: str, account: str | None
    ) -> Principal:
        key = session.get(ApiKeyRow, key_id)
        if key is None:
            raise _refusal("the API key of the session is gone")
        if account is not None and account != key.account:
            raise _no_role(key.name, account)
        principal = self._principal_of_key(session, key)
        ends = _earlier(principal.expires, row.expires)
        return replace(principal, expires=ends, session_id=row.id, csrf_token=row.csrf_token)

    def _touch(self, key_id: str, now: datetime) -> None:
        """Note that a key was used. Only one thread does, and failing to is not a refusal."""
        if not self._touching.acquire(blocking=False):
            return
        try:
            insert = (sqlite.insert if self._database.dialect == "sqlite" else postgresql.insert)(
                ApiKeyUseRow
            ).values(key_id=key_id, last_used=now)
            older = ApiKeyUseRow.last_used <= now - LAST_USED_PRECISION
            with self._database.operate() as connection:
                connection.execute(
                    insert.on_conflict_do_update(
                        index_elements=[ApiKeyUseRow.key_id],
                        set_={"last_used": now},
                        where=or_(older, ApiKeyUseRow.last_used > now),
                    )
                )
        except UnavailableError as error:
            _log.warning("the last use of key %s was not noted: %s", key_id, error.message)
        finally:
            self._touching.release()


def _principal_of_user_session(session: Session, row: SessionRow, account: str) -> Principal:
    user = session.get(UserRow, row.user_id)
    if user is None or user.disabled:
        raise _refusal("the user is disabled")
    roles, with_tag = roles_in(session, user.id, account), limited_in(session, user.id, account)
    if not roles and not with_tag:
        raise _no_role(user.login, account)
    _require_enabled(session, account)
    anywhere, limited = limits_of(with_tag)
    return Principal(
        type=IdentityType.USER,
        id=user.id,
        name=user.login,
        account=account,
        permissions=permissions_of(account, roles=roles) | anywhere,
        roles=roles,
        limited=limited,
        expires=row.expires,
        session_id=row.id,
        csrf_token=row.csrf_token,
    )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "replace")).digest()


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(filter(None, (one, other)), default=None)


def _require_enabled(session: Session, account: str) -> None:
    row = session.get(AccountRow, account)
    if row is None or row.disabled:
        raise _refusal(f"the account {account!r} is disabled")


def _refusal(reason: str) -> UnauthenticatedError:
    return UnauthenticatedError(
        reason, remedy="send a valid API key as 'Authorization: Bearer vdt_…', or sign in again"
    )


def _no_role(name: str, account: str) -> ForbiddenError:
    return ForbiddenError(
        f"{name!r} has no role in account {account[:80]!r}",
        field="account",
        remedy="ask an admin of the account for a role",
    )
