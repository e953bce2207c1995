"""The one sender: encoded batches in, HTTP requests out, the spool beneath.

``submit`` never waits for the network. One daemon thread posts batches, a new one and one from
the spool by turns. When the server cannot take a batch, it and all that follow go to the spool
until a later try succeeds. Protocol: OTLP/HTTP 1.x (opentelemetry.io/docs/specs/otlp), with
``Vedette-Batch-Id`` and ``Vedette-Attempt`` so that a batch that is sent again is stored once.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

from vedette.sdk import compression
from vedette.sdk.batch import EVICTED, REFUSED, SENT, SPOOLED, Backoff, Batch, Stats
from vedette.sdk.diagnostics import mark_own_thread, warn
from vedette.sdk.http_client import HttpClient, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from vedette.sdk.config import SdkConfig
    from vedette.sdk.spool import Evicted, Spool, SpoolFile

_IDLE_TICK_S = 2.0


class Sender:
    """Owns the queue, the thread, the HTTP client and the spool.

    Args:
        config: endpoint, headers, bounds.
        spool: None keeps unsent batches in memory only.
        backoff: the waits between tries.
        on_tick: called on the sender's thread about every two seconds.

    """

    def __init__(
        self,
        config: SdkConfig,
        spool: Spool | None,
        *,
        backoff: Backoff | None = None,
        on_tick: Callable[[], None] | None = None,
    ) -> None:
        self._config = config
        self._spool = spool
        self._backoff = backoff or Backoff()
        self._on_tick = on_tick
        self._counts = Stats()
        self._coding = config.compression
        self._reset()

    def _reset(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[Batch] = deque()
        self._queue_bytes = 0
        self._in_flight: Batch | None = None
        self._thread: threading.Thread | None = None
        self._failures = 0
        self._retry_at = 0.0
        self._try_now = False
        self._spool_turn = True
        self._stop_at: float | None = None
        self._abandoned = False

    @property
    def coding(self) -> str:
        """The content coding that new batches are to be compressed with."""
        return self._coding

    def start(self) -> None:
        """Start the thread now, so that what earlier processes left in the spool is sent."""
        with self._changed:
            self._ensure_thread()

    def submit(self, batch: Batch) -> None:
        """Take a batch; a full queue sends it to the spool, or without one drops the oldest."""
        with self._changed:
            stopped = self._stop_at is not None
            if not stopped and self._fits(batch):
                self._append(batch)
                self._ensure_thread()
                self._changed.notify_all()
                return
        if self._park(batch):
            return
        with self._changed:
            evicted = []
            while self._queue and not stopped and not self._fits(batch):
                evicted.append(self._pop())
            if not stopped and self._fits(batch):
                self._append(batch)
            else:
                evicted.append(batch)
        for lost in evicted:
            self._drop(lost, EVICTED)
        warn("queue-full", "the send queue is full and there is no spool: batches were dropped")

    def flush(self, timeout: float) -> bool:
        """Wait until queue and spool are empty.

        Returns:
            False when ``timeout`` seconds are over, or as soon as the server is away and the next
            try would come later than that.

        """
        deadline = time.monotonic() + timeout
        with self._changed:
            self._try_now = True
            self._ensure_thread()
            self._changed.notify_all()
            while self._queue or self._in_flight or not self._is_spool_empty():
                left = deadline - time.monotonic()
                hopeless = self._failures and not self._try_now and self._retry_at > deadline
                if left <= 0 or hopeless or self._abandoned:
                    return False
                self._changed.wait(min(left, 0.1))
            return True

    def stop(self, timeout: float) -> bool:
        """Send what is queued within ``timeout`` seconds; the rest goes to the spool.

        Returns:
            True when nothing was left.

        """
        with self._changed:
            if self._stop_at is None:
                self._stop_at = time.monotonic() + timeout
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join(timeout)
        with self._changed:
            self._abandoned = True
            rest = ([self._in_flight] if self._in_flight else []) + list(self._queue)
            self._queue.clear()
            self._queue_bytes = 0
            self._in_flight = None
        for batch in rest:
            if not self._park(batch):
                self._drop(batch, EVICTED)
        return not rest

    def stats(self) -> Stats:
        """Return a copy of the counters, with the present sizes of queue and spool."""
        files, size = self._spool.usage() if self._spool else (0, 0)
        with self._changed:
            return replace(
                self._counts,
                queued=len(self._queue) + (self._in_flight is not None),
                spool_files=files,
                spool_bytes=size,
                server_away=self._failures > 0,
            )

    def has_room(self) -> bool:
        """Return whether more can be taken without dropping something soon.

        Asked by those who can wait, because what they send stays where it is: log files.
        """
        if self._spool is not None:
            return self._spool.has_room()
        with self._changed:
            return not self._failures and self._queue_bytes < self._config.queue_bytes / 2

    def count_lost_items(self, items: int) -> None:
        """Count items that never became part of a batch."""
        with self._changed:
            self._counts.dropped_items += items

    def before_fork(self) -> None:
        """Let no other thread be inside the spool's claim at the moment of the fork."""
        if self._spool:
            self._spool.before_fork()

    def after_fork_in_parent(self) -> None:
        """Undo ``before_fork``."""
        if self._spool:
            self._spool.after_fork_in_parent()

    def after_fork_in_child(self) -> None:
        """Start empty: queued batches stay the parent's. The thread starts with the next batch."""
        if self._spool:
            self._spool.after_fork_in_child()
        self._counts = Stats()
        self._reset()

    # Queue; all under self._changed.

    def _fits(self, batch: Batch) -> bool:
        return self._queue_bytes + len(batch.body) <= self._config.queue_bytes

    def _append(self, batch: Batch) -> None:
        self._queue.append(batch)
        self._queue_bytes += len(batch.body)

    def _pop(self) -> Batch:
        batch = self._queue.popleft()
        self._queue_bytes -= len(batch.body)
        return batch

    def _ensure_thread(self) -> None:
        if self._thread is None and self._stop_at is None:
            thread = threading.Thread(target=self._run, name="vedette-sender", daemon=True)
            # Out of threads, or the interpreter is ending: stop() puts the queue in the spool.
            with contextlib.suppress(RuntimeError):
                thread.start()
                self._thread = thread

    def _is_spool_empty(self) -> bool:
        return self._spool is None or self._spool.is_empty()

    # The sender's thread.

    def _run(self) -> None:
        mark_own_thread()
        with HttpClient(self._config) as client:
            while not self._abandoned:
                if self._on_tick is not None:
                    self._on_tick()
                if self._wait_until_due() and not self._send_one(client):
                    return

    def _wait_until_due(self) -> bool:
        """Wait out the backoff, moving what arrives to the spool; True when a try is due."""
        while True:
            with self._changed:
                left = self._retry_at - time.monotonic()
                if left <= 0 or self._try_now or self._stop_at is not None:
                    if self._try_now:
                        self._try_now, self._retry_at = False, 0.0
                    return True
                parked = [self._pop() for _ in range(len(self._queue))] if self._spool else []
                if not parked:
                    self._changed.wait(min(left, _IDLE_TICK_S))
            for position, batch in enumerate(parked):
                if not self._park(batch):
                    self._put_back(parked[position:])
                    return False
            if not parked and left > _IDLE_TICK_S:
                return False

    def _put_back(self, batches: list[Batch]) -> None:
        """Keep in memory what the disk would not take, oldest first, and wait a moment."""
        with self._changed:
            self._queue.extendleft(reversed(batches))
            self._queue_bytes += sum(len(batch.body) for batch in batches)
            self._changed.wait(1.0)

    def _send_one(self, client: HttpClient) -> bool:
        """Send one batch, from the spool or the queue by turns; False when it is time to end."""
        self._spool_turn = not self._spool_turn
        if self._spool_turn and self._stop_at is None and self._send_spooled(client):
            return True
        with self._changed:
            if self._stop_at is not None and (not self._queue or self._failures):
                return False
            if self._queue:
                batch = self._in_flight = self._pop()
            else:
                batch = None
        if batch is not None:
            self._send_queued(client, batch)
        elif self._spool_turn or not self._send_spooled(client):
            with self._changed:
                if not self._queue and self._stop_at is None and not self._try_now:
                    self._changed.wait(_IDLE_TICK_S)
        return True

    def _send_queued(self, client: HttpClient, batch: Batch) -> None:
        reply = self._post(client, batch)
        batch = replace(batch, attempts=batch.attempts + 1)
        with self._changed:
            if self._abandoned:  # stop() has put this batch in the spool meanwhile
                return
            if not reply.is_retryable:
                self._in_flight = None
        if not reply.is_retryable:
            self._settle(batch, reply)
        else:
            parked = self._park(batch)
            with self._changed:
                self._in_flight = None
                if not parked:
                    self._queue.appendleft(batch)
                    self._queue_bytes += len(batch.body)
        with self._changed:
            self._changed.notify_all()

    def _send_spooled(self, client: HttpClient) -> bool:
        """Send the oldest file; False when there is none or another process is at it."""
        if self._spool is None or self._spool.is_empty():
            return False
        try:
            with self._spool.claim() as claimed:
                file = self._spool.next() if claimed else None
                if file is None:
                    return False
                self._send_file(client, self._spool, file)
        except OSError as error:
            warn("spool-read", "a batch in the spool could not be read: %s", error.strerror)
            return False
        with self._changed:
            self._changed.notify_all()
        return True

    def _send_file(self, client: HttpClient, spool: Spool, file: SpoolFile) -> None:
        started = spool.start_attempt(file)
        if started is None:
            return
        file, body = started
        batch = Batch(file.signal, body, file.coding, file.items, file.batch_id, file.attempts - 1)
        reply = self._post(client, batch)
        if reply.is_retryable:
            spool.postpone(file)
        else:
            spool.finish(file)
            self._settle(batch, reply)

    def _post(self, client: HttpClient, batch: Batch) -> Reply:
        reply = client.post(batch)
        if reply.refuses_coding and batch.coding == "zstd":
            # A server older than zstd in OTLP: gzip is the coding every one has to read.
            self._coding = "gzip"
            plain = compression.decompress(batch.body, "zstd")
            packed = compression.compress(plain, "gzip")
            reply = client.post(
                replace(batch, body=packed, coding="gzip", attempts=batch.attempts + 1)
            )
        with self._changed:
            self._counts.retried += batch.attempts > 0
            if reply.is_retryable:
                self._failures += 1
                wait = self._backoff.wait(self._failures, reply.retry_after)
                self._retry_at = time.monotonic() + wait
            else:
                self._failures = 0
                self._retry_at = 0.0
        if reply.is_retryable:
            warn("away", "%s cannot take telemetry now (%s)", client.shown_endpoint, reply.reason)
        return reply

    # Ends of a batch.

    def _settle(self, batch: Batch, reply: Reply) -> None:
        if not reply.is_success:
            warn(
                f"refused-{batch.signal}-{reply.status}",
                "%s refused a batch of %d %s and it was dropped: %s",
                self._config.url(batch.signal).rpartition("@")[2],
                batch.items,
                batch.signal,
                reply.reason,
            )
            self._drop(batch, REFUSED)
            return
        with self._changed:
            self._counts.sent += 1
            self._counts.sent_items += batch.items
            self._counts.rejected_items += reply.rejected_items
        if reply.rejected_items or reply.reason:
            warn(
                f"partial-{batch.signal}",
                "the server left out %d %s of a batch: %s",
                reply.rejected_items,
                batch.signal,
                reply.reason,
            )
        batch.settle(SENT)

    def _drop(self, batch: Batch, outcome: str) -> None:
        with self._changed:
            self._counts.dropped += 1
            self._counts.dropped_items += batch.items
        batch.settle(outcome)

    def _park(self, batch: Batch) -> bool:
        """Put a batch in the spool; False where there is none or the disk would not take it."""
        if self._spool is None:
            return False
        try:
            evicted: Evicted = self._spool.put(batch)
        except OSError as error:
            warn("spool", "the spool %s cannot be written: %s", self._spool.folder, error)
            return False
        with self._changed:
            self._counts.spooled += 1
            self._counts.dropped += evicted.batches
            self._counts.dropped_items += evicted.items
        if evicted.batches:
            warn("spool-full", "the spool is full: its %d oldest were dropped", evicted.batches)
        batch.settle(SPOOLED)
        return True
