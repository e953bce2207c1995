"""Group commit: requests of one source gather while the previous group is being committed.

One group is one insert, so many small requests cost the engine what one large one does. A request
is answered after the insert that holds it returned, and the engine returns after fsync. A group
that the engine refuses is halved until the bad body stands alone; its neighbours are stored.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TypeVar, TypeVarTuple, Unpack

from vedette.core.errors import (
    InvalidInputError,
    OverloadedError,
    QueryLimitError,
    RetryableError,
    UnavailableError,
    VedetteError,
)
from vedette.core.ids import new_request_id
from vedette.core.settings import Settings
from vedette.core.time import now_ns
from vedette.ingest.batches import BatchMemory, stored_days
from vedette.ingest.derive import CommitClock, Deriver
from vedette.ingest.disk import CHECK_SECONDS, DiskGuard
from vedette.ingest.envelope import Body
from vedette.ingest.lane import SMALL_BYTES, Lane, Receipt, Waiting
from vedette.ingest.rejected import RejectedBodies, Rejections, rejected_records
from vedette.ingest.sources import Source, SourceSpec
from vedette.store.warehouse import InsertSettings, Warehouse
from vedette.store.warehouse.migrate import format_schema

COMMITTERS = 2
_DAY_NS = 86_400 * 10**9
_HOUR_NS = 3_600 * 10**9
_log = logging.getLogger(__name__)
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@dataclass(slots=True)
class IngestStats:
    """Counts since start, for ingest health."""

    requests: int = 0
    bytes: int = 0
    groups: int = 0
    refused_bodies: int = 0
    rejected_records: int = 0
    duplicates: int = 0
    overloads: int = 0
    commit_seconds: float = 0.0
    derived_records: int = 0
    derive_seconds: float = 0.0


class Ingest:
    """Accepts bodies, commits them in groups, and derives tables from them; lives on one event loop.

    Args:
        warehouse: the store.
        settings: limits and intervals.
        lead: whether this process, of several on one store, is the one to derive.

    """

    def __init__(
        self,
        warehouse: Warehouse,
        settings: Settings,
        *,
        lead: Callable[[], bool] = lambda: True,
    ) -> None:
        self._warehouse = warehouse
        self._settings = settings
        self._clock = CommitClock()
        self._deriver = Deriver(
            warehouse,
            self._clock,
            lag_seconds=settings.derive_lag_seconds if warehouse.shared else 0.0,
            lead=lead,
        )
        self._disk = DiskGuard(warehouse, settings.min_free_disk_bytes)
        self._rejected = RejectedBodies(warehouse)
        self._batches = BatchMemory()
        self._in_flight: dict[tuple[str, str, int], asyncio.Future[Receipt]] = {}
        self._lanes = {source: Lane(source) for source in Source}
        self._pending_bytes = 0
        self._closing = False
        self._derived_groups = -1
        self._other_writes = 0
        self._executor = ThreadPoolExecutor(COMMITTERS, thread_name_prefix="ingest")
        self._tasks: list[asyncio.Task[None]] = []
        self.stats = IngestStats()
        self.admit_account: Callable[[str, int], None] = lambda _account, _size: None
        """Asked for each body: refuses it where its account has used up a quota."""

    async def start(self) -> None:
        """Begin committing; call once, on the loop that will call ``submit``."""
        await self._in_thread(self._disk.refresh)
        self._tasks = [
            asyncio.create_task(self._run_lane(lane), name=f"ingest {lane.source.name}")
            for lane in self._lanes.values()
        ]
        self._tasks.append(asyncio.create_task(self._housekeeping(), name="ingest housekeeping"))
        self._tasks.append(asyncio.create_task(self._keep_deriving(), name="ingest deriving"))

    async def stop(self) -> None:
        """Refuse new requests, commit what is waiting, derive from it, then end."""
        self._closing = True
        while self._pending_bytes:  # noqa: ASYNC110 - once, as the process ends
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._in_thread(self._rejected.flush)
        await self._in_thread(self.derive)
        self._executor.shutdown()

    @property
    def _written(self) -> int:
        """How often facts were written, to tell whether there is something to derive."""
        return self.stats.groups + self._other_writes

    def settled(self) -> int:
        """Return the time of receipt, in ms, before which everything of this process is stored."""
        return self._clock.settled()

    @contextmanager
    def writing(self) -> Iterator[int]:
        """Yield the time of receipt, in ms, of facts that are written past the groups in the block.

        Facts with another time might lie in a window that was derived already.
        """
        number, stamp = self._clock.begin()
        try:
            # Up to the next millisecond: a stamp that is cut lies before what may be settled.
            yield -(-stamp // 1_000_000)
        finally:
            self._clock.end(number)
            self._other_writes += 1

    def derive(self) -> None:
        """Bring the derived tables up to date; blocks. A failure is logged, the next run goes on."""
        groups = self._written
        started = time.perf_counter()
        try:
            self.stats.derived_records += self._deriver.run()
            self._derived_groups = groups
        except VedetteError as error:
            _log.warning("deriving failed and will be tried again: %s", error)
        self.stats.derive_seconds += time.perf_counter() - started

    async def submit(
        self, source: Source, account: str, data: bytes, *, batch_id: int = 0, attempt: int = 1
    ) -> Receipt:
        """Store one body; returns after the commit.

        Args:
            source: the wire format of ``data``.
            account: account that the records belong to.
            data: the unpacked body; an empty one is stored as nothing.
            batch_id: the client's id of the batch, 0 where it has none.
            attempt: which try of the batch this is, from 1.

        Raises:
            InvalidInputError: the body does not decode; it is kept in ``rejected``.
            OverloadedError: too many bytes wait.
            UnavailableError: the disk is nearly full, or the store is closing or away.

        """
        self._admit(len(data))
        self.admit_account(account, len(data))
        if not data:
            return Receipt()
        source = source.of(data)
        if not batch_id:
            return await self._enqueue(source, self._body(account, data))
        key = (account, source.name, batch_id)
        if key in self._batches:
            self.stats.duplicates += 1
            return Receipt(duplicate=True)
        if running := self._in_flight.get(key):
            return await asyncio.shield(running)
        task = asyncio.ensure_future(self._submit_batch(source, account, data, batch_id, attempt))
        self._in_flight[key] = task
        task.add_done_callback(lambda _: self._in_flight.pop(key, None))
        # A client that hangs up must not cancel what its next attempt will wait for.
        return await asyncio.shield(task)

    async def _submit_batch(
        self, source: Source, account: str, data: bytes, batch_id: int, attempt: int
    ) -> Receipt:
        stored: tuple[int, ...] = ()
        if attempt > 1:
            stored = await self._in_thread(
                stored_days, self._warehouse, source.value, account, batch_id
            )
            self.stats.duplicates += bool(stored)
        body = self._body(account, data, batch_id=batch_id, stored=stored)
        receipt = await self._enqueue(source, body)
        self._batches.add(account, source.name, batch_id)
        return replace(receipt, duplicate=bool(stored))

    def _admit(self, size: int) -> None:
        if self._closing:
            raise UnavailableError("the server is stopping", retry_after=2)
        self._disk.check()
        if self._pending_bytes + size > self._settings.ingest_queue_bytes:
            self.stats.overloads += 1
            raise OverloadedError("too much is waiting to be stored; slow down", retry_after=1)

    def _body(
        self, account: str, data: bytes, *, batch_id: int = 0, stored: tuple[int, ...] = ()
    ) -> Body:
        now = now_ns()
        return Body(
            account=account,
            data=data,
            received=now,
            oldest=max(0, now - int(self._settings.ingest_max_age_days * _DAY_NS)),
            newest=now + int(self._settings.ingest_max_ahead_hours * _HOUR_NS),
            request_id=new_request_id(),
            batch_id=batch_id,
            stored=stored,
        )

    async def _enqueue(self, source: Source, body: Body) -> Receipt:
        waiting = Waiting(body, asyncio.get_running_loop().create_future())
        self._pending_bytes += len(body.data)
        self.stats.requests += 1
        self.stats.bytes += len(body.data)
        self._lanes[source].put(waiting)
        return await waiting.done

    async def _run_lane(self, lane: Lane) -> None:
        """Commit the lane's groups, a second one beside the first where it is not small."""
        running: set[asyncio.Task[None]] = set()
        while True:
            await lane.ready.wait()
            await lane.linger(lambda: self._closing)
            if running and lane.bytes < SMALL_BYTES:
                await asyncio.wait(running)
            elif len(running) >= COMMITTERS:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            if not lane.waiting:
                continue
            group = lane.take(self._settings.ingest_group_bytes)
            task = asyncio.create_task(self._commit_group(lane, group))
            running.add(task)
            task.add_done_callback(running.discard)

    async def _commit_group(self, lane: Lane, group: list[Waiting]) -> None:
        started = time.perf_counter()
        outcomes: Sequence[Receipt | Exception]
        try:
            outcomes = await self._in_thread(self._commit, lane.source, [w.body for w in group])
        except Exception as error:  # noqa: BLE001 - else its clients would wait for ever
            _log.exception("committing a group failed")
            outcomes = [error] * len(group)
        lane.last_commit_seconds = time.perf_counter() - started
        lane.last_commit_end = asyncio.get_running_loop().time()
        self.stats.groups += 1
        self.stats.commit_seconds += lane.last_commit_seconds
        for waiting, outcome in zip(group, outcomes, strict=True):
            self._settle(waiting, outcome)

    def _settle(self, waiting: Waiting, outcome: Receipt | Exception) -> None:
        self._pending_bytes -= len(waiting.body.data)
        if waiting.done.cancelled():
            return
        if isinstance(outcome, Receipt):
            self.stats.rejected_records += sum(outcome.rejected.values())
            waiting.done.set_result(outcome)
        else:
            waiting.done.set_exception(outcome)

    def _commit(self, source: Source, bodies: list[Body]) -> list[Receipt | Exception]:
        """Insert a group, halving it where the engine refuses it; one outcome a body, in order."""
        try:
            self._insert(source.value, bodies)
        except (InvalidInputError, QueryLimitError) as error:
            # A body is at fault, or there are too many of them: a half may do.
            if len(bodies) > 1:
                middle = len(bodies) // 2
                return self._commit(source, bodies[:middle]) + self._commit(source, bodies[middle:])
            return [self._failed(source, bodies[0], error)]
        except VedetteError as error:
            # Part of the group may be stored; storing halves of it again could double that part.
            return [self._failed(source, body, error) for body in bodies]
        found = self._rejections(bodies)
        rejections = [found.get(body.request_id, Rejections()) for body in bodies]
        return [Receipt(r.counts, lines=r.lines) for r in rejections]

    def _rejections(self, bodies: list[Body]) -> dict[int, Rejections]:
        """Return what was rejected of a stored group; not knowing it does not undo the storing."""
        try:
            return rejected_records(self._warehouse, bodies)
        except VedetteError as error:
            _log.warning("what was rejected of a group could not be read: %s", error)
            return {}

    def _insert(self, spec: SourceSpec, bodies: Sequence[Body]) -> None:
        number, stamp = self._clock.begin()
        try:
            for body in bodies:
                body.received = stamp
            chunks = [part for body in bodies for part in (body.envelope(), body.data)]
            self._warehouse.insert(spec.table, chunks, "Protobuf", insert_settings(spec.schema))
        finally:
            self._clock.end(number)

    def _failed(self, source: Source, body: Body, error: VedetteError) -> VedetteError:
        """Return the answer to a body that cannot be stored even alone."""
        if isinstance(error, RetryableError):
            return error
        if isinstance(error, InvalidInputError):
            return self._refuse(source, body, error)
        if isinstance(error, QueryLimitError):
            # Memory that others use now: the body may be whole, so it is not given up.
            return OverloadedError("storing needs more memory than there is now", retry_after=5)
        _log.error("a %s body of %d bytes failed: %s", source.name, len(body.data), error)
        return UnavailableError("storing failed; try again", retry_after=5)

    def _refuse(self, source: Source, body: Body, error: InvalidInputError) -> InvalidInputError:
        reason = f"the body does not decode as {source.name.lower().replace('_', ' ')}"
        self.stats.refused_bodies += 1
        self._rejected.add(body, source.signal, f"{reason}: {error.message}"[:500])
        return InvalidInputError(
            reason,
            field="body",
            remedy="check that the body matches its Content-Type and Content-Encoding",
        )

    async def _housekeeping(self) -> None:
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            await self._in_thread(self._disk.refresh)
            await self._in_thread(self._rejected.flush)

    async def _keep_deriving(self) -> None:
        while True:
            if self._warehouse.shared or self._derived_groups != self._written:
                await asyncio.to_thread(self.derive)
            await asyncio.sleep(self._settings.derive_interval_seconds)

    async def _in_thread(self, function: Callable[[Unpack[Ts]], T], *arguments: *Ts) -> T:
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, function, *arguments
        )


@cache
def insert_settings(schema: str) -> InsertSettings:
    """Return with which settings bodies of a schema are inserted into their landing table."""
    return {
        "format_schema_source": "string",
        "format_schema": format_schema(schema),
        "format_schema_message_name": "Envelope",
        "input_format_protobuf_oneof_presence": 1,
        # The whole group is one block: it is parsed before anything is written, and a table's
        # share of it is one part a day.
        "max_insert_block_size": 1_000_000,
        "max_insert_threads": 1,
        "parallel_view_processing": 0,
        "max_partitions_per_insert_block": 0,
        # How views write arrays and maps (otlp/any_value.py).
        "output_format_json_escape_forward_slashes": 0,
        "output_format_json_quote_64bit_integers": 0,
        "output_format_json_validate_utf8": 1,
        "output_format_json_named_tuples_as_objects": 1,
        # Analysing the views is most of the cost of a small group.
        "query_plan_enable_optimizations": 0,
    }
