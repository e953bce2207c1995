"""What the routes of the audit trail take and answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from vedette.api.models import Body, Moment, View
from vedette.governance.audit.holds import MAX_REASON
from vedette.store.catalog.audit_verify import ProblemKind


class AuditView(BaseModel):
    """A record as it is stored, in AWS CloudTrail's names."""

    sequence: int = Field(description="its place in its chain")
    chain: str = Field(description="'catalog', or the chain of a server process's calls")
    hash: str = Field(description="SHA-256 of the record's canonical JSON")
    record: dict[str, Any] = Field(examples=[{"eventName": "CreateApiKey"}])


class AuditPage(BaseModel):
    """Records, newest first."""

    records: list[AuditView]
    cursor: str | None


class Activity(View):
    """How many calls there were in each step of a range."""

    step_seconds: int
    times: list[str]
    done: list[int]
    refused: list[int]


class UnusualActivity(View):
    """Calls of each step with what is usual; null where nothing is known yet."""

    step_seconds: int
    times: list[int] = Field(description="Unix seconds, starts of steps")
    calls: list[float | None]
    expected: list[float | None]
    lower: list[float | None]
    upper: list[float | None]
    unusual: list[bool] = Field(description="departs as far as an alarm would page for")


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


class DigestView(View):
    """A signed digest."""

    sequence: int
    starts: datetime
    ends: datetime
    records: int
    hash: str
    fingerprint: str = Field(description="of the key that signed it")
    signature: str
    digest: dict[str, Any] = Field(description="what it states")


class Covering(View):
    """The digest that covers a record; none while the hour is not over."""

    digest: DigestView | None


class DigestPage(View):
    """Digests, newest first."""

    digests: list[DigestView]
    cursor: str | None


class AuditKeyView(View):
    """A key that signs digests."""

    fingerprint: str
    public_key: str = Field(description="32 bytes of Ed25519 in base64")
    valid_from: datetime
    valid_until: datetime | None
    endorsed_by: str | None
    endorsement: str | None


class AuditKeys(View):
    """Keys that sign or signed digests, newest first."""

    keys: list[AuditKeyView]


class FindingView(View):
    """What is not as it was written."""

    kind: str
    place: str
    detail: str
    sequence: int | None
    event_id: str | None
    count: int


class DigestVerification(View):
    """What a verification of all digests, and of all that they cover, found."""

    ok: bool
    digests: int
    records: int
    newest: str | None = Field(description="time up to which the newest digest covers")
    newest_hash: str | None
    fingerprints: list[str] = Field(
        description="keys that signed, newest first; keep one elsewhere"
    )
    findings: list[FindingView] = Field(description="the first 100")
    finding_count: int


class ChainView(View):
    """A server process's chain of calls."""

    id: str
    host: str
    started: datetime
    seen: datetime
    closed: datetime | None
    interrupted: datetime | None = Field(
        description="when it was noticed that the process ended without closing it: what it had in "
        "memory after 'seen' is lost"
    )
    records: int


class Chains(View):
    """Chains of calls, newest first."""

    chains: list[ChainView]


class HoldRequest(Body):
    """A legal hold to be made."""

    reason: str = Field(min_length=1, max_length=MAX_REASON)
    since: Moment | None = Field(default=None, description="all records where it is left out")


class HoldView(View):
    """A legal hold: records are kept, however old, until it is released."""

    id: str
    reason: str
    since: datetime | None
    created: datetime
    created_by: str
    released: datetime | None


class HoldList(View):
    """The account's holds, newest first."""

    holds: list[HoldView]
    retention_days: float = Field(description="how long records are kept without a hold")
