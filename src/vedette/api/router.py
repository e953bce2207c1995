"""All routes of the API."""

from __future__ import annotations

from fastapi import APIRouter

from vedette.api import (
    accounts,
    audit,
    backups,
    ingest,
    keys,
    logs,
    metrics,
    query,
    resources,
    retention,
    session,
    spans,
    tags,
    traces,
    users,
)
from vedette.api.errors import COMMON_ERRORS

_MODULES = (
    session,
    logs,
    traces,
    spans,
    metrics,
    resources,
    query,
    ingest,
    tags,
    retention,
    keys,
    users,
    accounts,
    audit,
    backups,
)

router = APIRouter(prefix="/api/v1", responses=COMMON_ERRORS)
for module in _MODULES:
    router.include_router(module.router)
