"""The organisation as one of its accounts sees it: links, sources at one look, quotas, usage and cost."""

from __future__ import annotations

import asyncio
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import Field

from vedette.api.dependencies import (
    Admin,
    AppServices,
    CatalogReader,
    InstallationAdmin,
    Range,
    Reader,
    actor_of,
)
from vedette.api.errors import error_responses
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.core.errors import InvalidInputError
from vedette.governance.accounts.links import EVERYONE, MAX_SOURCES, Link, SharedKind, Sink
from vedette.governance.accounts.overview import AccountSummary
from vedette.governance.accounts.quotas import DayUsage, Quota
from vedette.governance.accounts.usage import parse_prices, usage_by_tag

router = Router(prefix="/organisation", tags=["organisation"])
MAX_DAYS = 400
Day = Annotated[str | None, Query(pattern=r"^\d{4}-\d{2}-\d{2}$", description="UTC, 2026-03-01")]


class SinkRequest(Body):
    """What the account takes from others; no kinds take nothing."""

    kinds: list[SharedKind] = Field(max_length=len(SharedKind))
    sources: list[str] = Field(
        max_length=MAX_SOURCES, description="accounts that may link to it; '*' for every one"
    )


class SinkView(View):
    """What a monitoring account takes, and from whom."""

    kinds: list[SharedKind]
    sources: list[str]


class AccountLinkRequest(Body):
    """What the account is to share, with whom."""

    sink: str = Field(min_length=1, max_length=63, description="the monitoring account")
    kinds: list[SharedKind] = Field(min_length=1, max_length=len(SharedKind))


class AccountLinkView(View):
    """A link from a source account to a monitoring account."""

    id: str
    source: str
    sink: str
    kinds: list[SharedKind] = Field(description="what the source shares")
    effective: list[SharedKind] = Field(
        description="what the monitoring account sees: what it also takes"
    )
    created: datetime
    created_by: str
    ended: datetime | None


class LinksView(View):
    """The account's links both ways, and what it takes."""

    account: str
    sink: SinkView | None
    shares: list[AccountLinkView] = Field(description="as source; ended ones too")
    sees: list[AccountLinkView] = Field(description="as monitoring account; open ones")


class AccountHealth(View):
    """One account at one look; what it does not share is null."""

    account: str
    display_name: str
    kinds: list[str]
    health: dict[str, dict[str, Any]]
    alarms: dict[str, int] | None = Field(description="by state")
    models: dict[str, int] | None = Field(description="versions by stage")
    monitors: int | None
    compliance: dict[str, int] | None
    usage: dict[str, float] | None = Field(description="of today, with limits")


class OrganisationOverviewView(View):
    """The account and those that share with it."""

    accounts: list[AccountHealth]


class SharedItem(View):
    """An entity of the account or of one that shares it."""

    account: str
    name: str
    state: str
    detail: str


class SharedItems(View):
    """Entities, at most 1,000."""

    items: list[SharedItem]


class QuotaView(View):
    """An account's limits; null where there is none."""

    account: str
    limits: dict[Quota, float | None]


class QuotaRequest(Body):
    """Limits to be set; null takes one away, what is left out stays."""

    limits: dict[Quota, float | None] = Field(min_length=1, max_length=len(Quota))


class UsageDay(View):
    """What an account used on a day, and what that costs by the price list."""

    account: str
    day: str
    ingest_bytes: int
    ingest_requests: int
    refused_requests: int = Field(description="refused because a quota was used up")
    series: int
    storage_bytes: int
    cost: float


class UsageView(View):
    """Use by day."""

    currency: str
    cost: float
    days: list[UsageDay]


class TagUsageView(View):
    """The part of use that services with one value of a tag have."""

    value: str = Field(description="empty for services without the tag")
    services: int
    records: int
    share: float
    cost: float


class UsageByTag(View):
    """Use by the values of a tag, largest first."""

    key: str
    currency: str
    cost: float
    values: list[TagUsageView]


@router.get("/links")
async def list_links(services: AppServices, caller: CatalogReader) -> LinksView:
    """List what the account shares and what is shared with it."""
    sink = await asyncio.to_thread(services.links.sink, caller.account)
    shares, sees = await asyncio.to_thread(services.links.of, caller.account)
    return LinksView(
        account=caller.account,
        sink=_sink(sink) if sink else None,
        shares=[_link(item) for item in shares],
        sees=[_link(item) for item in sees],
    )


@router.put("/sink", operation_id="PutAccountSink", responses=error_responses(404))
async def put_sink(
    request: Request, services: AppServices, caller: Admin, body: SinkRequest
) -> SinkView:
    """Make the account a monitoring account: say what it takes, and from whom."""
    made = await asyncio.to_thread(
        services.links.put_sink, actor_of(request, caller), caller.account, body.kinds, body.sources
    )
    return _sink(made)


@router.post(
    "/links", status_code=201, operation_id="CreateAccountLink", responses=error_responses(409)
)
async def create_link(
    request: Request, services: AppServices, caller: Admin, body: AccountLinkRequest
) -> AccountLinkView:
    """Share kinds of what the account holds with a monitoring account."""
    made = await asyncio.to_thread(
        services.links.create, actor_of(request, caller), caller.account, body.sink, body.kinds
    )
    return _link(made)


@router.delete("/links/{link_id}", operation_id="EndAccountLink", responses=error_responses(404))
async def end_link(
    request: Request, services: AppServices, caller: Admin, link_id: str
) -> AccountLinkView:
    """End a link of the account: what it shared is seen no more."""
    actor = actor_of(request, caller)
    return _link(await asyncio.to_thread(services.links.end, actor, caller.account, link_id))


