"""The audit trail as one service: what the API, the scheduler and the server's life use."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from vedette.core.encryption import SecretBox
from vedette.core.errors import ConflictError, OverloadedError
from vedette.core.settings import Settings
from vedette.governance.audit.digests import CHANGES, Digest, Digests
from vedette.governance.audit.export import Exporter, Runs
from vedette.governance.audit.findings import Findings, Kind, check_run, read_line
from vedette.governance.audit.holds import Holds, prune
from vedette.governance.audit.search import AuditSearch
from vedette.governance.audit.signing import SigningKeys
from vedette.governance.audit.trail import CallTrail, find_interrupted
from vedette.governance.audit.verification import Keyring, Report, SignedDigest, verify_digests
from vedette.query import QueryRunner
from vedette.store.catalog import Catalog
from vedette.store.catalog.governance_models import AuditChainRow
from vedette.store.catalog.models import AuditHeadRow
from vedette.store.warehouse import Warehouse

MAX_DIGESTS = 24 * 3660


class AuditService:
    """Calls, digests, exports, holds and searches of one installation."""

    def __init__(
        self,
        catalog: Catalog,
        warehouse: Warehouse,
        runner: QueryRunner,
        settings: Settings,
        secrets: SecretBox,
    ) -> None:
        self._catalog = catalog
        self._warehouse = warehouse
        self._settings = settings
        self.trail = CallTrail(catalog, warehouse)
        self.keys = SigningKeys(catalog, secrets)
        self.digests = Digests(catalog, warehouse, self.keys)
        self.exporter = Exporter(catalog, warehouse, self.digests, self.keys)
        self.holds = Holds(catalog)
        self.search = AuditSearch(catalog, runner)
        self._runs = Runs(catalog, warehouse)
        self._verifying = threading.Lock()

    def hourly(self) -> list[Digest]:
        """Do what is due every hour: note interrupted chains, make digests, remove what is too old."""
        self.trail.flush()
        find_interrupted(self._catalog)
        try:
            made = self.digests.make_due()
        except ConflictError:
            made = []
        prune(self._catalog, self._warehouse, self.holds, self._settings.audit_retention_days)
        return made

    def digest_now(self) -> Digest:
        """Write what waits, and make a digest of everything up to now."""
        self.trail.flush()
        return self.digests.make_now()

    def verify(self, *, trusted: str | None = None) -> Report:
        """Verify every digest and what it covers, in the stores themselves.

        Args:
            trusted: fingerprint of a key that was kept elsewhere.

        Raises:
            OverloadedError: it is being done already.

        """
        if not self._verifying.acquire(blocking=False):
            raise OverloadedError("the audit trail is being verified already", retry_after=5)
        try:
            return self._verify(trusted)
        finally:
            self._verifying.release()

    def _verify(self, trusted: str | None) -> Report:
        with self._catalog.read() as session:
            pruned = session.scalar(select(AuditHeadRow.pruned_sequence)) or 0
        digests = [
            SignedDigest(item.text, item.signature, f"digest {item.sequence}")
            for item in self.digests.page(limit=MAX_DIGESTS)
        ]
        oldest = self._oldest_kept(pruned)
        keyring = Keyring([key.as_dict() for key in self.keys.list()], trusted)

        def check(run: Mapping[str, Any], findings: Findings) -> int:
            if not run["records"] or self._is_pruned(run, pruned, oldest):
                return 0
            lines = []
            for _, digest, _, text in self._runs.read(run):
                line = read_line(text.encode())
                if line.hash != digest:
                    findings.add(
                        Kind.CHANGED, str(run["trail"]), "its text does not have its hash",
                        sequence=line.sequence, event_id=line.event_id,
                    )  # fmt: skip
                lines.append(line)
            check_run(run, lines, findings)
            return len(lines)

        last = max((item.document["digestSequence"] for item in digests), default=0)
        return verify_digests(digests, keyring, check, expected=(1, last) if last else None)

    def _oldest_kept(self, pruned: int) -> str | None:
        """Return the time before which calls were removed: that of the newest run that was pruned."""
        if not pruned:
            return None
        for digest in reversed(self.digests.page(limit=MAX_DIGESTS)):
            for run in digest.document["segments"]:
                if run["trail"] == CHANGES and run["last"] >= pruned:
                    return str(digest.document["digestEndTime"])
        return None

    @staticmethod
    def _is_pruned(run: Mapping[str, Any], pruned: int, oldest: str | None) -> bool:
        if run["trail"] == CHANGES:
            return bool(run["last"] <= pruned)
        newest = run["newestEventTime"]
        return oldest is not None and newest is not None and str(newest)[:19] <= oldest[:19]

    def chains(self) -> list[AuditChainRow]:
        """Return the chains of calls, newest first, to show which were interrupted."""
        query = select(AuditChainRow).order_by(AuditChainRow.id.desc()).limit(100)
        with self._catalog.read() as session:
            return list(session.scalars(query))
