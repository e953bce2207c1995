"""Sessions of others: what an admin sees of who is signed in, and ends."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import Field

from vedette.api.dependencies import Admin, AppServices, Cursor, PageLimit, actor_of
from vedette.api.errors import error_responses
from vedette.api.models import View
from vedette.api.routing import Router
from vedette.store.catalog import Permission, Principal
from vedette.store.catalog.checks import DEFAULT_PAGE

router = Router(prefix="/members/sessions", tags=["members"])
Scope = Annotated[
    Literal["account", "installation"],
    Query(description="sessions opened in the account, or all; the latter for its admins"),
]


class MemberSession(View):
    """Somebody's open session."""

    id: str
    user_id: str | None
    key_id: str | None
    name: str = Field(description="login of the user, or name of the key")
    account: str
    created: datetime
    expires: datetime
    ip: str | None
    user_agent: str | None
    current: bool = Field(description="whether it is the caller's own")


class MemberSessions(View):
    """Open sessions, newest first."""

    sessions: list[MemberSession]
    cursor: str | None


@router.get("")
async def list_member_sessions(
    services: AppServices,
    caller: Admin,
    scope: Scope = "account",
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> MemberSessions:
    """List who is signed in, from where, until when."""
    page = await asyncio.to_thread(
        services.catalog.sessions.of_account, _account(caller, scope), limit=limit, after=cursor
    )
    sessions = [
        MemberSession(
            id=item.id,
            user_id=item.user_id,
            key_id=item.key_id,
            name=name or "",
            account=item.account,
            created=item.created,
            expires=item.expires,
            ip=item.ip,
            user_agent=item.user_agent,
            current=item.id == caller.session_id,
        )
        for item, name in page.items
    ]
    return MemberSessions(sessions=sessions, cursor=page.next)


@router.delete(
    "/{session_id}",
    status_code=204,
    operation_id="EndMemberSession",
    responses=error_responses(404),
)
async def end_member_session(
    request: Request,
    services: AppServices,
    caller: Admin,
    session_id: str,
    scope: Scope = "account",
) -> None:
    """End somebody's session: whoever uses it has to sign in again."""
    await asyncio.to_thread(
        services.catalog.sessions.revoke,
        actor_of(request, caller),
        session_id,
        account=_account(caller, scope),
    )


def _account(caller: Principal, scope: str) -> str | None:
    """Return the account whose sessions are meant; None for all of the installation."""
    if scope == "account":
        return caller.account
    caller.require(Permission.INSTALLATION_ADMIN)
    return None
