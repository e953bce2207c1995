"""Group commit: requests of one source gather while the previous group is being committed.

One group is one insert, so many small requests cost the engine what one large one does. A request
is answered after the insert that holds it returned, and the engine returns after fsync. A group
that the engine refuses is halved until the bad body stands alone; its neighbours are stored.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
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
from vedette.ingest.disk import CHECK_SECONDS, DiskGuard
from vedette.ingest.envelope import Body
from vedette.ingest.rejected import RejectedBodies, Rejections, rejected_records
from vedette.ingest.sources import Source, SourceSpec
from vedette.store.warehouse import InsertSettings, Warehouse
from vedette.store.warehouse.migrate import format_schema

COMMITTERS = 2
START_AT_BYTES = 8 << 20
"""A group of this size is committed without waiting for more."""
SMALL_BYTES = 1 << 20
QUIET = 0.01
"""A group over ``SMALL_BYTES`` waits only while requests keep coming, this many seconds apart."""
LINGER = 0.005
"""Seconds that a group waits at least, for requests that come together."""
REST_FACTOR, REST_MAX = 3.0, 1.0
"""A small group waits until three times as long as the last commit took has passed since it ended,
at most a second. A commit costs the engine much the same whatever its size, so a steady trickle of
small requests would otherwise keep a core busy; the first request after a pause does not wait."""
_DAY_NS = 86_400 * 10**9
_HOUR_NS = 3_600 * 10**9
_log = logging.getLogger(__name__)
T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a request that was stored.

    Attributes:
        rejected: reason to number of records that were not stored.
        duplicate: whether an earlier attempt stored the batch; only what a crash kept from being
            stored then was stored now.
        lines: reason to the numbers of the rejected lines, from 1, where the body is lines.

    """

    rejected: dict[str, int] = field(default_factory=dict)
    duplicate: bool = False
    lines: dict[str, list[int]] = field(default_factory=dict)


@dataclass(slots=True)
class _Waiting:
    body: Body
    done: asyncio.Future[Receipt]


class _Lane:
    """The group being gathered for one source, and what its last commit took."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.waiting: deque[_Waiting] = deque()
        self.bytes = 0
        self.ready = asyncio.Event()
        self.enough = asyncio.Event()
        self.last_commit_seconds = 0.0
        self.last_commit_end = 0.0

    def put(self, waiting: _Waiting) -> None:
        self.waiting.append(waiting)
        self.bytes += len(waiting.body.data)
        self.ready.set()
        if self.bytes >= START_AT_BYTES:
            self.enough.set()

    def take(self, most: int) -> list[_Waiting]:
        """Take the oldest requests, at least one and otherwise at most ``most`` bytes."""
        group: list[_Waiting] = []
        size = 0
        while self.waiting and (not group or size + len(self.waiting[0].body.data) <= most):
            item = self.waiting.popleft()
            size += len(item.body.data)
            group.append(item)
        self.bytes -= size
        if self.bytes < START_AT_BYTES:
            self.enough.clear()
        if not self.waiting:
            self.ready.clear()
        return group


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


class Ingest:
    """Accepts bodies and commits them in groups; lives on one event loop."""

    def __init__(self, warehouse: Warehouse, settings: Settings) -> None:
        self._warehouse = warehouse
        self._settings = settings
        self._disk = DiskGuard(warehouse, settings.min_free_disk_bytes)
        self._rejected = RejectedBodies(warehouse)
        self._batches = BatchMemory()
        self._in_flight: dict[tuple[str, str, int], asyncio.Future[Receipt]] = {}
        self._lanes = {source: _Lane(source) for source in Source}
        self._pending_bytes = 0
        self._closing = False
        self._executor = ThreadPoolExecutor(COMMITTERS, thread_name_prefix="ingest")
        self._tasks: list[asyncio.Task[None]] = []
        self.stats = IngestStats()

    async def start(self) -> None:
        """Begin committing; call once, on the loop that will call ``submit``."""
        await self._in_thread(self._disk.refresh)
        self._tasks = [
            asyncio.create_task(self._run_lane(lane), name=f"ingest {lane.source.name}")
            for lane in self._lanes.values()
        ]
        self._tasks.append(asyncio.create_task(self._housekeeping(), name="ingest housekeeping"))

    async def stop(self) -> None:
        """Refuse new requests, commit what is waiting, then end."""
        self._closing = True
        while self._pending_bytes:  # noqa: ASYNC110 - once, as the process ends
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._in_thread(self._rejected.flush)
        self._executor.shutdown()

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
        if not data:
            return Receipt()
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
        waiting = _Waiting(body, asyncio.get_running_loop().create_future())
        self._pending_bytes += len(body.data)
        self.stats.requests += 1
        self.stats.bytes += len(body.data)
        self._lanes[source].put(waiting)
        return await waiting.done

    async def _run_lane(self, lane: _Lane) -> None:
        """Commit the lane's groups, a second one beside the first where enough has gathered."""
        running: set[asyncio.Task[None]] = set()
        while True:
            await lane.ready.wait()
            await self._linger(lane)
            if running and not lane.enough.is_set():
                await asyncio.wait(running)
            elif len(running) >= COMMITTERS:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            if not lane.waiting:
                continue
            group = lane.take(self._settings.ingest_group_bytes)
            task = asyncio.create_task(self._commit_group(lane, group))
            running.add(task)
            task.add_done_callback(running.discard)

    async def _commit_group(self, lane: _Lane, group: list[_Waiting]) -> None:
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

    async def _linger(self, lane: _Lane) -> None:
        loop = asyncio.get_running_loop()
        rest = min(lane.last_commit_seconds * REST_FACTOR, REST_MAX)
        until = max(loop.time() + LINGER, lane.last_commit_end + rest)
        arrived = -1
        while not (self._closing or lane.enough.is_set()):
            left = until - loop.time()
            if left <= 0 or (lane.bytes >= SMALL_BYTES and arrived == len(lane.waiting)):
                return
            arrived = len(lane.waiting)
            with suppress(TimeoutError):
                await asyncio.wait_for(lane.enough.wait(), min(left, QUIET))

    def _settle(self, waiting: _Waiting, outcome: Receipt | Exception) -> None:
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
        chunks = [part for body in bodies for part in (body.envelope(), body.data)]
        self._warehouse.insert(spec.table, chunks, "Protobuf", _insert_settings(spec.schema))

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

    async def _in_thread(self, function: Callable[[Unpack[Ts]], T], *arguments: *Ts) -> T:
        return await asyncio.get_running_loop().run_in_executor(
            self._executor, function, *arguments
        )


@cache
def _insert_settings(schema: str) -> InsertSettings:
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
