"""Calls that changed nothing, or were refused, on their way to the warehouse.

A call is noted in memory, which costs a request next to nothing, and written some seconds later in a
batch. Each process has a chain of its own: before a batch is stored the catalog knows where the chain
will end then, so that a crash loses at most what was in memory, and shows: its chain was never closed.
"""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import insert, select, update

from vedette.core.errors import VedetteError
from vedette.core.identity import DEFAULT_ACCOUNT
from vedette.core.ids import new_id
from vedette.store.catalog import Actor, AuditEvent, Catalog, IdentityType, Principal
from vedette.store.catalog.audit_record import GENESIS_HASH, build_record, canonical, hash_text
from vedette.store.catalog.governance_models import AuditChainRow
from vedette.store.warehouse import Warehouse

TABLE = "audit_calls"
FLUSH_SECONDS = 2.0
MAX_WAITING = 20_000
"""Calls kept in memory; more are only counted, and the count is recorded."""
MAX_BATCH = 5_000
MAX_COUNTERS = 10_000
STALE = timedelta(minutes=5)
"""A chain without a sign of life for so long has ended without being closed."""
BEAT = timedelta(minutes=1)
_log = logging.getLogger(__name__)
NOBODY = (DEFAULT_ACCOUNT, str(IdentityType.ANONYMOUS), "anonymous", "anonymous")
INGEST_SOURCE = "vedette.ingest"
CounterKey = tuple[str, str, str, str, str, str, str | None, str | None, int]


@dataclass(frozen=True, slots=True)
class _Counted:
    """Calls of one kind in one minute."""

    event: AuditEvent
    count: int


