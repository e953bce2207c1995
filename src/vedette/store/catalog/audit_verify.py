"""Walking the audit chain to see whether it is as it was written.

What the walk can see: a changed record no longer has its hash, or is not the one that the next
record names; a number that is missing was removed; two records with one number, or records past
the end that ``audit_head`` knows, were inserted; a number that comes late was moved. Whoever can
write every table can also rewrite the whole chain: keep the head's hash elsewhere now and then and
give it as ``expected`` to notice that too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select

from vedette.store.catalog.audit_record import GENESIS_HASH, canonical, format_time, hash_text
from vedette.store.catalog.models import AuditHeadRow, AuditRow

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.orm import Session

MAX_PROBLEMS = 100
_CHUNK = 500


class ProblemKind(StrEnum):
    """What was done to a record."""

    CHANGED = "changed"
    REMOVED = "removed"
    INSERTED = "inserted"
    REORDERED = "reordered"


@dataclass(frozen=True, slots=True)
class ChainProblem:
    """One bad record, or ``count`` records from ``sequence`` on that are gone."""

    kind: ProblemKind
    sequence: int
    detail: str
    event_id: str | None = None
    count: int = 1


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a walk found: ``problems`` in order of number, at most 100 of ``problem_count``."""

    records: int
    head_sequence: int
    head_hash: str
    problems: tuple[ChainProblem, ...]
    problem_count: int

    @property
    def ok(self) -> bool:
        """True where every record is as it was written."""
        return self.problem_count == 0


@dataclass(slots=True)
class _Claim:
    """A stored record that claims a number, kept until the record after it was seen."""

    event_id: str
    hash: str
    flagged: bool


@dataclass(slots=True)
class _Gap:
    """Numbers ``start`` to ``end`` not seen so far; ``successor_names`` is the hash ``end`` had."""

    start: int
    end: int
    successor_names: str


@dataclass(slots=True)
class _Walk:
    problems: list[ChainProblem] = field(default_factory=list)
    problem_count: int = 0
    records: int = 0
    expected: int = 1
    claims: list[_Claim] = field(default_factory=lambda: [_Claim("", GENESIS_HASH, flagged=False)])
    gaps: list[_Gap] = field(default_factory=list)
    moved: ChainProblem | None = None

    def report(
        self,
        kind: ProblemKind,
        sequence: int,
        detail: str,
        *,
        event_id: str | None = None,
        count: int = 1,
    ) -> None:
        """Note a problem; those over the limit are only counted."""
        self.problem_count += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(ChainProblem(kind, sequence, detail, event_id, count))

    def visit(self, row: Row[Any]) -> None:
        """Take the next stored row, in order of the column ``sequence``."""
        self.records += 1
        record, fault = _examine(row)
        flagged = fault is not None
        if fault is not None:
            self.report(ProblemKind.CHANGED, row.sequence, fault, event_id=row.event_id)
        number, names = row.sequence, None
        if record is not None:
            number, names = record["sequence"], record["previousHash"]
        if number != row.sequence and self.moved is None:
            self.moved = ChainProblem(
                ProblemKind.REORDERED,
                number,
                f"it is stored as number {row.sequence}",
                row.event_id,
            )
        claim = _Claim(row.event_id, row.hash, flagged)
        if number == self.expected:
            if names is not None:
                self._settle(number - 1, names)
            self._advance(number, claim)
        elif number > self.expected:
            self._open_gap(self.expected, number - 1, names or "")
            self._advance(number, claim)
        elif number == self.expected - 1:
            self.claims.append(claim)
        else:
            self._late(number, claim)

    def _advance(self, number: int, claim: _Claim) -> None:
        self.expected = number + 1
        self.claims = [claim]

    def _settle(self, sequence: int, named: str) -> None:
        """Compare what claims ``sequence`` with the hash that the record after it names."""
        genuine = any(claim.hash == named for claim in self.claims)
        for claim in self.claims:
            if claim.hash == named or claim.flagged:
                continue
            if genuine:
                kind, detail = ProblemKind.INSERTED, "another record is the one the next names"
            elif sequence == 0:
                kind, detail = ProblemKind.CHANGED, "the first record does not begin the chain"
            else:
                kind, detail = ProblemKind.CHANGED, "it is not the record that the next one names"
            self.report(kind, max(sequence, 1), detail, event_id=claim.event_id or None)

    def _open_gap(self, start: int, end: int, names: str) -> None:
        if len(self.gaps) < MAX_PROBLEMS:
            self.gaps.append(_Gap(start, end, names))
        else:
            self.report(ProblemKind.REMOVED, start, "the record is gone", count=end - start + 1)

    def _late(self, number: int, claim: _Claim) -> None:
        gap = next((gap for gap in self.gaps if gap.start <= number <= gap.end), None)
        if gap is None:
            detail = "its number is taken by another record"
            self.report(ProblemKind.INSERTED, number, detail, event_id=claim.event_id)
            return
        self.report(
            ProblemKind.REORDERED, number, "it is stored after later ones", event_id=claim.event_id
        )
        if number == gap.end and gap.successor_names != claim.hash and not claim.flagged:
            detail = "it is not the record that the next one names"
            self.report(ProblemKind.CHANGED, number, detail, event_id=claim.event_id)
        rest = [
            _Gap(gap.start, number - 1, ""),
            _Gap(number + 1, gap.end, gap.successor_names),
        ]
        index = self.gaps.index(gap)
        self.gaps[index : index + 1] = [part for part in rest if part.start <= part.end]

    def finish(self, head: AuditHeadRow | None) -> None:
        """Compare the end of the walk with the head."""
        for gap in self.gaps:
            count = gap.end - gap.start + 1
            self.report(ProblemKind.REMOVED, gap.start, "the record is gone", count=count)
        last = self.expected - 1
        if head is None:
            self.report(ProblemKind.REMOVED, last + 1, "the head of the chain is gone")
        elif head.sequence > last:
            detail = "the record is gone from the end of the chain"
            self.report(ProblemKind.REMOVED, last + 1, detail, count=head.sequence - last)
        elif head.sequence < last:
            detail = "it lies past the end of the chain"
            count = last - head.sequence
            self.report(ProblemKind.INSERTED, head.sequence + 1, detail, count=count)
        else:
            self._settle(last, head.hash)
        if self.moved is not None and not self.problem_count:
            self.problem_count, self.problems = 1, [self.moved]


