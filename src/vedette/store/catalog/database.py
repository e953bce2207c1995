"""Transactions of the catalog: reads, audited changes, and operational writes."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from vedette.core.errors import ForbiddenError, StoreError, UnavailableError
from vedette.core.time import utc_now
from vedette.store.catalog import audit_chain
from vedette.store.catalog.audit_record import DEFAULT_SOURCE, AuditEvent
from vedette.store.catalog.calls import note_recorded
from vedette.store.catalog.engine import BUSY_TIMEOUT_S, WriteScope, connect
from vedette.store.catalog.failures import translated_errors
from vedette.store.catalog.tagged import carries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from vedette.core.errors import VedetteError
    from vedette.core.identity import ResourceId
    from vedette.store.catalog.actor import Actor


@dataclass(frozen=True, slots=True)
class Clock:
    """The clocks of the catalog: wall time in UTC, and seconds that never go back."""

    now: Callable[[], datetime] = utc_now
    monotonic: Callable[[], float] = time.monotonic


class _Cancelled(Exception):  # noqa: N818 - a signal, not an error
    """Raised by ``Change.cancel``."""


class Change:
    """One change of the catalog, while its transaction is open.

    Write through ``session``, or through ``connection`` where no row object is needed; nothing else
    sees it until the block ends. The audit record is appended then, in the same transaction. If the
    block raises, neither is stored.
    """

    def __init__(self, transaction: _Appending, event: AuditEvent) -> None:
        self._transaction = transaction
        self._event = event

    @property
    def session(self) -> Session:
        """The session of the transaction, made when it is first used."""
        return self._transaction.session

    @property
    def connection(self) -> Connection:
        """The connection of the transaction; it knows nothing of what the session has not flushed."""
        return self._transaction.connection

    def respond(self, **elements: object) -> None:
        """Add members to the record's responseElements."""
        self._event = replace(self._event, response={**(self._event.response or {}), **elements})

    def concern(self, *resources: ResourceId) -> None:
        """Add resources that the record is about, such as one that was given its id just now."""
        self._event = replace(self._event, resources=[*self._event.resources, *resources])

    def within(self, account: str) -> None:
        """Set whose resources the record is about, where that is known only now."""
        self._event = replace(self._event, account=account)

    def fail(self, error: VedetteError) -> None:
        """Record the call as failed, but store what was written: a count of failed attempts."""
        self._event = replace(self._event, error=error)

    def cancel(self) -> None:
        """Leave the block and store nothing, no audit record either: there was nothing to do."""
        raise _Cancelled

    @property
    def event(self) -> AuditEvent:
        """What will be recorded."""
        return self._event


