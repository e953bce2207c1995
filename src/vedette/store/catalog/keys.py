"""API keys: ``vdt_<id>_<secret>``.

The id is public and finds the key; the secret is 32 random bytes, of which only the SHA-256 is
stored: with that much entropy a slow hash would protect nothing more, and ingest verifies keys
often.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, or_, select

from vedette.core.errors import InvalidInputError, NotFoundError, OverloadedError
from vedette.core.ids import new_id, new_secret
from vedette.store.catalog.access_models import ServiceAccountRow
from vedette.store.catalog.accounts import find_account
from vedette.store.catalog.checks import (
    DEFAULT_PAGE,
    Page,
    check_limit,
    check_text,
    is_storable,
)
from vedette.store.catalog.models import ApiKeyRow, ApiKeyUseRow, SessionRow
from vedette.store.catalog.roles import Scope

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from sqlalchemy.orm import Session

    from vedette.store.catalog.actor import Actor
    from vedette.store.catalog.database import Change, Database

PREFIX = "vdt_"
MAX_NAME = 128
MAX_KEYS = 1000
"""Keys of one account that are neither revoked nor expired."""

_TEXT = re.compile(r"vdt_([0-9a-z]{26})_([A-Za-z0-9_-]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key without its secret. ``last_used`` is exact to about a minute."""

    id: str
    account: str
    name: str
    scopes: frozenset[Scope]
    created: datetime
    created_by: str
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None
    service_account_id: str | None = None


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key and its text, which is known only now."""

    key: ApiKey
    text: str

    def __repr__(self) -> str:
        return f"CreatedKey(key={self.key!r}, text='{PREFIX}…')"


class Keys:
    """Repository of API keys."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        actor: Actor,
        account: str,
        *,
        name: str,
        scopes: Iterable[Scope],
        expires: datetime | None = None,
        most: int | None = None,
        service_account_id: str | None = None,
    ) -> CreatedKey:
        """Create a key; its text is in the answer and nowhere else.

        ``most`` is the account's quota, ``service_account_id`` the service account that owns the key.
        """
        name = check_text(name, field="name", max_length=MAX_NAME)
        scopes = frozenset(scopes)
        now = self._database.clock.now()
        if not scopes:
            raise InvalidInputError(
                "an API key needs a scope",
                field="scopes",
                remedy=f"give some of {', '.join(Scope)}",
            )
        if expires is not None and (expires.tzinfo is None or expires <= now):
            raise InvalidInputError(
                "the key would be expired from the start",
                field="expires",
                remedy="give a moment in the future, with its time zone",
            )
        request = {"name": name, "scopes": sorted(scopes), "expires": expires}
        if service_account_id is not None:
            request["serviceAccountId"] = service_account_id
        with self._database.change(
            actor, "CreateApiKey", account=account, request=request
        ) as change:
            find_account(change.session, account)
            _check_room(change.session, account, now, most)
            if service_account_id is not None:
                _require_owner(change.session, account, service_account_id)
            return add_key(
                change, account, name=name, scopes=scopes, expires=expires, now=now,
                service_account_id=service_account_id,
            )  # fmt: skip

    def get(self, account: str, key_id: str) -> ApiKey:
        """Return a key of the account; ``NotFoundError`` where it has none of this id."""
        with self._database.read() as session:
            row = find_key(session, account, key_id)
            return _key(row, session.get(ApiKeyUseRow, row.id))

    def list(
        self, account: str, *, limit: int = DEFAULT_PAGE, after: str | None = None
    ) -> Page[ApiKey]:
        """Return the account's keys, oldest first, revoked ones too."""
        query = (
            select(ApiKeyRow, ApiKeyUseRow)
            .outerjoin(ApiKeyUseRow, ApiKeyUseRow.key_id == ApiKeyRow.id)
            .where(ApiKeyRow.account == account)
            .order_by(ApiKeyRow.id)
            .limit(check_limit(limit) + 1)
        )
        if after is not None:
            query = query.where(ApiKeyRow.id > check_text(after, field="after", max_length=64))
        with self._database.read() as session:
            keys = [_key(row, use) for row, use in session.execute(query)]
        page = keys[:limit]
        return Page(page, page[-1].id if len(keys) > limit else None)

    def rotate(
        self,
        actor: Actor,
        account: str,
        key_id: str,
        *,
        overlap: timedelta,
        expires: datetime | None = None,
    ) -> CreatedKey:
        """Create a key like an existing one, which expires after ``overlap``, or earlier if it did.

        Raises:
            NotFoundError: the account has no key of this id.
            InvalidInputError: the key is revoked or has expired.

        """
        now = self._database.clock.now()
        request = {"keyId": key_id, "overlapSeconds": overlap.total_seconds(), "expires": expires}
        with self._database.change(
            actor, "RotateApiKey", account=account, request=request
        ) as change:
            row = find_key(change.session, account, key_id)
            if row.revoked is not None or (row.expires is not None and row.expires <= now):
                raise InvalidInputError(
                    "the key works no longer", field="key_id", remedy="make a new one instead"
                )
            row.expires = min(filter(None, (row.expires, now + overlap)))
            return add_key(
                change, account, name=row.name, scopes=parse_stored_scopes(row.scopes),
                expires=expires, now=now, service_account_id=row.service_account_id,
            )  # fmt: skip

    def revoke(self, actor: Actor, account: str, key_id: str) -> ApiKey:
        """Revoke a key and end the sessions opened with it; doing it again changes nothing."""
        request = {"keyId": key_id}
        with self._database.change(
            actor, "RevokeApiKey", account=account, request=request
        ) as change:
            row = find_key(change.session, account, key_id)
            row.revoked = row.revoked or self._database.clock.now()
            change.session.execute(delete(SessionRow).where(SessionRow.key_id == row.id))
            use = change.session.get(ApiKeyUseRow, row.id)
        return _key(row, use)


