"""What a verification finds, and the check of one run of records against what a digest says of it.

A run is judged from its newest record to its oldest: the digest names the newest one's hash, each
record that is genuine names the hash of the one before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import orjson

from vedette.store.catalog.audit_record import canonical, hash_text

MAX_FINDINGS = 100


class Kind(StrEnum):
    """What was done."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    DIGEST_CHANGED = "digest changed"
    DIGEST_DROPPED = "digest dropped"
    KEY_REPLACED = "key replaced"
    MANIFEST_CHANGED = "manifest changed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it was written.

    Attributes:
        kind: what was done.
        place: where: a chain, a digest or a file.
        detail: a sentence for a person.
        sequence: number of the record or digest, where there is one.
        event_id: of the record, where it can be read.
        count: how many records from ``sequence`` on.

    """

    kind: Kind
    place: str
    detail: str
    sequence: int | None = None
    event_id: str | None = None
    count: int = 1


@dataclass(slots=True)
class Findings:
    """Findings in the order found: the first 100, and how many there were."""

    items: list[Finding] = field(default_factory=list)
    count: int = 0

    def add(
        self,
        kind: Kind,
        place: str,
        detail: str,
        *,
        sequence: int | None = None,
        event_id: str | None = None,
        count: int = 1,
    ) -> None:
        """Note one."""
        self.count += 1
        if len(self.items) < MAX_FINDINGS:
            self.items.append(Finding(kind, place, detail, sequence, event_id, count))


@dataclass(frozen=True, slots=True)
class Line:
    """A record as it is stored: its hash, and what it says of itself; None where it is unreadable."""

    hash: str
    sequence: int | None
    previous: str | None
    event_id: str | None
    account: str | None = None


def read_line(text: bytes) -> Line:
    """Return the line of a record's text."""
    digest = hashlib.sha256(text).hexdigest()
    try:
        record = orjson.loads(text)
        return Line(
            digest,
            int(record["sequence"]),
            str(record["previousHash"]),
            str(record["eventID"]),
            str(record["recipientAccountId"]),
        )
    except (ValueError, KeyError, TypeError):
        return Line(digest, None, None, None)


def line_of(record: Mapping[str, Any]) -> Line:
    """Return the line of a record that was parsed from a file that others wrote anew."""
    line = read_line(orjson.dumps(record, option=orjson.OPT_SORT_KEYS))
    return Line(
        hash_text(canonical(record)), line.sequence, line.previous, line.event_id, line.account
    )


def check_run(run: Mapping[str, Any], lines: Sequence[Line], findings: Findings) -> None:
    """Compare the records of a run with what the digest says of it.

    Args:
        run: the digest's statement of it.
        lines: its records as they are stored, in the order in which they are.
        findings: takes what is wrong.

    """
    if not _is_whole(run, lines):
        before = findings.count
        _name_faults(run, lines, findings)
        if findings.count == before:
            findings.add(
                Kind.CHANGED, _place(run), "its records were written anew: the digest names others",
                sequence=run["first"], count=run["records"],
            )  # fmt: skip


def check_own(
    run: Mapping[str, Any],
    hashes: Sequence[str],
    lines: Sequence[Line],
    account: str,
    mark: str,
    findings: Findings,
) -> None:
    """Compare one account's records of a run with the hashes of all its records.

    Args:
        run: the digest's statement of the run.
        hashes: of every record, in order; those of other accounts stand for themselves.
        lines: the account's records.
        account: its name.
        mark: what stands for it in the digest.
        findings: takes what is wrong.

    """
    place = _place(run)
    if hashlib.sha256("".join(hashes).encode()).hexdigest() != run["sha256"]:
        findings.add(Kind.CHANGED, place, "its list of hashes is not the one that the digest names")
        return
    seen: set[int] = set()
    latest = 0
    for line in lines:
        if line.sequence is None or not run["first"] <= line.sequence <= run["last"]:
            findings.add(Kind.CHANGED, place, "a record cannot be read", event_id=line.event_id)
            continue
        named = hashes[line.sequence - run["first"]]
        if line.sequence in seen:
            kind, detail = Kind.INSERTED, "its number is taken by another record"
        elif line.hash != named or line.account != account:
            kind, detail = Kind.CHANGED, "its text does not have the hash that the digest covers"
        elif line.sequence < latest:
            kind, detail = Kind.REORDERED, "it stands after later ones"
        else:
            seen.add(line.sequence)
            latest = line.sequence
            continue
        seen.add(line.sequence)
        findings.add(kind, place, detail, sequence=line.sequence, event_id=line.event_id)
    missing = run["accounts"].get(mark, 0) - len(seen)
    if missing > 0:
        findings.add(
            Kind.REMOVED, place, f"{missing} of the account's records are gone", count=missing
        )


