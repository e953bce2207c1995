"""Digests: every hour one signed statement of what the audit trail holds, even where nothing happened.

A digest covers what was recorded since the one before: a run of the catalog's chain, and a run of each
chain of calls. It names the SHA-256 over the records' hashes of each run, the hash and signature of the
digest before, and the key it is signed with. The shape follows AWS CloudTrail's digest files.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import func, insert, or_, select
from sqlalchemy.exc import IntegrityError

from vedette.core.errors import ConflictError
from vedette.governance.audit.signing import SigningKeys
from vedette.store.catalog import Catalog
from vedette.store.catalog.audit_record import GENESIS_HASH, canonical, format_time, hash_text
from vedette.store.catalog.governance_models import AuditChainRow, AuditDigestRow
from vedette.store.catalog.models import AuditHeadRow, AuditRow
from vedette.store.warehouse import QueryLimits, Warehouse

HOUR = timedelta(hours=1)
MAX_CATCH_UP = 24 * 7
"""Hours without a server that get a digest each; of more the first becomes one longer digest."""
CHANGES = "changes"
CALLS = "calls"
CATALOG_CHAIN = "catalog"
LATE = 24
"""Digests after a record's time among which its own is: calls wait a little before they are written."""
MAX_SEGMENT = 2_000_000
_LIMITS = QueryLimits(rows=MAX_SEGMENT, seconds=120.0)

_HASHES = """
SELECT Sequence AS sequence, Hash AS hash, Account AS account, toString(Time) AS time
FROM audit_calls
WHERE Chain = {chain:String} AND Sequence > {after:UInt64} AND Sequence <= {through:UInt64}
ORDER BY Sequence
LIMIT 1 BY Sequence
"""


@dataclass(frozen=True, slots=True)
class Digest:
    """A stored digest; ``document`` is what ``text``, which was signed, says."""

    sequence: int
    starts: datetime
    ends: datetime
    records: int
    fingerprint: str
    text: str
    hash: str
    signature: str

    @property
    def document(self) -> dict[str, Any]:
        """What the digest states."""
        parsed: dict[str, Any] = orjson.loads(self.text)
        return parsed


def account_mark(account: str) -> str:
    """Return what stands for an account in digests: they are shown to every account."""
    return hashlib.sha256(f"account {account}".encode()).hexdigest()[:16]