def add_key(
    change: Change,
    account: str,
    *,
    name: str,
    scopes: frozenset[Scope],
    expires: datetime | None,
    now: datetime,
    service_account_id: str | None = None,
) -> CreatedKey:
    """Add a key within an open change."""
    secret = new_secret()
    row = ApiKeyRow(
        id=new_id(),
        account=account,
        name=name,
        secret_hash=hash_secret(secret),
        scopes=" ".join(sorted(scopes)),
        created=now,
        created_by=f"{change.event.actor.type}:{change.event.actor.id}",
        expires=expires,
        revoked=None,
        service_account_id=service_account_id,
    )
    change.session.add(row)
    change.respond(keyId=row.id)
    return CreatedKey(_key(row, None), f"{PREFIX}{row.id}_{secret}")


def split_key(text: str) -> tuple[str, str] | None:
    """Return id and secret of a key's text, or None where it is not one."""
    match = _TEXT.fullmatch(text)
    return (match[1], match[2]) if match else None


def hash_secret(secret: str) -> str:
    """Return the stored form of a random secret: its SHA-256."""
    return hashlib.sha256(secret.encode("ascii")).hexdigest()


def secret_matches(secret: str, secret_hash: str) -> bool:
    """Compare a secret with a stored hash in constant time."""
    return hmac.compare_digest(hash_secret(secret), secret_hash)


def parse_stored_scopes(text: str) -> frozenset[Scope]:
    """Return the scopes of a stored key."""
    return frozenset(Scope(scope) for scope in text.split())


def find_key(session: Session, account: str, key_id: str) -> ApiKeyRow:
    """Return a key's row; ``NotFoundError`` where the account has none of this id."""
    row = session.get(ApiKeyRow, key_id) if is_storable(key_id) else None
    if row is None or row.account != account:
        raise NotFoundError(
            f"account {account!r} has no key with id {key_id[:80]!r}", field="key_id"
        )
    return row


def _check_room(session: Session, account: str, now: datetime, most: int | None) -> None:
    """Refuse one more key than the quota, or than an account may have at all."""
    live = session.scalar(
        select(func.count())
        .select_from(ApiKeyRow)
        .where(
            ApiKeyRow.account == account,
            ApiKeyRow.revoked.is_(None),
            or_(ApiKeyRow.expires.is_(None), ApiKeyRow.expires > now),
        )
    )
    if most is not None and (live or 0) >= most:
        raise OverloadedError(
            f"account {account!r} has used up its quota of {most} keys",
            retry_after=3600,
            remedy="revoke keys that are not needed, or ask for a larger quota",
        )
    if (live or 0) >= MAX_KEYS:
        raise InvalidInputError(
            f"account {account!r} has {live} keys",
            field="account",
            remedy="revoke keys that are not needed",
        )


def _require_owner(session: Session, account: str, service_account_id: str) -> None:
    row = session.get(ServiceAccountRow, service_account_id)
    if row is None or row.account != account:
        raise NotFoundError("the account has no such service account", field="service_account_id")


def _key(row: ApiKeyRow, use: ApiKeyUseRow | None) -> ApiKey:
    return ApiKey(
        id=row.id,
        account=row.account,
        name=row.name,
        scopes=parse_stored_scopes(row.scopes),
        created=row.created,
        created_by=row.created_by,
        expires=row.expires,
        revoked=row.revoked,
        last_used=use.last_used if use else None,
        service_account_id=row.service_account_id,
    )
