"""The audit trail of the caller's account, and whether the chain of records is whole."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from vedette.api.dependencies import AppServices, Auditor, Cursor, PageLimit
from vedette.core.errors import InvalidInputError, OverloadedError
from vedette.core.time import TimeRange
from vedette.store.catalog.audit_verify import ProblemKind
from vedette.store.catalog.checks import DEFAULT_PAGE

router = APIRouter(prefix="/audit", tags=["audit"])

_verifying = asyncio.Semaphore(1)
Name = Annotated[str | None, Query(max_length=128)]


class AuditView(BaseModel):
    """A record as it is stored, in AWS CloudTrail's names."""

    sequence: int = Field(description="its place in the one chain of the installation")
    hash: str = Field(description="SHA-256 of the record's canonical JSON")
    record: dict[str, Any] = Field(examples=[{"eventName": "CreateApiKey"}])


class AuditPage(BaseModel):
    """Records, newest first."""

    records: list[AuditView]
    cursor: str | None


class Problem(BaseModel):
    """A record that is not as it was written."""

    kind: ProblemKind
    sequence: int
    detail: str
    event_id: str | None
    count: int


class Verification(BaseModel):
    """What a walk of the whole chain found."""

    ok: bool
    records: int
    head_sequence: int = Field(description="keep it and the hash elsewhere, to compare later")
    head_hash: str
    problems: list[Problem] = Field(description="the first 100")
    problem_count: int


@router.get("")
async def list_records(
    services: AppServices,
    caller: Auditor,
    start: Annotated[str, Query(description="RFC 3339, Unix time, 'now' or '-7d'")] = "-7d",
    end: Annotated[str, Query(description="as start")] = "now",
    event_name: Annotated[Name, Query(examples=["CreateApiKey"])] = None,
    actor_id: Annotated[Name, Query(description="id of a user or key")] = None,
    read_only: Annotated[bool | None, Query(description="only reads, or only changes")] = None,
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> AuditPage:
    """List what happened in the account, also calls that were refused."""
    page = await asyncio.to_thread(
        services.catalog.audit.list,
        caller.account,
        within=TimeRange.parse(start, end),
        event_name=event_name,
        actor_id=actor_id,
        read_only=read_only,
        limit=limit,
        after=cursor,
    )
    records = [
        AuditView(sequence=item.sequence, hash=item.hash, record=item.record) for item in page.items
    ]
    return AuditPage(records=records, cursor=page.next)


@router.get("/verify")
async def verify(
    services: AppServices,
    _: Auditor,
    expected_sequence: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    expected_hash: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")] = None,
) -> Verification:
    """Walk the whole chain and name each record that was changed, removed, inserted or moved.

    With a number and hash that were kept from before, a chain that was rewritten as a whole shows
    too.
    """
    if (expected_sequence is None) != (expected_hash is None):
        raise InvalidInputError(
            "a number needs its hash, and a hash its number",
            field="expected_hash" if expected_hash is None else "expected_sequence",
            remedy="give both or neither",
        )
    expected = None
    if expected_sequence is not None and expected_hash is not None:
        expected = (expected_sequence, expected_hash)
    if _verifying.locked():
        raise OverloadedError("the chain is being verified already", retry_after=5)
    async with _verifying:
        report = await asyncio.to_thread(services.catalog.audit.verify, expected=expected)
    problems = [
        Problem(
            kind=problem.kind,
            sequence=problem.sequence,
            detail=problem.detail,
            event_id=problem.event_id,
            count=problem.count,
        )
        for problem in report.problems
    ]
    return Verification(
        ok=report.ok,
        records=report.records,
        head_sequence=report.head_sequence,
        head_hash=report.head_hash,
        problems=problems,
        problem_count=report.problem_count,
    )
