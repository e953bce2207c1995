"""The one scheduler: claims due work by leases in the catalog, in batches, and runs it.

Any number of processes may run one over the same catalog. Work belongs to a *kind*, which has one
handler; each piece of it has a schedule, whose slots name its runs. A slot is run once: by one
process at a time, and its result counts only together with the claim under which it was made. After
a pause or a step of the clock the newest slot is run and stands for those that were missed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from vedette.core.errors import VedetteError
from vedette.core.ids import new_id
from vedette.scheduler.schedule import Schedule, count_between, parse_schedule
from vedette.scheduler.work import Claim, LostClaimError, Tick

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    from vedette.store.catalog import Catalog
    from vedette.store.catalog.scheduled_work import WorkItem

    Handler = Callable[[Sequence[Claim]], None]

CLOCK_TOLERANCE = timedelta(minutes=10)
"""A clock that was set back by less is waited for; by more, work goes on from the new time."""
LONGEST_WAIT_SECONDS = 5.0
"""After so long the scheduler looks for work that other processes scheduled."""
FIRST_RETRY_SECONDS = 5.0
LAST_RETRY_SECONDS = 300.0
_SHORTEST_WAIT_SECONDS = 0.05
_MAX_THREADS = 8
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Kind:
    handler: Handler
    lease: timedelta
    batch: int
    warns: bool


@dataclass(slots=True)
class _Batch:
    """Work of one kind that this process claimed together."""

    kind: str
    token: str
    claims: list[Claim] = field(default_factory=list)


class Scheduler:
    """Runs due work of every kind that has a handler. Thread-safe.

    Args:
        catalog: holds the work, the leases and the clock.
        holder: names this process in claims; unique over all processes.

    """

    def __init__(self, catalog: Catalog, *, holder: str | None = None) -> None:
        self._catalog = catalog
        self._holder = holder or f"{socket.gethostname()}/{os.getpid()}"
        self._kinds: dict[str, _Kind] = {}
        self._wake: Callable[[], None] = lambda: None
        self._stopping = False

    def handle(
        self,
        kind: str,
        handler: Handler,
        *,
        lease: timedelta = timedelta(minutes=2),
        batch: int = 100,
        warns: bool = True,
    ) -> None:
        """Name the handler of a kind of work.

        Args:
            kind: such as ``alarms``.
            handler: gets claims that are due together, at most ``batch``; it blocks a thread.
            lease: after so long without a sign of life another process takes the work over; while
                ``run`` waits for a handler it renews the lease.
            batch: most claims of one call.
            warns: runs that were missed are worth a line in the log; not so for work that does
                whatever waits, however often it runs.

        """
        self._kinds[kind] = _Kind(handler, lease, batch, warns)

    def recur(
        self, kind: str, schedule: Schedule, run: Callable[[Tick], None], *, lease: timedelta
    ) -> None:
        """Run one function by a schedule, in one process of all."""

        def handler(claims: Sequence[Claim]) -> None:
            for claim in claims:
                run(claim.tick)

        self.handle(kind, handler, lease=lease)
        self.put(kind, "", schedule)

    def put(
        self,
        kind: str,
        key: str,
        schedule: Schedule,
        *,
        executor: Connection | Session | None = None,
        account: str | None = None,
        payload: Mapping[str, object] | None = None,
    ) -> None:
        """Schedule a piece of work, or change it; its first run is the schedule's next slot.

        ``executor`` is the session of the change that made the entity, so that both are stored
        together.
        """
        put_work(
            self._catalog, kind, key, schedule,
            executor=executor, account=account, payload=payload,
        )  # fmt: skip
        self.wake()

    def wake(self) -> None:
        """Look for due work now; work of this process does not wait for the next look."""
        self._wake()

    def run_due(self, kind: str | None = None) -> list[Tick]:
        """Run in this thread everything that is due, until nothing is; return what was completed.

        Args:
            kind: only work of this kind.

        """
        done: list[Tick] = []
        for name in [kind] if kind else list(self._kinds):
            while batch := self._claim(name):
                self._execute(batch)
                done += [claim.tick for claim in batch.claims if claim.done]
        return done

    async def run(self) -> None:
        """Run due work until cancelled; then wait for the handlers that are at it.

        Each kind has at most one handler at work in this process, so that a slow one does not hold
        others up.
        """
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        self._stopping = False
        self._wake = lambda: _signal(loop, woken)
        running: dict[str, asyncio.Task[None]] = {}
        pool = ThreadPoolExecutor(_MAX_THREADS, thread_name_prefix="scheduler")
        try:
            while True:
                woken.clear()
                wait = await self._start_due(running, pool)
                waiter = asyncio.ensure_future(woken.wait())
                await asyncio.wait(
                    {waiter, *running.values()}, timeout=wait, return_when=asyncio.FIRST_COMPLETED
                )
                waiter.cancel()
                running = {kind: task for kind, task in running.items() if not task.done()}
        finally:
            self._wake = lambda: None
            self._stopping = True
            if running:
                await asyncio.wait(running.values())
            pool.shutdown(wait=False)

    async def _start_due(
        self, running: dict[str, asyncio.Task[None]], pool: ThreadPoolExecutor
    ) -> float:
        """Start the kinds that have work; return the seconds until the next look."""
        idle = [kind for kind in self._kinds if kind not in running]
        now = self._now()
        try:
            moments = await asyncio.to_thread(
                self._catalog.scheduled_work.wake_ups,
                idle,
                now=now,
                back=CLOCK_TOLERANCE.total_seconds(),
            )
        except VedetteError as error:
            _log.warning("the scheduler cannot read the catalog: %s", error.message)
            return LONGEST_WAIT_SECONDS
        wait = LONGEST_WAIT_SECONDS
        for kind, moment in moments.items():
            if moment <= now:
                running[kind] = asyncio.create_task(self._work(kind, pool))
            else:
                wait = min(wait, moment - now)
        return max(wait, _SHORTEST_WAIT_SECONDS)

    async def _work(self, kind: str, pool: ThreadPoolExecutor) -> None:
        """Run what is due of a kind, and renew its lease meanwhile."""
        loop = asyncio.get_running_loop()
        interval = self._kinds[kind].lease.total_seconds() / 3
        try:
            while not self._stopping:
                batch = await loop.run_in_executor(pool, self._claim, kind)
                if not batch:
                    return
                work = loop.run_in_executor(pool, self._execute, batch)
                # Cancelling the loop does not end a thread: it is waited for, and stays leased.
                while not (await asyncio.wait({work}, timeout=interval))[0]:
                    await loop.run_in_executor(None, self._renew, batch)
                await work
        except VedetteError as error:
            _log.warning("work of %s cannot be claimed: %s", kind, error.message)
        except Exception:  # noqa: BLE001 - the next look may well succeed
            _log.exception("work of %s cannot be claimed", kind)

    def _claim(self, kind: str) -> _Batch | None:
        """Claim due work; None where there is none."""
        how, now = self._kinds[kind], self._now()
        token = f"{self._holder}/{new_id()}"
        items = self._catalog.scheduled_work.claim(
            kind,
            token,
            now=now,
            lease_seconds=how.lease.total_seconds(),
            back=CLOCK_TOLERANCE.total_seconds(),
            limit=how.batch,
        )
        batch = _Batch(kind, token)
        for item in items:
            self._add(batch, item, datetime.fromtimestamp(now, UTC))
        return batch if items else None

    def _add(self, batch: _Batch, item: WorkItem, now: datetime) -> None:
        try:
            tick = tick_of(item, now)
        except VedetteError as error:
            # A schedule that an older version wrote; the others go on.
            self._fail(batch, item.key, error.message, now + timedelta(days=1))
            return
        schedule = parse_schedule(item.schedule)
        if tick.previous and tick.slot <= tick.previous and not tick.clock_stepped_back:
            # A schedule that was changed meanwhile: this slot was run under the old one.
            with self._catalog.operate() as connection:
                self._catalog.scheduled_work.complete(
                    connection, item.kind, item.key, batch.token,
                    slot=tick.previous.timestamp(), next_due=schedule.next_after(now).timestamp(),
                    finished=item.finished or now.timestamp(),
                )  # fmt: skip
            return
        if tick.note and self._kinds[item.kind].warns:
            _log.warning("%s/%s: %s", item.kind, item.key, tick.note)

        def complete(tick: Tick, connection: Connection | None) -> bool:
            if connection is None:
                with self._catalog.operate() as own:
                    return complete(tick, own)
            moment = self._now()
            return self._catalog.scheduled_work.complete(
                connection,
                tick.kind,
                tick.key,
                batch.token,
                slot=tick.slot.timestamp(),
                next_due=schedule.next_after(tick.slot).timestamp(),
                finished=moment,
                note=tick.note,
            )

        batch.claims.append(Claim(tick, complete))

    def _execute(self, batch: _Batch) -> None:
        """Run a batch; afterwards each of its claims is completed or failed."""
        error: BaseException | None = None
        try:
            if batch.claims:
                self._kinds[batch.kind].handler(batch.claims)
        except LostClaimError as lost:
            _log.warning("%s", lost.message)
            error = lost
        except Exception as failure:  # noqa: BLE001 - whatever it is, it is stored and tried again
            _log.warning("work of %s failed", batch.kind, exc_info=failure)
            error = failure
        for claim in batch.claims:
            # One that was completed in a transaction that failed afterwards is not done.
            if error or not claim.done:
                self._finish(batch, claim, claim.error or error)

    def _finish(self, batch: _Batch, claim: Claim, error: BaseException | None) -> None:
        tick = claim.tick
        if error is None:
            with suppress(LostClaimError):
                claim.complete()
            return
        wait = min(FIRST_RETRY_SECONDS * 2**tick.attempt, LAST_RETRY_SECONDS)
        message = error.message if isinstance(error, VedetteError) else repr(error)
        again = datetime.fromtimestamp(self._now(), UTC) + timedelta(seconds=wait)
        if self._fail(batch, tick.key, message, again):
            claim.done = False

    def _fail(self, batch: _Batch, key: str, message: str, again: datetime) -> bool:
        return self._catalog.scheduled_work.fail(
            batch.kind, key, batch.token, error=message, next_due=again.timestamp()
        )

    def _renew(self, batch: _Batch) -> None:
        until = self._now() + self._kinds[batch.kind].lease.total_seconds()
        try:
            self._catalog.scheduled_work.renew(batch.kind, batch.token, until=until)
        except VedetteError as error:
            _log.warning("the lease of %s was not renewed: %s", batch.kind, error.message)

    def _now(self) -> float:
        return self._catalog.clock.now().timestamp()


def put_work(
    catalog: Catalog,
    kind: str,
    key: str,
    schedule: Schedule,
    *,
    executor: Connection | Session | None = None,
    account: str | None = None,
    payload: Mapping[str, object] | None = None,
) -> None:
    """Schedule a piece of work where there is no scheduler at hand, such as in an API route."""
    catalog.scheduled_work.put(
        executor,
        kind,
        key,
        schedule=schedule.text,
        next_due=schedule.next_after(catalog.clock.now()).timestamp(),
        account=account,
        payload=payload,
    )


def tick_of(item: WorkItem, now: datetime) -> Tick:
    """Return which run of a piece of work is due."""
    schedule = parse_schedule(item.schedule)
    slot = schedule.latest(now)
    previous = None if item.last_slot is None else datetime.fromtimestamp(item.last_slot, UTC)
    back = previous is not None and previous > now
    missed = 0
    if previous is not None and previous < slot:
        missed = count_between(schedule, previous, slot)
    return Tick(
        kind=item.kind,
        key=item.key,
        account=item.account,
        payload=item.payload,
        slot=slot,
        previous=previous,
        missed=missed,
        clock_stepped_back=back,
        attempt=item.attempts,
    )


def _signal(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with suppress(RuntimeError):  # the loop is closed
        loop.call_soon_threadsafe(event.set)