class Digests:
    """Makes and reads digests."""

    def __init__(self, catalog: Catalog, warehouse: Warehouse, keys: SigningKeys) -> None:
        self._catalog = catalog
        self._warehouse = warehouse
        self._keys = keys

    def page(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 100,
        before: int | None = None,
    ) -> list[Digest]:
        """Return digests, newest first, of those that end after ``since`` and begin before ``until``."""
        query = select(AuditDigestRow).order_by(AuditDigestRow.sequence.desc()).limit(limit)
        if since is not None:
            query = query.where(AuditDigestRow.ends > since)
        if until is not None:
            query = query.where(AuditDigestRow.starts < until)
        if before is not None:
            query = query.where(AuditDigestRow.sequence < before)
        with self._catalog.read() as session:
            return [_digest(row) for row in session.scalars(query)]

    def covering(self, chain: str, sequence: int, at: datetime) -> Digest | None:
        """Return the digest that covers a record, or None while there is none yet.

        Args:
            chain: ``catalog``, or the id of a chain of calls.
            sequence: the record's number in it.
            at: the record's time; its digest is one of the first that end after it.

        """
        query = (
            select(AuditDigestRow)
            .where(AuditDigestRow.ends > at)
            .order_by(AuditDigestRow.sequence)
            .limit(LATE)
        )
        with self._catalog.read() as session:
            digests = [_digest(row) for row in session.scalars(query)]
        for digest in digests:
            for run in digest.document["segments"]:
                if run["chain"] == chain and run["first"] <= sequence <= run["last"]:
                    return digest
        return None

    def newest(self) -> Digest | None:
        """Return the last digest."""
        found = self.page(limit=1)
        return found[0] if found else None

    def make_due(self) -> list[Digest]:
        """Make a digest for every full hour that has none yet, oldest first."""
        now = self._catalog.clock.now()
        hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        last = self.newest()
        starts = last.ends if last else hour - HOUR
        made = []
        if hour - starts > HOUR * MAX_CATCH_UP:
            made.append(self.make(starts, hour - HOUR * MAX_CATCH_UP))
            starts = made[0].ends
        while starts < hour:
            # Where one was made in between, the next is shorter, up to the full hour.
            ends = min(hour, starts.replace(minute=0, second=0, microsecond=0) + HOUR)
            made.append(self.make(starts, ends))
            starts = ends
        return made

    def make_now(self) -> Digest:
        """Make a digest of everything up to this moment, for an export."""
        last, now = self.newest(), self._catalog.clock.now()
        starts = last.ends if last else now.replace(minute=0, second=0, microsecond=0)
        return self.make(starts, max(now, starts))

    def make(self, starts: datetime, ends: datetime) -> Digest:
        """Make the next digest; it covers all that was recorded since the one before.

        Raises:
            ConflictError: another process made one at the same time.

        """
        key = self._keys.ensure()
        last = self.newest()
        covered = _covered(last)
        segments = [self._changes(covered.get((CHANGES, CATALOG_CHAIN)))]
        segments += self._calls(covered)
        document = {
            "digestVersion": "1.0",
            "digestSequence": last.sequence + 1 if last else 1,
            "digestStartTime": format_time(starts),
            "digestEndTime": format_time(ends),
            "segments": segments,
            "hashAlgorithm": "SHA-256",
            "signatureAlgorithm": "Ed25519",
            "publicKeyFingerprint": key.fingerprint,
            "previousDigestHash": last.hash if last else None,
            "previousDigestSignature": last.signature if last else None,
        }
        text = canonical(document)
        row = {
            "sequence": document["digestSequence"],
            "starts": starts,
            "ends": ends,
            "records": sum(segment["records"] for segment in segments),
            "fingerprint": key.fingerprint,
            "text": text,
            "hash": hash_text(text),
            "signature": self._keys.sign(key.fingerprint, text),
        }
        try:
            with self._catalog.operate() as connection:
                connection.execute(insert(AuditDigestRow).values(row))
        except (IntegrityError, ConflictError) as error:
            raise ConflictError(
                "another process made this digest", remedy="read it instead"
            ) from error
        return Digest(**row)

    def _changes(self, covered: Mapping[str, Any] | None) -> dict[str, Any]:
        """Return what the digest says of the catalog's chain since the last one."""
        with self._catalog.read() as session:
            head = session.scalar(select(AuditHeadRow))
            through = head.sequence if head else 0
            after = covered["last"] if covered else (head.pruned_sequence if head else 0)
            previous = covered["lastHash"] if covered else (head.pruned_hash if head else "")
            query = (
                select(AuditRow.sequence, AuditRow.hash, AuditRow.account, AuditRow.event_time)
                .where(AuditRow.sequence > after, AuditRow.sequence <= through)
                .order_by(AuditRow.sequence)
                .execution_options(yield_per=2000)
            )
            rows = (
                (sequence, digest, account, format_time(time))
                for sequence, digest, account, time in session.execute(query)
            )
            return segment(CHANGES, CATALOG_CHAIN, after, previous, rows)

    def _calls(self, covered: Mapping[tuple[str, str], Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Return what the digest says of the chains of calls that have grown or ended."""
        last = max((digest.ends for digest in self.page(limit=1)), default=None)
        query = select(AuditChainRow).order_by(AuditChainRow.id)
        if last is not None:
            # A chain that nobody has written to since cannot have grown.
            query = query.where(
                or_(AuditChainRow.seen >= last - HOUR, AuditChainRow.closed.is_(None))
            )
        with self._catalog.read() as session:
            chains = session.scalars(query).all()
            known = _last_by_chain(session, [chain.id for chain in chains])
        found = []
        for chain in chains:
            before = covered.get((CALLS, chain.id)) or known.get(chain.id)
            after = before["last"] if before else 0
            previous = before["lastHash"] if before else GENESIS_HASH
            through = chain.written
            if chain.interrupted is not None:
                through = max(through, chain.pending)
            if through <= after:
                continue
            params = {"chain": chain.id, "after": after, "through": through}
            answer = self._warehouse.query(_HASHES, params, limits=_LIMITS)
            rows = zip(
                answer["sequence"], answer["hash"], answer["account"], answer["time"], strict=True
            )
            made = segment(CALLS, chain.id, after, previous, rows)
            if made["records"]:
                found.append(made)
        return found


def segment(
    trail: str, chain: str, after: int, previous: str, rows: Iterable[tuple[int, str, str, str]]
) -> dict[str, Any]:
    """Return the statement of one run of a chain.

    Args:
        trail: ``changes`` or ``calls``.
        chain: which chain.
        after: number of the record before the run.
        previous: that record's hash.
        rows: number, hash, account and time of each record, in order.

    """
    digest, accounts = hashlib.sha256(), Counter[str]()
    last, last_hash, count = after, previous, 0
    oldest = newest = None
    for sequence, value, account, time in rows:
        digest.update(value.encode())
        accounts[account] += 1
        last, last_hash, count = sequence, value, count + 1
        oldest, newest = min(oldest or time, time), max(newest or time, time)
    return {
        "trail": trail,
        "chain": chain,
        "first": after + 1,
        "last": last,
        "records": count,
        "previousHash": previous,
        "lastHash": last_hash,
        "sha256": digest.hexdigest(),
        "accounts": {account_mark(name): number for name, number in sorted(accounts.items())},
        "oldestEventTime": oldest,
        "newestEventTime": newest,
    }


def _covered(last: Digest | None) -> dict[tuple[str, str], Mapping[str, Any]]:
    """Return the runs that the last digest names, by trail and chain."""
    if last is None:
        return {}
    return {(item["trail"], item["chain"]): item for item in last.document["segments"]}


def _last_by_chain(session: Any, chains: list[str]) -> dict[str, Mapping[str, Any]]:  # noqa: ANN401 - a session
    """Return the newest run of each chain over the digests of the last days."""
    found: dict[str, Mapping[str, Any]] = {}
    if not chains:
        return found
    query = select(AuditDigestRow.text).order_by(AuditDigestRow.sequence.desc())
    total = session.scalar(select(func.count()).select_from(AuditDigestRow)) or 0
    wanted = set(chains)
    for text in session.scalars(query.limit(min(total, 24 * 32))):
        for item in orjson.loads(text)["segments"]:
            if item["chain"] in wanted and item["chain"] not in found:
                found[item["chain"]] = item
        if wanted <= found.keys():
            break
    return found


def _digest(row: AuditDigestRow) -> Digest:
    return Digest(
        sequence=row.sequence,
        starts=row.starts,
        ends=row.ends,
        records=row.records,
        fingerprint=row.fingerprint,
        text=row.text,
        hash=row.hash,
        signature=row.signature,
    )
