"""Sign-in links: a token that opens one session with an API key's permissions, once and soon.

A terminal shows the link and a browser opens it, so the key itself is never pasted anywhere. The
token stands in the link's fragment, which browsers send to no server, and only its SHA-256 is
stored. Using a link deletes it in the transaction that opens the session.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from vedette.core.errors import UnauthenticatedError
from vedette.core.ids import new_secret
from vedette.store.catalog.actor import Actor, IdentityType
from vedette.store.catalog.audit_record import AuditEvent
from vedette.store.catalog.keys import find_key, hash_secret
from vedette.store.catalog.models import AccountRow, ApiKeyRow, SignInLinkRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.store.catalog.database import Database
    from vedette.store.catalog.sessions import CreatedSession, Sessions

LIFETIME = timedelta(minutes=10)
MAX_LINKS = 20
"""Unused links of one key; a further one ends the oldest."""


@dataclass(frozen=True, slots=True)
class SignInLink:
    """A new link's token, which is known only now, and when it stops working."""

    token: str
    expires: datetime

    def __repr__(self) -> str:
        return f"SignInLink(expires={self.expires!r})"


class SignInLinks:
    """Repository of sign-in links."""

    def __init__(self, database: Database, sessions: Sessions) -> None:
        self._database = database
        self._sessions = sessions

    def create(self, actor: Actor, account: str, key_id: str) -> SignInLink:
        """Make a link for a key of the account; ``NotFoundError`` where there is no such key."""
        token, now = new_secret(), self._database.clock.now()
        request = {"keyId": key_id}
        with self._database.change(
            actor, "CreateSignInLink", account=account, request=request
        ) as change:
            find_key(change.session, account, key_id)
            _make_room(change.session, key_id, now)
            row = SignInLinkRow(
                token_hash=hash_secret(token), key_id=key_id, created=now, expires=now + LIFETIME
            )
            change.session.add(row)
        return SignInLink(token, row.expires)

    def use(
        self,
        token: str,
        *,
        lifetime: timedelta,
        ip: str | None = None,
        user_agent: str | None = None,
        request_id: str | None = None,
    ) -> CreatedSession:
        """Open a session of the link's key and end the link.

        Args:
            token: what `create` returned.
            lifetime: how long the session lasts.
            ip: the caller's address, for the audit record and the session.
            user_agent: the caller's program, likewise.
            request_id: likewise.

        Raises:
            UnauthenticatedError: the link is unknown, used or expired, or its key no longer works.

        """
        caller = Actor.anonymous(ip=ip, user_agent=user_agent, request_id=request_id)
        key = self._key_of(token)
        if key is None:
            error = _refusal()
            self._database.record([AuditEvent(actor=caller, name="SignIn", error=error)])
            raise error
        actor = replace(
            caller, type=IdentityType.API_KEY, id=key.id, name=key.name, account=key.account
        )
        with self._database.change(
            actor, "SignIn", account=key.account, request={"keyId": key.id, "by": "link"}
        ) as change:
            # Read again: another request may have used the link since.
            row = change.session.get(SignInLinkRow, hash_secret(token))
            if row is not None and self._works(change.session, row):
                change.session.delete(row)
                return self._sessions.add(
                    change, account=key.account, lifetime=lifetime, key_id=key.id
                )
            refusal = _refusal()
            change.fail(refusal)
        raise refusal

    def _key_of(self, token: str) -> ApiKeyRow | None:
        if not token.isascii():
            return None
        with self._database.read() as session:
            row = session.get(SignInLinkRow, hash_secret(token))
            return None if row is None else session.get(ApiKeyRow, row.key_id)

    def _works(self, session: Session, row: SignInLinkRow) -> bool:
        now = self._database.clock.now()
        key = session.get(ApiKeyRow, row.key_id)
        if key is None or key.revoked is not None or row.expires <= now:
            return False
        if key.expires is not None and key.expires <= now:
            return False
        account = session.get(AccountRow, key.account)
        return account is not None and not account.disabled


def _make_room(session: Session, key_id: str, now: datetime) -> None:
    """Delete every expired link, and the key's oldest ones over the limit."""
    session.execute(delete(SignInLinkRow).where(SignInLinkRow.expires <= now))
    newest = (
        select(SignInLinkRow.token_hash)
        .where(SignInLinkRow.key_id == key_id)
        .order_by(SignInLinkRow.created.desc(), SignInLinkRow.token_hash)
    )
    oldest = session.scalars(newest.offset(MAX_LINKS - 1)).all()
    if oldest:
        session.execute(delete(SignInLinkRow).where(SignInLinkRow.token_hash.in_(oldest)))


def _refusal() -> UnauthenticatedError:
    return UnauthenticatedError(
        "the sign-in link does not work: it is unknown, was used already, or has expired",
        remedy="make a new one with 'vedette sign-in', or sign in with an API key",
    )
