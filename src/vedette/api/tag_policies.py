"""Policies of tags, how far the account's resources comply, and changing tags of many at once."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import Field

from vedette.api.dependencies import (
    Admin,
    AppServices,
    CatalogReader,
    CatalogWriter,
    PageLimit,
    Range,
    WholeWriter,
    actor_of,
)
from vedette.api.errors import error_responses
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.api.tags import TagKey, TagValue
from vedette.core.errors import ForbiddenError, InvalidInputError
from vedette.core.identity import ResourceId
from vedette.governance.tags.policies import Policy, PolicyRules
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.store.catalog.tags import MAX_RESOURCE, MAX_TAGS

router = Router(prefix="/tags", tags=["tags"])
MAX_BULK = 1000
Name = Annotated[str, Path(min_length=1, max_length=128)]


class PolicyView(View):
    """A policy of tags."""

    id: str
    name: str
    rules: PolicyRules
    updated: str


class PolicyList(View):
    """Policies by name."""

    policies: list[PolicyView]


class KindCompliance(View):
    """How many resources of a kind comply."""

    kind: str
    resources: int
    compliant: int


class PolicyCompliance(View):
    """How many of the resources that a policy is about comply with it."""

    policy: str
    resources: int
    compliant: int


class OffenceView(View):
    """A resource that does not comply, and why."""

    resource: str
    kind: str
    policy: str
    problems: list[str]
    tags: dict[str, str]


class ComplianceDay(View):
    """How many resources complied on a day."""

    day: str
    resources: int
    compliant: int


class Compliance(View):
    """How far the account's resources comply with its policies."""

    resources: int
    compliant: int
    kinds: list[KindCompliance]
    policies: list[PolicyCompliance]
    offences: list[OffenceView] = Field(description="as many as asked for")
    offence_count: int = Field(description="of the kind and policy that were asked for")
    trend: list[ComplianceDay] = Field(description="by day, oldest first")


class BulkRequest(Body):
    """Tags of many resources to be set and removed, all or nothing."""

    resources: list[Annotated[str, Field(max_length=MAX_RESOURCE)]] = Field(
        min_length=1, max_length=MAX_BULK
    )
    tags: dict[TagKey, TagValue] = Field(default_factory=dict, max_length=MAX_TAGS)
    remove: list[TagKey] = Field(default_factory=list, max_length=MAX_TAGS)


class Changed(View):
    """How many resources were changed."""

    resources: int


@router.get("/policies")
async def list_tag_policies(services: AppServices, caller: CatalogReader) -> PolicyList:
    """List the account's policies."""
    found = await asyncio.to_thread(services.tag_policies.all, caller.account)
    return PolicyList(policies=[_policy(item) for item in found])


@router.put("/policies/{name}", operation_id="PutTagPolicy")
async def put_tag_policy(
    request: Request, services: AppServices, caller: Admin, name: Name, body: PolicyRules
) -> PolicyView:
    """Make or change a policy: required keys, allowed values, by kind; it warns or refuses."""
    made = await asyncio.to_thread(
        services.tag_policies.put, actor_of(request, caller), caller.account, name, body
    )
    return _policy(made)


@router.delete(
    "/policies/{name}",
    status_code=204,
    operation_id="DeleteTagPolicy",
    responses=error_responses(404),
)
async def delete_tag_policy(
    request: Request, services: AppServices, caller: Admin, name: Name
) -> None:
    """Delete a policy."""
    await asyncio.to_thread(
        services.tag_policies.remove, actor_of(request, caller), caller.account, name
    )


@router.get("/compliance")
async def get_compliance(
    services: AppServices,
    caller: CatalogReader,
    limit: PageLimit = DEFAULT_PAGE,
    kind: Annotated[str, Query(max_length=32, description="offences of this kind alone")] = "",
    policy: Annotated[
        str, Query(max_length=128, description="offences against this policy alone")
    ] = "",
) -> Compliance:
    """Compare every resource of the account with its policies; with the trend of the last 90 days."""
    report = await asyncio.to_thread(
        services.tag_policies.report, caller.account, limit=limit, kind=kind, policy=policy
    )
    trend = await asyncio.to_thread(services.tag_policies.trend, caller.account)
    return Compliance(
        resources=report.resources,
        compliant=report.compliant,
        kinds=[
            KindCompliance(kind=kind, resources=total, compliant=good)
            for kind, (total, good) in sorted(report.by_kind.items())
        ],
        policies=[
            PolicyCompliance(policy=name, resources=total, compliant=good)
            for name, (total, good) in sorted(report.by_policy.items())
        ],
        offences=[
            OffenceView(
                resource=item.resource,
                kind=item.kind,
                policy=item.policy,
                problems=item.problems,
                tags=item.tags,
            )
            for item in report.offences
        ],
        offence_count=report.offence_count,
        trend=[ComplianceDay(day=day, resources=n, compliant=good) for day, n, good in trend],
    )


@router.post("/bulk", operation_id="TagResources")
async def change_tags_of_many(
    request: Request, services: AppServices, caller: CatalogWriter, body: BulkRequest
) -> Changed:
    """Set and remove tags of up to 1,000 resources in one change."""
    if not body.tags and not body.remove:
        raise InvalidInputError("nothing is to be changed", field="tags", remedy="give tags")
    resources = [ResourceId.parse(text) for text in body.resources]
    for resource in resources:
        if resource.account != caller.account:
            raise ForbiddenError(
                f"{str(resource)[:200]!r} is not a resource of account {caller.account!r}",
                field="resources",
                remedy=f"begin each with '{caller.account}/'",
            )
    count = await asyncio.to_thread(
        services.tag_policies.bulk,
        actor_of(request, caller),
        caller.account,
        resources,
        body.tags,
        body.remove,
    )
    return Changed(resources=count)


@router.post("/inherit", operation_id="InheritTags")
async def inherit_tags(
    request: Request, services: AppServices, caller: WholeWriter, within: Range
) -> Changed:
    """Give services the tags that their telemetry carries as resource attributes ``tag.*``."""
    count = await asyncio.to_thread(
        services.inherited_tags.inherit, actor_of(request, caller), caller.account, within
    )
    return Changed(resources=count)


def _policy(item: Policy) -> PolicyView:
    return PolicyView(id=item.id, name=item.name, rules=item.rules, updated=item.updated)
