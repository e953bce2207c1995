"""All routes of the API."""

from __future__ import annotations

from fastapi import APIRouter

from vedette.api import ingest, logs, query

router = APIRouter(prefix="/api/v1")
for module in (ingest, logs, query):
    router.include_router(module.router)