def walk(session: Session, *, expected: tuple[int, str] | None = None) -> ChainReport:
    """Walk the whole chain in bounded memory; the session's reads must be of one moment."""
    head = session.scalar(select(AuditHeadRow))
    state = _Walk()
    if head is not None and head.pruned_sequence:
        # What is left begins behind what was removed when its time was over.
        state.expected = head.pruned_sequence + 1
        state.claims = [_Claim("", head.pruned_hash, flagged=False)]
    # Columns instead of entities: a million of these take a while to make.
    rows = session.execute(
        select(*AuditRow.__table__.columns)
        .order_by(AuditRow.sequence)
        .execution_options(yield_per=_CHUNK)
    )
    anchor_seen = expected is None
    for row in rows:
        state.visit(row)
        if expected is not None and row.sequence == expected[0]:
            anchor_seen = True
            if row.hash != expected[1]:
                detail = "its hash is not the one that was kept elsewhere"
                state.report(ProblemKind.CHANGED, row.sequence, detail, event_id=row.event_id)
    state.finish(head)
    if expected is not None and not anchor_seen:
        detail = "the record whose hash was kept elsewhere is gone"
        state.report(ProblemKind.REMOVED, expected[0], detail)
    return ChainReport(
        records=state.records,
        head_sequence=head.sequence if head else 0,
        head_hash=head.hash if head else "",
        problems=tuple(sorted(state.problems, key=lambda problem: problem.sequence)),
        problem_count=state.problem_count,
    )


def _examine(row: Row[Any]) -> tuple[dict[str, Any] | None, str | None]:
    """Return a row's record if it can be read, and what is wrong with the row by itself."""
    try:
        record = orjson.loads(row.record)
        number, names = record["sequence"], record["previousHash"]
        columns = {
            "eventID": row.event_id,
            "eventTime": format_time(row.event_time),
            "recipientAccountId": row.account,
            "eventName": row.event_name,
            "readOnly": row.read_only,
            "errorCode": row.error_code,
        }
        differing = [name for name, value in columns.items() if record[name] != value]
        if record["userIdentity"]["principalId"] != row.actor_id:
            differing.append("principalId")
        canonical_text = orjson.dumps(record, option=orjson.OPT_SORT_KEYS).decode()
        if canonical_text != row.record:
            # Some numbers have two texts; the standard library's is the one that counts.
            canonical_text = canonical(record)
    except (ValueError, KeyError, TypeError):
        return None, "its text is not an audit record"
    if not isinstance(number, int) or not isinstance(names, str):
        return None, "its text is not an audit record"
    if hash_text(row.record) != row.hash or canonical_text != row.record:
        # Nothing in a changed text can be trusted, its number included.
        return None, "its text does not have its hash"
    if differing:
        return record, f"its columns differ from its text: {', '.join(differing)}"
    return record, None
