"""Users of the installation, and members of the caller's account with their roles."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import BaseModel, Field, SecretStr

from vedette.api.dependencies import (
    Admin,
    AppServices,
    Cursor,
    InstallationAdmin,
    PageLimit,
    actor_of,
)
from vedette.api.errors import error_responses
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.store.catalog import Actor, Catalog, Permission, Principal, Role, TagCondition
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.store.catalog.memberships import LimitedRole
from vedette.store.catalog.passwords import MAX_LENGTH, MIN_LENGTH
from vedette.store.catalog.roles import permissions_of
from vedette.store.catalog.tags import MAX_KEY, MAX_VALUE
from vedette.store.catalog.users import MAX_DISPLAY_NAME, MAX_LOGIN, User

router = Router()

Login = Annotated[
    str, Field(min_length=1, max_length=MAX_LOGIN, description="case does not matter")
]
Password = Annotated[SecretStr, Field(min_length=MIN_LENGTH, max_length=MAX_LENGTH)]
Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]


class UserRequest(Body):
    """A user to be made."""

    login: Login
    display_name: str | None = Field(default=None, min_length=1, max_length=MAX_DISPLAY_NAME)
    password: Password | None = Field(default=None, description="none for who signs in elsewhere")


class UserChange(Body):
    """What is to be changed about a user; what is left out stays."""

    disabled: bool | None = Field(default=None, description="true also ends the user's sessions")
    password: Password | None = Field(default=None, description="also ends the user's sessions")


class UserView(BaseModel):
    """A person who can sign in."""

    id: str
    login: str
    display_name: str
    created: datetime
    disabled: bool
    has_password: bool
    locked_until: datetime | None = Field(description="after too many wrong passwords")


class UserPage(BaseModel):
    """Users by login."""

    users: list[UserView]
    cursor: str | None


class MemberTag(Body):
    """A tag that a resource must carry to be changed."""

    key: str = Field(min_length=1, max_length=MAX_KEY, examples=["team"])
    value: str = Field(max_length=MAX_VALUE, examples=["fraud"])


class MemberRequest(Body):
    """Who is to become a member, and what."""

    login: Login
    roles: Roles
    tag: MemberTag | None = Field(
        default=None,
        description="limits what the roles editor and approver change to resources with this tag",
    )


class LimitedRoleView(View):
    """A role whose changes are limited to resources with a tag."""

    role: Role
    key: str
    value: str


class MemberView(BaseModel):
    """A user with roles in the caller's account."""

    user_id: str
    login: str
    display_name: str
    disabled: bool
    roles: list[Role]
    limited: list[LimitedRoleView] = Field(description="roles that hold for a tag alone")


class MemberPage(BaseModel):
    """Members by login."""

    members: list[MemberView]
    cursor: str | None