def _place(run: Mapping[str, Any]) -> str:
    return f"{run['trail']} {run['chain']}" if run["trail"] == "calls" else str(run["trail"])


def _is_whole(run: Mapping[str, Any], lines: Sequence[Line]) -> bool:
    """Tell whether everything is as it should be, which it mostly is."""
    if len(lines) != run["records"]:
        return False
    digest, previous, number = hashlib.sha256(), run["previousHash"], run["first"]
    for line in lines:
        if line.sequence != number or line.previous != previous:
            return False
        digest.update(line.hash.encode())
        previous, number = line.hash, number + 1
    return bool(previous == run["lastHash"] and digest.hexdigest() == run["sha256"])


def _name_faults(run: Mapping[str, Any], lines: Sequence[Line], findings: Findings) -> None:
    place, first, last = _place(run), run["first"], run["last"]
    by_number: dict[int, list[Line]] = {}
    unreadable = 0
    for line in lines:
        if line.sequence is None:
            unreadable += 1
            findings.add(Kind.CHANGED, place, "a record cannot be read any more")
        elif not first <= line.sequence <= last:
            findings.add(
                Kind.INSERTED, place, "its number is not one of this run",
                sequence=line.sequence, event_id=line.event_id,
            )  # fmt: skip
        else:
            by_number.setdefault(line.sequence, []).append(line)
    _name_moved(place, [line for line in lines if line.sequence in by_number], findings)
    _name_missing(run, by_number.keys(), unreadable, findings)
    _name_changed(run, by_number, findings)


def _name_moved(place: str, lines: Sequence[Line], findings: Findings) -> None:
    latest, seen = -1, set[int]()
    for line in lines:
        number = line.sequence or 0
        if number < latest and number not in seen:
            findings.add(
                Kind.REORDERED, place, "it stands after later ones",
                sequence=number, event_id=line.event_id,
            )  # fmt: skip
        seen.add(number)
        latest = max(latest, number)


def _name_missing(
    run: Mapping[str, Any], present: Iterable[int], unreadable: int, findings: Findings
) -> None:
    have, place = set(present), _place(run)
    missing = [n for n in range(run["first"], run["last"] + 1) if n not in have]
    if len(missing) <= unreadable:
        return
    start = 0
    for index, number in enumerate(missing):
        if index + 1 < len(missing) and missing[index + 1] == number + 1:
            continue
        count = index - start + 1
        tail = number == run["last"]
        detail = "records are gone from the end" if tail else "the record is gone"
        kind = Kind.TRUNCATED if tail else Kind.REMOVED
        findings.add(kind, place, detail, sequence=missing[start], count=count)
        start = index + 1


def _name_changed(
    run: Mapping[str, Any], by_number: Mapping[int, Sequence[Line]], findings: Findings
) -> None:
    """Judge from the newest to the oldest, by what a genuine record names."""
    place = _place(run)
    named: str | None = run["lastHash"]
    for number in range(run["last"], run["first"] - 1, -1):
        claims = by_number.get(number, ())
        genuine = next((line for line in claims if named is not None and line.hash == named), None)
        for line in claims:
            if line is genuine or (named is None and len(claims) == 1):
                continue
            if genuine is not None:
                kind, detail = Kind.INSERTED, "another record is the one that is named"
            else:
                kind, detail = Kind.CHANGED, "it does not have the hash that is named for it"
            findings.add(kind, place, detail, sequence=number, event_id=line.event_id)
        if genuine is None and named is None and len(claims) == 1:
            genuine = claims[0]
        # What a changed record names of the one before it may be changed, too.
        named = genuine.previous if genuine is not None else None