class _Appending:
    """A transaction that appends to the audit chain; its session costs something, and may be unused."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.head = audit_chain.lock(connection)
        self._session: Session | None = None

    @property
    def session(self) -> Session:
        if self._session is None:
            # It takes part in the transaction, and neither commits nor ends it.
            self._session = Session(
                self.connection, expire_on_commit=False, join_transaction_mode="rollback_only"
            )
        return self._session

    def append(self, events: Sequence[AuditEvent], now: datetime) -> None:
        """Write what the session holds, then the records."""
        if self._session is not None:
            self._session.flush()
        audit_chain.append(self.connection, events, now=now, head=self.head)

    def close(self) -> None:
        """Let the objects of the session go; the transaction stays as it is."""
        if self._session is not None:
            self._session.close()


class Database:
    """The catalog's engine and its three kinds of transaction. Thread-safe."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self.engine = engine
        self.clock = clock
        self._writer = threading.Lock()
        self._writer_thread: int | None = None
        self._listeners: list[Callable[[], None]] = []

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    def close(self) -> None:
        """Close every connection once it is not in use."""
        self.engine.dispose()

    def on_authentication_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every commit that changed who may do what."""
        self._listeners.append(listener)

    @contextmanager
    def read(self, *, snapshot: bool = False) -> Iterator[Session]:
        """Open a read-only session; with ``snapshot`` all its reads see the same moment."""
        engine = self.engine
        if snapshot and self.dialect == "postgresql":
            engine = engine.execution_options(isolation_level="REPEATABLE READ")
        with translated_errors(), Session(engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def change(
        self,
        actor: Actor,
        name: str,
        *,
        account: str | None = None,
        request: Mapping[str, Any] | None = None,
        resources: Sequence[ResourceId] = (),
        source: str = DEFAULT_SOURCE,
    ) -> Iterator[Change]:
        """Open the transaction of one mutation and append its audit record at the end.

        Changes are serialised over all threads and processes, so that what a block reads stays
        true until it ends; keep blocks short, with no network or hashing of passwords in them.

        Args:
            actor: who does it.
            name: the event's name, such as ``CreateUser``.
            account: whose resources it is about; the actor's account if None.
            request: what was asked for; secrets are hidden.
            resources: identities it is about.
            source: the part of Vedette that was asked.

        Raises:
            ForbiddenError: the actor's role is limited to resources with a tag, and one of the
                change's resources does not carry it, or it names none.
            UnavailableError: another change did not end within 10 seconds, or the database is away.
            StoreError: a change was opened inside another one.

        """
        event = AuditEvent(
            actor=actor,
            name=name,
            account=account,
            request=request,
            resources=resources,
            source=source,
        )
        with self._append_transaction() as transaction:
            change = Change(transaction, event)
            try:
                yield change
            except _Cancelled:
                transaction.connection.rollback()
                return
            if change.event.actor.only:
                self._require_tagged(change.event)
            transaction.append([change.event], self.clock.now())
            transaction.connection.commit()
            note_recorded()

    def _require_tagged(self, event: AuditEvent) -> None:
        """Refuse a change by a limited role of what did not carry its tag before the change.

        The tags are read outside of the change, which may have set them; no other change is under way.
        """
        only, resources = event.actor.only, event.resources
        wanted = " or ".join(map(str, only))
        if not resources:
            raise ForbiddenError(
                f"{event.name} is about no single resource, and {event.actor.name!r} may change only "
                f"what is tagged {wanted}",
                remedy="ask someone whose role has no tag",
            )
        with self.read() as session:
            for resource in resources:
                if not any(carries(session, resource, one.key, one.value) for one in only):
                    raise ForbiddenError(
                        f"{event.actor.name!r} may change only what is tagged {wanted}, and "
                        f"{str(resource)[:200]} is not",
                        remedy="ask someone whose role has no tag to tag it, or to make the change",
                    )

    def record(self, events: Sequence[AuditEvent]) -> None:
        """Append audit records of calls that changed nothing or failed, in one transaction."""
        if not events:
            return
        with self._append_transaction() as transaction:
            transaction.append(events, self.clock.now())
            transaction.connection.commit()
            note_recorded()

    @contextmanager
    def prune_audit(self, event: AuditEvent, *, sequence: int, digest: str) -> Iterator[Session]:
        """Open the change that removes audit records up to ``sequence``, whose hash is ``digest``.

        The head says so before anything is deleted, and the change has its own record.
        """
        with self._append_transaction(prunes=True) as transaction:
            audit_chain.prune(transaction.connection, sequence, digest)
            yield transaction.session
            transaction.append([event], self.clock.now())
            transaction.connection.commit()

    @contextmanager
    def operate(self) -> Iterator[Connection]:
        """Open a transaction on operational tables only; it leaves no audit record."""
        alone = self._sole_writer() if self.dialect == "sqlite" else nullcontext()
        with translated_errors(), alone, connect(self.engine, WriteScope()) as connection:
            yield connection
            connection.commit()

    @contextmanager
    def _append_transaction(self, *, prunes: bool = False) -> Iterator[_Appending]:
        scope = WriteScope(audited=True, prunes=prunes)
        with translated_errors(), self._sole_writer(), connect(self.engine, scope) as connection:
            transaction = _Appending(connection)
            try:
                yield transaction
            finally:
                transaction.close()
        if scope.authentication_changed:
            for listener in self._listeners:
                listener()

    @contextmanager
    def _sole_writer(self) -> Iterator[None]:
        """Queue the writers of this process, so that they do not poll each other's lock."""
        if self._writer_thread == threading.get_ident():
            raise StoreError(
                "a change was opened inside another one", remedy="use the outer change's session"
            )
        if not self._writer.acquire(timeout=BUSY_TIMEOUT_S):
            raise UnavailableError("the catalog is busy", remedy="try again")
        self._writer_thread = threading.get_ident()
        try:
            yield
        finally:
            self._writer_thread = None
            self._writer.release()
