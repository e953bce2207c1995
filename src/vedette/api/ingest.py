"""Ingest health: what came in since start, and what was rejected and why."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from vedette.api.dependencies import AppServices, Limit, Range, Reader
from vedette.core.time import now_ns

router = APIRouter(prefix="/ingest", tags=["ingest"])

_REJECTED = """
SELECT ReceivedTime AS received, Signal AS signal, Reason AS reason, Count AS count, Sample AS sample
FROM @rejected
WHERE ReceivedTime >= {start:DateTime64(3)} AND ReceivedTime < {end:DateTime64(3)}
ORDER BY ReceivedTime DESC
LIMIT {limit:UInt32}
"""


@router.get("/stats")
async def stats(services: AppServices, _: Reader) -> dict[str, Any]:
    """Return this process's ingest counts since its start, over all accounts."""
    seconds = (now_ns() - services.started_ns) / 1e9
    return {"uptime_seconds": round(seconds, 3), **asdict(services.ingest.stats)}


@router.get("/rejected")
async def rejected(
    services: AppServices, caller: Reader, time_range: Range, limit: Limit = 100
) -> dict[str, Any]:
    """Return records that were not stored, newest first; kept for seven days."""
    answer = await asyncio.to_thread(
        services.runner.run,
        caller.account,
        _REJECTED,
        {"start": time_range.start, "end": time_range.end, "limit": limit},
    )
    return {"rejected": answer.records()}
