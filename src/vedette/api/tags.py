"""Tags on the resources of the caller's account."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field, StringConstraints

from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    Cursor,
    PageLimit,
    actor_of,
)
from vedette.api.models import Body
from vedette.api.routing import Router
from vedette.core.errors import ForbiddenError
from vedette.core.identity import ResourceId
from vedette.store.catalog import Principal
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.store.catalog.tags import MAX_FILTERS, MAX_KEY, MAX_RESOURCE, MAX_TAGS, MAX_VALUE

router = Router(prefix="/tags", tags=["tags"])


def get_resource(
    resource: Annotated[
        str,
        Query(
            max_length=MAX_RESOURCE,
            description="account/kind/name or account/kind/name/version",
            examples=["default/service/checkout"],
        ),
    ],
) -> ResourceId:
    """Return the resource that a request is about."""
    return ResourceId.parse(resource)


Resource = Annotated[ResourceId, Depends(get_resource)]
TagKey = Annotated[str, StringConstraints(min_length=1, max_length=MAX_KEY)]
TagValue = Annotated[str, StringConstraints(max_length=MAX_VALUE)]


class TagsRequest(Body):
    """Tags to be set; others of the resource stay."""

    tags: dict[TagKey, TagValue] = Field(
        min_length=1, max_length=MAX_TAGS, examples=[{"team": "payments"}]
    )


class TagsView(BaseModel):
    """All tags of a resource."""

    resource: str
    tags: dict[str, str]


class ResourcePage(BaseModel):
    """Identities of resources, in order."""

    resources: list[str]
    cursor: str | None


class TagKeyUse(BaseModel):
    """A key and on how many resources it is."""

    key: str
    resources: int


class TagKeys(BaseModel):
    """Keys in use, most used first."""

    keys: list[TagKeyUse]


@router.get("")
async def get_tags(services: AppServices, caller: CatalogReader, resource: Resource) -> TagsView:
    """Return a resource's tags."""
    _require_own(caller, resource)
    tags = await asyncio.to_thread(services.catalog.tags.get, resource)
    return TagsView(resource=str(resource), tags=tags)


@router.put("", operation_id="TagResource")
async def set_tags(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    resource: Resource,
    body: TagsRequest,
) -> TagsView:
    """Set tags, replacing values of keys that are there; a resource has at most 50."""
    _require_own(caller, resource)

    def change() -> dict[str, str]:
        have = services.catalog.tags.get(resource)
        services.tag_policies.require(resource, {**have, **body.tags})
        return services.catalog.tags.set(actor_of(request, caller), resource, body.tags)

    tags = await asyncio.to_thread(change)
    return TagsView(resource=str(resource), tags=tags)


@router.delete("", status_code=204, operation_id="UntagResource")
async def remove_tags(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    resource: Resource,
    keys: Annotated[list[TagKey], Query(alias="key", min_length=1, max_length=MAX_TAGS)],
) -> None:
    """Remove tags by key; keys that the resource does not have are passed over."""
    _require_own(caller, resource)
    await asyncio.to_thread(services.catalog.tags.remove, actor_of(request, caller), resource, keys)


@router.get("/resources")
async def find_resources(
    services: AppServices,
    caller: CatalogReader,
    tags: Annotated[
        list[str],
        Query(
            alias="tag",
            min_length=1,
            max_length=MAX_FILTERS,
            description="key=value, split at the first '=', or a key alone for any value",
            examples=[["team=payments"]],
        ),
    ],
    kind: Annotated[str | None, Query(max_length=32, examples=["service"])] = None,
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> ResourcePage:
    """Find the resources that have all of the tags."""
    wanted = {}
    for tag in tags:
        key, equals, value = tag.partition("=")
        wanted[key] = value if equals else None
    page = await asyncio.to_thread(
        services.catalog.tags.find, caller.account, wanted, kind=kind, limit=limit, after=cursor
    )
    return ResourcePage(resources=[str(item) for item in page.items], cursor=page.next)


@router.get("/keys")
async def list_tag_keys(
    services: AppServices, caller: CatalogReader, limit: PageLimit = DEFAULT_PAGE
) -> TagKeys:
    """List the keys in use, for completion."""
    found = await asyncio.to_thread(services.catalog.tags.keys, caller.account, limit=limit)
    return TagKeys(keys=[TagKeyUse(key=key, resources=count) for key, count in found.items()])


def _require_own(caller: Principal, resource: ResourceId) -> None:
    if resource.account != caller.account:
        raise ForbiddenError(
            f"{str(resource)[:200]!r} is not a resource of account {caller.account!r}",
            field="resource",
            remedy=f"begin it with '{caller.account}/', or use a key of its account",
        )
