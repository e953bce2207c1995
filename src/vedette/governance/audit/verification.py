"""Verifying digests and what they cover, newest to oldest, with nothing but an export in hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from vedette.governance.audit.findings import Finding, Findings, Kind
from vedette.governance.audit.signing import endorsed_text, fingerprint, is_signed
from vedette.store.catalog.audit_record import canonical, hash_text


@dataclass(frozen=True, slots=True)
class SignedDigest:
    """A digest as it is exported: its text, its signature, and the file it came from."""

    text: str
    signature: str
    place: str

    @property
    def hash(self) -> str:
        """SHA-256 of the text."""
        return hash_text(self.text)

    @property
    def document(self) -> dict[str, Any]:
        """What it states."""
        parsed: dict[str, Any] = orjson.loads(self.text)
        return parsed


@dataclass(slots=True)
class Report:
    """What a verification found.

    Attributes:
        records: records that were compared.
        digests: digests that were checked.
        newest: time up to which the newest digest covers.
        fingerprints: keys that signed, newest first.
        findings: what is wrong.
        skipped: records that were left out on purpose: past their time, when they were removed.

    """

    records: int = 0
    digests: int = 0
    newest: str | None = None
    newest_hash: str | None = None
    fingerprints: list[str] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    skipped: int = 0

    @property
    def ok(self) -> bool:
        """True where everything is as it was written."""
        return self.findings.count == 0

    @property
    def problems(self) -> list[Finding]:
        """The first 100 findings."""
        return self.findings.items


RunCheck = Callable[[Mapping[str, Any], Findings], int]
"""Checks one run of a digest; returns how many records it compared."""


class Keyring:
    """Public keys by fingerprint, and which of them are trusted.

    Args:
        keys: as ``PublicKey.as_dict`` gives them.
        trusted: the fingerprint that was kept elsewhere; all are taken on trust where it is None.

    """

    def __init__(self, keys: Sequence[Mapping[str, Any]], trusted: str | None) -> None:
        self._keys = {str(key.get("fingerprint")): key for key in keys}
        self._pinned = trusted
        self._trusted = set(self._keys) if trusted is None else {trusted}
        if trusted is not None:
            self._follow_endorsements()

    def _follow_endorsements(self) -> None:
        growing = True
        while growing:
            growing = False
            for mark, key in self._keys.items():
                if mark not in self._trusted and self._is_endorsed(mark, key):
                    self._trusted.add(mark)
                    growing = True

    def _is_endorsed(self, mark: str, key: Mapping[str, Any]) -> bool:
        by, endorsement = key.get("endorsedBy"), key.get("endorsement")
        if by not in self._trusted or by not in self._keys or not endorsement:
            return False
        try:
            since = datetime.fromisoformat(str(key["validFrom"]))
            text = endorsed_text(mark, str(key["publicKey"]), since)
        except (KeyError, ValueError):
            return False
        return is_signed(str(self._keys[by]["publicKey"]), text, str(endorsement))

    def check(
        self, text: str, signature: str, mark: str, place: str, findings: Findings, *, vouched: bool
    ) -> bool:
        """Check a signature; ``vouched`` where a later digest that is genuine names this text."""
        key = self._keys.get(mark)
        if key is None:
            findings.add(Kind.KEY_REPLACED, place, f"the key {mark[:16]}… is not among the keys")
            return False
        public = str(key.get("publicKey"))
        try:
            genuine = fingerprint(public) == mark
        except ValueError:
            genuine = False
        if not genuine:
            findings.add(
                Kind.KEY_REPLACED, place, f"the key {mark[:16]}… does not have its fingerprint"
            )
            return False
        if mark not in self._trusted and not vouched:
            detail = f"it is signed by {mark[:16]}…, which the trusted key has not endorsed"
            findings.add(Kind.KEY_REPLACED, place, detail)
            return False
        if not is_signed(public, text, signature):
            findings.add(Kind.DIGEST_CHANGED, place, "its signature is not over this text")
            return False
        return True


def verify_digests(
    digests: Sequence[SignedDigest],
    keyring: Keyring,
    check_run: RunCheck,
    *,
    expected: tuple[int, int] | None = None,
) -> Report:
    """Verify digests and what they cover, newest to oldest.

    Args:
        digests: in any order.
        keyring: the keys and which are trusted.
        check_run: reads the records of a run and compares them.
        expected: first and last number that there should be.

    """
    report = Report()
    ordered = sorted(_readable(digests, report), key=lambda item: -item[1]["digestSequence"])
    later: Mapping[str, Any] | None = None
    if expected is not None:
        _check_ends(ordered, expected, report)
    for digest, document in ordered:
        report.digests += 1
        vouched = _follows(digest, document, later, report)
        mark = str(document.get("publicKeyFingerprint"))
        if mark not in report.fingerprints:
            report.fingerprints.append(mark)
        if keyring.check(
            digest.text, digest.signature, mark, digest.place, report.findings, vouched=vouched
        ):
            for run in document["segments"]:
                report.records += check_run(run, report.findings)
        if report.newest is None:
            report.newest, report.newest_hash = document["digestEndTime"], digest.hash
        later = document
    _check_runs_join(ordered, report)
    return report


def _readable(
    digests: Sequence[SignedDigest], report: Report
) -> Iterator[tuple[SignedDigest, dict[str, Any]]]:
    seen: set[int] = set()
    for digest in digests:
        try:
            document = digest.document
            number = int(document["digestSequence"])
            if canonical(document) != digest.text or not isinstance(document["segments"], list):
                raise ValueError
        except (ValueError, KeyError, TypeError):
            report.findings.add(Kind.DIGEST_CHANGED, digest.place, "it cannot be read as a digest")
            continue
        if number in seen:
            report.findings.add(
                Kind.DIGEST_CHANGED, digest.place, "another digest has its number", sequence=number
            )
            continue
        seen.add(number)
        yield digest, document


def _check_ends(
    ordered: Sequence[tuple[SignedDigest, Mapping[str, Any]]],
    expected: tuple[int, int],
    report: Report,
) -> None:
    first, last = expected
    newest = ordered[0][1]["digestSequence"] if ordered else first - 1
    oldest = ordered[-1][1]["digestSequence"] if ordered else last + 1
    if newest < last:
        detail = "digests are gone from the end"
        _dropped(report, newest + 1, last - newest, detail, Kind.TRUNCATED)
    if ordered and oldest > first:
        _dropped(report, first, oldest - first, "digests are gone from the start")


def _follows(
    digest: SignedDigest,
    document: Mapping[str, Any],
    later: Mapping[str, Any] | None,
    report: Report,
) -> bool:
    """Compare a digest with what the one after it says; tell whether that one vouches for it."""
    if later is None:
        return False
    number, next_number = document["digestSequence"], later["digestSequence"]
    if next_number != number + 1:
        _dropped(report, number + 1, next_number - number - 1, "the digest is gone")
        return False
    if later["previousDigestHash"] != digest.hash:
        detail = "it is not the digest that the one after it names"
        report.findings.add(Kind.DIGEST_CHANGED, digest.place, detail, sequence=number)
        return False
    if later["previousDigestSignature"] != digest.signature:
        detail = "its signature is not the one that the digest after it names"
        report.findings.add(Kind.DIGEST_CHANGED, digest.place, detail, sequence=number)
        return False
    return True


def _dropped(
    report: Report, number: int, count: int, detail: str, kind: Kind = Kind.DIGEST_DROPPED
) -> None:
    report.findings.add(kind, "digests", detail, sequence=number, count=count)


def _check_runs_join(
    ordered: Sequence[tuple[SignedDigest, Mapping[str, Any]]], report: Report
) -> None:
    """Check that each run of a chain begins where the one before it ended."""
    ends: dict[str, tuple[int, str]] = {}
    for digest, document in reversed(ordered):
        for run in document["segments"]:
            end = ends.get(run["chain"])
            if end is not None and (run["first"], run["previousHash"]) != (end[0] + 1, end[1]):
                detail = f"its run of {run['trail']} does not begin where the one before ended"
                number = document["digestSequence"]
                # Where a digest is missing that was said already.
                if not any(item.kind is Kind.DIGEST_DROPPED for item in report.findings.items):
                    report.findings.add(Kind.DIGEST_CHANGED, digest.place, detail, sequence=number)
            ends[run["chain"]] = (run["last"], run["lastHash"])
