"""What proves the audit trail: verifying it, digests, keys, chains, and exports that hold them."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from fastapi import Query, Request
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from vedette.api.audit import End, Start
from vedette.api.audit_views import (
    AuditKeys,
    AuditKeyView,
    Chains,
    ChainView,
    Covering,
    DigestPage,
    DigestVerification,
    DigestView,
    FindingView,
    Problem,
    Verification,
)
from vedette.api.dependencies import AppServices, Auditor, InstallationAdmin, PageLimit, actor_of
from vedette.api.errors import error_responses
from vedette.api.routing import Router
from vedette.core.errors import ForbiddenError, InvalidInputError, OverloadedError
from vedette.core.time import TimeRange, parse_moment
from vedette.governance.audit.digests import Digest
from vedette.governance.audit.signing import PublicKey
from vedette.store.catalog import Actor, AuditEvent, Permission
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.web import Services

router = Router(prefix="/audit", tags=["audit"])

_verifying = asyncio.Semaphore(1)
_exporting = asyncio.Semaphore(1)
Fingerprint = Annotated[
    str | None,
    Query(pattern="^[0-9a-f]{64}$", description="of a key that was kept elsewhere"),
]


@router.get("/verify")
async def verify(
    services: AppServices,
    _: Auditor,
    expected_sequence: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    expected_hash: Annotated[str | None, Query(pattern="^[0-9a-f]{64}$")] = None,
) -> Verification:
    """Walk the whole chain of changes and name each record that was changed, removed, inserted or moved.

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


@router.get("/digests")
async def list_digests(
    services: AppServices,
    _: Auditor,
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Annotated[str | None, Query(pattern="^[0-9]{1,18}$")] = None,
) -> DigestPage:
    """List signed digests: one an hour, even where nothing happened."""
    before = int(cursor) if cursor else None
    found = await asyncio.to_thread(services.audit.digests.page, limit=limit + 1, before=before)
    page = found[:limit]
    more = str(page[-1].sequence) if len(found) > limit else None
    return DigestPage(digests=[_digest(item) for item in page], cursor=more)


@router.get("/digests/covering")
async def get_covering_digest(
    services: AppServices,
    _: Auditor,
    sequence: Annotated[int, Query(ge=1, le=2**63 - 1, description="the record's number")],
    at: Annotated[str, Query(description="the record's eventTime")],
    chain: Annotated[str, Query(max_length=64, description="the record's chain")] = "catalog",
) -> Covering:
    """Return the signed digest that covers a record."""
    time = parse_moment(at)
    found = await asyncio.to_thread(services.audit.digests.covering, chain, sequence, time)
    return Covering(digest=_digest(found) if found else None)


@router.post(
    "/digests", status_code=201, operation_id="CreateAuditDigest", responses=error_responses(409)
)
async def create_digest(services: AppServices, _: InstallationAdmin) -> DigestView:
    """Make a digest of everything up to now, before the hour is full."""
    return _digest(await asyncio.to_thread(services.audit.digest_now))


@router.get("/digests/verify")
async def verify_digests(
    services: AppServices, _: Auditor, fingerprint: Fingerprint = None
) -> DigestVerification:
    """Verify every digest and the records that it covers, newest to oldest."""
    report = await asyncio.to_thread(services.audit.verify, trusted=fingerprint)
    return DigestVerification(
        ok=report.ok,
        digests=report.digests,
        records=report.records,
        newest=report.newest,
        newest_hash=report.newest_hash,
        fingerprints=report.fingerprints,
        findings=[
            FindingView(
                kind=item.kind,
                place=item.place,
                detail=item.detail,
                sequence=item.sequence,
                event_id=item.event_id,
                count=item.count,
            )
            for item in report.problems
        ],
        finding_count=report.findings.count,
    )


@router.get("/keys")
async def list_audit_keys(services: AppServices, _: Auditor) -> AuditKeys:
    """List the public keys that digests are signed with."""
    await asyncio.to_thread(services.audit.keys.ensure)
    keys = await asyncio.to_thread(services.audit.keys.list)
    return AuditKeys(keys=[_key(item) for item in keys])


@router.post("/keys", status_code=201, operation_id="CreateAuditKey")
async def rotate_audit_key(
    request: Request, services: AppServices, caller: InstallationAdmin
) -> AuditKeyView:
    """Sign with a new key from now on; the present one endorses it."""
    actor = actor_of(request, caller)
    return _key(await asyncio.to_thread(services.audit.keys.rotate, actor))


@router.get("/chains")
async def list_chains(services: AppServices, _: Auditor) -> Chains:
    """List the chains of calls that server processes wrote, and which of them broke off."""
    rows = await asyncio.to_thread(services.audit.chains)
    return Chains(
        chains=[
            ChainView(
                id=row.id,
                host=row.host,
                started=row.started,
                seen=row.seen,
                closed=row.closed,
                interrupted=row.interrupted,
                records=row.written,
            )
            for row in rows
        ]
    )


@router.get(
    "/export",
    response_class=FileResponse,
    responses={
        200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}},
        **error_responses(404),
    },
)
async def export_trail(
    request: Request,
    services: AppServices,
    caller: Auditor,
    start: Start = "-30d",
    end: End = "now",
    scope: Annotated[
        Literal["account", "installation"],
        Query(
            description="the account's records, or all; the latter for admins of the installation"
        ),
    ] = "account",
) -> FileResponse:
    """Export records with the digests that cover them, as a zip that 'vedette audit verify' reads."""
    if scope == "installation" and Permission.INSTALLATION_ADMIN not in caller.permissions:
        raise ForbiddenError(
            "only an admin of the installation may export every account's records",
            field="scope",
            remedy="leave scope out to export the account's own",
        )
    within = TimeRange.parse(start, end)
    account = None if scope == "installation" else caller.account
    if _exporting.locked():
        raise OverloadedError("an export is being written already", retry_after=5)
    async with _exporting:
        path = await asyncio.to_thread(
            _export, services, actor_of(request, caller), caller.account, account, within
        )
    return FileResponse(
        path,
        media_type="application/zip",
        filename=f"vedette-audit-{account or 'installation'}.zip",
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


def _export(
    services: Services, actor: Actor, of: str, account: str | None, within: TimeRange
) -> Path:
    """Write an export to a file that the answer removes."""
    services.catalog.audit.record_event(
        AuditEvent(
            actor=actor,
            account=of,
            name="ExportAuditTrail",
            source="vedette.audit",
            read_only=True,
            request={"account": account, "start": within.start, "end": within.end},
        )
    )
    services.audit.digest_now()
    folder = services.settings.data_dir / "exports"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".zip", delete=False) as file:
        path = Path(file.name)
    try:
        until = max(within.end, services.catalog.clock.now()) + timedelta(seconds=1)
        services.audit.exporter.write(path, account=account, since=within.start, until=until)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _digest(item: Digest) -> DigestView:
    return DigestView(
        sequence=item.sequence,
        starts=item.starts,
        ends=item.ends,
        records=item.records,
        hash=item.hash,
        fingerprint=item.fingerprint,
        signature=item.signature,
        digest=item.document,
    )


def _key(item: PublicKey) -> AuditKeyView:
    return AuditKeyView(
        fingerprint=item.fingerprint,
        public_key=item.public_key,
        valid_from=item.valid_from,
        valid_until=item.valid_until,
        endorsed_by=item.endorsed_by,
        endorsement=item.endorsement,
    )
