"""Saved views: a name for what a page of the console shows, shared within the account."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.ids import new_id
from vedette.store.catalog.accounts import find_account
from vedette.store.catalog.checks import DEFAULT_PAGE, Page, check_limit, check_text
from vedette.store.catalog.models import SavedViewRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vedette.store.catalog.actor import Actor
    from vedette.store.catalog.database import Database

MAX_NAME = 128
MAX_SEARCH = 16_384
MAX_VIEWS = 1000
"""Views of an account."""
_PAGE = re.compile(r"/(?:[a-z0-9-]+(?:/[a-z0-9-]+){0,4})?")


@dataclass(frozen=True, slots=True)
class SavedView:
    """A page of the console in a certain state.

    Attributes:
        id: ULID.
        name: unique among the views of its page in the account.
        page: path of the page, such as ``/logs``.
        search: the search part of its address, without the question mark.
        created_by: name of who made it.
        created: when.
        updated: when it was changed last.

    """

    id: str
    name: str
    page: str
    search: str
    created_by: str
    created: datetime
    updated: datetime


class SavedViews:
    """Repository of saved views."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, actor: Actor, account: str, *, name: str, page: str, search: str) -> SavedView:
        """Save a view; an account has at most 1000.

        Raises:
            ConflictError: the page has a view of this name, or the account too many.

        """
        name, page, search = _name(name), _page(page), _search(search)
        request = {"name": name, "page": page, "search": search}
        now = self._database.clock.now()
        with self._database.change(
            actor, "CreateSavedView", account=account, request=request
        ) as change:
            session = change.session
            find_account(session, account)
            held = select(func.count()).where(SavedViewRow.account == account)
            if (session.scalar(held) or 0) >= MAX_VIEWS:
                raise ConflictError(
                    f"the account has {MAX_VIEWS} saved views", remedy="delete some first"
                )
            _require_free(session, account, page, name)
            row = SavedViewRow(
                id=new_id(), account=account, name=name, page=page, search=search,
                created_by=actor.name, created=now, updated=now,
            )  # fmt: skip
            session.add(row)
            change.respond(viewId=row.id)
        return _view(row)

    def update(
        self,
        actor: Actor,
        account: str,
        view_id: str,
        *,
        name: str | None = None,
        search: str | None = None,
    ) -> SavedView:
        """Change a view's name or what it shows; what is None stays."""
        name = None if name is None else _name(name)
        search = None if search is None else _search(search)
        request = {"viewId": view_id, "name": name, "search": search}
        with self._database.change(
            actor, "UpdateSavedView", account=account, request=request
        ) as change:
            row = _find(change.session, account, view_id)
            if name is not None and name != row.name:
                _require_free(change.session, account, row.page, name)
                row.name = name
            if search is not None:
                row.search = search
            row.updated = self._database.clock.now()
        return _view(row)

    def delete(self, actor: Actor, account: str, view_id: str) -> None:
        """Delete a view."""
        with self._database.change(
            actor, "DeleteSavedView", account=account, request={"viewId": view_id}
        ) as change:
            change.session.delete(_find(change.session, account, view_id))

    def list(
        self,
        account: str,
        *,
        page: str | None = None,
        limit: int = DEFAULT_PAGE,
        after: str | None = None,
    ) -> Page[SavedView]:
        """Return the account's views, of one page of the console if it is given, oldest first."""
        query = select(SavedViewRow).where(SavedViewRow.account == account)
        if page is not None:
            query = query.where(SavedViewRow.page == _page(page))
        if after is not None:
            query = query.where(SavedViewRow.id > check_text(after, field="cursor", max_length=64))
        query = query.order_by(SavedViewRow.id).limit(check_limit(limit) + 1)
        with self._database.read() as session:
            found = [_view(row) for row in session.scalars(query)]
        shown = found[:limit]
        return Page(shown, shown[-1].id if len(found) > limit else None)


def _name(text: str) -> str:
    return check_text(text, field="name", max_length=MAX_NAME)


def _search(text: str) -> str:
    return check_text(text.removeprefix("?"), field="search", max_length=MAX_SEARCH, min_length=0)


def _page(text: str) -> str:
    if not _PAGE.fullmatch(text):
        raise InvalidInputError(
            f"{text[:100]!r} is not a page of the console",
            field="page",
            remedy="give its path, such as /logs",
        )
    return text


def _find(session: Session, account: str, view_id: str) -> SavedViewRow:
    row = session.get(SavedViewRow, view_id) if view_id.isalnum() else None
    if row is None or row.account != account:
        raise NotFoundError("the account has no such saved view", field="view_id")
    return row


def _require_free(session: Session, account: str, page: str, name: str) -> None:
    same = select(SavedViewRow.id).where(
        SavedViewRow.account == account, SavedViewRow.page == page, SavedViewRow.name == name
    )
    if session.scalar(same) is not None:
        raise ConflictError(
            f"{page} has a saved view {name!r} already",
            field="name",
            remedy="choose another name, or change that view",
        )


def _view(row: SavedViewRow) -> SavedView:
    return SavedView(
        id=row.id,
        name=row.name,
        page=row.page,
        search=row.search,
        created_by=row.created_by,
        created=row.created,
        updated=row.updated,
    )
