"""The bounded queue between the user's threads and the encoder, one for spans and one for logs."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from vedette.sdk.diagnostics import mark_own_thread, warn

if TYPE_CHECKING:
    from collections.abc import Callable

    from vedette.sdk.config import BatchLimits

T = TypeVar("T")


class RecordQueue(Generic[T]):
    """Takes records without waiting and hands them on in batches from its own thread.

    The thread starts with the first record, so a forked child that records nothing has none.

    Args:
        name: the signal, for the thread's name and for warnings.
        limits: sizes and delay.
        export: gets each batch; must not wait for the network.
        count_lost: gets the number of records that found the queue full.

    """

    def __init__(
        self,
        name: str,
        limits: BatchLimits,
        export: Callable[[list[T]], None],
        count_lost: Callable[[int], None],
    ) -> None:
        self._name = name
        self._limits = limits
        self._export = export
        self._count_lost = count_lost
        self._closed = False
        self.after_fork_in_child()

    def after_fork_in_child(self) -> None:
        """Start empty: what was waiting is the parent's to send."""
        self._records: deque[T] = deque()
        self._full = threading.Event()
        self._start_lock = threading.Lock()
        self._export_lock = threading.Lock()
        self._lost = 0
        self._thread: threading.Thread | None = None

    def put(self, record: T) -> None:
        """Take a record; a full queue drops it and counts."""
        if self._closed:
            return
        waiting = len(self._records)
        if waiting >= self._limits.max_queue_size:
            with self._start_lock:
                self._lost += 1
            return
        self._records.append(record)
        if self._thread is None:
            self._start()
        if waiting + 1 >= self._limits.max_export_batch_size:
            self._full.set()

    def drain(self, timeout: float) -> bool:
        """Export what waits, in the calling thread; False when ``timeout`` seconds are over."""
        deadline = time.monotonic() + timeout
        if not self._export_lock.acquire(timeout=max(timeout, 0.0)):
            return False
        try:
            for _ in range(len(self._records) // self._limits.max_export_batch_size + 1):
                if time.monotonic() > deadline:
                    return False
                self._export_batch()
            self._report_lost()
            return not self._records
        finally:
            self._export_lock.release()

    def close(self, timeout: float) -> None:
        """Export what waits; later records are ignored."""
        self.drain(timeout)
        self._closed = True
        self._full.set()

    def _start(self) -> None:
        with self._start_lock:
            if self._thread is None:
                thread = threading.Thread(
                    target=self._run, name=f"vedette-{self._name}", daemon=True
                )
                # Out of threads, or the interpreter is ending: close() exports what waits.
                with contextlib.suppress(RuntimeError):
                    thread.start()
                    self._thread = thread

    def _run(self) -> None:
        mark_own_thread()
        while not self._closed:
            self._full.wait(self._limits.schedule_delay)
            self._full.clear()
            self.drain(self._limits.schedule_delay)

    def _export_batch(self) -> None:
        size = min(self._limits.max_export_batch_size, len(self._records))
        batch = [self._records.popleft() for _ in range(size)]
        if batch:
            self._export(batch)

    def _report_lost(self) -> None:
        with self._start_lock:
            lost, self._lost = self._lost, 0
        if lost:
            self._count_lost(lost)
            warn(
                f"queue-{self._name}",
                "%d %s were dropped: the queue of %d was full",
                lost,
                self._name,
                self._limits.max_queue_size,
            )