@router.get("/users", tags=["users"])
async def list_users(
    services: AppServices,
    _: InstallationAdmin,
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> UserPage:
    """List all users of the installation."""
    page = await asyncio.to_thread(services.catalog.users.list, limit=limit, after=cursor)
    return UserPage(users=[_user(user) for user in page.items], cursor=page.next)


@router.post(
    "/users",
    tags=["users"],
    status_code=201,
    operation_id="CreateUser",
    responses=error_responses(409),
)
async def create_user(
    request: Request, services: AppServices, caller: InstallationAdmin, body: UserRequest
) -> UserView:
    """Make a user, who has no role anywhere yet."""
    user = await asyncio.to_thread(
        services.catalog.users.create,
        actor_of(request, caller),
        body.login,
        display_name=body.display_name,
        password=body.password.get_secret_value() if body.password else None,
    )
    return _user(user)


@router.get("/users/{user_id}", tags=["users"], responses=error_responses(404))
async def get_user(services: AppServices, _: InstallationAdmin, user_id: str) -> UserView:
    """Return one user."""
    return _user(await asyncio.to_thread(services.catalog.users.get, user_id))


@router.patch(
    "/users/{user_id}", tags=["users"], operation_id="UpdateUser", responses=error_responses(404)
)
async def update_user(
    request: Request,
    services: AppServices,
    caller: InstallationAdmin,
    user_id: str,
    body: UserChange,
) -> UserView:
    """Set a user's password, or disable or enable the user."""
    if not body.model_fields_set:
        raise InvalidInputError(
            "nothing is to be changed", field="body", remedy="give disabled or password"
        )
    actor = actor_of(request, caller)
    return _user(await asyncio.to_thread(_update, services.catalog, actor, user_id, body))


@router.get("/members", tags=["members"])
async def list_members(
    services: AppServices, caller: Admin, limit: PageLimit = DEFAULT_PAGE, cursor: Cursor = None
) -> MemberPage:
    """List the users with a role in the account."""
    return await asyncio.to_thread(_members, services.catalog, caller.account, limit, cursor)


@router.post(
    "/members",
    tags=["members"],
    status_code=201,
    operation_id="GrantRole",
    responses=error_responses(404),
)
async def add_member(
    request: Request, services: AppServices, caller: Admin, body: MemberRequest
) -> MemberView:
    """Give an existing user roles in the account, no more than the caller could use itself."""
    _require_grantable(caller, body.roles)
    catalog, actor = services.catalog, actor_of(request, caller)

    def grant() -> MemberView:
        user = catalog.users.get_by_login(body.login)
        for role in dict.fromkeys(body.roles):
            if body.tag is None:
                catalog.memberships.grant(actor, user.id, caller.account, role)
            else:
                tag = TagCondition(body.tag.key, body.tag.value)
                catalog.memberships.grant_limited(actor, user.id, caller.account, role, tag)
        limited = catalog.memberships.limited_in_account(caller.account, [user.id])
        held = catalog.memberships.of_user(user.id).get(caller.account, ())
        return _member(user, held, limited.get(user.id, ()))

    return await asyncio.to_thread(grant)


@router.delete(
    "/members/{user_id}/roles",
    tags=["members"],
    status_code=204,
    operation_id="RevokeRole",
    responses=error_responses(404),
)
async def remove_roles(
    request: Request,
    services: AppServices,
    caller: Admin,
    user_id: str,
    roles: Annotated[
        list[Role] | None, Query(alias="role", description="all roles where none is given")
    ] = None,
    tag: Annotated[
        str | None,
        Query(
            max_length=MAX_KEY + MAX_VALUE + 1,
            description="key=value: only roles that are limited to this tag",
        ),
    ] = None,
) -> None:
    """Take roles in the account from a member, those that are limited to a tag as well."""
    catalog, actor = services.catalog, actor_of(request, caller)

    def revoke() -> None:
        memberships = catalog.memberships
        held = memberships.of_user(user_id).get(caller.account, frozenset())
        limited = memberships.limited_in_account(caller.account, [user_id]).get(user_id, [])
        if not held and not limited:
            raise NotFoundError(
                f"the account {caller.account!r} has no member with this id", field="user_id"
            )
        for one in limited:
            if tag in {None, str(one.tag)} and one.role in (roles or [one.role]):
                memberships.revoke_limited(actor, user_id, caller.account, one.role, one.tag)
        if tag is not None:
            return
        with_tag = {one.role for one in limited}
        for role in sorted(set(roles or held)):
            if role in held or role not in with_tag:
                memberships.revoke(actor, user_id, caller.account, role)

    await asyncio.to_thread(revoke)


def _require_grantable(caller: Principal, roles: Iterable[Role]) -> None:
    # No key decides approvals, yet an admin's key appoints the people who do.
    granted = permissions_of(caller.account, roles=roles) - {Permission.APPROVALS_DECIDE}
    caller.require_grantable(granted)


def _update(catalog: Catalog, actor: Actor, user_id: str, body: UserChange) -> User:
    if body.password is not None:
        catalog.users.set_password(actor, user_id, body.password.get_secret_value())
    if body.disabled is not None:
        return catalog.users.set_disabled(actor, user_id, disabled=body.disabled)
    return catalog.users.get(user_id)


def _members(catalog: Catalog, account: str, limit: int, cursor: str | None) -> MemberPage:
    page = catalog.users.list(account=account, limit=limit, after=cursor)
    roles = catalog.memberships.in_account(account, [user.id for user in page.items])
    limited = catalog.memberships.limited_in_account(account, [user.id for user in page.items])
    members = [
        _member(user, roles.get(user.id, ()), limited.get(user.id, ())) for user in page.items
    ]
    return MemberPage(members=members, cursor=page.next)


def _member(user: User, roles: Iterable[Role], limited: Iterable[LimitedRole]) -> MemberView:
    return MemberView(
        user_id=user.id,
        login=user.login,
        display_name=user.display_name,
        disabled=user.disabled,
        roles=sorted(roles),
        limited=[
            LimitedRoleView(role=one.role, key=one.tag.key, value=one.tag.value) for one in limited
        ],
    )


def _user(user: User) -> UserView:
    return UserView(
        id=user.id,
        login=user.login,
        display_name=user.display_name,
        created=user.created,
        disabled=user.disabled,
        has_password=user.has_password,
        locked_until=user.locked_until,
    )
