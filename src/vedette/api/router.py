"""All routes of the API."""

from __future__ import annotations

from fastapi import APIRouter

from vedette.api import ingest

router = APIRouter(prefix="/api/v1")
for module in (ingest,):
    router.include_router(module.router)