class CallTrail:
    """Takes calls and writes them as one process's chain. Thread-safe; ``flush`` blocks.

    The chain begins with its first batch: a process that answers nothing leaves none.
    """

    def __init__(self, catalog: Catalog, warehouse: Warehouse) -> None:
        self._catalog = catalog
        self._warehouse = warehouse
        self._waiting: deque[AuditEvent] = deque()
        self._counters: dict[CounterKey, int] = {}
        self._left_out = 0
        self._chain: str | None = None
        self._sequence, self._hash = 0, GENESIS_HASH
        self._unstored: list[bytes] = []
        self._beat: datetime | None = None
        self._flushing = threading.Lock()

    @property
    def chain(self) -> str | None:
        """The id of this process's chain, once it has one."""
        return self._chain

    def note(self, event: AuditEvent) -> None:
        """Take one call; returns at once."""
        if len(self._waiting) >= MAX_WAITING:
            self._left_out += 1
            return
        self._waiting.append(event)

    def count_call(
        self, caller: Principal | None, source: str, name: str, code: str | None, ip: str | None
    ) -> None:
        """Count one call of which there may be thousands a second, for its caller and this minute.

        Args:
            caller: None for somebody unknown, whose calls are the installation's to see.
            source: event source, such as ``vedette.ingest``.
            name: event name.
            code: error code; None for a call that was done.
            ip: where it came from.

        """
        who = NOBODY
        if caller is not None:
            who = (caller.account, str(caller.type), caller.id, caller.name)
        self.count((*who, source, name, code, ip, int(time.time()) // 60))

    def count(self, key: CounterKey) -> None:
        """Count one call.

        ``key`` is account, type, id and name of the caller, event source and name, error code,
        source IP, and the minute since the epoch.
        """
        counters = self._counters
        if key in counters:
            counters[key] += 1
        elif len(counters) < MAX_COUNTERS:
            counters[key] = 1
        else:
            self._left_out += 1

    def flush(self, *, final: bool = False) -> int:
        """Write what waits; return how many records. ``final`` also takes the present minute's counts.

        Raises:
            VedetteError: a store cannot be written; what waited still waits.

        """
        with self._flushing:
            total = 0
            while True:
                if not self._unstored:
                    self._prepare(final=final)
                if not self._unstored:
                    break
                self._store()
                total += len(self._unstored)
                self._unstored = []
            self._sign_of_life()
            return total

    def close(self) -> None:
        """Write what waits and close the chain, so that nothing of it counts as lost."""
        self.flush(final=True)
        if self._chain is None:
            return
        now = self._catalog.clock.now()
        chosen = update(AuditChainRow).where(AuditChainRow.id == self._chain)
        with self._catalog.operate() as connection:
            connection.execute(chosen.values(closed=now, seen=now))
        self._chain, self._sequence, self._hash = None, 0, GENESIS_HASH

    def _prepare(self, *, final: bool) -> None:
        """Turn up to a batch of what waits into records of the chain."""
        events: list[AuditEvent | _Counted] = []
        while self._waiting and len(events) < MAX_BATCH:
            events.append(self._waiting.popleft())
        events += self._ended_minutes(MAX_BATCH - len(events), final=final)
        if self._left_out:
            left_out, self._left_out = self._left_out, 0
            events.append(
                AuditEvent(
                    actor=Actor.system("audit"),
                    name="CallsNotRecorded",
                    source="vedette.audit",
                    read_only=True,
                    request={"count": left_out},
                )
            )
        if not events:
            return
        now = self._catalog.clock.now()
        if self._chain is None:
            self._begin(now)
        for event in events:
            self._unstored.append(self._append(event, now))

    def _ended_minutes(self, most: int, *, final: bool) -> list[_Counted]:
        minute = int(self._catalog.clock.now().timestamp()) // 60
        # A copy: requests add keys meanwhile, and a count that grows is read when it is taken out.
        ended = [key for key in list(self._counters) if final or key[-1] < minute][:most]
        return [_counted(key, self._counters.pop(key)) for key in ended]

    def _begin(self, now: datetime) -> None:
        self._chain = new_id()
        row = {
            "id": self._chain, "host": socket.gethostname(), "started": now, "seen": now,
            "written": 0, "written_hash": GENESIS_HASH, "pending": 0, "pending_hash": GENESIS_HASH,
        }  # fmt: skip
        with self._catalog.operate() as connection:
            connection.execute(insert(AuditChainRow).values(row))
        self._beat = now

    def _append(self, noted: AuditEvent | _Counted, now: datetime) -> bytes:
        event, count = (noted.event, noted.count) if isinstance(noted, _Counted) else (noted, 1)
        self._sequence += 1
        record = build_record(event, now=now, sequence=self._sequence, previous_hash=self._hash)
        record["chain"] = self._chain
        text = canonical(record)
        self._hash = hash_text(text)
        identity = record["userIdentity"]
        return orjson.dumps(
            {
                "Account": record["recipientAccountId"],
                "Time": (event.time or now).strftime("%Y-%m-%d %H:%M:%S.%f"),
                "Chain": self._chain,
                "Sequence": self._sequence,
                "EventId": record["eventID"],
                "EventSource": record["eventSource"],
                "EventName": record["eventName"],
                "ActorType": identity["type"],
                "ActorId": identity["principalId"],
                "ActorName": identity["userName"],
                "SourceIp": record["sourceIPAddress"] or "",
                "ReadOnly": record["readOnly"],
                "ErrorCode": record["errorCode"] or "",
                "Count": count,
                "Record": text,
                "Hash": self._hash,
            }
        )

    def _store(self) -> None:
        now = self._catalog.clock.now()
        chain = update(AuditChainRow).where(AuditChainRow.id == self._chain)
        with self._catalog.operate() as connection:
            connection.execute(
                chain.values(pending=self._sequence, pending_hash=self._hash, seen=now)
            )
        self._warehouse.insert(TABLE, [b"\n".join(self._unstored)], "JSONEachRow", {})
        with self._catalog.operate() as connection:
            connection.execute(
                chain.values(written=self._sequence, written_hash=self._hash, seen=now)
            )
        self._beat = now

    def _sign_of_life(self) -> None:
        now = self._catalog.clock.now()
        if self._chain is None or (self._beat is not None and now - self._beat < BEAT):
            return
        with self._catalog.operate() as connection:
            connection.execute(
                update(AuditChainRow).where(AuditChainRow.id == self._chain).values(seen=now)
            )
        self._beat = now


def _counted(key: CounterKey, count: int) -> _Counted:
    account, kind, actor_id, name, source, event_name, error, ip, minute = key
    began = datetime.fromtimestamp(minute * 60, UTC)
    event = AuditEvent(
        actor=Actor(type=IdentityType(kind), id=actor_id, name=name, account=account, ip=ip),
        account=account,
        name=event_name,
        source=source,
        # What is counted is ingest, and what clients ask before they sign in.
        read_only=source != INGEST_SOURCE,
        request={"calls": count, "minute": began},
        error=told_error(error, "") if error else None,
        time=began,
    )
    return _Counted(event, count)


def told_error(code: str, message: str) -> VedetteError:
    """Return an error with a code that only the answer's status told of."""
    error = VedetteError(message)
    error.code = code
    return error


def find_interrupted(catalog: Catalog) -> Sequence[str]:
    """Mark chains whose process ended without closing them; record it and return their ids."""
    now = catalog.clock.now()
    silent = select(AuditChainRow).where(
        AuditChainRow.closed.is_(None),
        AuditChainRow.interrupted.is_(None),
        AuditChainRow.seen < now - STALE,
    )
    with catalog.read() as session:
        rows = session.scalars(silent).all()
    events: list[AuditEvent] = []
    for row in rows:
        chosen = update(AuditChainRow).where(
            AuditChainRow.id == row.id, AuditChainRow.interrupted.is_(None)
        )
        with catalog.operate() as connection:
            if connection.execute(chosen.values(interrupted=now)).rowcount != 1:
                continue
        events.append(_interruption(row, now))
    catalog.audit.record_events(events)
    return [row.id for row in rows]


def _interruption(row: AuditChainRow, now: datetime) -> AuditEvent:
    told: dict[str, Any] = {
        "chain": row.id,
        "host": row.host,
        "written": row.written,
        "pending": row.pending,
        "lostAfter": row.seen,
        "noticed": now,
    }
    return AuditEvent(
        actor=Actor.system("audit"),
        name="CallsInterrupted",
        source="vedette.audit",
        read_only=True,
        request=told,
    )
