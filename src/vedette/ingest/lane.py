"""The group that gathers for one source: what waits in it, and how long it waits for more."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from vedette.ingest.envelope import Body
from vedette.ingest.sources import Source

START_AT_BYTES = 3 << 20
"""A group of this size is committed without waiting for more."""
SMALL_BYTES = 1 << 19
QUIET = 0.01
"""A group over ``SMALL_BYTES`` waits only while requests keep coming, this many seconds apart."""
LINGER = 0.005
"""Seconds that a group waits at least, for requests that come together."""
REST_FACTOR, REST_MAX = 3.0, 1.0
"""A small group waits until three times as long as the last commit took has passed since it ended,
at most a second. A commit costs the engine much the same whatever its size, so a steady trickle of
small requests would otherwise keep a core busy; the first request after a pause does not wait."""


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
class Waiting:
    """A body, and the answer that its client waits for."""

    body: Body
    done: asyncio.Future[Receipt]


class Lane:
    """The group being gathered for one source, and what its last commit took."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.waiting: deque[Waiting] = deque()
        self.bytes = 0
        self.ready = asyncio.Event()
        self.enough = asyncio.Event()
        self.last_commit_seconds = 0.0
        self.last_commit_end = 0.0

    def put(self, waiting: Waiting) -> None:
        """Add a request to the group."""
        self.waiting.append(waiting)
        self.bytes += len(waiting.body.data)
        self.ready.set()
        if self.bytes >= START_AT_BYTES:
            self.enough.set()

    def take(self, most: int) -> list[Waiting]:
        """Take the oldest requests, at least one and otherwise at most ``most`` bytes."""
        group: list[Waiting] = []
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

    async def linger(self, closing: Callable[[], bool]) -> None:
        """Wait for requests that come together, and while the store rests from the last commit."""
        loop = asyncio.get_running_loop()
        rest = min(self.last_commit_seconds * REST_FACTOR, REST_MAX)
        until = max(loop.time() + LINGER, self.last_commit_end + rest)
        arrived = -1
        while not (closing() or self.enough.is_set()):
            left = until - loop.time()
            if left <= 0 or (self.bytes >= SMALL_BYTES and arrived == len(self.waiting)):
                return
            arrived = len(self.waiting)
            with suppress(TimeoutError):
                await asyncio.wait_for(self.enough.wait(), min(left, QUIET))