@router.get("/overview")
async def get_overview(
    services: AppServices, caller: Reader, within: Range
) -> OrganisationOverviewView:
    """Show the account and those that share with it: health, alarms, models, compliance, use."""
    found = await asyncio.to_thread(services.overview.accounts, caller.account, within)
    return OrganisationOverviewView(accounts=[_health(item) for item in found])


@router.get("/items")
async def list_shared_items(
    services: AppServices,
    caller: CatalogReader,
    kind: Annotated[Literal["alarms", "models", "monitors"], Query()],
) -> SharedItems:
    """List alarms, models or monitors of the account and of those that share them."""
    items = await asyncio.to_thread(services.overview.items, caller.account, SharedKind(kind))
    return SharedItems(items=[SharedItem(**item) for item in items])


@router.get("/quotas")
async def get_quotas(services: AppServices, caller: CatalogReader) -> QuotaView:
    """Return the account's limits."""
    limits = await asyncio.to_thread(services.quotas.of, caller.account)
    return QuotaView(account=caller.account, limits={name: limits.get(name) for name in Quota})


@router.get("/quotas/{account}", responses=error_responses(404))
async def get_quotas_of(services: AppServices, _: InstallationAdmin, account: str) -> QuotaView:
    """Return any account's limits, for who sets them."""
    await asyncio.to_thread(services.catalog.accounts.get, account)
    limits = await asyncio.to_thread(services.quotas.of, account)
    return QuotaView(account=account, limits={name: limits.get(name) for name in Quota})


@router.put("/quotas/{account}", operation_id="SetQuotas", responses=error_responses(404))
async def set_quotas(
    request: Request,
    services: AppServices,
    caller: InstallationAdmin,
    account: str,
    body: QuotaRequest,
) -> QuotaView:
    """Set an account's limits; ingest over a limit is answered 429."""
    await asyncio.to_thread(
        services.quotas.set, actor_of(request, caller), account, dict(body.limits)
    )
    limits = await asyncio.to_thread(services.quotas.of, account)
    return QuotaView(account=account, limits={name: limits.get(name) for name in Quota})


@router.get("/usage")
async def get_usage(
    services: AppServices, caller: CatalogReader, since: Day = None, until: Day = None
) -> UsageView:
    """Return what the account, and those that share their usage with it, used by day, with its cost."""
    first, last = _days(services.catalog.clock.now().date(), since, until)
    shared = await asyncio.to_thread(services.links.shared_with, caller.account)
    accounts = [
        caller.account,
        *(name for name, kinds in shared.items() if SharedKind.USAGE in kinds),
    ]
    days = await asyncio.to_thread(services.quotas.usage, accounts, since=first, until=last)
    prices = parse_prices(services.settings.price_list)
    return UsageView(
        currency=prices.currency,
        cost=prices.cost(days),
        days=[_day(day, prices.cost([day])) for day in days],
    )


@router.get("/usage/by-tag")
async def get_usage_by_tag(
    services: AppServices,
    caller: Reader,
    within: Range,
    key: Annotated[str, Query(min_length=1, max_length=128, examples=["team"])],
) -> UsageByTag:
    """Return the account's use by the values that its services have of a tag."""
    prices = parse_prices(services.settings.price_list)

    def read() -> UsageByTag:
        days = services.quotas.usage(
            [caller.account],
            since=within.start.date().isoformat(),
            until=within.end.date().isoformat(),
        )
        cost = prices.cost(days)
        found = usage_by_tag(services.catalog, services.runner, caller.account, key, within, cost)
        values = [
            TagUsageView(
                value=item.value,
                services=item.services,
                records=item.records,
                share=item.share,
                cost=item.cost,
            )
            for item in found
        ]
        return UsageByTag(key=key, currency=prices.currency, cost=cost, values=values)

    return await asyncio.to_thread(read)


def _days(today: date, since: str | None, until: str | None) -> tuple[str, str]:
    try:
        last = date.fromisoformat(until) if until else today
        first = date.fromisoformat(since) if since else last.replace(day=1)
    except ValueError as error:
        raise InvalidInputError(
            "a day is not in the calendar", field="since", remedy="write it as 2026-03-01"
        ) from error
    if not 0 <= (last - first).days <= MAX_DAYS:
        raise InvalidInputError(
            "the days are not a range", field="since", remedy=f"ask for up to {MAX_DAYS} days"
        )
    return first.isoformat(), last.isoformat()


def _sink(item: Sink) -> SinkView:
    sources = [EVERYONE] if EVERYONE in item.sources else list(item.sources)
    return SinkView(kinds=sorted(item.kinds), sources=sources)


def _link(item: Link) -> AccountLinkView:
    return AccountLinkView(
        id=item.id,
        source=item.source,
        sink=item.sink,
        kinds=sorted(item.kinds),
        effective=sorted(item.effective),
        created=item.created,
        created_by=item.created_by,
        ended=item.ended,
    )


def _health(item: AccountSummary) -> AccountHealth:
    return AccountHealth(
        account=item.account,
        display_name=item.display_name,
        kinds=item.kinds,
        health=item.health,
        alarms=item.alarms,
        models=item.models,
        monitors=item.monitors,
        compliance=item.compliance,
        usage=item.usage,
    )


def _day(item: DayUsage, cost: float) -> UsageDay:
    return UsageDay(
        account=item.account,
        day=item.day,
        ingest_bytes=item.ingest_bytes,
        ingest_requests=item.ingest_requests,
        refused_requests=item.refused_requests,
        series=item.series,
        storage_bytes=item.storage_bytes,
        cost=cost,
    )
