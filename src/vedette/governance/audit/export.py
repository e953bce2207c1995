"""An export of the audit trail: files that anyone can read and verify without this installation.

A zip of ``records/*.json.gz`` in AWS CloudTrail's shape (``{"Records": [...]}``), the digests that cover
them (``digests/*.json``), the public keys (``keys.json``) and a signed list of all this (``export.json``).
An export of one account has that account's records only, and beside them the hashes of all
(``hashes/*.json.gz``), by which the digests can be verified though others' records are not in it.
"""

from __future__ import annotations

import gzip
import hashlib
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from vedette.core.errors import NotFoundError
from vedette.governance.audit.digests import CHANGES, Digest, Digests
from vedette.governance.audit.signing import SigningKeys
from vedette.store.catalog import Catalog
from vedette.store.catalog.audit_record import canonical, format_time
from vedette.store.catalog.models import AuditRow
from vedette.store.warehouse import QueryLimits, Warehouse

MANIFEST = "export.json"
KEYS = "keys.json"
MAX_DIGESTS = 24 * 400
_STEP = 20_000
_LIMITS = QueryLimits(rows=_STEP, seconds=120.0, memory_bytes=1 << 30)
_GZIP_LEVEL = 6

CALLS_OF_RUN = """
SELECT Sequence AS sequence, Hash AS hash, Account AS account, Record AS record
FROM audit_calls
WHERE Chain = {chain:String} AND Sequence > {after:UInt64} AND Sequence <= {through:UInt64}
ORDER BY Sequence
LIMIT 1 BY Sequence
LIMIT {step:UInt64}
"""
Stored = tuple[int, str, str, str]
"""Number, hash, account and text of a record."""


class Runs:
    """Reads the records of a digest's runs from the stores."""

    def __init__(self, catalog: Catalog, warehouse: Warehouse) -> None:
        self._catalog = catalog
        self._warehouse = warehouse

    def read(self, run: Mapping[str, Any]) -> Iterator[Stored]:
        """Yield the records of a run, in order of their numbers."""
        if run["trail"] == CHANGES:
            yield from self._changes(run)
        else:
            yield from self._calls(run)

    def _changes(self, run: Mapping[str, Any]) -> Iterator[Stored]:
        query = (
            select(AuditRow.sequence, AuditRow.hash, AuditRow.account, AuditRow.record)
            .where(AuditRow.sequence >= run["first"], AuditRow.sequence <= run["last"])
            .order_by(AuditRow.sequence)
            .execution_options(yield_per=2000)
        )
        with self._catalog.read() as session:
            yield from ((row[0], row[1], row[2], row[3]) for row in session.execute(query))

    def _calls(self, run: Mapping[str, Any]) -> Iterator[Stored]:
        after = run["first"] - 1
        while after < run["last"]:
            params = {
                "chain": run["chain"], "after": after, "through": run["last"], "step": _STEP,
            }  # fmt: skip
            answer = self._warehouse.query(CALLS_OF_RUN, params, limits=_LIMITS)
            if not answer.rows:
                return
            yield from zip(
                answer["sequence"], answer["hash"], answer["account"], answer["record"], strict=True
            )
            after = answer["sequence"][-1]


@dataclass(frozen=True, slots=True)
class Written:
    """What an export holds."""

    digests: int
    records: int
    bytes: int


class Exporter:
    """Writes exports."""

    def __init__(
        self, catalog: Catalog, warehouse: Warehouse, digests: Digests, keys: SigningKeys
    ) -> None:
        self._catalog = catalog
        self._runs = Runs(catalog, warehouse)
        self._digests = digests
        self._keys = keys

    def write(
        self, path: Path, *, account: str | None, since: datetime, until: datetime
    ) -> Written:
        """Write a zip of all digests that lie in a range, and what they cover.

        Args:
            path: the new file.
            account: whose records; all where it is None, which is for the installation's admins.
            since: start of the range.
            until: its end; a digest is made first, so that the newest records are covered too.

        Raises:
            NotFoundError: there is no digest in the range.

        """
        digests = self._digests.page(since=since, until=until, limit=MAX_DIGESTS)
        if not digests:
            raise NotFoundError(
                "no digest lies in this range", field="start", remedy="give an earlier start"
            )
        files: dict[str, str] = {}
        records = 0
        with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
            for digest in reversed(digests):
                records += self._write_digest(archive, files, digest, account)
            keys = [key.as_dict() for key in self._keys.list()]
            _put(archive, files, KEYS, orjson.dumps({"keys": keys}, option=orjson.OPT_INDENT_2))
            archive.writestr(MANIFEST, self._manifest(files, digests, account))
        return Written(len(digests), records, path.stat().st_size)

    def _write_digest(
        self,
        archive: zipfile.ZipFile,
        files: dict[str, str],
        digest: Digest,
        account: str | None,
    ) -> int:
        records = 0
        for run in digest.document["segments"]:
            if not run["records"]:
                continue
            name = run_name(run)
            hashes: list[str] = []
            packed, count = _pack(self._runs.read(run), account, hashes)
            records += count
            _put(archive, files, f"records/{name}", packed)
            if account is not None:
                body = orjson.dumps({"first": run["first"], "hashes": hashes})
                _put(archive, files, f"hashes/{name}", gzip.compress(body, 1, mtime=0))
        body = orjson.dumps({"digest": digest.text, "signature": digest.signature})
        _put(archive, files, f"digests/{digest.sequence:010d}.json", body)
        return records

    def _manifest(
        self, files: Mapping[str, str], digests: list[Digest], account: str | None
    ) -> bytes:
        key = self._keys.ensure()
        document = {
            "exportVersion": "1.0",
            "account": account,
            "created": format_time(self._catalog.clock.now()),
            "firstDigest": digests[-1].sequence,
            "lastDigest": digests[0].sequence,
            "files": dict(files),
            "publicKeyFingerprint": key.fingerprint,
        }
        text = canonical(document)
        signature = self._keys.sign(key.fingerprint, text)
        return orjson.dumps({"export": text, "signature": signature})


def run_name(run: Mapping[str, Any]) -> str:
    """Return the name of the file with a run's records."""
    return f"{run['trail']}-{run['chain']}-{run['first']:012d}-{run['last']:012d}.json.gz"


def _pack(records: Iterable[Stored], account: str | None, hashes: list[str]) -> tuple[bytes, int]:
    """Return the gzipped file of the records, one a line, and how many there are."""
    lines = []
    for _, digest, owner, text in records:
        hashes.append(digest)
        if account is None or owner == account:
            lines.append(text)
    body = '{"Records":[\n' + ",\n".join(lines) + "\n]}\n"
    return gzip.compress(body.encode(), _GZIP_LEVEL, mtime=0), len(lines)


def _put(archive: zipfile.ZipFile, files: dict[str, str], name: str, body: bytes) -> None:
    archive.writestr(name, body)
    files[name] = hashlib.sha256(body).hexdigest()
