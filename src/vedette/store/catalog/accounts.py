"""Accounts: the unit of isolation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import DEFAULT_ACCOUNT, check_account_name
from vedette.store.catalog.checks import (
    DEFAULT_PAGE,
    Page,
    check_limit,
    check_text,
    is_storable,
)
from vedette.store.catalog.models import AccountRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.store.catalog.actor import Actor
    from vedette.store.catalog.database import Database

MAX_DISPLAY_NAME = 128


@dataclass(frozen=True, slots=True)
class Account:
    """An account; nobody can use a disabled one, but its data stays."""

    name: str
    display_name: str
    created: datetime
    disabled: bool


class Accounts:
    """Repository of accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, actor: Actor, name: str, *, display_name: str | None = None) -> Account:
        """Create an account; ``ConflictError`` where the name is taken."""
        check_account_name(name)
        shown = check_text(display_name or name, field="display_name", max_length=MAX_DISPLAY_NAME)
        request = {"name": name, "displayName": shown}
        with self._database.change(actor, "CreateAccount", account=name, request=request) as change:
            if change.session.get(AccountRow, name) is not None:
                raise ConflictError(
                    f"account {name!r} exists already", field="name", remedy="choose another name"
                )
            row = AccountRow(
                name=name, display_name=shown, created=self._database.clock.now(), disabled=False
            )
            change.session.add(row)
        return _account(row)

    def get(self, name: str) -> Account:
        """Return an account; ``NotFoundError`` where there is none of this name."""
        with self._database.read() as session:
            return _account(find_account(session, name))

    def list(self, *, limit: int = DEFAULT_PAGE, after: str | None = None) -> Page[Account]:
        """Return accounts by name."""
        query = select(AccountRow).order_by(AccountRow.name).limit(check_limit(limit) + 1)
        if after is not None:
            query = query.where(AccountRow.name > check_account_name(after))
        with self._database.read() as session:
            accounts = [_account(row) for row in session.scalars(query)]
        page = accounts[:limit]
        return Page(page, page[-1].name if len(accounts) > limit else None)

    def rename(self, actor: Actor, name: str, display_name: str) -> Account:
        """Change the name that people see; the account's own name never changes."""
        shown = check_text(display_name, field="display_name", max_length=MAX_DISPLAY_NAME)
        request = {"name": name, "displayName": shown}
        with self._database.change(actor, "UpdateAccount", account=name, request=request) as change:
            row = find_account(change.session, name)
            row.display_name = shown
        return _account(row)

    def set_disabled(self, actor: Actor, name: str, *, disabled: bool) -> Account:
        """Disable or enable an account; its keys and sessions stop or start working with it."""
        if disabled and name == DEFAULT_ACCOUNT:
            raise InvalidInputError(
                f"the account {DEFAULT_ACCOUNT!r} cannot be disabled: it administers all others",
                field="name",
            )
        event = "DisableAccount" if disabled else "EnableAccount"
        with self._database.change(actor, event, account=name, request={"name": name}) as change:
            row = find_account(change.session, name)
            row.disabled = disabled
        return _account(row)


def find_account(session: Session, name: str) -> AccountRow:
    """Return an account's row; ``NotFoundError`` where there is none."""
    row = session.get(AccountRow, name) if is_storable(name) else None
    if row is None:
        raise NotFoundError(
            f"there is no account {name[:80]!r}", field="account", remedy="create it first"
        )
    return row


def _account(row: AccountRow) -> Account:
    return Account(row.name, row.display_name, row.created, row.disabled)
