"""Ingest health: what came in since start, and what was rejected and why."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import Request, Response
from pydantic import Field

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, Limit, Range, Reader, run_query
from vedette.api.models import View
from vedette.api.routing import Router
from vedette.core.time import now_ns

router = Router(prefix="/ingest", tags=["ingest"])

_REJECTED = """
SELECT ReceivedTime AS received, Signal AS signal, Reason AS reason, Count AS count, Sample AS sample
FROM @rejected
WHERE ReceivedTime >= {start:DateTime64(3)} AND ReceivedTime < {end:DateTime64(3)}
ORDER BY ReceivedTime DESC
LIMIT {limit:UInt32}
"""


class IngestStatsView(View):
    """What this process took in since its start, over all accounts."""

    uptime_seconds: float
    requests: int
    bytes: int = Field(description="of bodies, unpacked")
    groups: int = Field(description="commits")
    refused_bodies: int
    rejected_records: int
    duplicates: int = Field(description="records of batches that were stored already")
    overloads: int = Field(description="requests that were told to come again later")
    commit_seconds: float
    derived_records: int = Field(
        description="records that rollups, indexes and facets were derived from"
    )
    derive_seconds: float


class Rejection(View):
    """Records that were not stored, for one reason."""

    received: str
    signal: str
    reason: str
    count: int
    sample: str = Field(description="one of them, cut")


class Rejections(View):
    """What was rejected, newest first."""

    rejected: list[Rejection]


@router.get("/stats")
async def stats(services: AppServices, _: Reader) -> IngestStatsView:
    """Return this process's ingest counts since its start, over all accounts."""
    seconds = (now_ns() - services.started_ns) / 1e9
    return IngestStatsView(uptime_seconds=round(seconds, 3), **asdict(services.ingest.stats))


@router.get("/rejected", response_model=Rejections)
async def rejected(
    request: Request, services: AppServices, caller: Reader, time_range: Range, limit: Limit = 100
) -> Response:
    """Return records that were not stored, newest first; kept for seven days."""
    found = await run_query(
        request,
        services,
        caller,
        lambda _: services.runner.run(
            caller.account,
            _REJECTED,
            {"start": time_range.start, "end": time_range.end, "limit": limit},
        ),
    )
    return answer({"rejected": found.records()})
